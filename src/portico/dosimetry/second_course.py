"""Items of a second course: the published conditions on the thecal sac, each by itself, for review by people.

Where every earlier course has its dose grid, the courses are added voxel by voxel and the cumulative maximum is that of the sum.
Where only maxima were reported they are added: an upper bound, not co-located. No repair is credited.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from portico.advice.reirradiation import conditions_of
from portico.biology import Course, Interval, eqd2, evaluate_reirradiation
from portico.directive import CheckItem, Directive, Limit
from portico.dosimetry.accumulation import EarlierDose, accumulate_eqd2
from portico.dosimetry.limit_items import structures_for
from portico.dosimetry.plan_check import StructureDose
from portico.errors import PorticoError
from portico.knowledge import Library
from portico.rt.plan_set import PlanSet

__all__ = ["EarlierCourse", "second_course_items"]

UPPER_BOUND: Final = "upper bound, not co-located"
_NAMES: Final = {
    "cumulative_eqd2": "Cumulative maximum",
    "new_course_eqd2": "Maximum of this course",
    "new_to_cumulative": "Share of this course",
    "interval": "Interval",
}


@dataclass(frozen=True, slots=True, eq=False)
class EarlierCourse:
    """One earlier course at the site.

    Parameters
    ----------
    reported : neural maximum as reported; unknown fields are None
    dose : dose grid of the course; None when there is none
    end : last day; None when unknown
    """

    reported: Course
    dose: EarlierDose | None = None
    end: dt.date | None = None


@dataclass(frozen=True, slots=True)
class _Sum:
    """Cumulative maximum as EQD2 in Gy; None when it cannot be told, and how it was got."""

    value: float | None
    how: str


def second_course_items(
    directive: Directive,
    plan_set: PlanSet,
    structures: Sequence[StructureDose],
    earlier: Sequence[EarlierCourse],
    start: dt.date | None,
    library: Library,
) -> tuple[CheckItem, ...]:
    """The four factors and the cumulative limits of the Directive.

    Parameters
    ----------
    earlier : courses as stated; without any, those of the Directive
    start : day of the first fraction; None when unknown
    library : for the published conditions

    Returns
    -------
    empty for a first course without earlier courses
    """
    courses = tuple(earlier) or tuple(
        EarlierCourse(Course(one.cord_dmax_gy, one.fractions, one.defined_on), None, one.end)
        for one in directive.prior_courses
    )
    if not courses:
        return ()
    conditions = conditions_of(library)
    sac = structures_for("ThecalSac", structures)[0]
    one = sac[0] if len(sac) == 1 and sac[0].how != "guessed" else None
    fractions = plan_set.plan.fractions if plan_set.plan is not None else None
    highest = one.dvh.max if one is not None and one.dvh is not None and one.dvh.complete else None
    new = Course(highest, fractions, conditions.contour if highest is not None else None)
    voxels = _co_located(plan_set, one, courses, fractions, conditions.alpha_beta_gy)
    prior, total = [], voxels
    for number, course in enumerate(courses):
        prior.append(_with_maximum(course, number, plan_set, one, conditions.alpha_beta_gy))
    ends = [course.end for course in courses]
    known = [end for end in ends if end is not None]
    interval = (
        Interval.between(max(known), start) if start and len(known) == len(ends) and start >= max(known) else None
    )
    review = evaluate_reirradiation(prior, new, interval, conditions)
    items = []
    for factor in review.factors:
        verdict, value, reason = str(factor.verdict), factor.value, factor.reason
        if factor.code in ("cumulative_eqd2", "new_to_cumulative"):
            reason = f"{reason} {voxels.how or f'Maxima of the courses are added: {UPPER_BOUND}.'}"
            if voxels.value is not None and (factor.code == "cumulative_eqd2" or highest is not None):
                value = voxels.value
                if factor.code == "new_to_cumulative" and highest is not None and fractions is not None:
                    value = eqd2(highest, fractions, conditions.alpha_beta_gy) / voxels.value
                if verdict != "cannot_tell" or factor.code == "cumulative_eqd2":
                    verdict = "met" if value <= factor.limit else "not_met"
        shown = "unknown" if value is None else f"{value:.2f}"
        why = (
            f"{_NAMES.get(factor.code, factor.code)}: {shown}, published {factor.op} {factor.limit:g} {factor.unit}. {reason} "
            f"Assumption: {review.assumption}. For review by people."
        )
        items.append(_item(factor.code, verdict, why, factor.source_ids[0]))
    total = voxels if voxels.value is not None else _Sum(review.factor("cumulative_eqd2").value, UPPER_BOUND)
    items += [_limit(limit, total) for limit in directive.limits if limit.scope == "cumulative"]
    return tuple(items)


def _with_maximum(
    course: EarlierCourse, number: int, plan_set: PlanSet, sac: StructureDose | None, alpha_beta: float
) -> Course:
    """The reported maximum; where none is reported and there is a dose grid, that of the sac in it."""
    if course.reported.dose_gy is not None or course.dose is None or sac is None:
        return course.reported
    assert plan_set.dose is not None and plan_set.structure_set is not None
    try:
        nothing = _without_dose(plan_set)
        alone = accumulate_eqd2(nothing, 1, [course.dose], alpha_beta)
        highest = alone.maximum_gy(plan_set.structure_set.structures[sac.number])
    except PorticoError:
        return Course(None, course.dose.fractions, course.reported.contour)
    n = course.dose.fractions
    # the dose whose EQD2 this is: the positive root
    scale = n * alpha_beta
    full = highest * (1.0 + 2.0 / alpha_beta)
    return Course(0.5 * scale * (float(np.sqrt(1.0 + 4.0 * full / scale)) - 1.0), n, "thecal_sac")


def _without_dose(plan_set: PlanSet) -> Any:
    from dataclasses import replace

    assert plan_set.dose is not None
    return replace(plan_set.dose, gy=np.zeros(plan_set.dose.grid.shape))


def _co_located(
    plan_set: PlanSet,
    sac: StructureDose | None,
    courses: Sequence[EarlierCourse],
    fractions: int | None,
    alpha_beta: float,
) -> _Sum:
    doses = [one.dose for one in courses if one.dose is not None]
    if len(doses) < len(courses) or sac is None or fractions is None:
        return _Sum(None, "")
    if plan_set.dose is None or plan_set.structure_set is None:
        return _Sum(None, "")
    try:
        found = accumulate_eqd2(plan_set.dose, fractions, doses, alpha_beta)
        highest = found.maximum_gy(plan_set.structure_set.structures[sac.number])
    except PorticoError as error:
        return _Sum(None, f"The courses cannot be added voxel by voxel: {error.problem.message}")
    return _Sum(highest, "The courses are added voxel by voxel, each as EQD2 with its own fractions.")


def _item(code: str, verdict: str, why: str, source: str) -> CheckItem:
    return CheckItem.model_validate(
        {"kind": "earlier_dose", "code": code, "verdict": verdict, "why": why, "source_id": source}
    )


def _limit(limit: Limit, total: _Sum) -> CheckItem:
    value = None if total.value is None else round(total.value, 6)
    verdict = "cannot_tell" if value is None else "met" if value <= limit.value else "not_met"
    if limit.strength != "hard":
        verdict = "info"
    why = (
        "The sum of the courses is not known."
        if value is None
        else f"Sum of the courses, no repair credit. {total.how}"
    )
    return CheckItem.model_validate(
        {
            "kind": "limit", "code": "cumulative-limit", "roi": limit.roi, "defined_on": limit.defined_on, "metric": limit.metric,
            "value": value, "unit": limit.unit, "op": limit.op, "limit": limit.value, "verdict": verdict, "why": why,
            "limit_id": limit.limit_id, "source_id": limit.source_id, "verified": limit.verified,
        }
    )  # fmt: skip
