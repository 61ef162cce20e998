"""A second course at the spine: the published conditions on the thecal sac, one by one, for review by people.

Where every earlier course has its dose grid the courses are added voxel by voxel, and the cumulative maximum is that of the sum; the
sum of the separate maxima stands beside it. Where a course has only a reported maximum the maxima are added. They need not lie at one
point, so such a sum is an upper bound and is called so: below a figure it meets it; above it the verdict is ``not_met``, as
:func:`portico.biology.evaluate_reirradiation` says on the side of caution, and the reason says what kind of number it is.

No repair is credited. Other α/β than the published one are for display only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from portico.biology import (
    Course,
    Factor,
    Interval,
    ReirradiationConditions,
    Repair,
    Verdict,
    eqd2,
    evaluate_reirradiation,
    sum_eqd2,
)
from portico.biology.judging import at_most
from portico.dosimetry.accumulation import (
    Accumulated,
    EarlierDose,
    NeuralMaximum,
    accumulate_eqd2,
    around,
    neural_maximum,
    resampled,
)
from portico.errors import CannotTell, PorticoError
from portico.geometry import EndCap
from portico.rt.dose import DoseGrid
from portico.rt.structures import Structure

__all__ = [
    "UPPER_BOUND",
    "CumulativeSum",
    "EarlierCourse",
    "PlannedCourse",
    "SecondCourse",
    "cumulative_sum",
    "review_second_course",
]

#: What a sum of separate maxima is called, wherever it is shown.
UPPER_BOUND: Final = "upper bound, not co-located"
_ADDED: Final = "The courses are added voxel by voxel, each as EQD2 with its own fractions."


@dataclass(frozen=True, slots=True, eq=False)
class EarlierCourse:
    """One earlier course at the site.

    Parameters
    ----------
    reported : neural maximum as reported, with fractions and contour; unknown fields are None
    dose : dose grid of the course; None when there is none
    end : last day; None when unknown
    """

    reported: Course
    dose: EarlierDose | None = None
    end: dt.date | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PlannedCourse:
    """What is planned now.

    Parameters
    ----------
    maximum_gy : highest physical dose of the contour in Gy over the whole course; None when unknown
    fractions : None when unknown
    contour : what the maximum is read on, e.g. ``thecal_sac``; None when there is no such structure
    dose : dose grid of the plan; None when there is none, and nothing is added voxel by voxel
    structure : the contour itself
    end_cap, slice_mm : as :func:`portico.dosimetry.dvh`
    """

    maximum_gy: float | None
    fractions: int | None
    contour: str | None
    dose: DoseGrid | None = None
    structure: Structure | None = None
    end_cap: EndCap = "tapered"
    slice_mm: float | None = None


@dataclass(frozen=True, slots=True)
class CumulativeSum:
    """The courses added up, as EQD2 in Gy.

    Parameters
    ----------
    alpha_beta_gy : α/β in Gy
    co_located : maximum of the sum, added voxel by voxel; None when it cannot be told, and ``why_not`` says why
    separate_gy : sum of the separate maxima, an upper bound, not co-located; None when a course is unknown
    courses : the courses with their maxima on the contour, the planned one last; unknown fields stay None
    why_not : why the courses are not added voxel by voxel; empty when they are
    """

    alpha_beta_gy: float
    co_located: NeuralMaximum | None
    separate_gy: float | None
    courses: tuple[Course, ...]
    why_not: str = ""

    @property
    def value_gy(self) -> float | None:
        """The exact maximum of the sum, else the upper bound; None when neither is known."""
        if self.co_located is not None and self.co_located.bound == "exact":
            return self.co_located.gy
        return self.separate_gy

    @property
    def says(self) -> str:
        """How the sum was got, in whole sentences."""
        separate = "" if self.separate_gy is None else f"{self.separate_gy:.2f} Gy: {UPPER_BOUND}."
        if self.co_located is None:
            beside = f"The maxima of the courses add up to {separate}" if separate else ""
        else:
            beside = f"The separate maxima add up to {separate}" if separate else ""
        if self.co_located is None:
            return f"{self.why_not} {beside}".strip()
        if self.co_located.bound == "at_least":
            return (
                f"{_ADDED} {self.co_located.why} The maximum is at least {self.co_located.gy:.2f} Gy. {beside}".strip()
            )
        return f"{_ADDED} {beside}".strip()


@dataclass(frozen=True, slots=True)
class SecondCourse:
    """The conditions with their answers; always a review by people.

    Parameters
    ----------
    factors : one for each published condition, in the published order
    total : the sum at the α/β of the conditions
    displayed : the same at other α/β, for display only
    overall : ``review``
    assumption : the repair assumption
    """

    factors: tuple[Factor, ...]
    total: CumulativeSum
    displayed: tuple[CumulativeSum, ...] = ()
    overall: Literal["review"] = "review"
    assumption: str = "no repair credit"

    def factor(self, code: str) -> Factor:
        """The factor with that code.

        Raises
        ------
        KeyError : no such factor
        """
        return {factor.code: factor for factor in self.factors}[code]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for ``--json``; keys in alphabetical order."""
        return {
            "assumption": self.assumption,
            "display_only": [_plain(one) for one in self.displayed],
            "factors": [factor.to_dict() for factor in self.factors],
            "overall": self.overall,
            "sum": _plain(self.total),
        }


