"""The published conditions for a second course at the spine, reviewed one by one, and what they leave.

The conditions hold for stereotactic courses, so the review takes the fractions of the stereotactic option. Its dose to
the sac is not known before it is planned; the budget says how much the three dose conditions leave in one to five
fractions. The result is always a review by people, never "safe" or "forbidden".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from portico.advice.engine import Engine
from portico.biology import Course, Interval, ReirradiationConditions, evaluate_reirradiation, remaining_budget
from portico.case import Case, prior_courses_at_site
from portico.errors import CannotTell, QuantityRefused
from portico.knowledge import Library, reirradiation_conditions

__all__ = ["conditions_of", "neural_courses", "review"]


def conditions_of(library: Library) -> ReirradiationConditions:
    """The published figures as arguments for the biology room."""
    return reirradiation_conditions(library)


def neural_courses(case: Case) -> tuple[Course, ...]:
    """Neural maximum of every earlier course that may touch the site; unknown values stay None."""
    known = prior_courses_at_site(case)
    if known is None:
        listed = (case.prior_radiotherapy.courses or ()) if case.prior_radiotherapy else ()
        known = tuple(course for course in listed if course.site != "elsewhere")
    return tuple(
        Course(
            course.cord_dmax.dose.gy if course.cord_dmax and course.cord_dmax.dose else None,
            course.fractions,
            course.cord_dmax.defined_on if course.cord_dmax else None,
        )
        for course in known
    )


def _interval(case: Case) -> Interval | None:
    courses = prior_courses_at_site(case) or ()
    ends = [course.end for course in courses]
    start = (case.plan.intended_start if case.plan else None) or case.as_of
    if not ends or None in ends or start is None:
        return None
    return Interval.between(max(end for end in ends if end is not None), start)


def review(engine: Engine, case: Case, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Four factors and the remaining budget; None when the site is not a spine with earlier radiotherapy.

    Parameters
    ----------
    engine : compiled library with the published conditions
    case : gives the earlier courses
    row : its row; ``prior_rt_at_site`` unknown gives a review whose factors cannot be told
    """
    if row["site_region"] != "spine" or row["prior_rt_at_site"] is not True:
        return None
    conditions = conditions_of(engine.library)
    prior = neural_courses(case)
    fractions = next(
        (
            r.levels[0].fractions
            for r in engine.regimens.values()
            if r.course == "reirradiation" and r.technique == "sbrt"
        ),
        None,
    )
    new = Course(None, fractions, conditions.contour)
    found = evaluate_reirradiation(prior, new, _interval(case), conditions)
    return {**found.to_dict(), "budget": _budget(prior, conditions), "records": list(conditions.source_ids)}


def _budget(prior: tuple[Course, ...], conditions: ReirradiationConditions) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for fractions in range(conditions.fractions_low, conditions.fractions_high + 1):
        try:
            left = remaining_budget(prior, fractions, conditions)
        except (CannotTell, QuantityRefused) as error:
            rows.append({"fractions": fractions, "dose_gy": None, "eqd2_gy": None, "why": str(error.problem.message)})
            continue
        # a printed limit is rounded down
        rows.append(
            {
                "fractions": fractions,
                "dose_gy": math.floor(left.dose_gy * 10) / 10,
                "eqd2_gy": math.floor(left.eqd2_gy * 10) / 10,
                "why": f"set by {', '.join(left.bound_by)}",
            }
        )
    return rows
