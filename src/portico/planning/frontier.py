"""How high the targets can go for each limit of the cord: plans along a sweep, each started from its neighbour.

The cord is seen in one of two ways, never both as hard limits: the nominal planning risk volume, or the true cord in
every scenario of shift and turn (each scenario is a structure with rows of its own). A looser limit never gives a worse
point: every plan of a tighter limit is allowed under the looser one, and the better of both is taken.

No probability stands here: where no parameters are published for a fractionation there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from portico.biology import bed, eqd2
from portico.errors import UsageError
from portico.planning.goals import Goal
from portico.planning.objectives import Anatomy, measured
from portico.planning.optimise import optimise
from portico.planning.plan import Aims, Mode, Plan, Progress

__all__ = ["CordModel", "Frontier", "FrontierPoint", "TargetDose", "frontier"]


@dataclass(frozen=True, slots=True)
class CordModel:
    """How the cord is limited.

    >>> CordModel(prv="SpinalCord_PRV02").says
    'nominal PRV (SpinalCord_PRV02)'

    Parameters
    ----------
    prv : structure of the nominal planning risk volume; None when scenarios are used
    scenarios : structures of the true cord, one for each scenario; empty when the PRV is used
    volume_cm3 : the limit is on the dose of this hottest volume in cm³, such as 0.03; None is the maximum
    """

    prv: str | None = None
    scenarios: tuple[str, ...] = ()
    volume_cm3: float | None = None

    def __post_init__(self) -> None:
        if (self.prv is not None) == bool(self.scenarios):
            raise UsageError(
                "The cord is limited as its nominal PRV or in scenarios, one of them.", code="cord-model",
                fix="Give the PRV, or the true cord in every scenario; both as hard limits count the same error twice.",
            )  # fmt: skip

    @property
    def rois(self) -> tuple[str, ...]:
        """Structures that carry the limit."""
        return self.scenarios if self.prv is None else (self.prv,)

    @property
    def says(self) -> str:
        """Which of the two, for every output."""
        if self.prv is not None:
            return f"nominal PRV ({self.prv})"
        return f"true cord in {len(self.scenarios)} scenarios, the worst counts"

    def goals(self, limit_gy: float) -> tuple[Goal, ...]:
        """Hard goals for a limit in Gy."""
        return tuple(
            Goal(roi, "max", limit_gy, hard=True)
            if self.volume_cm3 is None
            else Goal(roi, "dvh_max", limit_gy, volume_cm3=self.volume_cm3, hard=True)
            for roi in self.rois
        )


@dataclass(frozen=True, slots=True)
class TargetDose:
    """D95% of a target in Gy, with its BED and EQD2 in Gy at the stated α/β."""

    roi: str
    d95_gy: float
    bed_gy: float
    eqd2_gy: float


@dataclass(frozen=True, slots=True, eq=False)
class FrontierPoint:
    """One limit and the best plan found under it.

    Parameters
    ----------
    limit_gy : physical dose in Gy over the course
    cord_gy, cord_eqd2_gy : what the cord gets in the measure of the limit, the worst scenario; EQD2 at the stated α/β
    targets : in the order asked, the boost first
    plan : the plan; from_limit_gy : the limit it was made under, tighter where that plan was better
    """

    limit_gy: float
    cord_gy: float
    cord_eqd2_gy: float
    targets: tuple[TargetDose, ...]
    plan: Plan
    from_limit_gy: float


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """Points from the tightest limit to the loosest; ``complete`` is False after an interruption."""

    points: tuple[FrontierPoint, ...]
    cord: CordModel
    fractions: int
    target_alpha_beta_gy: float
    cord_alpha_beta_gy: float
    complete: bool
    basis: Literal["ideal fluence"] = "ideal fluence"


def frontier(
    anatomy: Anatomy,
    goals: Sequence[Goal],
    cord: CordModel,
    limits_gy: Sequence[float],
    *,
    targets: Sequence[str],
    fractions: int,
    target_alpha_beta_gy: float,
    cord_alpha_beta_gy: float,
    mode: Mode = "weighted",
    aims: Aims | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[int, int, Progress], None] | None = None,
) -> Frontier:
    """Sweep the limit of the cord.

    Parameters
    ----------
    anatomy : matrix and structures, scenarios of the cord among them
    goals : of targets and other organs; none on a structure of the cord model may be hard
    cord, limits_gy : how the cord is limited, and the limits in Gy over the course, one or more
    targets : structures whose D95% is reported, the boost first
    fractions : of the course; target_alpha_beta_gy, cord_alpha_beta_gy : in Gy, from the knowledge, no default
    mode, aims, stop : see :func:`portico.planning.optimise.optimise`
    progress : told the number of the limit, how many there are, and the step

    Raises
    ------
    UsageError : ``no-limit``, ``no-target``, ``cord-model`` when a goal makes a cord structure hard as well
    CannotTell, InputRefused : as :func:`portico.planning.optimise.optimise`
    """
    if not limits_gy or not targets:
        raise UsageError("A frontier has limits and targets.", code="no-limit" if not limits_gy else "no-target")
    if any(goal.hard and goal.roi in cord.rois for goal in goals):
        raise UsageError("The sweep sets the limit of the cord; a goal sets it as well.", code="cord-model")
    loosest_first = sorted(set(limits_gy), reverse=True)
    plans: list[tuple[float, Plan]] = []
    last: Plan | None = None
    for number, limit in enumerate(loosest_first):
        if last is not None and last.converged and _worst(anatomy, cord, limit, last) <= limit:
            plans.append(
                (limit, last)
            )  # the best plan under a looser limit keeps this one: it is the best here as well
            continue
        told = None if progress is None else _telling(progress, number, len(loosest_first))
        last = optimise(
            anatomy, (*cord.goals(limit), *goals), mode=mode, aims=aims, start=last, stop=stop, progress=told
        )  # fmt: skip
        if last.interrupted and plans:
            break
        plans.append((limit, last))
        if last.interrupted:
            break
    points: list[FrontierPoint] = []
    for limit, plan in reversed(plans):
        made = _point(anatomy, cord, limit, plan, targets, fractions, target_alpha_beta_gy, cord_alpha_beta_gy)
        if points and _better(points[-1], made):
            made = replace(points[-1], limit_gy=limit)
        points.append(made)
    complete = len(plans) == len(loosest_first) and not plans[-1][1].interrupted
    return Frontier(tuple(points), cord, fractions, target_alpha_beta_gy, cord_alpha_beta_gy, complete)


def _telling(progress: Callable[[int, int, Progress], None], number: int, count: int) -> Callable[[Progress], None]:
    return lambda step: progress(number, count, step)


def _worst(anatomy: Anatomy, cord: CordModel, limit_gy: float, plan: Plan) -> float:
    """Dose of the cord in Gy in the measure of the limit, the worst scenario."""
    regions = [(goal, anatomy.region(goal)) for goal in cord.goals(limit_gy)]
    return max(measured(goal, plan.doses_gy[region.rows], region) for goal, region in regions)


def _point(
    anatomy: Anatomy, cord: CordModel, limit_gy: float, plan: Plan, targets: Sequence[str], fractions: int,
    target_alpha_beta_gy: float, cord_alpha_beta_gy: float,
) -> FrontierPoint:  # fmt: skip
    def value(goal: Goal) -> float:
        region = anatomy.region(goal)
        return measured(goal, plan.doses_gy[region.rows], region)

    reached = [value(Goal(roi, "dvh_min", 1.0, fraction=0.95)) for roi in targets]
    made = tuple(
        TargetDose(roi, gy, bed(gy, fractions, target_alpha_beta_gy), eqd2(gy, fractions, target_alpha_beta_gy))
        for roi, gy in zip(targets, reached, strict=True)
    )
    worst = _worst(anatomy, cord, limit_gy, plan)
    return FrontierPoint(limit_gy, worst, eqd2(worst, fractions, cord_alpha_beta_gy), made, plan, limit_gy)


def _better(tighter: FrontierPoint, own: FrontierPoint) -> bool:
    """Whether the plan of the tighter limit gives more: the first target that differs decides, the boost before all."""
    if tighter.plan.hard_kept != own.plan.hard_kept:
        return tighter.plan.hard_kept
    return [target.d95_gy for target in tighter.targets] > [target.d95_gy for target in own.targets]