def review_second_course(
    plan: PlannedCourse,
    earlier: Sequence[EarlierCourse],
    interval: Interval | None,
    conditions: ReirradiationConditions,
    *,
    display_alpha_beta_gy: Sequence[float] = (),
) -> SecondCourse:
    """Answer the published conditions one by one.

    Parameters
    ----------
    plan : what is planned
    earlier : every earlier course at this level, with dose grids, reported maxima or both; at least one
    interval : from the last day of the latest earlier course to the first day of this one; None when unknown
    conditions : the published figures, from the library
    display_alpha_beta_gy : other α/β in Gy at which the sum is shown and not compared

    Returns
    -------
    Factors ``cumulative_eqd2``, ``new_course_eqd2``, ``new_to_cumulative``, ``interval``; the sum

    Raises
    ------
    CannotTell : ``no-prior-course``
    QuantityRefused : an α/β that is not above 0

    Source: studies ``sahgal-2021-hytec-cord``, ``sahgal-2012-rert``.
    """
    total = cumulative_sum(plan, earlier, conditions.alpha_beta_gy)
    review = evaluate_reirradiation(total.courses[:-1], total.courses[-1], interval, conditions)
    right_contour = plan.contour == conditions.contour
    factors = []
    for factor in review.factors:
        if factor.code == "cumulative_eqd2":
            factor = _cumulative(factor, total, right_contour)
        elif factor.code == "new_to_cumulative":
            factor = _share(factor, total, right_contour)
        factors.append(factor)
    shown = tuple(cumulative_sum(plan, earlier, ratio) for ratio in display_alpha_beta_gy)
    return SecondCourse(tuple(factors), total, shown, "review", review.assumption)


def cumulative_sum(plan: PlannedCourse, earlier: Sequence[EarlierCourse], alpha_beta_gy: float) -> CumulativeSum:
    """Add the courses on the contour of the plan, voxel by voxel where every one has its dose, and by their maxima.

    Parameters
    ----------
    plan : its contour is the one that everything is read on
    earlier : a maximum that was reported on another contour counts as unknown
    alpha_beta_gy : α/β in Gy

    Raises
    ------
    QuantityRefused : α/β not above 0
    """
    eqd2(0.0, 1, alpha_beta_gy)
    courses = (*(_with_maximum(plan, one) for one in earlier), Course(plan.maximum_gy, plan.fractions, plan.contour))
    separate = None
    if plan.contour is not None and all(course.contour == plan.contour for course in courses):
        try:
            separate = sum_eqd2(courses, alpha_beta_gy, repair=Repair.none()).total_gy
        except CannotTell:
            separate = None
    try:
        return CumulativeSum(alpha_beta_gy, _co_located(plan, earlier, alpha_beta_gy), separate, courses)
    except PorticoError as error:
        return CumulativeSum(alpha_beta_gy, None, separate, courses, error.problem.message)


