"""The escalation frontier of a case: sweeps of the cord's limit, the same at half the resolution, published limits, millimetres.

What is published for the cord stands beside the frontier as the Directive cites it. No probability is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from portico.directive import Directive, parse_metric
from portico.errors import CannotTell, UsageError
from portico.planning.directive_goals import physical_gy
from portico.planning.frontier import CordModel, Frontier, frontier
from portico.planning.goals import Goal
from portico.planning.keeping import by_priority
from portico.planning.making import Prepared, without_cord
from portico.planning.outcome import CORD_ALPHA_BETA_GY, TARGET_ALPHA_BETA_GY
from portico.planning.plan import Aims, Plan, Progress
from portico.planning.row_dvh import dvh_of_rows

__all__ = ["Escalation", "PublishedLimit", "Separation", "escalate", "limits_for", "published_limits"]

#: A sweep runs over these shares of the limit of the Directive, when none are named.
_SWEEP: Final = (0.5, 1.1)
#: Shares of a level's dose that may be asked for.
_RAISE: Final = (0.5, 2.0)


@dataclass(frozen=True, slots=True)
class PublishedLimit:
    """A limit of the cord as the Directive cites it, in physical Gy of its fractionation; EQD2 and BED limits are turned into it."""

    roi: str
    metric: str
    gy: float
    limit_id: str
    verified: str
    strength: str


@dataclass(frozen=True, slots=True)
class Separation:
    """What the targets would get were they so many mm away from the cord: geometry only, no reason to operate again."""

    mm: float
    targets: tuple[tuple[str, float], ...]
    plan: Plan


@dataclass(frozen=True, slots=True, eq=False)
class Escalation:
    """A frontier with what stands beside it.

    Parameters
    ----------
    fine : at the settings asked for
    coarse : at half the resolution; None when that was left out or stopped
    published : limits of the cord in the Directive
    separations : by millimetre; empty when none were asked for
    asked : share of the highest level's dose that the plans were asked for
    """

    fine: Frontier
    coarse: Frontier | None
    published: tuple[PublishedLimit, ...]
    separations: tuple[Separation, ...]
    asked: float


def published_limits(directive: Directive) -> tuple[PublishedLimit, ...]:
    """Limits of neural organs in the Directive, for this course alone, on a dose."""
    made = []
    for one in directive.limits:
        metric = parse_metric(one.metric)
        if not one.neural or one.scope != "course" or not metric.is_dose or one.fractions is None:
            continue
        gy = physical_gy(float(one.value), metric, one.fractions)
        made.append(PublishedLimit(one.roi, one.metric, gy, one.limit_id, one.verified, one.strength))
    return tuple(made)


def limits_for(directive: Directive, cord: CordModel, roi: str, count: int) -> tuple[float, ...]:
    """Limits in Gy for a sweep, evenly round the Directive's hard limit of an organ.

    Raises
    ------
    CannotTell : ``no-cord-limit`` when none binds: then the limits have to be named
    UsageError : ``no-limit``
    """
    if count < 2:
        raise UsageError("A sweep has two limits or more.", code="no-limit")
    hard = [one.gy for one in published_limits(directive) if one.strength == "hard" and one.roi == roi]
    if not hard:
        raise CannotTell(
            f"No limit of {roi} binds in this Directive ({cord.says}).",
            code="no-cord-limit",
            fix="Name limits by --limits 10Gy,12Gy.",
        )
    return tuple(round(float(gy), 3) for gy in np.linspace(_SWEEP[0] * min(hard), _SWEEP[1] * min(hard), count))


def escalate(
    prepared: Prepared,
    cord: CordModel,
    limits_gy: Sequence[float],
    *,
    coarse: Prepared | None = None,
    asked: float = 1.0,
    separations_mm: Sequence[float] = (),
    organ: str = "SpinalCord",
    aims: Aims | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[str, int, int, Progress], None] | None = None,
) -> Escalation:
    """Sweep the cord's limit.

    Parameters
    ----------
    prepared : with the structures of the cord model among its masks
    cord, limits_gy : how the cord is limited, and the limits in Gy over the course
    coarse : the same case at half the resolution, for the band
    asked : share of the highest level's dose that is asked for: above 1 to see how far it can be raised
    separations_mm : distances to which targets are cut back from ``organ`` for the what-if, under the limits of the Directive
    organ : the true cord or sac
    progress : told what is swept, the number of the plan, how many there are, and the step

    Raises
    ------
    UsageError : ``asked`` outside 0.5 to 2, ``separation``; as :func:`portico.planning.frontier`
    """
    if not _RAISE[0] <= asked <= _RAISE[1]:
        raise UsageError("Between 0.5 and 2 times the dose of the highest level can be asked for.", code="asked")
    levels = sorted(prepared.directive.levels, key=lambda one: -(one.dose_gy or 0.0))
    targets = [one.roi for one in levels]
    goals = raised(prepared, asked)

    def of_cord(roi: str) -> bool:
        """Whether the sweep stands in for this limit: true cord and PRV are never hard together."""
        return roi in (*cord.rois, organ) or roi.startswith(f"{organ}_PRV")

    def swept(name: str, made: Prepared, own: Sequence[Goal]) -> Frontier:
        told = None if progress is None else lambda n, count, step: progress(name, n, count, step)
        return frontier(
            made.anatomy, [one for one in by_priority(own) if not (one.hard and of_cord(one.roi))], cord, limits_gy, targets=targets,
            fractions=prepared.fractions, target_alpha_beta_gy=TARGET_ALPHA_BETA_GY, cord_alpha_beta_gy=CORD_ALPHA_BETA_GY, aims=aims,
            stop=stop, progress=told,
        )  # fmt: skip

    fine = swept("frontier", prepared, goals)
    half = None
    if coarse is not None and fine.complete:
        half = swept("half the resolution", coarse, raised(coarse, asked))
    separations = (
        _separations(prepared, goals, targets, organ, separations_mm, aims, stop, progress) if fine.complete else ()
    )
    return Escalation(fine, half, published_limits(prepared.directive), separations, asked)


def raised(prepared: Prepared, asked: float) -> tuple[Goal, ...]:
    """Goals of a Directive with those of the highest level at another share of its dose."""
    top = max(prepared.directive.levels, key=lambda one: one.dose_gy or 0.0)
    return tuple(replace(one, dose_gy=one.dose_gy * asked) if one.roi == top.roi else one for one in prepared.goals)


def _separations(
    prepared: Prepared, goals: Sequence[Goal], targets: Sequence[str], organ: str, separations_mm: Sequence[float], aims: Aims | None,
    stop: Callable[[], bool] | None, progress: Callable[[str, int, int, Progress], None] | None,
) -> tuple[Separation, ...]:  # fmt: skip
    made = []
    found = without_cord(prepared, organ, separations_mm) if separations_mm else {}
    for number, (mm, regions) in enumerate(found.items()):
        moved = replace(prepared, anatomy=replace(prepared.anatomy, regions={**prepared.anatomy.regions, **regions}))
        told = _told(progress, number, len(found))
        plan = moved.plan(goals, aims=aims, stop=stop, progress=told)
        if plan.interrupted:
            break
        made.append(Separation(mm, tuple((roi, _d95(moved, plan, roi)) for roi in targets), plan))
    return tuple(made)


def _told(
    progress: Callable[[str, int, int, Progress], None] | None, number: int, count: int
) -> Callable[[Progress], None] | None:
    return None if progress is None else lambda step: progress("separation", number, count, step)


def _d95(prepared: Prepared, plan: Plan, roi: str) -> float:
    region = prepared.anatomy.regions[roi]
    return dvh_of_rows(plan.doses_gy[region.rows], region.volumes_cm3).dose_at_percent(95.0)
