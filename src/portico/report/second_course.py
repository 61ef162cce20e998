"""The review of a second course at the same site: each published condition with its answer, never one verdict."""

from __future__ import annotations

from typing import Any

from portico.report import wording
from portico.report.references import References

__all__ = ["review_view"]


def review_view(found: dict[str, Any], references: References) -> dict[str, Any]:
    """The conditions on a second course, each with its answer, and what they leave.

    Parameters
    ----------
    found : as the biology room gives it; ``budget`` may be absent
    references : collects the records
    """
    verdicts = {"met": "met", "not_met": "NOT MET", "cannot_tell": "cannot tell"}
    return {
        "overall": found["overall"],
        "assumption": found["assumption"],
        "factors": [
            {
                "name": wording.words(factor["code"]),
                "verdict": verdicts[factor["verdict"]],
                "value": "unknown"
                if factor["value"] is None
                else f"{factor['value']:g} {_unit(factor['unit'])}".strip(),
                "limit": f"{'≤' if factor['op'] == '<=' else '≥'} {factor['limit']:g} {_unit(factor['unit'])}".strip(),
                "reason": factor["reason"],
                "records": references.cite(*factor["source_ids"]),
            }
            for factor in found["factors"]
        ],
        "budget": [
            {
                "fractions": row["fractions"],
                "dose": "cannot tell" if row["dose_gy"] is None else f"{row['dose_gy']:g} Gy",
                "eqd2": "cannot tell" if row["eqd2_gy"] is None else f"{row['eqd2_gy']:g} Gy",
                "why": wording.words(row["why"]),
            }
            for row in found.get("budget", ())
        ],
    }


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit
