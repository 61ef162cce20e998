"""The sweep of the cord's limit on the flat phantom."""

from __future__ import annotations

import numpy as np
import pytest

from portico.biology import bed, eqd2
from portico.errors import UsageError
from portico.planning.flat_phantom import flat_anatomy
from portico.planning.frontier import CordModel, Frontier, frontier
from portico.planning.goals import Goal
from portico.planning.objectives import Anatomy, Region
from portico.planning.optimise import optimise
from portico.planning.plan import Progress

GOALS = [Goal("Target", "under", 40.0, weight=5.0), Goal("BODY", "over", 48.0), Goal("BODY", "mean_max", 12.0)]
LIMITS = (6.0, 9.0, 12.0, 16.0)
KNOWN = {"targets": ["Target"], "fractions": 10, "target_alpha_beta_gy": 10.0, "cord_alpha_beta_gy": 2.0}


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    """The phantom with the core moved by 3 mm to both sides as scenarios, and the core as its own PRV."""
    made = flat_anatomy()
    core = made.regions["Core"]
    rows, volumes = core.rows, core.volumes_cm3
    moved = {f"Core{side:+d}": Region(rows + side, volumes) for side in (-1, 1)}
    return Anatomy(made.product, {**made.regions, **moved}, "BODY")


@pytest.fixture(scope="module")
def swept(anatomy: Anatomy) -> Frontier:
    return frontier(anatomy, GOALS, CordModel(prv="Core"), LIMITS, **KNOWN)  # type: ignore[arg-type]


def test_a_looser_limit_never_gives_a_worse_point(swept: Frontier) -> None:
    reached = [point.targets[0].d95_gy for point in swept.points]
    assert [point.limit_gy for point in swept.points] == sorted(LIMITS) and swept.complete
    assert reached == sorted(reached) and reached[-1] > reached[0] + 1.0
    for point in swept.points:
        assert point.cord_gy <= point.limit_gy + 0.02 and point.plan.converged and point.plan.hard_kept


def test_points_carry_their_biology(swept: Frontier) -> None:
    for point in swept.points:
        target = point.targets[0]
        assert target.bed_gy == bed(target.d95_gy, 10, 10.0) and target.eqd2_gy == eqd2(target.d95_gy, 10, 10.0)
        assert point.cord_eqd2_gy == eqd2(point.cord_gy, 10, 2.0)
    assert swept.basis == "ideal fluence" and "nominal PRV" in swept.cord.says


def test_a_warm_start_ends_where_a_cold_one_does(anatomy: Anatomy, swept: Frontier) -> None:
    for point in swept.points[:2]:
        cold = optimise(anatomy, [*CordModel(prv="Core").goals(point.limit_gy), *GOALS], mode="weighted")
        assert point.plan.gap.objective == pytest.approx(cold.gap.objective, rel=5e-3)
        assert point.plan.steps <= cold.steps


def test_scenarios_cost_more_than_the_nominal_core(anatomy: Anatomy, swept: Frontier) -> None:
    cord = CordModel(scenarios=("Core-1", "Core", "Core+1"))
    made = frontier(anatomy, GOALS, cord, LIMITS[1:3], **KNOWN)  # type: ignore[arg-type]
    assert "3 scenarios" in cord.says
    for point, nominal in zip(made.points, swept.points[1:3], strict=True):
        assert point.cord_gy <= point.limit_gy + 0.02
        assert point.plan.gap.objective >= nominal.plan.gap.lower_bound


def test_a_small_volume_is_allowed_more(anatomy: Anatomy, swept: Frontier) -> None:
    made = frontier(anatomy, GOALS, CordModel(prv="Core", volume_cm3=0.1), [9.0], **KNOWN)  # type: ignore[arg-type]
    point = made.points[0]
    rows = anatomy.regions["Core"].rows
    assert point.cord_gy <= 9.02 < point.plan.doses_gy[rows].max()
    assert point.plan.gap.objective <= swept.points[1].plan.gap.objective


def test_a_wider_gap_to_the_target_raises_the_points(anatomy: Anatomy, swept: Frontier) -> None:
    """Separation as geometry: the target without its rows next to the core."""
    target = anatomy.regions["Target"]
    doses = swept.points[0].plan.doses_gy[target.rows]
    away = np.sort(target.rows[np.argsort(doses)[8:]])
    moved = Anatomy(anatomy.product, {**anatomy.regions, "Target": Region(away, target.volumes_cm3[8:])}, "BODY")
    made = frontier(moved, GOALS, CordModel(prv="Core"), LIMITS[:1], **KNOWN)  # type: ignore[arg-type]
    assert made.points[0].targets[0].d95_gy > swept.points[0].targets[0].d95_gy


def test_a_sweep_can_be_stopped_and_watched(anatomy: Anatomy) -> None:
    told: list[tuple[int, int, Progress]] = []

    def stop() -> bool:
        return bool(told) and told[-1][0] == 1 and told[-1][2].step >= 2

    made = frontier(
        anatomy, GOALS, CordModel(prv="Core"), LIMITS, stop=stop, progress=lambda *one: told.append(one), **KNOWN
    )  # type: ignore[arg-type]
    assert not made.complete and len(made.points) == 1 and made.points[0].limit_gy == 16.0
    assert {one[1] for one in told} == {4}
    at_once = frontier(anatomy, GOALS, CordModel(prv="Core"), LIMITS, stop=lambda: True, **KNOWN)  # type: ignore[arg-type]
    assert not at_once.complete and len(at_once.points) == 1 and at_once.points[0].plan.interrupted


@pytest.mark.parametrize("both", [{}, {"prv": "Core", "scenarios": ("Core-1",)}])
def test_prv_and_scenarios_are_never_both_hard(both: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        CordModel(**both)  # type: ignore[arg-type]
    assert caught.value.code == "cord-model"


def test_what_a_sweep_needs(anatomy: Anatomy) -> None:
    cord = CordModel(prv="Core")
    for limits, targets, goals, code in (
        ((), ["Target"], GOALS, "no-limit"),
        (LIMITS, [], GOALS, "no-target"),
        (LIMITS, ["Target"], [*GOALS, Goal("Core", "max", 10.0, hard=True)], "cord-model"),
    ):
        with pytest.raises(UsageError) as caught:
            frontier(
                anatomy,
                goals,
                cord,
                limits,
                targets=targets,
                fractions=10,
                target_alpha_beta_gy=10.0,
                cord_alpha_beta_gy=2.0,
            )
        assert caught.value.code == code


def test_a_plan_that_keeps_a_tighter_limit_is_not_made_again(monkeypatch):
    import sys

    module = sys.modules[frontier.__module__]  # the room has a function of the module's name
    calls = []
    real = module.optimise
    monkeypatch.setattr(module, "optimise", lambda *given, **more: calls.append(1) or real(*given, **more))
    found = frontier(flat_anatomy(), GOALS, CordModel(prv="Core"), (58.0, 56.0, 54.0), **KNOWN)
    assert len(calls) == 1
    assert len({point.cord_gy for point in found.points}) == 1
    assert [point.limit_gy for point in found.points] == [54.0, 56.0, 58.0]
