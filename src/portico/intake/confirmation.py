"""A curator's word on every figure of a draft, and the study that comes of it.

    schema: confirmation/1
    draft: muller-2024
    by: "A. Reader"
    date: "2026-11-27"
    study: {site: spine, directness: post_operative, design: retrospective_cohort, technique: sbrt, population: "…", findings: ["…"]}
    figures:
    - {id: f1, decision: confirm}
    - {id: f2, decision: correct, value: 0.17, months: 12, n: 83, why: "read in the abstract"}
    - {id: f3, decision: reject, why: "of another paper"}

Nothing counts until each number is confirmed, corrected or rejected by name. Without an abstract the study stays at
level ``memory`` and carries no figures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from portico.errors import InputRefused
from portico.intake.drafts import checked_draft

__all__ = ["DECISIONS", "promote"]

DECISIONS: Final = ("confirm", "correct", "reject")
_RATES: Final = {
    "local_control": "local_control",
    "local_failure": "local_failure",
    "overall_survival": "overall_survival",
}
_STUDY_KEYS: Final = ("site", "directness", "design", "technique", "population", "findings")
_FIGURE_KEYS: Final = frozenset(("id", "decision", "value", "second", "months", "n", "lo", "hi", "measure", "why"))


def promote(draft: Any, confirmation: Any) -> dict[str, Any]:
    """The ``study/1`` record of a draft whose every figure has been decided.

    Parameters
    ----------
    draft : plain ``draft/1``
    confirmation : plain ``confirmation/1``

    Raises
    ------
    InputRefused : ``bad-draft``, ``bad-confirmation``, ``other-draft``, ``figure-undecided``, ``figure-unknown``,
        ``figure-twice``, ``correction-empty``, ``why-missing``
    """
    draft = checked_draft(draft)
    head, rows = _checked(confirmation)
    if confirmation["draft"] != draft["id"]:
        raise InputRefused("The confirmation is of another draft.", code="other-draft", path="draft")
    figures = {one["id"]: one for one in draft["figures"]}
    decided: dict[str, dict[str, Any]] = {}
    for position, row in enumerate(rows):
        if row["id"] not in figures:
            raise InputRefused("The draft has no such figure.", code="figure-unknown", path=f"figures[{position}].id")
        if row["id"] in decided:
            raise InputRefused("A figure is decided twice.", code="figure-twice", path=f"figures[{position}].id")
        decided[row["id"]] = _decided(figures[row["id"]], row, position)
    open_ones = [name for name in figures if name not in decided]
    if open_ones:
        raise InputRefused(
            f"Not decided: {', '.join(open_ones)}.",
            code="figure-undecided",
            fix="Confirm, correct or reject each figure.",
        )
    kept = [one for one in decided.values() if one["decision"] != "reject"]
    return _study(draft, confirmation, head, kept)


def _checked(confirmation: Any) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    def refuse(message: str, path: str) -> InputRefused:
        return InputRefused(message, code="bad-confirmation", path=path)

    if not isinstance(confirmation, Mapping) or confirmation.get("schema") != "confirmation/1":
        raise refuse("The file names no schema confirmation/1.", "schema")
    for key in ("draft", "by", "date"):
        if not isinstance(confirmation.get(key), str) or not confirmation[key].strip():
            raise refuse("A draft, a name and a date are needed.", key)
    try:
        dt.date.fromisoformat(confirmation["date"])
    except ValueError:
        raise refuse("A date reads 2026-11-27.", "date") from None
    head = confirmation.get("study")
    if not isinstance(head, Mapping) or not set(head) <= set(_STUDY_KEYS) or "site" not in head:
        raise refuse(f"The study has {', '.join(_STUDY_KEYS)}.", "study")
    rows = confirmation.get("figures")
    if not isinstance(rows, list):
        raise refuse("The figures are a list.", "figures")
    for position, row in enumerate(rows):
        place = f"figures[{position}]"
        if not isinstance(row, Mapping) or not set(row) <= _FIGURE_KEYS or not isinstance(row.get("id"), str):
            raise refuse("A figure has an id and a decision.", place)
        if row.get("decision") not in DECISIONS:
            raise refuse(f"A decision is one of {', '.join(DECISIONS)}.", f"{place}.decision")
        for key in ("value", "second", "months", "n", "lo", "hi"):
            value = row.get(key)
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
                raise refuse("A number is expected.", f"{place}.{key}")
    return head, rows


def _decided(figure: Mapping[str, Any], row: Mapping[str, Any], position: int) -> dict[str, Any]:
    corrects = [key for key in ("value", "second", "months", "n", "lo", "hi", "measure") if key in row]
    if row["decision"] == "correct" and not corrects:
        raise InputRefused("A correction says what is right.", code="correction-empty", path=f"figures[{position}]")
    if row["decision"] == "confirm" and "value" in row and row["value"] != figure["value"]:
        raise InputRefused(
            "A figure is confirmed with another value.",
            code="correction-empty",
            path=f"figures[{position}]",
            fix="Write correct.",
        )
    if row["decision"] != "confirm" and not str(row.get("why") or "").strip():
        raise InputRefused("A correction or rejection says why.", code="why-missing", path=f"figures[{position}].why")
    return {**figure, **{key: row[key] for key in corrects}, "decision": row["decision"], "why": row.get("why")}


def _study(
    draft: Mapping[str, Any], confirmation: Mapping[str, Any], head: Mapping[str, Any], kept: list[dict[str, Any]]
) -> dict[str, Any]:
    record = draft["record"]
    level = "abstract" if record["has_abstract"] else "memory"
    figures = kept if level == "abstract" else []
    people = _only(figures, "patients")
    lesions = _only(figures, "lesions")
    regimen = next((one for one in figures if one["kind"] == "regimen"), None)
    size = lesions if lesions is not None else people
    n = None if size is None else int(size)
    arm = {
        "id": "all", "label": "all", "n": n, "technique": head.get("technique") or "not_stated",
        "dose_gy": regimen["value"] if regimen else None, "fractions": int(regimen["second"]) if regimen else None,
        "dose_low_gy": None, "dose_high_gy": None, "fractions_low": None, "fractions_high": None, "boost_dose_gy": None,
        "note": "",
    }  # fmt: skip
    results = [_result(one) for one in figures if one["kind"] in _RATES]
    names = record["authors"]
    authors = f"{', '.join(names[:3])}{' et al' if len(names) > 3 else ''}. " if names else ""
    journal = f" {record['journal']}" if record["journal"] else ""
    return {
        "schema": "study/1",
        "id": draft["id"],
        "citation": f"{authors}{record['title'].rstrip('.')}.{journal} {record['year'] or '(year not shown)'}",
        "year": record["year"],
        "doi": record["doi"],
        "pmid": record["pmid"],
        "design": head.get("design") or "retrospective_cohort",
        "design_as_recorded": head.get("design"),
        "site": head["site"],
        "directness": head.get("directness") or "general",
        "population": head.get("population"),
        "n_patients": None if people is None else int(people),
        "n_lesions": None if lesions is None else int(lesions),
        "years": None,
        "arms": [arm] if figures else [],
        "results": results,
        "findings": list(head.get("findings") or ()),
        "limitations": [],
        "overlaps": [],
        "disputes": [],
        "verified": level,
        "to_check": [] if level == "abstract" else ["everything: no abstract was there"],
        "curator_note": f"Taken in from {record['form']}; every figure decided by {confirmation['by']} on {confirmation['date']}.",
    }


def _only(figures: list[dict[str, Any]], kind: str) -> float | None:
    """The one confirmed figure of a kind; None when there is none or several, for a curator to settle by rejecting."""
    found = {float(one["value"]) for one in figures if one["kind"] == kind}
    return found.pop() if len(found) == 1 else None


def _result(one: Mapping[str, Any]) -> dict[str, Any]:
    months = one["months"]
    lo, hi = one.get("lo"), one.get("hi")
    interval = "ci95" if lo is not None and hi is not None else None
    measure = one.get("measure") or ("km_probability" if months is not None else "proportion")
    n = one.get("n")
    return {
        "arm": "all", "outcome": _RATES[one["kind"]], "label": one["kind"].replace("_", " "), "measure": measure, "months": months,
        "events": None, "n": None if n is None else int(n), "est": one["value"], "lo": lo, "hi": hi, "interval": interval,
        "unit": "proportion", "p": None, "definition": None, "versus": None, "display_only": False,
        "note": "" if one.get("measure") or months is None else "estimator not stated; read as time-to-event",
    }  # fmt: skip
