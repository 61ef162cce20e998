"""What can be proved about the optimum: how far a plan may be from it, and that hard goals exclude each other.

The gap is the difference between the objective of the plan and the lower bound of its duals
(:func:`portico.planning.system.lower_bound`). Hard goals exclude each other when the least sum of squared excesses is
above zero, and that is proved by a lower bound above zero: the duals are then weights on the goals whose combination
no plan can satisfy (a certificate of Farkas' kind). It is computed again from those duals alone, in float64.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from portico.planning.interior import Point, Settings, solve
from portico.planning.product import Floats
from portico.planning.system import System, Terms, lower_bound

__all__ = ["Conflict", "Gap", "find_conflict"]

#: Share of all weights above which a goal belongs to a conflict, if the proof holds with these alone.
_NAMED_SHARE = 1e-3


@dataclass(frozen=True, slots=True)
class Gap:
    """How close to the optimum.

    Parameters
    ----------
    objective : of the plan, in the unit of the goals' squared excess (Gy² times weight)
    lower_bound : no plan under the same bounds has a lower objective
    convex : False when a DVH goal chose voxels: the bound is then for that choice alone
    """

    objective: float
    lower_bound: float
    convex: bool

    @property
    def relative(self) -> float:
        """The gap as a share of the objective; 0 when both are zero."""
        return (self.objective - self.lower_bound) / max(abs(self.objective), 1e-12)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Proof that hard bounds exclude each other.

    Parameters
    ----------
    weights : (goal number, its share of the proof), largest first
    least_excess_gy : every plan breaks at least one of these bounds by at least this, in Gy
    """

    weights: tuple[tuple[int, float], ...]
    least_excess_gy: float


def find_conflict(
    system: System, x: Floats, hard_gy: float, settings: Settings | None = None
) -> tuple[Conflict | None, Floats]:
    """Look for a plan that keeps all hard bounds, or for the proof that there is none.

    Parameters
    ----------
    system : the problem; only its hard bounds count
    x : columns to start from
    hard_gy : excess in Gy at which a bound counts as kept

    Returns
    -------
    The proof, or None when no proof was found; and the columns of the least excess found
    """
    terms = system.terms
    hard = np.flatnonzero(terms.hard)
    only = Terms(
        terms.slot[hard], terms.sign[hard], terms.bound_gy[hard], np.ones(len(hard)), terms.goal[hard], terms.key[hard]
    )
    relaxed = replace(system, terms=only, cost=np.zeros_like(system.cost))
    enough = 0.5 * hard_gy**2

    def settled(point: Point) -> bool:
        return point.objective < enough or point.lower_bound > max(enough, 0.9 * point.objective)

    end = solve(relaxed, x, settings or Settings(), watch=settled)
    return _proof(relaxed, end.duals, enough), end.x


def _proof(system: System, duals: Floats, enough: float) -> Conflict | None:
    numbers = np.unique(system.terms.goal)
    shares = np.array([float(duals[system.terms.goal == number].sum()) for number in numbers])
    shares /= max(float(shares.sum()), 1e-300)
    for named in (shares > _NAMED_SHARE, shares > 0.0):
        alone = np.where(np.isin(system.terms.goal, numbers[named]), duals, 0.0)
        gradient = system.back(system.by_slot(system.terms.sign * alone))
        # Duals may be scaled freely: the best scale of a concave quadratic through zero.
        linear = lower_bound(system, alone, gradient) + 0.5 * float(alone @ alone)
        squared = float(alone @ alone)
        if linear <= 0.0 or squared <= 0.0:
            continue
        bound = 0.5 * linear**2 / squared
        if bound > enough:
            order = np.argsort(-shares)
            weights = tuple((int(numbers[k]), float(shares[k])) for k in order if named[k])
            # The bounds weighted by the duals sum to more than any plan has: one is broken by at least this.
            return Conflict(weights, linear / float(alone.sum()))
    return None
