"""The inputs of a published score on cumulative BED of the cord, shown beside their figures."""

from __future__ import annotations

from collections.abc import Sequence

from portico.biology.conditions import NiederConditions
from portico.biology.courses import Course
from portico.biology.factors import Factor, ReirradiationReview
from portico.biology.intervals import Interval
from portico.biology.judging import judge_highest, judge_interval, judge_sum, read_all
from portico.biology.lq import bed

__all__ = ["evaluate_nieder"]


def evaluate_nieder(
    prior: Sequence[Course], new: Course, interval: Interval | None, conditions: NiederConditions
) -> ReirradiationReview:
    """The inputs of the cumulative-BED score, each beside its published figure; for display only.

    The score's own points are not in the records, so none is computed and no risk is stated.

    Parameters
    ----------
    prior : cord doses of every earlier course; at least one; unknown fields stay None
    new : cord dose planned for the new course
    interval : as in :func:`evaluate_reirradiation`
    conditions : the published figures

    Returns
    -------
    Factors ``cumulative_bed_no_case``, ``cumulative_bed_small_risk``, ``highest_course_bed``, ``interval``;
    overall ``"display"``

    Raises
    ------
    CannotTell : ``no-prior-course``

    Source: study ``nieder-2006``.
    """
    readings = read_all(prior, new, conditions.contour, conditions.alpha_beta_gy, bed)
    no_case, small_risk = conditions.cumulative_bed_no_case_gy, conditions.cumulative_bed_small_risk_gy
    rows = (
        ("cumulative_bed_no_case", judge_sum(readings, no_case), no_case, "<=", conditions.unit),
        ("cumulative_bed_small_risk", judge_sum(readings, small_risk), small_risk, "<=", conditions.unit),
        (
            "highest_course_bed",
            judge_highest(readings, conditions.course_bed_max_gy),
            conditions.course_bed_max_gy,
            "<=",
            conditions.unit,
        ),
        (
            "interval",
            judge_interval(interval, conditions.interval_min_months),
            float(conditions.interval_min_months),
            ">=",
            "months",
        ),
    )
    factors = tuple(
        Factor(code, verdict, value, limit, op, unit, reason, conditions.source_ids)
        for code, (verdict, value, reason), limit, op, unit in rows
    )
    return ReirradiationReview(factors, "display", "no repair credit")
