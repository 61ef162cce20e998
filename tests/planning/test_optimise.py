"""The optimiser on small matrices: against HiGHS, its own bound, and what a planner would ask of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from scipy.sparse import csr_array

from portico.errors import CannotTell, InputRefused, UsageError
from portico.planning.compiled import add_back, add_squares, fill_scaled, forward_rows, largest_in_columns
from portico.planning.flat_phantom import flat_anatomy, flat_matrix
from portico.planning.goals import Goal
from portico.planning.interior import Point, Settings, solve
from portico.planning.newton import _factor
from portico.planning.objectives import Anatomy, Region
from portico.planning.optimise import optimise
from portico.planning.optimiser_claims import linear_system
from portico.planning.plan import Aims, Progress
from portico.planning.product import CpuProduct
from portico.planning.system import System, Terms, lower_bound

CORD = Goal("Core", "max", 15.0, hard=True)
COVER = Goal("Target", "under", 50.0, priority=1)
EVEN = Goal("Target", "over", 53.0, priority=2)
SPARE = Goal("BODY", "over", 25.0, priority=3)


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    return flat_anatomy()


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_products_are_those_of_the_dense_matrix(threads: int) -> None:
    random = np.random.default_rng(5)
    dense = np.where(random.random((4000, 7)) < 0.4, random.random((4000, 7)), 0.0).astype(np.float32)
    product = CpuProduct(csr_array(dense), threads=threads)
    rows = np.sort(random.choice(4000, 3000, replace=False))
    x, r = random.random(7), random.random(3000) * (random.random(3000) < 0.5)
    assert product.forward(x) == pytest.approx(dense.astype(float) @ x)
    assert product.forward(x, rows) == pytest.approx(dense[rows].astype(float) @ x)
    assert product.back(r, rows) == pytest.approx(r @ dense[rows].astype(float))
    assert product.squares(r, rows) == pytest.approx(r @ dense[rows].astype(float) ** 2)
    assert np.tril(product.gram(r, rows)) == pytest.approx(
        np.tril(dense[rows].T @ (r[:, None] * dense[rows])), rel=1e-4
    )
    assert product.largest() == pytest.approx(dense.max(axis=0))
    assert product.back(r[:0], rows[:0]).tolist() == [0.0] * 7


def test_the_kernels_do_the_same_uncompiled() -> None:
    matrix = csr_array(np.array([[1.0, 0.0, 2.0, 3.0, 4.0], [0.0, 5.0, 0.0, 0.0, 0.0]], dtype=np.float32))
    arrays = (matrix.data, matrix.indices, matrix.indptr)
    rows, x, r = np.array([1, 0]), np.arange(1.0, 6.0), np.array([0.0, 2.0])
    doses, back, squares, largest = np.zeros(2), np.zeros(5), np.zeros(5), np.zeros(5)
    forward_rows.py_func(*arrays, rows, x, 0, 2, doses)  # type: ignore[attr-defined]
    add_back.py_func(*arrays, rows, r, 0, 2, back)  # type: ignore[attr-defined]
    add_squares.py_func(*arrays, rows, r, 0, 2, squares)  # type: ignore[attr-defined]
    block = np.ones((2, 2), dtype=np.float32)
    fill_scaled.py_func(*arrays, rows, r, np.array([-1, 0, -1, -1, 1]), 0, 2, block)  # type: ignore[attr-defined]
    largest_in_columns.py_func(matrix.data, matrix.indices, largest)  # type: ignore[attr-defined]
    assert doses.tolist() == [10.0, 39.0]
    assert back.tolist() == [2.0, 0.0, 4.0, 6.0, 8.0] and squares.tolist() == [2.0, 0.0, 8.0, 18.0, 32.0]
    assert block.tolist() == [[0.0, 0.0], [0.0, 8.0]] and largest.tolist() == [1.0, 5.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([[1.0, float("nan")]], "matrix-not-finite"),
        ([[1.0, -0.5]], "matrix-negative"),
        (np.zeros((0, 2)), "matrix-empty"),
    ],
)
def test_a_damaged_matrix_is_refused(values: object, code: str) -> None:
    with pytest.raises(InputRefused) as caught:
        CpuProduct(csr_array(np.array(values, dtype=np.float32)))
    assert caught.value.code == code


@pytest.mark.parametrize("seed", range(5))
def test_a_linear_plan_is_that_of_highs(seed: int) -> None:
    system = linear_system(seed)
    whole = np.array([system.forward(unit) for unit in np.eye(15)]).T
    signed = system.terms.sign[:, None] * whole[system.terms.slot]
    right = linprog(system.cost, A_ub=signed, b_ub=system.terms.bound_gy, bounds=(0.0, 30.0), method="highs")
    end = solve(system, np.ones(15), Settings(tolerance=1e-6, hard_gy=1e-5))
    assert right.status == 0 and end.converged
    assert end.points[-1].objective == pytest.approx(right.fun, rel=1e-5)
    assert all(point.lower_bound <= right.fun + 1e-6 * abs(right.fun) for point in end.points)


def test_any_duals_bound_the_optimum() -> None:
    system = linear_system(1)
    end = solve(system, np.ones(15), Settings(tolerance=1e-8))
    random = np.random.default_rng(2)
    for scale in (1e-3, 1e-2, 1e-1):
        duals = scale * random.random(50)
        gradient = system.cost + system.back(system.by_slot(system.terms.sign * duals))
        assert lower_bound(system, duals, gradient) <= end.points[-1].objective


def test_a_weighted_plan_is_that_of_lbfgsb(anatomy: Anatomy) -> None:
    goals = [Goal("Target", "under", 50.0, weight=5.0), Goal("Target", "over", 52.0), Goal("Core", "over", 10.0)]
    plan = optimise(anatomy, goals, mode="weighted", aims=Aims(tolerance=1e-5))
    matrix = flat_matrix()[0].astype(float)
    body = matrix.mean(axis=0)

    def price(x: np.ndarray) -> tuple[float, np.ndarray]:
        doses = matrix @ x
        total, slope = 0.02 * float(body @ x), 0.02 * body
        for goal in goals:
            rows = anatomy.regions[goal.roi].rows
            excess = np.maximum((-1.0 if goal.lower else 1.0) * (doses[rows] - goal.dose_gy), 0.0)
            total += goal.weight * float((excess**2).mean())
            by_row = np.zeros(len(doses))
            by_row[rows] = (-1.0 if goal.lower else 1.0) * 2.0 * goal.weight * excess / len(rows)
            slope = slope + matrix.T @ by_row
        return total, slope

    right = minimize(price, np.full(119, 10.0), jac=True, method="L-BFGS-B", bounds=[(0, None)] * 119,
                     options={"maxiter": 3000, "maxfun": 9000, "ftol": 1e-13, "gtol": 1e-8})  # fmt: skip
    assert plan.converged and plan.gap.convex
    assert plan.gap.objective <= right.fun * (1.0 + 1e-4)
    assert plan.gap.lower_bound <= right.fun
    assert price(plan.weights)[0] == pytest.approx(plan.gap.objective, rel=1e-6)


def test_priorities_are_served_in_order_and_held(anatomy: Anatomy) -> None:
    told: list[Progress] = []
    plan = optimise(anatomy, [CORD, COVER, EVEN, SPARE], progress=told.append)
    first = optimise(anatomy, [CORD, COVER], aims=Aims(ceiling=1.5 * 53.0 / 50.0))  # the same ceiling
    under, held = first.doses_gy, plan.doses_gy
    rows = anatomy.regions["Target"].rows
    missed = np.maximum(50.0 - under[rows], 0.0)
    assert plan.converged and plan.hard_kept
    assert (np.maximum(50.0 - held[rows], 0.0) <= missed + 0.1 + 0.011).all()
    assert {step.priority for step in told} == {1, 2, 3} and plan.steps > 0
    assert plan.gap.relative < 6e-3
    weighted = optimise(anatomy, [CORD, COVER, EVEN, SPARE], mode="weighted")
    assert weighted.goals[1].missed_gy > plan.goals[1].missed_gy  # the price of low dose is paid by coverage


def test_dvh_goals_choose_voxels_and_say_so(anatomy: Anatomy) -> None:
    even = Goal("Target", "over", 53.0)
    goals = [
        Goal("Core", "dvh_max", 10.0, fraction=0.3, hard=True),
        Goal("Target", "dvh_min", 50.0, fraction=0.95),
        even,
    ]
    plan = optimise(anatomy, goals, mode="weighted")
    strict = optimise(anatomy, [Goal("Core", "max", 10.0, hard=True), COVER, even], mode="weighted")
    assert plan.converged and plan.hard_kept and not plan.gap.convex
    assert plan.goals[1].value_gy > strict.goals[1].value_gy
    assert [note for note in plan.notes if "not convex" in note] != []
    again = optimise(
        anatomy, [Goal("Core", "dvh_max", 9.0, fraction=0.3, hard=True), *goals[1:]], mode="weighted", start=plan
    )
    assert again.converged and again.goals[0].value_gy <= 9.02 and again.steps < plan.steps


@pytest.mark.parametrize(
    "goal",
    [
        Goal("Core", "cvar_upper", 10.0, fraction=0.3, hard=True),
        Goal("Core", "geud_max", 10.0, exponent=8.0, hard=True),
        Goal("Core", "mean_max", 8.0, hard=True),
        Goal("Core", "geud_max", 8.0, exponent=2.0, weight=3.0),
    ],
)
def test_convex_measures_are_kept_and_their_gap_is_small(anatomy: Anatomy, goal: Goal) -> None:
    plan = optimise(anatomy, [goal, COVER, Goal("Target", "over", 53.0)], mode="weighted")
    assert plan.converged and plan.gap.convex and plan.gap.relative < 1e-2
    assert not goal.hard or plan.goals[0].missed_gy <= 0.02
    if goal.kind == "cvar_upper":
        surrogate = optimise(
            anatomy, [Goal("Core", "dvh_max", 10.0, fraction=0.3, hard=True), COVER, Goal("Target", "over", 53.0)]
        )
        assert (
            surrogate.gap.objective <= plan.gap.objective * 1.01
            or surrogate.goals[1].missed_gy <= plan.goals[1].missed_gy
        )


def test_a_cvar_of_priority_one_is_held(anatomy: Anatomy) -> None:
    plan = optimise(anatomy, [Goal("Core", "mean_max", 6.0, priority=1), Goal("Target", "under", 50.0, priority=2)])
    assert plan.converged and plan.goals[0].missed_gy <= 0.12


def test_goals_that_exclude_each_other_are_proved_and_named(anatomy: Anatomy) -> None:
    impossible = [Goal("Core", "max", 5.0, hard=True), Goal("Target", "min", 50.0, hard=True),
                  Goal("BODY", "max", 70.0, hard=True), SPARE]  # fmt: skip
    with pytest.raises(CannotTell, match="at least") as caught:
        optimise(anatomy, impossible)
    assert caught.value.code == "goals-conflict"
    assert "Core" in caught.value.problem.path and "Target" in caught.value.problem.path
    with pytest.raises(CannotTell) as caught:
        optimise(
            anatomy,
            [
                Goal("Core", "max", 5.0, hard=True),
                Goal("Target", "dvh_min", 50.0, fraction=0.99, hard=True),
                impossible[2],
                SPARE,
            ],
        )
    assert caught.value.code == "goals-not-reached"
    kept = optimise(anatomy, [Goal("Core", "max", 30.0, hard=True), Goal("Target", "min", 45.0, hard=True), SPARE])
    assert kept.converged and kept.hard_kept


def test_interruption_keeps_the_best_plan(anatomy: Anatomy) -> None:
    steps = iter(range(100))
    plan = optimise(anatomy, [CORD, COVER, EVEN], stop=lambda: next(steps) >= 4)
    assert plan.interrupted and not plan.converged and plan.steps == 4
    assert (plan.weights >= 0.0).all() and np.isfinite(plan.doses_gy).all()

    def pressed(step: Progress) -> None:
        if step.step == 3:
            raise KeyboardInterrupt

    plan = optimise(anatomy, [CORD, COVER, EVEN], progress=pressed)
    assert plan.interrupted and not plan.converged and plan.steps == 3


def test_a_solve_that_cannot_end_says_so() -> None:
    system = linear_system(0)
    points: list[Point] = []
    end = solve(system, np.ones(15), Settings(tolerance=0.0), watch=lambda point: points.append(point) is not None)
    assert not end.converged and len(end.points) < 80 and points


def test_what_is_asked_must_be_askable(anatomy: Anatomy) -> None:
    with pytest.raises(UsageError, match="no goal to optimise"):
        optimise(anatomy, [CORD])
    with pytest.raises(InputRefused, match="no rows"):
        optimise(anatomy, [Goal("Cord", "over", 5.0)])


def test_sampled_tissue_counts_by_its_volume() -> None:
    matrix = csr_array(np.array([[1.0], [1.4]], dtype=np.float32))
    anatomy = Anatomy(CpuProduct(matrix), {"BODY": Region(np.arange(2), np.array([3.0, 1.0]))}, "BODY")
    goals = [Goal("BODY", "under", 10.0), Goal("BODY", "over", 10.0)]
    plan = optimise(anatomy, goals, aims=Aims(thrift=0.0, tolerance=1e-6))
    assert plan.weights[0] == pytest.approx((3.0 * 10.0 + 1.4 * 10.0) / (3.0 + 1.4**2), rel=1e-3)


@pytest.mark.parametrize("diagonal", [-1.0, float("nan")])
def test_a_system_that_rounding_breaks_is_told(diagonal: float) -> None:
    with pytest.raises(CannotTell) as caught:
        _factor(np.zeros((1, 1), dtype=np.float32, order="F"), np.array([diagonal], dtype=np.float32))
    assert caught.value.code == "optimiser-broke-down"


def test_a_step_where_every_bixel_stands_at_a_bound_is_solved_by_its_diagonal():
    from scipy.sparse import csr_array

    from portico.planning.newton import Newton

    product = CpuProduct(csr_array(np.eye(3, dtype=np.float32)))
    one = np.ones(1)
    terms = Terms(np.zeros(1, np.int64), -one, one, one, np.zeros(1, np.int64), np.zeros(1, np.int64))
    system = System(product, np.arange(1), np.zeros((0, 3)), terms, np.zeros(3), np.full(3, 9.0))
    newton = Newton(system, np.ones(1), np.full(3, 1e9))
    assert len(newton.free) == 0
    dx, _ = newton.solved(np.ones(3), 1e-12)
    assert np.allclose(dx, 1e-9)
