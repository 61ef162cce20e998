"""Primal-dual interior point for one convex problem of :mod:`portico.planning.system`, after Mehrotra.

Each step solves ``(A^T D A + Z/X + Y/V) dx = rhs`` (:mod:`portico.planning.newton`); residuals, duals and the gap are in
float64 and exact, so rounding in that system costs steps, never truth. A plan is converged when the gap between its
objective and the bound of its duals is below the stated tolerance: a statement about the optimum, not about steps.

Source: Mehrotra 1992 (SIAM Journal on Optimization); Friedlander and Orban 2012 (bounds with a quadratic price are
inequalities with a regularised dual, Mathematical Programming Computation).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from portico.planning.newton import Newton
from portico.planning.product import Floats
from portico.planning.state import State, Warm
from portico.planning.system import System, lower_bound

__all__ = ["Point", "Settings", "Solution", "solve"]

#: Share of the way to the nearest bound that a step may go.
_TO_BOUND: Final = 0.95
#: Share of the gap of the step before that the residual of a direction may add to the gap.
_RESIDUAL: Final = 0.1
#: A solve that moved neither objective nor bound in so many steps is at the limit of rounding and ends.
_STALLED: Final = 6
#: A lower bound so many times above the objective is that of a problem without solution.
_UNBOUNDED: Final = 1e3
#: A state is kept for warm starts while the gap is above this share of the objective (6 to 9 steps from there, 14 cold).
_HALF_WAY: Final = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """When a solve ends.

    Parameters
    ----------
    tolerance : gap between objective and its lower bound, as a share of the objective
    floor : objective below which the gap is taken as a share of this value, in the unit of the objective
    hard_gy : excess in Gy at which a hard bound counts as kept
    most_steps : after so many the solve ends, not converged
    """

    tolerance: float = 2e-3
    floor: float = 1e-3
    hard_gy: float = 0.01
    most_steps: int = 80


@dataclass(frozen=True, slots=True)
class Point:
    """Where a solve stands, for progress: step, objective, best lower bound, excess of hard bounds in Gy."""

    step: int
    objective: float
    lower_bound: float
    hard_excess_gy: float


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """What a solve gives.

    Parameters
    ----------
    x : columns; doses_gy : of every slot in Gy
    duals : of the terms, 0 or more
    warm : a state half way, for a changed problem
    points : of every step, the last is the result
    converged : True when the gap and the hard bounds are within the settings
    interrupted : True when ``stop`` or the keyboard ended it
    """

    x: Floats
    doses_gy: Floats
    duals: Floats
    warm: Warm
    points: tuple[Point, ...]
    converged: bool
    interrupted: bool


def solve(
    system: System,
    x: Floats,
    settings: Settings | None = None,
    *,
    warm: Warm | None = None,
    watch: Callable[[Point], bool] | None = None,
) -> Solution:
    """Solve one convex problem.

    Parameters
    ----------
    system : the problem
    x : columns to start from, strictly inside their bounds or not; they are moved inside
    settings : when to end
    warm : state of a similar problem; its columns replace the first ones of ``x``
    watch : called with each point; True ends the solve with what stands (not converged)

    Returns
    -------
    The last point; a KeyboardInterrupt gives it as well, marked ``interrupted``

    Raises
    ------
    CannotTell : ``optimiser-broke-down`` when the linear system cannot be solved
    """
    settings = settings or Settings()
    state, points, best = State(system, x, warm), [], -np.inf
    half = state.kept()
    converged = interrupted = False
    try:
        for step in range(settings.most_steps + 1):
            gradient = system.cost + system.back(system.by_slot(system.terms.sign * state.duals))
            best = max(best, lower_bound(system, state.duals, gradient))
            value, excess = system.objective(state.x, state.doses)
            points.append(Point(step, value, best, excess))
            if value - best >= _HALF_WAY * max(abs(value), settings.floor):
                half = state.kept()
            near = value - best <= settings.tolerance * max(abs(value), settings.floor)
            converged = bool(near and excess <= settings.hard_gy)
            if converged or step == settings.most_steps or not _advancing(points):
                break
            if watch is not None and watch(points[-1]):
                interrupted = True
                break
            _advance(state, gradient)
    except KeyboardInterrupt:
        interrupted = True
    return Solution(state.x, state.doses, state.duals, half, tuple(points), converged, interrupted)


def _advance(state: State, gradient: Floats) -> None:
    """One predictor-corrector step."""
    system, terms, x = state.system, state.system.terms, state.x
    v = system.upper - x
    primal = system.excess_gy(state.doses) - terms.softness * state.duals + state.slack
    dual = gradient - state.z + state.y
    k = 1.0 / (terms.softness + state.slack / state.duals)
    curvature = system.by_slot(k)
    at_bounds = state.z / x + state.y / v
    newton, enough = Newton(system, curvature, at_bounds), _RESIDUAL * state.mu * state.count

    def direction(rc: Floats, rx: Floats, rv: Floats) -> tuple[Floats, ...]:
        push = system.back(system.by_slot(terms.sign * k * (primal + rc / state.duals)))
        rhs = -dual + rx / x - rv / v - push
        dx, dd = newton.solved(rhs, enough)
        dl = k * (terms.sign * dd[terms.slot] + primal + rc / state.duals)
        ds = (rc - state.slack * dl) / state.duals
        return dx, dd, dl, ds, (rx - state.z * dx) / x, (rv + state.y * dx) / v

    def reach(move: tuple[Floats, ...]) -> float:
        dx, _, dl, ds, dz, dy = move
        pairs = ((x, dx), (v, -dx), (state.duals, dl), (state.slack, ds), (state.z, dz), (state.y, dy))
        return min(_reach(value, change) for value, change in pairs)

    mu = state.mu
    dx, _, dl, ds, dz, dy = move = direction(-state.slack * state.duals, -x * state.z, -v * state.y)
    far = min(1.0, reach(move))
    after = (x + far * dx) @ (state.z + far * dz) + (v - far * dx) @ (state.y + far * dy)
    after += (state.slack + far * ds) @ (state.duals + far * dl)
    aim = (float(after) / state.count / mu) ** 3 * mu
    move = direction(
        aim - state.slack * state.duals - ds * dl, aim - x * state.z - dx * dz, aim - v * state.y + dx * dy
    )
    far = min(1.0, _TO_BOUND * reach(move))
    dx, dd, dl, ds, dz, dy = move
    state.x, state.doses = x + far * dx, state.doses + far * dd
    state.duals, state.slack = state.duals + far * dl, state.slack + far * ds
    state.z, state.y = state.z + far * dz, state.y + far * dy


def _advancing(points: list[Point]) -> bool:
    """Whether the last steps still changed objective or bound; at the limit of rounding they do not."""
    old, new = points[max(len(points) - 1 - _STALLED, 0)], points[-1]
    scale = 1e-7 * max(abs(new.objective), 1e-12)
    moved = abs(new.objective - old.objective) + new.lower_bound - old.lower_bound
    if new.lower_bound > _UNBOUNDED * max(abs(new.objective), 1.0):
        return False  # the duals grow without bound: the hard bounds exclude each other
    if len(points) <= _STALLED:
        return True
    return bool(np.isfinite(new.objective) and (moved > scale or new.hard_excess_gy < 0.9 * old.hard_excess_gy))


def _reach(value: Floats, change: Floats) -> float:
    """How many times ``change`` fits before a value reaches zero."""
    falling = change < 0.0
    return float((-value[falling] / change[falling]).min(initial=np.inf))
