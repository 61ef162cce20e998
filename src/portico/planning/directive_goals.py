"""Goals of the optimiser from a Directive: limits of serial organs first, then the levels, then the rest.

====================================================================  ================================================
in the Directive                                                      goal
====================================================================  ================================================
limit that is ``hard``                                                hard, in every priority
limit of a neural contour, or on Dmax or a volume in cc, as a goal    priority 1
goal of a level; a level without goals: no voxel below its dose       priority 2
limit on a mean or a share of an organ, as a goal                     priority 3
highest level: no voxel above its dose; normal tissue: none above
the lowest level                                                      priority 4
====================================================================  ================================================

EQD2 and BED limits become the physical dose of the stated number of fractions, which keeps the order of voxels. What
cannot be made a goal is named with its reason, never dropped.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from portico.biology import dose_for_eqd2
from portico.directive import Directive, Metric, parse_metric
from portico.directive.doses import Goal as LevelGoal
from portico.directive.doses import Level, Limit
from portico.errors import CannotTell
from portico.planning.goals import Goal, GoalKind

__all__ = ["DirectiveGoals", "NotAGoal", "goals_of", "physical_gy"]

_SERIAL, _TARGETS, _PARALLEL, _SPARING = 1, 2, 3, 4
_REFERENCE_GY: Final = 2.0  # the 2 in EQD2: BED = EQD2 (1 + 2 / (α/β))


@dataclass(frozen=True, slots=True)
class NotAGoal:
    """A line of the Directive that the optimiser does not see: what, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class DirectiveGoals:
    """Goals of a Directive in order of priority, and what could not be made one."""

    goals: tuple[Goal, ...]
    not_goals: tuple[NotAGoal, ...]


def goals_of(directive: Directive, regions: Container[str], *, normal: str) -> DirectiveGoals:
    """Goals of a Directive.

    Parameters
    ----------
    directive : with the total dose in Gy and the fractions of every level
    regions : names of the structures that have rows
    normal : the structure of normal tissue around the targets, for the fall-off of dose

    Raises
    ------
    CannotTell : ``level-unknown`` when dose or fractions of a level are not known; ``fractions-differ`` when levels
        have different numbers; ``target-missing`` when a level's structure has no rows
    """
    fractions = _fractions(directive.levels)
    goals: list[Goal] = []
    left: list[NotAGoal] = []
    for limit in directive.limits:
        _add_limit(limit, fractions, regions, goals, left)
    for level in directive.levels:
        if level.roi not in regions:
            raise CannotTell("A level's structure has no rows.", code="target-missing", path=level.roi)
        _add_level(level, fractions, goals, left)
    doses = {level.roi: level.dose_gy or 0.0 for level in directive.levels}
    top = max(doses, key=lambda roi: doses[roi])
    goals.append(Goal(top, "over", doses[top], priority=_SPARING, source="dose of the highest level"))
    goals.append(Goal(normal, "over", min(doses.values()), priority=_SPARING, source="dose of the lowest level"))
    left += [NotAGoal(f"{organ.roi}", f"No limit binds: {organ.why}") for organ in directive.no_limit]
    return DirectiveGoals(tuple(sorted(goals, key=lambda goal: (not goal.hard, goal.priority))), tuple(left))


def _fractions(levels: tuple[Level, ...]) -> int:
    if not levels or any(level.dose_gy is None or level.fractions is None for level in levels):
        raise CannotTell("Dose or fractions of a level are not known.", code="level-unknown", path="levels")
    counts = {level.fractions or 0 for level in levels}
    if len(counts) > 1:
        raise CannotTell("Levels are given in different numbers of fractions.", code="fractions-differ", path="levels")
    return counts.pop()


