"""Estimates of survival as they were given, side by side, with a flag when they cannot all hold."""

from __future__ import annotations

from portico.case import Case

__all__ = ["estimates_of", "months_text", "survival_flag"]

_COHORT = {
    True: "from operated patients",
    False: "from patients not operated on",
    None: "operated or not is not stated",
}


def months_text(low: float | None, high: float | None) -> str:
    """A range of months in words; an end that is None is open."""
    if low is None and high is None:
        return "no months given"
    if low is None:
        return f"at most {high:g} months"
    if high is None:
        return f"at least {low:g} months"
    return f"{low:g} to {high:g} months"


def estimates_of(case: Case) -> tuple[str, ...]:
    """One line for each estimate: who made it, the months, the day, and for a model whether its cohort was operated.

    >>> from portico.case import case_from
    >>> estimate = {"by": "model", "name": "PATHFx", "months_low": 3, "months_high": 6, "operated_cohort": True}
    >>> estimates_of(case_from({"schema": "case/1", "patient": {"survival": [estimate]}}))
    ('PATHFx: 3 to 6 months (from operated patients)',)
    """
    found = []
    for estimate in (case.patient.survival if case.patient else None) or ():
        who = estimate.name or estimate.by
        notes = [estimate.date.isoformat()] if estimate.date else []
        if estimate.by == "model":
            notes.append(_COHORT[estimate.operated_cohort])
        ending = f" ({', '.join(notes)})" if notes else ""
        found.append(f"{who}: {months_text(estimate.months_low, estimate.months_high)}{ending}")
    return tuple(found)


def survival_flag(case: Case) -> str | None:
    """A sentence when two estimates share no month; None when all can hold."""
    estimates = (case.patient.survival if case.patient else None) or ()
    lows = [e.months_low for e in estimates if e.months_low is not None]
    highs = [e.months_high for e in estimates if e.months_high is not None]
    if lows and highs and max(lows) > min(highs):
        return (
            "The estimates of survival disagree: no month lies in all of them. The widest range is used, from the "
            f"lowest to the highest ({months_text(min(lows), max(highs))})."
        )
    return None
