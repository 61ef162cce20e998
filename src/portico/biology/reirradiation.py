"""A second course at the spine: each published condition by itself.

The result is always a review by people. ``met`` four times does not mean safe: the conditions come from
few events (five in study ``sahgal-2012-rert``). ``not_met`` does not mean forbidden.

Rules of reading, all of them on the side of caution:

- No repair credit. Every earlier course counts in full at the α/β of the conditions.
- The maxima of the courses are added as if they lay at one point.
- A dose read on another contour than the published one, or on an unknown contour, gives ``cannot_tell``.
- A sum with an unknown course is ``not_met`` when its known courses alone exceed the figure, otherwise
  ``cannot_tell``; it is never ``met``.
- Outside the published number of fractions a condition can be ``not_met`` but not ``met``.
- The conditions were published for a stereotactic course after conventional radiotherapy. Technique is no
  input here: whoever calls must not ask for another pair.
- The interval is counted in complete months, see :class:`~portico.biology.Interval`.
"""

from __future__ import annotations

from collections.abc import Sequence

from portico.biology.conditions import ReirradiationConditions
from portico.biology.courses import Course
from portico.biology.factors import Factor, ReirradiationReview, Verdict
from portico.biology.inputs import finite
from portico.biology.intervals import Interval
from portico.biology.judging import (
    Answer,
    Reading,
    judge_interval,
    judge_one,
    judge_sum,
    known_effects,
    outside_fractions,
    read_all,
    why_not,
)
from portico.biology.lq import eqd2

__all__ = ["evaluate_reirradiation"]


def evaluate_reirradiation(
    prior: Sequence[Course],
    new: Course,
    interval: Interval | None,
    conditions: ReirradiationConditions,
) -> ReirradiationReview:
    """Answer the four published conditions one by one.

    >>> published = ReirradiationConditions(
    ...     cumulative_eqd2_max_gy=70.0, new_course_eqd2_max_gy=25.0, new_to_cumulative_max=0.5,
    ...     interval_min_months=5, alpha_beta_gy=2.0, contour="thecal_sac",
    ...     fractions_low=1, fractions_high=5, source_ids=("sahgal-2021-hytec-cord",))
    >>> review = evaluate_reirradiation(
    ...     [Course(30.0, 10, "thecal_sac")], Course(9.0, 1, "thecal_sac"), None, published)
    >>> [(factor.code, str(factor.verdict)) for factor in review.factors][:2]
    [('cumulative_eqd2', 'met'), ('new_course_eqd2', 'met')]
    >>> str(review.factor("interval").verdict), review.overall
    ('cannot_tell', 'review')

    Parameters
    ----------
    prior : maxima of every earlier course at this level; at least one; unknown fields stay None
    new : maximum planned for the new course
    interval : from the last day of the latest earlier course to the first day of the new one; None when
        unknown
    conditions : the published figures

    Returns
    -------
    Factors ``cumulative_eqd2``, ``new_course_eqd2``, ``new_to_cumulative``, ``interval``; overall
    ``"review"``, whatever the factors say

    Raises
    ------
    CannotTell : ``no-prior-course``

    Source: studies ``sahgal-2021-hytec-cord``, ``sahgal-2012-rert``.
    """
    readings = read_all(prior, new, conditions.contour, conditions.alpha_beta_gy, eqd2)
    ratio, why_no_ratio = _ratio(readings)
    total = judge_sum(readings, conditions.cumulative_eqd2_max_gy)
    alone = judge_one(
        readings[-1].effect_gy,
        conditions.new_course_eqd2_max_gy,
        "Maximum of the new course.",
        readings[-1].why_not,
    )
    part = judge_one(
        ratio, conditions.new_to_cumulative_max, "New course divided by the sum of all courses.", why_no_ratio
    )
    apart = judge_interval(interval, conditions.interval_min_months)
    outside = outside_fractions(new.fractions, conditions)
    rows = (
        ("cumulative_eqd2", total, conditions.cumulative_eqd2_max_gy, "<=", conditions.unit),
        ("new_course_eqd2", _hedge(alone, outside), conditions.new_course_eqd2_max_gy, "<=", conditions.unit),
        ("new_to_cumulative", _hedge(part, outside), conditions.new_to_cumulative_max, "<=", "1"),
        ("interval", _hedge(apart, outside), float(conditions.interval_min_months), ">=", "months"),
    )
    factors = tuple(
        Factor(code, verdict, value, limit, op, unit, reason, conditions.source_ids)
        for code, (verdict, value, reason), limit, op, unit in rows
    )
    return ReirradiationReview(factors, "review", "no repair credit")


def _hedge(answer: Answer, outside: str) -> Answer:
    verdict, value, reason = answer
    if not outside:
        return answer
    if verdict is Verdict.MET:
        verdict = Verdict.CANNOT_TELL
    return verdict, value, f"{reason} {outside}"


def _ratio(readings: Sequence[Reading]) -> tuple[float | None, str]:
    missing = why_not(readings)
    if missing:
        return None, missing
    effects = known_effects(readings)
    total = finite(sum(effects), "sum")
    if total == 0:
        return None, "No course gave any dose, so there is no share."
    return effects[-1] / total, ""
