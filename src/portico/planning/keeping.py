"""Weights of goals by their priority, and hard limits kept as a report reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from portico.planning.goals import Goal
from portico.planning.objectives import Anatomy, judged
from portico.planning.plan import KEPT_GY, Plan, missed_notes
from portico.planning.row_dvh import dvh_of_rows

__all__ = ["by_priority", "judged_by", "kept_exactly", "tighter"]

#: A plan that would have to give up more dose than this to keep its hard limits exactly stays as it is.
_LEAST_FACTOR: Final = 0.98
#: A goal weighs so many times as much as one of the next priority, where all are served at once.
_STEP: Final = 10.0


def by_priority(goals: Sequence[Goal]) -> tuple[Goal, ...]:
    """Goals with weights ten times as heavy for each step of priority."""
    last = max((one.priority for one in goals), default=1)
    return tuple(replace(one, weight=one.weight * _STEP ** (last - one.priority)) for one in goals)


def kept_exactly(plan: Plan, anatomy: Anatomy) -> Plan:
    """The plan with less dose everywhere, where a hard upper limit is missed by what rounding or whole voxels leave.

    A limit on a small volume is read off the histogram between voxels, as every report does.
    """
    hard = [one.goal for one in plan.goals if one.goal.hard]
    if any(goal.lower for goal in hard) or not plan.hard_kept:
        return plan
    factor = min((goal.dose_gy / max(_on_histogram(goal, plan, anatomy), goal.dose_gy) for goal in hard), default=1.0)
    if factor == 1.0 or factor < _LEAST_FACTOR:
        return plan
    doses = plan.doses_gy * factor
    goals = tuple(
        judged(one.goal, doses[anatomy.region(one.goal).rows], anatomy.region(one.goal)) for one in plan.goals
    )
    return replace(plan, weights=plan.weights * factor, doses_gy=doses, goals=goals)


def tighter(goals: Sequence[Goal], tried: Sequence[Goal], plan: Plan, anatomy: Anatomy) -> tuple[Goal, ...] | None:
    """What to try next where the histogram of a plan reads more than a hard limit; None when every such limit is kept.

    Parameters
    ----------
    goals : as they were asked for
    tried : the same goals with the doses that gave the plan
    plan, anatomy : what they gave
    """
    made = []
    for goal, last in zip(goals, tried, strict=True):
        read = _on_histogram(goal, plan, anatomy) if goal.hard and not goal.lower else 0.0
        over = read > goal.dose_gy + KEPT_GY
        made.append(replace(last, dose_gy=last.dose_gy * goal.dose_gy / read) if over else last)
    return tuple(made) if made != list(tried) else None


def judged_by(plan: Plan, goals: Sequence[Goal], anatomy: Anatomy) -> Plan:
    """The plan with the values of other goals; notes of limits that were only tried are left out."""
    values = tuple(judged(goal, plan.doses_gy[anatomy.region(goal).rows], anatomy.region(goal)) for goal in goals)
    tried = {f"{one.goal.text}:" for one in plan.goals} - {f"{goal.text}:" for goal in goals}
    notes = tuple(note for note in plan.notes if not any(note.startswith(one) for one in tried))
    return replace(plan, goals=values, notes=tuple(dict.fromkeys((*notes, *missed_notes(values)))))


def _on_histogram(goal: Goal, plan: Plan, anatomy: Anatomy) -> float:
    region = anatomy.region(goal)
    doses = plan.doses_gy[region.rows]
    if goal.kind != "dvh_max":
        return judged(goal, doses, region).value_gy
    wanted = goal.volume_cm3 if goal.volume_cm3 is not None else (goal.fraction or 1.0) * region.volume_cm3
    return dvh_of_rows(doses, region.volumes_cm3).dose_at_volume_cm3(min(wanted, region.volume_cm3))
