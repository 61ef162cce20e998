"""Read courses on the contour a condition needs, and compare with its figure; unknown stays unknown.

Private to the room. Every function that compares counts a value as equal to its figure within float noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portico.biology.conditions import ReirradiationConditions
from portico.biology.courses import Course
from portico.biology.factors import Verdict
from portico.biology.inputs import finite
from portico.biology.intervals import Interval
from portico.errors import CannotTell

__all__ = [
    "Answer",
    "Reading",
    "at_most",
    "judge_highest",
    "judge_interval",
    "judge_one",
    "judge_sum",
    "known_effects",
    "outside_fractions",
    "read_all",
    "why_not",
]

Answer = tuple[Verdict, float | None, str]
"""Verdict, value and reason: what a :class:`~portico.biology.Factor` is filled with."""

ARITHMETIC_SLACK = 1e-9
"""Relative width within which a value counts as equal to its figure: float noise only, no clinical margin."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Effect of one course in Gy (EQD2 or BED), or None and why it cannot be told."""

    effect_gy: float | None
    why_not: str


def read_all(
    prior: Sequence[Course],
    new: Course,
    contour: str,
    alpha_beta_gy: float,
    convert: Callable[[float, int, float], float],
) -> tuple[Reading, ...]:
    """Readings of all earlier courses and, last, of the new one.

    Raises
    ------
    CannotTell : ``no-prior-course``
    """
    if not prior:
        raise CannotTell(
            "These conditions are about a second course, and no earlier course is given.",
            code="no-prior-course",
            path="prior",
            fix="Use the limits for a first course.",
        )
    named = [(course, f"prior[{place}]") for place, course in enumerate(prior)]
    return tuple(_read(course, name, contour, alpha_beta_gy, convert) for course, name in [*named, (new, "new")])


def _read(
    course: Course,
    name: str,
    contour: str,
    alpha_beta_gy: float,
    convert: Callable[[float, int, float], float],
) -> Reading:
    if course.contour != contour:
        was = "an unrecorded contour" if course.contour is None else course.contour
        return Reading(None, f"{name}: the dose was read on {was}, the condition needs {contour}.")
    try:
        dose_gy, fractions = course.known(name)
    except CannotTell as error:
        return Reading(None, error.problem.message)
    return Reading(convert(dose_gy, fractions, alpha_beta_gy), "")


def known_effects(readings: Sequence[Reading]) -> list[float]:
    """Effects in Gy of the courses that could be read."""
    return [reading.effect_gy for reading in readings if reading.effect_gy is not None]


def why_not(readings: Sequence[Reading]) -> str:
    """Why some course could not be read; empty when all were."""
    return " ".join(reading.why_not for reading in readings if reading.effect_gy is None)


def at_most(value: float, limit: float) -> bool:
    """Whether ``value`` is ``limit`` or less."""
    return value <= limit * (1.0 + ARITHMETIC_SLACK)


def judge_sum(readings: Sequence[Reading], limit: float) -> Answer:
    """Compare the sum of all courses; known courses alone may exceed the figure, but never meet it."""
    total = finite(sum(known_effects(readings)), "sum")
    missing = why_not(readings)
    if not at_most(total, limit):
        reason = f"The known courses alone exceed it. {missing}" if missing else "Sum of all courses."
        return Verdict.NOT_MET, total, reason
    if missing:
        return Verdict.CANNOT_TELL, None, missing
    return Verdict.MET, total, "Sum of all courses."


def judge_highest(readings: Sequence[Reading], limit: float) -> Answer:
    """Compare the highest single course; one known course may exceed the figure, but not meet it for all."""
    highest = max(known_effects(readings), default=0.0)
    missing = why_not(readings)
    if not at_most(highest, limit):
        reason = f"One known course exceeds it. {missing}" if missing else "Highest single course."
        return Verdict.NOT_MET, highest, reason
    if missing:
        return Verdict.CANNOT_TELL, None, missing
    return Verdict.MET, highest, "Highest single course."


def judge_one(value: float | None, limit: float, told: str, missing: str) -> Answer:
    """Compare one value, or say why there is none."""
    if value is None:
        return Verdict.CANNOT_TELL, None, missing
    return (Verdict.MET if at_most(value, limit) else Verdict.NOT_MET), value, told


def judge_interval(interval: Interval | None, least: int) -> Answer:
    """Compare complete months with the least that a condition asks for."""
    if interval is None:
        return Verdict.CANNOT_TELL, None, "The interval between the courses is unknown."
    verdict = Verdict.MET if interval.months >= least else Verdict.NOT_MET
    return verdict, float(interval.months), f"Counted in {interval.rule}."


def outside_fractions(fractions: int | None, conditions: ReirradiationConditions) -> str:
    """Why the conditions were not published for this number of fractions; empty when they were."""
    low, high = conditions.fractions_low, conditions.fractions_high
    if fractions is None:
        return f"The fractions of the new course are unknown; the condition is published for {low} to {high}."
    if low <= fractions <= high:
        return ""
    return f"The condition is published for {low} to {high} fractions, not for {fractions}."
