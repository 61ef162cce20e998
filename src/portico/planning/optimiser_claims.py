"""Claims of the optimiser for ``portico verify``: chapter ``planning``.

Small linear plans against HiGHS, the lower bound against optima that another solver finds, gradients against
differences, a proved conflict against HiGHS, and the order of a frontier; all on made-up matrices.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from portico.claims import Claim, chapter, claim_equal, claim_number
from portico.errors import CannotTell
from portico.planning.flat_phantom import flat_anatomy, flat_matrix
from portico.planning.frontier import CordModel, frontier
from portico.planning.goals import Goal
from portico.planning.interior import Settings, solve
from portico.planning.objectives import Region, measured, tangent
from portico.planning.optimise import optimise
from portico.planning.product import CpuProduct, Floats
from portico.planning.system import System, Terms

__all__ = ["conflict_claims", "frontier_claims", "gradient_claims", "linear_claims", "linear_system"]

HIGHS: Final = "HiGHS (scipy.optimize.linprog) on the same matrix"
FLAT: Final = "a C-shape in two dimensions, made up"
_PLANS: Final = 4


def linear_system(seed: int) -> System:
    """At least 50 Gy in ten rows, at most 62 Gy in all forty, the least mean dose of the rest."""
    random = np.random.default_rng(seed)
    matrix = random.random((40, 15)).astype(np.float32)
    matrix[:10] += 1.0
    rows = np.arange(40)
    terms = Terms(
        np.concatenate([rows[:10], rows]), np.concatenate([-np.ones(10), np.ones(40)]),
        np.concatenate([np.full(10, -50.0), np.full(40, 62.0)]), np.zeros(50), np.zeros(50, dtype=np.int64), np.arange(50),
    )  # fmt: skip
    cost = matrix[10:].astype(np.float64).mean(axis=0)
    return System(CpuProduct(csr_array(matrix)), rows, np.zeros((0, 15)), terms, cost, np.full(15, 30.0))


@chapter("planning")
def linear_claims() -> Iterator[Claim]:
    """Linear plans solved by the interior point and by HiGHS, and every lower bound on the way."""
    for seed in range(_PLANS):
        system = linear_system(seed)
        whole = np.array([system.forward(unit) for unit in np.eye(15)]).T
        signed = system.terms.sign[:, None] * whole[system.terms.slot]
        right = linprog(system.cost, A_ub=signed, b_ub=system.terms.bound_gy, bounds=(0.0, 30.0), method="highs")
        end = solve(system, np.ones(15), Settings(tolerance=1e-7, hard_gy=1e-6))
        yield claim_number(
            "planning", f"linear plan {seed + 1}: least mean dose in Gy", source=HIGHS, expected=float(right.fun),
            got=end.points[-1].objective, tolerance=1e-4 * float(right.fun),
        )  # fmt: skip
        highest = max(point.lower_bound for point in end.points)
        yield claim_equal(
            "planning", f"linear plan {seed + 1}: no lower bound of any step lies above the optimum", source=HIGHS,
            expected=True, got=bool(highest <= right.fun * (1.0 + 1e-9)),
        )  # fmt: skip


@chapter("planning")
def gradient_claims() -> Iterator[Claim]:
    """The gradient of a quadratic price by bixel, and tangents of convex measures, against differences."""
    matrix, _ = flat_matrix()
    anatomy = flat_anatomy()
    rows = anatomy.regions["Target"].rows
    weights = np.random.default_rng(4).uniform(0.0, 1.0, matrix.shape[1])
    weights *= 48.0 / float(anatomy.product.forward(weights, rows).mean())  # some voxels below 50 Gy, some above

    def price(x: Floats) -> float:
        return float((np.maximum(50.0 - anatomy.product.forward(x, rows), 0.0) ** 2).sum())

    slope = anatomy.product.back(-2.0 * np.maximum(50.0 - anatomy.product.forward(weights, rows), 0.0), rows)
    step = 1e-4
    worst = 0.0
    for j in range(0, matrix.shape[1], 7):
        unit = np.zeros(matrix.shape[1])
        unit[j] = step
        difference = (price(weights + unit) - price(weights - unit)) / (2.0 * step)
        worst = max(worst, abs(difference - float(slope[j])))
    yield claim_number(
        "planning", "gradient of mean squared underdose against differences, as a share of the largest", source=FLAT,
        expected=0.0, got=worst / float(np.abs(slope).max()), tolerance=1e-6,
    )  # fmt: skip
    region = Region(rows, anatomy.regions["Target"].volumes_cm3)
    doses = anatomy.product.forward(weights, rows)
    for goal in (
        Goal("Target", "cvar_upper", 50.0, fraction=0.1),
        Goal("Target", "cvar_lower", 50.0, fraction=0.1),
        Goal("Target", "geud_max", 50.0, exponent=8.0),
    ):
        tilt = np.random.default_rng(5).normal(size=len(doses))
        tilt /= np.linalg.norm(tilt)
        ahead, behind = (measured(goal, doses + sign * 1e-6 * tilt, region) for sign in (1.0, -1.0))
        yield claim_number(
            "planning", f"tangent of {goal.measure} against differences", source=FLAT,
            expected=(ahead - behind) / 2e-6, got=float(tangent(goal, doses, region) @ tilt), tolerance=1e-6,
        )  # fmt: skip


@chapter("planning")
def conflict_claims() -> Iterator[Claim]:
    """Hard goals that HiGHS finds infeasible are refused with the proof; those that it finds feasible are met."""
    anatomy, dense = flat_anatomy(), flat_matrix()[0].toarray().astype(np.float64)
    target, core = anatomy.regions["Target"].rows, anatomy.regions["Core"].rows
    upper = 75.0 / anatomy.product.largest()
    for core_gy in (2.0, 8.0, 14.0, 20.0):
        right = linprog(
            np.zeros(dense.shape[1]), A_ub=np.vstack([dense[core], -dense[target], dense]), method="highs",
            b_ub=np.concatenate([np.full(len(core), core_gy), np.full(len(target), -45.0), np.full(len(dense), 75.0)]),
            bounds=np.column_stack([np.zeros(len(upper)), upper]),
        )  # fmt: skip
        goals = [
            Goal("Core", "max", core_gy, hard=True), Goal("Target", "min", 45.0, hard=True),
            Goal("BODY", "max", 75.0, hard=True), Goal("Target", "over", 50.0),
        ]  # fmt: skip
        try:
            got = "kept" if optimise(anatomy, goals).hard_kept else "not kept"
        except CannotTell as error:
            got = error.code
        yield claim_equal(
            "planning", f"core at most {core_gy:g} Gy, target at least 45 Gy, body at most 75 Gy", source=HIGHS,
            expected="kept" if right.status == 0 else "goals-conflict", got=got,
        )  # fmt: skip


@chapter("planning")
def frontier_claims() -> Iterator[Claim]:
    """A sweep of the core's limit: never worse for a looser limit, and every limit kept."""
    goals = [Goal("Target", "under", 40.0, weight=5.0), Goal("BODY", "over", 48.0)]
    made = frontier(
        flat_anatomy(), goals, CordModel(prv="Core"), (6.0, 9.0, 12.0), targets=["Target"], fractions=10,
        target_alpha_beta_gy=10.0, cord_alpha_beta_gy=2.0,
    )  # fmt: skip
    reached = [point.targets[0].d95_gy for point in made.points]
    yield claim_equal(
        "planning", "D95% of the target never falls when the limit of the core is loosened", source=FLAT,
        expected=True, got=reached == sorted(reached),
    )  # fmt: skip
    over = max(point.cord_gy - point.limit_gy for point in made.points)
    yield claim_number(
        "planning", "largest dose of the core above its limit along the frontier, in Gy", source=FLAT, expected=0.0,
        got=max(over, 0.0), tolerance=0.02,
    )  # fmt: skip
    gap = max(point.plan.gap.relative for point in made.points)
    yield claim_number(
        "planning", "largest gap to the optimum along the frontier, as a share of the objective", source=FLAT,
        expected=0.0, got=gap, tolerance=0.01,
    )  # fmt: skip
