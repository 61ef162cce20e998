"""Items of a second course: the published conditions, the cumulative limits of the Directive, and whether the courses agree.

The courses of the file come first; a course that the Directive lists and the file lacks is added to them, so that leaving one out never
lowers a sum. The conditions were published for a stereotactic course at the spine and are asked of no other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from portico.biology import Course, Factor, Interval
from portico.directive import CheckItem, Directive, Limit, parse_metric
from portico.dosimetry.limit_items import structures_for
from portico.dosimetry.measured import CONFIRM, sentence
from portico.dosimetry.plan_check import StructureDose
from portico.dosimetry.plan_fact import named
from portico.dosimetry.second_course import (
    CumulativeSum,
    EarlierCourse,
    PlannedCourse,
    SecondCourse,
    cumulative_sum,
    review_second_course,
)
from portico.dosimetry.structure_doses import slice_mm
from portico.geometry import EndCap
from portico.knowledge import Library, reirradiation_conditions
from portico.rt.plan_set import PlanSet

__all__ = ["second_course_items", "second_course_of"]

#: TG-263 name of the contour of each condition.
_ROIS: Final = {"thecal_sac": "ThecalSac", "true_cord": "SpinalCord", "cauda_equina": "CaudaEquina"}
_NAMES: Final = {
    "cumulative_eqd2": "Cumulative maximum",
    "new_course_eqd2": "Maximum of this course",
    "new_to_cumulative": "Share of this course",
    "interval": "Interval",
}


def second_course_items(
    directive: Directive,
    plan_set: PlanSet,
    structures: Sequence[StructureDose],
    earlier: Sequence[EarlierCourse],
    start: dt.date | None,
    library: Library,
    *,
    end_cap: EndCap = "tapered",
) -> tuple[CheckItem, ...]:
    """The four factors, the cumulative limits of the Directive, and contradictions between its courses and the stated ones.

    Parameters
    ----------
    directive : sealed
    plan_set, structures : the plan and its structures with their names
    earlier : courses as stated; without any, those of the Directive
    start : day of the first fraction; None when unknown
    library : for the published conditions
    end_cap : rule by which structures end

    Returns
    -------
    empty for a first course without earlier courses
    """
    courses, contradiction = _courses(directive, earlier)
    items = [_fact("earlier-courses", "not_met", contradiction)] if contradiction else []
    if courses and directive.site.region != "non_spine":
        if directive.technique == "conventional":
            why = "The published conditions hold for a stereotactic course after a conventional one; this course is conventional."
            items.append(_fact("reirradiation-conditions", "cannot_tell", why))
        else:
            items += _factors(plan_set, structures, courses, start, library, end_cap)
    for limit in directive.limits:
        if limit.scope == "cumulative":
            items.append(_limit(limit, plan_set, structures, courses, end_cap))
    return tuple(items)


def second_course_of(
    directive: Directive,
    plan_set: PlanSet,
    structures: Sequence[StructureDose],
    earlier: Sequence[EarlierCourse],
    start: dt.date | None,
    library: Library,
    *,
    end_cap: EndCap = "tapered",
    display_alpha_beta_gy: Sequence[float] = (),
) -> SecondCourse | None:
    """The review itself, for figures and tables; parameters are those of :func:`second_course_items`.

    Parameters
    ----------
    display_alpha_beta_gy : other α/β in Gy, for display only

    Returns
    -------
    None without an earlier course
    """
    courses = _courses(directive, earlier)[0]
    if not courses:
        return None
    conditions = reirradiation_conditions(library)
    plan = _planned(_ROIS[conditions.contour], conditions.contour, plan_set, structures, end_cap)[0]
    interval = _interval(courses, start, conditions.interval_min_months)
    return review_second_course(plan, courses, interval, conditions, display_alpha_beta_gy=display_alpha_beta_gy)


def _courses(directive: Directive, earlier: Sequence[EarlierCourse]) -> tuple[tuple[EarlierCourse, ...], str]:
    """The courses that count, and how file and Directive contradict each other; empty when they do not."""
    listed = [
        EarlierCourse(Course(one.cord_dmax_gy, one.fractions, one.defined_on), None, one.end)
        for one in directive.prior_courses
    ]
    if not earlier:
        return tuple(listed), ""
    left = list(earlier)
    missing = []
    for one in listed:
        twin = next((other for other in left if _may_be_same(one, other)), None)
        if twin is None:
            missing.append(one)
        else:
            left.remove(twin)
    courses = (*earlier, *missing)
    if missing:
        return courses, (
            f"The Directive lists {len(missing)} earlier course(s) that the file does not: fractions or last days differ. "
            "They are added to those of the file."
        )
    if directive.course == "first":
        return courses, "The Directive is for a first course, and an earlier course at this site is stated."
    if left and listed:
        return courses, f"The file states {len(left)} earlier course(s) that the Directive does not list."
    return courses, ""


def _may_be_same(one: EarlierCourse, other: EarlierCourse) -> bool:
    pairs = ((one.reported.fractions, other.reported.fractions), (one.end, other.end))
    return all(a is None or b is None or a == b for a, b in pairs)


def _factors(
    plan_set: PlanSet,
    structures: Sequence[StructureDose],
    courses: Sequence[EarlierCourse],
    start: dt.date | None,
    library: Library,
    end_cap: EndCap,
) -> list[CheckItem]:
    conditions = reirradiation_conditions(library)
    roi = _ROIS[conditions.contour]
    plan, structure, why_not = _planned(roi, conditions.contour, plan_set, structures, end_cap)
    interval = _interval(courses, start, conditions.interval_min_months)
    review = review_second_course(plan, courses, interval, conditions)
    return [_factor(factor, review, structure, why_not, start, roi, conditions.contour) for factor in review.factors]


def _factor(
    factor: Factor,
    review: SecondCourse,
    structure: StructureDose | None,
    why_not: str,
    start: dt.date | None,
    roi: str,
    contour: str,
) -> CheckItem:
    verdict, reason = str(factor.verdict), factor.reason
    about_dose = factor.code != "interval"
    if about_dose and verdict == "cannot_tell":
        reason = f"{why_not} {reason}".strip()
    if about_dose and verdict == "met" and structure is not None and structure.how == "guessed":
        verdict, reason = "cannot_tell", f"{reason} {CONFIRM}"
    if not about_dose and start is None:
        reason = f"{reason} State the day of the first fraction with --start."
    shown = "unknown" if factor.value is None else f"{factor.value:.2f}"
    published = f"published {factor.op} {factor.limit:g} {'' if factor.unit == '1' else factor.unit}".rstrip()
    why = (
        f"{_NAMES[factor.code]}: {shown}, {published}. {reason} Assumption: {review.assumption}. For review by people."
    )
    more: dict[str, Any] = {"source_id": factor.source_ids[0]}
    if about_dose:
        more |= {"roi": roi, "defined_on": contour, **named(structure)}
    return _fact(factor.code, verdict, why, **more)


def _planned(
    roi: str, contour: str, plan_set: PlanSet, structures: Sequence[StructureDose], end_cap: EndCap
) -> tuple[PlannedCourse, StructureDose | None, str]:
    """This course on one contour, the structure it is read on, and why there is none or no maximum."""
    fractions = plan_set.plan.fractions if plan_set.plan is not None else None
    found, why_not = structures_for(roi, structures)
    if len(found) != 1:
        return PlannedCourse(None, fractions, None), None, sentence(why_not or "there is more than one such structure")
    one = found[0]
    whole = plan_set.structure_set.structures.get(one.number) if plan_set.structure_set is not None else None
    if one.dvh is None or whole is None or plan_set.dose is None:
        reason = one.problem.message if one.problem is not None else "The structure has no histogram."
        return PlannedCourse(None, fractions, contour), one, reason
    highest = one.dvh.max if one.dvh.complete else None
    why = "" if one.dvh.complete else "A part of the structure lies off the dose grid of this plan."
    return PlannedCourse(highest, fractions, contour, plan_set.dose, whole, end_cap, slice_mm(plan_set)), one, why


def _interval(courses: Sequence[EarlierCourse], start: dt.date | None, least: int) -> Interval | None:
    """Complete months since the latest earlier course; None when they cannot be told.

    Where the end of a course is unknown, the known ones can only show that the interval is too short.
    """
    known = [course.end for course in courses if course.end is not None]
    if start is None or not known:
        return None
    latest = max(known)
    if start < latest:
        return Interval(0, "complete months; this course begins before an earlier one ends")
    found = Interval.between(latest, start)
    return found if len(known) == len(courses) or found.months < least else None


def _limit(
    limit: Limit,
    plan_set: PlanSet,
    structures: Sequence[StructureDose],
    courses: Sequence[EarlierCourse],
    end_cap: EndCap,
) -> CheckItem:
    plan, structure, why_not = _planned(limit.roi, limit.defined_on, plan_set, structures, end_cap)
    metric = parse_metric(limit.metric)
    value, verdict = None, "cannot_tell"
    if (
        metric.kind != "dmax"
        or metric.eqd2_alpha_beta is None
        or limit.op != "<="
        or limit.defined_on.startswith("prv")
    ):
        why = "No sum of courses is computed for this metric on this contour."
    elif not courses:
        why = "No earlier course is known."
    else:
        total = cumulative_sum(plan, courses, metric.eqd2_alpha_beta)
        value, verdict, why = _judged(total, limit.value)
        if value is None:
            why = f"The sum of the courses is not known. {why_not} {why}".replace("  ", " ").strip()
        if verdict == "met" and structure is not None and structure.how == "guessed":
            verdict, why = "cannot_tell", f"{why} {CONFIRM}"
    if limit.strength != "hard":
        verdict, why = "info", f"Shown only, it does not bind. {why}"
    return CheckItem.model_validate(
        {
            "kind": "limit", "code": "cumulative-limit", "roi": limit.roi, "defined_on": limit.defined_on,
            "metric": limit.metric, "value": value, "unit": limit.unit, "op": limit.op, "limit": limit.value,
            "verdict": verdict, "why": f"{why} No repair credit.", "limit_id": limit.limit_id,
            "source_id": limit.source_id, "verified": limit.verified, **named(structure),
        }
    )  # fmt: skip


def _judged(total: CumulativeSum, limit: float) -> tuple[float | None, str, str]:
    """Value in Gy, verdict and reason; what is at least the limit fails, whatever the rest adds."""
    found = total.co_located
    if found is not None and found.bound == "at_least" and found.gy > limit:
        return round(found.gy, 6), "not_met", total.says
    if total.value_gy is None:
        return None, "cannot_tell", total.says
    value = round(total.value_gy, 6)
    return value, "met" if value <= limit else "not_met", total.says


def _fact(code: str, verdict: str, why: str, **more: Any) -> CheckItem:
    return CheckItem.model_validate({"kind": "earlier_dose", "code": code, "verdict": verdict, "why": why, **more})
