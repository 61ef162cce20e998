"""The study that comes of a draft and a curator's decisions: which figure goes where, and what could not go anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["study_of"]

Figure = Mapping[str, Any]
_RATES: Final = ("local_control", "local_failure", "overall_survival")
_LEFT: Final = ("dose_per_fraction", "dose", "fractions", "regimen")


def study_of(
    draft: Mapping[str, Any], confirmation: Mapping[str, Any], head: Mapping[str, Any], kept: Sequence[Figure]
) -> dict[str, Any]:
    """The ``study/1`` record.

    Parameters
    ----------
    draft, confirmation, head : as :func:`portico.intake.promote` has checked them
    kept : figures that were confirmed or corrected, in the order of the draft
    """
    record, proposed = draft["record"], draft["proposed"]
    level = "abstract" if record["has_abstract"] else "memory"
    figures = list(kept) if level == "abstract" else []
    people, lesions = _only(figures, "patients"), _only(figures, "lesions")
    arm, open_arm = _arm(figures, head, lesions if lesions is not None else people)
    results, open_results = _results(figures)
    undone = [f"{name} was stated more than once, with different figures" for name, value, kind in (
        ("number of patients", people, "patients"), ("number of lesions", lesions, "lesions")
    ) if value is None and _of(figures, kind)]  # fmt: skip
    return {
        "schema": "study/1",
        "id": draft["id"],
        "citation": proposed["citation"],
        "year": proposed["year"],
        "doi": proposed["doi"],
        "pmid": proposed["pmid"],
        "design": head["design"],
        "design_as_recorded": head["design"],
        "site": head["site"],
        "directness": head["directness"],
        "population": head.get("population"),
        "n_patients": people,
        "n_lesions": lesions,
        "years": None,
        "arms": [arm] if figures else [],
        "results": results,
        "findings": list(head.get("findings") or ()),
        "limitations": [],
        "overlaps": [],
        "disputes": [],
        "verified": level,
        "to_check": [*undone, *open_arm, *open_results]
        if level == "abstract"
        else ["everything: no abstract was there"],
        "curator_note": f"Taken in from {record['form']}; every figure decided by {_people(confirmation)} on {confirmation['date']}.",
    }


def _people(confirmation: Mapping[str, Any]) -> str:
    names = [confirmation["by"], *(row["by"] for row in confirmation["figures"] if row.get("by"))]
    return ", ".join(dict.fromkeys(name.strip() for name in names))


def _of(figures: Sequence[Figure], *kinds: str) -> list[Figure]:
    return [one for one in figures if one["kind"] in kinds]


def _only(figures: Sequence[Figure], kind: str) -> int | None:
    """The one figure of a kind; None when there is none or several, for a curator to settle by rejecting."""
    found = {int(one["value"]) for one in _of(figures, kind)}
    return found.pop() if len(found) == 1 else None


def _arm(figures: Sequence[Figure], head: Mapping[str, Any], n: int | None) -> tuple[dict[str, Any], list[str]]:
    arm = {
        "id": "all", "label": "all", "n": n, "technique": head.get("technique") or "not_stated",
        "dose_gy": None, "fractions": None, "dose_low_gy": None, "dose_high_gy": None, "fractions_low": None, "fractions_high": None,
        "boost_dose_gy": None, "note": "",
    }  # fmt: skip
    regimens = {(one["value"], one["second"]) for one in _of(figures, "regimen") if one["second"] is not None}
    doses = {(one["value"], one["second"]) for one in _of(figures, "dose") if one["unit"] == "Gy"}
    counts = {(one["value"], one["second"]) for one in _of(figures, "fractions")}
    if len(regimens) == 1 and not doses:
        ((dose, fractions),) = regimens
        arm |= {"dose_gy": dose, "fractions": int(fractions)}
        return arm, []
    if not regimens and len(doses) <= 1 and len(counts) <= 1:
        for found, one, low, high, whole in (
            (doses, "dose_gy", "dose_low_gy", "dose_high_gy", False),
            (counts, "fractions", "fractions_low", "fractions_high", True),
        ):
            for value, second in found:
                first, last = (int(value), second if second is None else int(second)) if whole else (value, second)
                arm |= {one: first} if last is None else {low: first, high: last}
        return arm, []
    said = ", ".join(dict.fromkeys(one["read"] for one in _of(figures, *_LEFT)))
    return arm, [f"arms by dose: {said}"]


def _results(figures: Sequence[Figure]) -> tuple[list[dict[str, Any]], list[str]]:
    beside: dict[str, list[Figure]] = {}
    for one in figures:
        if one.get("belongs_to"):
            beside.setdefault(one["belongs_to"], []).append(one)
    kept = {one["id"] for one in figures}
    made, undone = [], []
    for one in figures:
        own = beside.get(one["id"], [])
        if one["kind"] in _RATES:
            made.append(_rate(one, own))
        elif one["kind"] == "hazard_ratio":
            made.append(_ratio(one, own))
        elif one["kind"] == "follow_up_months":
            made.append(_follow_up(one))
        elif one["kind"] in ("events", "interval", "p_value") and one.get("belongs_to") not in kept:
            if one["kind"] == "events" and one.get("outcome"):
                made.append(_count(one))
            else:
                undone.append(f'{one["id"]}, read as "{one["read"]}", is confirmed and stands with no result')
    return made, undone


def _result(**known: Any) -> dict[str, Any]:
    empty = {
        "arm": "all", "outcome": "other", "label": "", "measure": "text", "months": None, "events": None, "n": None, "est": None,
        "lo": None, "hi": None, "interval": None, "unit": None, "p": None, "definition": None, "versus": None, "display_only": False,
        "note": "",
    }  # fmt: skip
    return empty | known


def _limits(one: Figure, own: Sequence[Figure], *, share: bool) -> tuple[float | None, float | None]:
    """Limits the curator gave, else those of the interval that stands beside the figure."""
    if one.get("lo") is not None or one.get("hi") is not None:
        return one.get("lo"), one.get("hi")
    found = _of(own, "interval")
    if len(found) != 1 or found[0]["second"] is None:
        return None, None
    scale = 100.0 if share and found[0]["unit"] == "1" else 1.0  # a rate in percent whose limits omit the sign
    return round(found[0]["value"] / scale, 6), round(found[0]["second"] / scale, 6)


def _p(own: Sequence[Figure]) -> str | None:
    found = _of(own, "p_value")
    if len(found) != 1:
        return None
    sign = found[0].get("sign", "=")
    return f"{'' if sign == '=' else sign}{found[0]['value']:g}"


def _rate(one: Figure, own: Sequence[Figure]) -> dict[str, Any]:
    counted = _of(own, "events")
    count = counted[0] if len(counted) == 1 else None
    measure = one.get("measure") or ("km_probability" if one["months"] is not None else "proportion")
    lo, hi = _limits(one, own, share=True)
    notes = []
    if not one.get("measure") and one["months"] is not None:
        notes.append("estimator not stated; read as time-to-event")
    if one.get("at_follow_up") and one["months"] is None:
        notes.append("at follow-up, no time of its own")
    events, n = one.get("events"), one.get("n")
    if count is not None and measure == "proportion":
        events, n = (count["value"] if events is None else events), (count["second"] if n is None else n)
    elif count is not None:
        notes.append(f"{count['read']} stands beside it")
    return _result(
        outcome=one.get("outcome") or one["kind"], label=one["kind"].replace("_", " "), measure=measure, months=one["months"],
        events=_whole(events), n=_whole(n), est=one["value"], lo=lo, hi=hi, interval=_interval(lo, hi), unit="proportion", p=_p(own),
        definition=one.get("definition"), versus=one.get("versus"), note="; ".join(notes),
    )  # fmt: skip


def _ratio(one: Figure, own: Sequence[Figure]) -> dict[str, Any]:
    lo, hi = _limits(one, own, share=False)
    known = bool(one.get("outcome") and one.get("versus") and lo is not None and hi is not None)
    return _result(
        outcome=one.get("outcome") or "other", label="hazard ratio", measure="hr", n=_whole(one.get("n")), est=one["value"], lo=lo, hi=hi,
        interval=_interval(lo, hi), p=_p(own), definition=one.get("definition"), versus=one.get("versus"), display_only=not known,
        note="" if known else "outcome, comparison or interval not said",
    )  # fmt: skip


def _count(one: Figure) -> dict[str, Any]:
    return _result(
        outcome=one["outcome"], label=str(one["outcome"]).replace("_", " "), measure="proportion", months=one["months"],
        events=_whole(one["value"]), n=_whole(one["second"]), unit="proportion", definition=one.get("definition"),
    )  # fmt: skip


def _follow_up(one: Figure) -> dict[str, Any]:
    measure = "mean" if str(one["read"]).lower().startswith("mean") else "median"
    return _result(
        outcome="follow_up",
        label=f"{measure} follow-up",
        measure=measure,
        est=one["value"],
        unit="months",
        display_only=True,
    )


def _interval(lo: float | None, hi: float | None) -> str | None:
    return "ci95" if lo is not None and hi is not None else None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