def _co_located(plan: PlannedCourse, earlier: Sequence[EarlierCourse], alpha_beta_gy: float) -> NeuralMaximum:
    doses = [one.dose for one in earlier if one.dose is not None]
    if len(doses) < len(earlier):
        raise CannotTell("An earlier course has no dose grid.", code="no-earlier-dose")
    if plan.dose is None or plan.structure is None:
        raise CannotTell("The plan has no dose or no such contour.", code="no-current-dose")
    if plan.fractions is None:
        raise CannotTell("The fractions of the plan are unknown.", code="fractions-unknown")
    near = around(plan.dose, plan.structure)
    found = accumulate_eqd2(near, plan.fractions, doses, alpha_beta_gy)
    return neural_maximum(found, plan.structure, end_cap=plan.end_cap, slice_mm=plan.slice_mm)


def _with_maximum(plan: PlannedCourse, one: EarlierCourse) -> Course:
    """The course with its maximum on the contour of the plan: read in its dose grid, or reported, the higher of both."""
    if one.dose is None or plan.dose is None or plan.structure is None:
        return one.reported
    try:
        dose, unknown = resampled(one.dose, around(plan.dose, plan.structure))
        found = neural_maximum(
            Accumulated(dose, unknown, 1.0), plan.structure, end_cap=plan.end_cap, slice_mm=plan.slice_mm
        )
    except PorticoError:
        return one.reported
    if found.bound != "exact":
        return one.reported
    reported = one.reported.dose_gy if one.reported.contour == plan.contour else None
    return Course(found.gy if reported is None else max(found.gy, reported), one.dose.fractions, plan.contour)


def _cumulative(factor: Factor, total: CumulativeSum, right_contour: bool) -> Factor:
    found = total.co_located
    if found is None or not right_contour:
        bound = "" if factor.value is None else f" It is an {UPPER_BOUND}: the maxima need not lie at one point."
        return replace(factor, reason=f"{factor.reason}{bound} {total.why_not}".strip())
    holds = at_most(found.gy, factor.limit)
    if found.bound == "exact" or not holds:
        return replace(factor, verdict=Verdict.MET if holds else Verdict.NOT_MET, value=found.gy, reason=total.says)
    return replace(factor, reason=f"{factor.reason} {total.says}")


def _share(factor: Factor, total: CumulativeSum, right_contour: bool) -> Factor:
    """Against the sum that lies at one point the share is larger than against the upper bound; the larger one is judged."""
    new, found = total.courses[-1], total.co_located
    exact = found is not None and found.bound == "exact" and found.gy > 0.0
    if found is None or not exact or not right_contour or new.dose_gy is None or new.fractions is None:
        if factor.value is None:
            return factor
        return replace(factor, reason=f"{factor.reason} That sum is an {UPPER_BOUND}.")
    share = min(1.0, eqd2(new.dose_gy, new.fractions, total.alpha_beta_gy) / found.gy)
    verdict = factor.verdict if at_most(share, factor.limit) else Verdict.NOT_MET
    return replace(
        factor,
        verdict=verdict,
        value=share,
        reason=f"{factor.reason} The sum is the one added voxel by voxel.",
    )


def _plain(one: CumulativeSum) -> dict[str, Any]:
    found = one.co_located
    return {
        "alpha_beta_gy": one.alpha_beta_gy,
        "co_located_bound": None if found is None else found.bound,
        "co_located_gy": None if found is None else found.gy,
        "says": one.says,
        "separate_gy": one.separate_gy,
        "separate_is": UPPER_BOUND,
    }
