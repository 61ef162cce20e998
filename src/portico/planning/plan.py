"""What goes into the optimiser beside the goals, and what comes out: aims, progress, a plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from portico.planning.certificate import Gap
from portico.planning.objectives import GoalValue
from portico.planning.product import Floats
from portico.planning.stage import Asked
from portico.planning.state import Warm

__all__ = ["KEPT_GY", "Aims", "Carry", "Mode", "Plan", "Progress", "missed_notes"]

#: Excess in Gy up to which a hard goal of a plan counts as kept: twice the rounding that a solve may leave.
KEPT_GY = 0.02

Mode = Literal["lexicographic", "weighted"]


def missed_notes(values: Iterable[GoalValue]) -> list[str]:
    """A sentence for each hard goal that is missed by more than :data:`KEPT_GY`."""
    return [f"{v.goal.text}: missed by {v.missed_gy:.2f} Gy." for v in values if v.goal.hard and not v.met(KEPT_GY)]


@dataclass(frozen=True, slots=True)
class Aims:
    """How the optimiser works; every value is technical.

    Parameters
    ----------
    tolerance : gap as a share of the objective at which a plan is converged
    negligible_gy : root of a mean squared excess in Gy below which nothing is worth a step: where the goals miss by
        less, the gap is taken as a share of the objective at this excess
    hold_gy : dose in Gy by which a voxel may fall behind what an earlier priority reached
    thrift : price in Gy² of each Gy of mean body dose, so that of equal plans the one with less dose is taken
    choices : gap, as a share of the objective, at each choice of voxels by a DVH goal and where rows join; after the last the
        plan is solved to the end. A plan that goes on from another keeps its choice
    rounds : how often rows or tangents may be added in one priority after that
    ceiling : dose that no bixel alone may give to any row, as a multiple of the highest dose among the goals
    hard_gy : excess in Gy at which a hard goal counts as kept
    """

    tolerance: float = 5e-3
    negligible_gy: float = 0.1
    hold_gy: float = 0.1
    thrift: float = 0.02
    choices: tuple[float, ...] = (0.3,)
    rounds: int = 16
    ceiling: float = 1.5
    hard_gy: float = 0.01


@dataclass(frozen=True, slots=True)
class Progress:
    """For a progress bar: priority, round and step, objective and its lower bound, seconds since the start."""

    priority: int
    round: int
    step: int
    objective: float
    lower_bound: float
    seconds: float


@dataclass(slots=True, eq=False)
class Carry:
    """What a plan hands to the next one of the same goals with other doses: states half way, and chosen voxels."""

    warm: dict[int, Warm] = field(default_factory=dict)
    asked: dict[tuple[int, int], Asked] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A plan in ideal fluence.

    Parameters
    ----------
    weights : of the bixels, 0 or more
    doses_gy : of every row in Gy
    goals : each goal, its value and by how much it is missed, in the order given
    gap : of the last priority
    converged : True when every priority ended within the tolerance; never after an interruption
    interrupted : True when it was stopped; the plan is the best so far
    steps, rounds : of all priorities
    seconds : wall-clock time
    notes : what a reader must know: goals that are not convex, hard goals missed
    carry : warm start for a neighbour
    """

    weights: Floats
    doses_gy: Floats
    goals: tuple[GoalValue, ...]
    gap: Gap
    converged: bool
    interrupted: bool
    steps: int
    rounds: int
    seconds: float
    notes: tuple[str, ...]
    carry: Carry

    @property
    def hard_kept(self) -> bool:
        """True when no hard goal is missed by more than :data:`KEPT_GY`."""
        return all(value.missed_gy <= KEPT_GY for value in self.goals if value.goal.hard)
