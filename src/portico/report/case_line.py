"""The case in one line, as a tumour board hears it; what is not known is said to be not known.

>>> case_line({"bone": "femur", "bone_part": "shaft", "index_side": "left", "ecog": 1, "surgery_done": False}, None)
'Left femur, shaft; cancer not known; pathology of the operated bone not known; not operated; ECOG 1; survival not known.'
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from portico.advice.survival import months_text
from portico.report.amounts import day_text

__all__ = ["case_line"]


def _words(value: object) -> str:
    return str(value).replace("_", " ")


def _site(row: Mapping[str, Any], levels: tuple[str, ...]) -> str:
    bone = row.get("bone")
    if bone is None:
        return "Bone not known"
    side = row.get("index_side")
    name = f"{_words(side)} {_words(bone)}" if side in ("left", "right") else _words(bone)
    if levels:
        name = f"{name} {', '.join(levels)}"
    part = row.get("bone_part")
    return name[0].upper() + name[1:] + (f", {_words(part)}" if part else "")


def _operation(row: Mapping[str, Any], surgery: dt.date | None) -> str:
    if row.get("surgery_done") is False:
        return "not operated"
    procedure = row.get("procedure")
    if procedure is None:
        return "operation not known"
    text = _words(procedure)
    if row.get("surgery_indication"):
        text = f"{text} for {_words(row['surgery_indication'])}"
    return f"{text} on {day_text(surgery)}" if surgery else text


def _performance(row: Mapping[str, Any]) -> str:
    found = [f"{name} {row[key]}" for name, key in (("ECOG", "ecog"), ("Karnofsky", "kps")) if row.get(key) is not None]
    return " and ".join(found) or "performance status not known"


def _survival(row: Mapping[str, Any]) -> str:
    low, high = row.get("survival_months_low"), row.get("survival_months_high")
    if low is None and high is None:
        return "survival not known"
    return f"expected to live {months_text(low, high)}"


def case_line(row: Mapping[str, Any], surgery: dt.date | None, levels: tuple[str, ...] = ()) -> str:
    """One sentence about the case.

    Parameters
    ----------
    row : flat row of the case; None is unknown
    surgery : day of the latest operation; None when unknown
    levels : vertebral levels; empty when there are none
    """
    histology = row.get("histology")
    pathology = row.get("pathology_status")
    parts = [
        _site(row, levels),
        _words(histology) if histology else "cancer not known",
        f"pathology of the operated bone {_words(pathology) if pathology else 'not known'}",
        _operation(row, surgery),
        _performance(row),
        _survival(row),
    ]
    if row.get("goal"):
        parts.append(f"what matters most: {_words(row['goal'])}")
    if row.get("prior_rt_at_site"):
        parts.append("irradiated here before")
    return "; ".join(parts) + "."