def _add_limit(limit: Limit, fractions: int, regions: Container[str], goals: list[Goal], left: list[NotAGoal]) -> None:
    metric = parse_metric(limit.metric)
    what = f"{limit.roi} {limit.metric} {limit.op} {limit.value:g} {limit.unit} ({limit.limit_id})"
    why = None
    if limit.strength == "info":
        why = "It is shown for information and does not bind."
    elif limit.scope == "cumulative":
        why = "It holds for the sum with earlier courses; the dose of these is not in this plan."
    elif limit.fractions is not None and limit.fractions != fractions:
        why = f"It holds for {limit.fractions} fractions and the plan has {fractions}."
    elif limit.roi not in regions:
        why = "The structure has no rows."
    if why is not None:
        left.append(NotAGoal(what, why))
        return
    serial = limit.neural or metric.kind == "dmax" or metric.amount_unit == "cc"
    hard = limit.strength == "hard"
    made = _goal(limit.roi, metric, limit.op, float(limit.value), limit.unit, fractions, hard,
                 _SERIAL if serial else _PARALLEL, limit.limit_id)  # fmt: skip
    _take(made, what, goals, left)


def _add_level(level: Level, fractions: int, goals: list[Goal], left: list[NotAGoal]) -> None:
    made = [_level_goal(level, goal, fractions, goals, left) for goal in level.goals]
    if not any(made):
        dose = level.dose_gy or 0.0
        goals.append(Goal(level.roi, "under", dose, priority=_TARGETS, source=f"dose of the level {level.name}"))


def _level_goal(level: Level, goal: LevelGoal, fractions: int, goals: list[Goal], left: list[NotAGoal]) -> bool:
    """Add one goal of a level; True when it asks for at least a dose."""
    what = f"{level.roi} {goal.metric} {goal.op} {goal.value:g} {goal.unit}"
    if goal.strength == "info":
        left.append(NotAGoal(what, "It is shown for information."))
        return False
    metric = parse_metric(goal.metric)
    hard = goal.strength == "hard"
    made = _goal(level.roi, metric, goal.op, float(goal.value), goal.unit, fractions, hard, _TARGETS,
                 goal.source_id or f"goal of the level {level.name}")  # fmt: skip
    _take(made, what, goals, left)
    return isinstance(made, Goal) and made.lower


def _take(made: Goal | str, what: str, goals: list[Goal], left: list[NotAGoal]) -> None:
    if isinstance(made, Goal):
        goals.append(made)
    else:
        left.append(NotAGoal(what, made))


def _goal(
    roi: str, metric: Metric, op: str, value: float, unit: str, fractions: int, hard: bool, priority: int, source: str
) -> Goal | str:
    """The goal of one metric, or why there is none."""
    most = op == "<="
    biological = metric.eqd2_alpha_beta is not None or metric.bed_alpha_beta is not None
    fraction: float | None = None
    volume: float | None = None
    dose = value
    kind: GoalKind = "dvh_max" if most else "dvh_min"
    if metric.kind == "dmean":
        if biological:
            return "The mean of EQD2 or BED is not the EQD2 or BED of a mean, so no physical dose stands for it."
        if not most:
            return "A mean of at least a dose is no goal of the optimiser."
        kind = "mean_max"
    elif metric.kind in ("dmax", "dmin"):
        if most != (metric.kind == "dmax"):
            return "A maximum of at least, or a minimum of at most, a dose is no goal of the optimiser."
        kind = "max" if most else ("min" if hard else "under")
    elif metric.kind == "dose_at_volume":
        amount = metric.amount or 0.0
        fraction, volume = (amount / 100.0, None) if metric.amount_unit == "%" else (None, amount)
    else:
        dose = metric.amount or 0.0
        fraction, volume = (value / 100.0, None) if unit == "%" else (None, value)
        if not value > 0.0 or (fraction is not None and fraction > 1.0):
            return "A volume of none, or of more than all, is no share of a structure."
    dose = physical_gy(dose, metric, fractions)
    if dose <= 0.0:
        return "A dose of 0 Gy is no goal of the optimiser."
    return Goal(roi, kind, dose, fraction=fraction, volume_cm3=volume, priority=priority, hard=hard, source=source)


def physical_gy(dose_gy: float, metric: Metric, fractions: int) -> float:
    """Physical dose of the course in Gy for a dose in the scale of the metric."""
    if metric.eqd2_alpha_beta is not None:
        return dose_for_eqd2(dose_gy, fractions, metric.eqd2_alpha_beta)
    if metric.bed_alpha_beta is not None:
        return dose_for_eqd2(dose_gy / (1.0 + _REFERENCE_GY / metric.bed_alpha_beta), fractions, metric.bed_alpha_beta)
    return dose_gy
