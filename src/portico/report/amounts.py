"""Numbers as text: always with their unit, and with what is not stated said aloud."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from portico.advice.model import LevelDose, LimitRow, Outcome
from portico.directive import Limit
from portico.report import wording

__all__ = [
    "bed_text",
    "cord_text",
    "day_text",
    "dose_text",
    "estimate_text",
    "limit_text",
    "outcome_counts",
    "outcome_text",
    "visits_text",
]


def dose_text(dose_gy: float | None, fractions: int | None) -> str:
    """Dose and fractions.

    >>> dose_text(30.0, 10), dose_text(None, 10)
    ('30 Gy in 10', 'dose not sourced, in 10')
    """
    dose = "dose not sourced," if dose_gy is None else f"{dose_gy:g} Gy"
    return f"{dose} in {'a number of fractions not sourced' if fractions is None else fractions}"


def bed_text(levels: Iterable[LevelDose]) -> str:
    """BED and EQD2 of the tumour for an alpha/beta ratio of 10 Gy, boost first; ``not sourced`` where unknown."""
    return _levels((level.name, _pair(level.bed10_gy, level.eqd2_10_gy)) for level in levels)


def _pair(bed: float | None, eqd2: float | None) -> str | None:
    return None if bed is None or eqd2 is None else f"{bed:.1f} / {eqd2:.1f}\u00a0Gy"


def cord_text(levels: Sequence[LevelDose]) -> str:
    """EQD2 of a cord that received the full dose, alpha/beta 2 Gy; ``not sourced`` where unknown."""
    values = [level.eqd2_2_if_full_dose_gy for level in levels]
    return _levels(
        (level.name, None if value is None else f"{value:.1f}\u00a0Gy")
        for level, value in zip(levels, values, strict=True)
    )


def _levels(parts: Iterable[tuple[str, str | None]]) -> str:
    found = [(name, "not sourced" if text is None else text) for name, text in parts]
    if not found:
        return "none"
    if len(found) == 1:
        return found[0][1]
    return "; ".join(f"{name} {text}" for name, text in found)


def visits_text(visits: int | None) -> str:
    """Number of visits; ``not sourced`` when unknown."""
    return "not sourced" if visits is None else str(visits)


def _number(value: float, unit: str | None) -> str:
    if unit == "proportion":
        return f"{100 * value:.3g} %"
    return f"{value:g} {unit}" if unit else f"{value:g} (unit not stated)"


def estimate_text(outcome: Outcome) -> str:
    """The figure with its interval; a missing interval is said.

    >>> from portico.advice.model import Outcome
    >>> estimate_text(Outcome("local control", "local recurrence", 0.027, 0.0, 0.065, "ci95", 24, 77, None,
    ...     "cumulative_incidence", "proportion", "zelefsky-2021", "this regimen", "intact_bone", "abstract"))
    '2.7 % (95 % interval 0 % to 6.5 %)'
    """
    text = _number(outcome.estimate, outcome.unit)
    if outcome.low is None or outcome.high is None:
        return f"{text} (no interval)"
    low, high = _number(outcome.low, outcome.unit), _number(outcome.high, outcome.unit)
    return f"{text} ({wording.interval(outcome.interval)} {low} to {high})"


def outcome_counts(outcome: Outcome) -> str:
    """How many were counted: ``14 of 82``, ``n = 77``, ``n not stated``."""
    if outcome.n is None:
        return "n not stated"
    return f"n = {outcome.n}" if outcome.events is None else f"{outcome.events} of {outcome.n}"


def outcome_text(outcome: Outcome) -> str:
    """A figure in one line without its source: what, how much, when, how many."""
    when = "" if outcome.months is None else f" at {outcome.months:g} months"
    return f"{outcome.label}{when}: {estimate_text(outcome)}, {outcome_counts(outcome)}"


def limit_text(limit: LimitRow | Limit) -> str:
    """A limit as it is read on a plan; the organ stands beside it.

    A limit whose comparison, value or unit is missing is printed as ``no value``.
    """
    if limit.value is None or limit.metric is None or limit.op is None or limit.unit is None:
        return "no value"
    sign = {"<=": "≤", ">=": "≥"}[limit.op]
    return f"{limit.metric} {sign} {limit.value:g} {limit.unit}"


def day_text(day: dt.date | None, *, short: bool = False) -> str:
    """A date that nobody can misread; ``date unknown`` when None. ``short`` cuts the month to three letters.

    >>> import datetime as dt
    >>> day_text(dt.date(2026, 3, 2)), day_text(None)
    ('2 March 2026', 'date unknown')
    """
    if day is None:
        return "date unknown"
    months = (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    )  # fmt: skip
    month = months[day.month - 1]
    return f"{day.day} {month[:3] if short else month} {day.year}"
