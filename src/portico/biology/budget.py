"""What dose the published conditions leave for a new course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portico.biology.conditions import ReirradiationConditions
from portico.biology.courses import Course
from portico.biology.inputs import finite
from portico.biology.judging import known_effects, outside_fractions, read_all, why_not
from portico.biology.lq import dose_for_eqd2, eqd2
from portico.errors import CannotTell

__all__ = ["Budget", "remaining_budget"]


@dataclass(frozen=True, slots=True)
class Budget:
    """What the three dose conditions leave for a new course.

    Parameters
    ----------
    eqd2_gy : highest EQD2 maximum of the new course in Gy, 0 when nothing is left
    dose_gy : the same as physical dose in Gy, in ``fractions`` fractions, unrounded
    fractions : fractions of the new course
    prior_eqd2_gy : EQD2 in Gy of the earlier courses, in full
    bound_by : codes of the conditions that set it (see :func:`evaluate_reirradiation`), sorted
    contour : contour that dose and EQD2 hold for
    source_ids : where the conditions come from
    """

    eqd2_gy: float
    dose_gy: float
    fractions: int
    prior_eqd2_gy: float
    bound_by: tuple[str, ...]
    contour: str
    source_ids: tuple[str, ...]


def remaining_budget(prior: Sequence[Course], fractions: int, conditions: ReirradiationConditions) -> Budget:
    """The largest new course that meets the three dose conditions together.

    The smallest of: the figure for the new course; the cumulative figure less what was given; the dose at
    which the new course reaches its share. The interval is not part of it: judge it by itself.

    >>> published = ReirradiationConditions(
    ...     cumulative_eqd2_max_gy=70.0, new_course_eqd2_max_gy=25.0, new_to_cumulative_max=0.5,
    ...     interval_min_months=5, alpha_beta_gy=2.0, contour="thecal_sac",
    ...     fractions_low=1, fractions_high=5, source_ids=("sahgal-2021-hytec-cord",))
    >>> budget = remaining_budget([Course(30.0, 10, "thecal_sac")], 1, published)
    >>> budget.eqd2_gy, round(budget.dose_gy, 2), budget.bound_by
    (25.0, 9.05, ('new_course_eqd2',))

    Parameters
    ----------
    prior : maxima of every earlier course on the contour of the conditions, all known
    fractions : fractions of the new course
    conditions : the published figures

    Raises
    ------
    CannotTell : ``no-prior-course``; ``prior-unknown`` (dose, fractions or the right contour missing);
        ``no-prior-dose`` (the sum is zero: limits for a first course apply);
        ``outside-published-fractions``
    QuantityRefused : fractions that are no whole count above 0

    Source: studies ``sahgal-2021-hytec-cord``, ``sahgal-2012-rert``.
    """
    new = Course(0.0, fractions, conditions.contour)
    readings = read_all(prior, new, conditions.contour, conditions.alpha_beta_gy, eqd2)
    outside = outside_fractions(fractions, conditions)
    if outside:
        raise CannotTell(outside, code="outside-published-fractions", path="fractions")
    missing = why_not(readings)
    if missing:
        raise CannotTell(missing, code="prior-unknown", path="prior")
    given = finite(sum(known_effects(readings)), "prior")
    if given == 0:
        raise CannotTell(
            f"The earlier courses gave no dose to {conditions.contour}.",
            code="no-prior-dose",
            path="prior",
            fix="Use the limits for a first course.",
        )
    most_share = conditions.new_to_cumulative_max
    room = {
        "cumulative_eqd2": max(0.0, conditions.cumulative_eqd2_max_gy - given),
        "new_course_eqd2": conditions.new_course_eqd2_max_gy,
        "new_to_cumulative": given * most_share / (1.0 - most_share),
    }
    left = min(room.values())
    return Budget(
        eqd2_gy=left,
        dose_gy=dose_for_eqd2(left, fractions, conditions.alpha_beta_gy),
        fractions=fractions,
        prior_eqd2_gy=given,
        bound_by=tuple(sorted(code for code, value in room.items() if value <= left)),
        contour=conditions.contour,
        source_ids=conditions.source_ids,
    )
