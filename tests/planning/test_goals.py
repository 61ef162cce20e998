"""Goals by themselves and from a Directive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from portico.biology import eqd2
from portico.directive import read_directive
from portico.errors import CannotTell, InputRefused, UsageError
from portico.planning.directive_goals import goals_of
from portico.planning.goals import Goal
from portico.planning.objectives import Anatomy, Region, binding, judged, measured, tangent
from portico.planning.product import CpuProduct

EXAMPLES = Path(__file__).parents[2] / "examples" / "directives"
REGION = Region(np.arange(10), np.full(10, 0.1))
DOSES = np.array([1.0, 9.0, 3.0, 7.0, 5.0, 2.0, 8.0, 4.0, 6.0, 10.0])


@pytest.mark.parametrize(
    ("goal", "value"),
    [
        (Goal("A", "max", 5), 10.0),
        (Goal("A", "over", 5), 10.0),
        (Goal("A", "min", 5), 1.0),
        (Goal("A", "mean_max", 5), 5.5),
        (Goal("A", "dvh_max", 5, fraction=0.1), 10.0),
        (Goal("A", "dvh_max", 5, fraction=0.2), 9.0),
        (Goal("A", "dvh_max", 5, volume_cm3=0.03), 10.0),
        (Goal("A", "dvh_max", 5, volume_cm3=99.0), 1.0),
        (Goal("A", "dvh_min", 5, fraction=0.95), 1.0),
        (Goal("A", "dvh_min", 5, fraction=0.5), 6.0),
        (Goal("A", "cvar_upper", 5, fraction=0.2), 9.5),
        (Goal("A", "cvar_upper", 5, fraction=0.15), 1.45 / 0.15),
        (Goal("A", "cvar_lower", 5, fraction=0.2), 1.5),
        (Goal("A", "geud_max", 5, exponent=1.0), 5.5),
        (Goal("A", "geud_max", 5, exponent=2.0), np.sqrt(38.5)),
    ],
)
def test_measures_by_hand(goal: Goal, value: float) -> None:
    assert measured(goal, DOSES, REGION) == pytest.approx(value)
    assert judged(goal, DOSES, REGION).missed_gy == pytest.approx(max(5 - value if goal.lower else value - 5, 0.0))


@pytest.mark.parametrize("kind", ["dvh_max", "dvh_min"])
def test_bound_voxels_are_those_that_make_the_goal_true(kind: str) -> None:
    goal = Goal("A", kind, 5.5, fraction=0.3)  # type: ignore[arg-type]
    bound = binding(goal, DOSES, REGION)
    kept = np.where(bound, np.maximum(DOSES, 5.5) if goal.lower else np.minimum(DOSES, 5.5), DOSES)
    assert judged(goal, kept, REGION).met()
    assert 0 < bound.sum() < 10


@pytest.mark.parametrize(
    "goal",
    [
        Goal("A", "cvar_upper", 5, fraction=0.25),
        Goal("A", "cvar_lower", 5, fraction=0.25),
        Goal("A", "geud_max", 5, exponent=6.0),
        Goal("A", "mean_max", 5),
    ],
)
def test_a_tangent_bounds_the_measure_everywhere(goal: Goal) -> None:
    random = np.random.default_rng(3)
    v = tangent(goal, DOSES, REGION)
    assert v @ DOSES == pytest.approx(measured(goal, DOSES, REGION))
    for _ in range(50):
        other = random.uniform(0.0, 20.0, 10)
        assert (measured(goal, other, REGION) - v @ other) * (-1 if goal.lower else 1) >= -1e-9


@pytest.mark.parametrize(
    "wrong",
    [
        {"dose_gy": 0.0}, {"dose_gy": float("nan")}, {"weight": 0.0}, {"priority": 0}, {"fraction": 0.5},
        {"kind": "dvh_max"}, {"kind": "dvh_max", "fraction": 1.5}, {"kind": "dvh_max", "volume_cm3": -1.0},
        {"kind": "dvh_max", "fraction": 0.5, "volume_cm3": 1.0}, {"kind": "geud_max"}, {"exponent": 2.0},
        {"kind": "geud_max", "exponent": 0.5},
    ],
)  # fmt: skip
def test_a_goal_that_says_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="A goal has") as caught:
        Goal(**({"roi": "A", "kind": "max", "dose_gy": 5.0} | wrong))  # type: ignore[arg-type]
    assert caught.value.code == "goal-invalid"


def test_regions_are_checked() -> None:
    with pytest.raises(InputRefused, match="volume above 0"):
        Region(np.arange(2), np.zeros(2))
    product = CpuProduct(_matrix())
    with pytest.raises(InputRefused, match="body is no structure"):
        Anatomy(product, {}, "BODY")
    with pytest.raises(InputRefused, match="rows that the matrix lacks"):
        Anatomy(product, {"BODY": REGION}, "BODY")
    anatomy = Anatomy(product, {"BODY": Region(np.arange(2), np.ones(2))}, "BODY")
    with pytest.raises(InputRefused, match="no rows"):
        anatomy.region(Goal("Cord", "max", 5.0))


def test_a_sib_directive_becomes_goals_cord_first() -> None:
    directive = read_directive(EXAMPLES / "spine-sib-40-30-10.json")
    made = goals_of(directive, {"SpinalCord", "PTV_High", "PTV_Low", "Normal"}, normal="Normal")
    assert [goal.text for goal in made.goals] == [
        "SpinalCord Dmax <= 33.4 Gy (hard)",
        "PTV_High Dmin >= 40 Gy",
        "PTV_Low Dmin >= 30 Gy",
        "PTV_High Dmax <= 40 Gy",
        "Normal Dmax <= 30 Gy",
    ]
    assert made.goals[0].source == "hytec-cord-10fx-dmax"
    assert {left.what for left in made.not_goals} >= {"Esophagus", "Lung_L"}


def test_every_line_of_a_directive_is_a_goal_or_named() -> None:
    directive = read_directive(EXAMPLES / "spine-sib-40-30-10.json")
    cord = directive.limits[0]
    changes = [
        {"metric": "EQD2_2:D0.03cc", "value": 44.6},
        {"metric": "BED_2:Dmax", "value": 89.2, "strength": "goal"},
        {"metric": "Dmean", "value": 5.0, "defined_on": "organ", "strength": "goal"},
        {"metric": "V20Gy", "value": 10.0, "unit": "%", "defined_on": "organ", "strength": "goal"},
        {"metric": "EQD2_2:Dmean"}, {"metric": "Dmean", "op": ">="}, {"metric": "Dmin"}, {"metric": "V5Gy", "value": 0.0, "unit": "cm3"},
        {"value": 0.0}, {"strength": "info"}, {"scope": "cumulative"}, {"fractions": 5}, {"roi": "Heart"},
    ]  # fmt: skip
    limits = tuple(cord.model_copy(update=change) for change in changes)
    level = directive.levels[0].model_copy(
        update={
            "goals": tuple(_level_goal(*one) for one in (("D95%", ">=", 38.0, "goal"), ("Dmax", "<=", 44.0, "info")))
        }
    )
    made = goals_of(
        directive.model_copy(update={"limits": limits, "levels": (level, directive.levels[1])}),
        {"SpinalCord", "PTV_High", "PTV_Low", "Normal"}, normal="Normal",
    )  # fmt: skip
    hard, serial, target, *_ = made.goals
    assert hard.kind == "dvh_max" and hard.volume_cm3 == 0.03 and eqd2(hard.dose_gy, 10, 2.0) == pytest.approx(44.6)
    assert serial.priority == 1 and serial.dose_gy == pytest.approx(hard.dose_gy)
    assert target.text == "PTV_High D95% >= 38 Gy"
    assert {goal.kind for goal in made.goals if goal.priority == 3} == {"mean_max", "dvh_max"} or any(
        goal.kind == "mean_max" for goal in made.goals
    )
    placed = sum(goal.source == cord.limit_id for goal in made.goals)
    named = sum(cord.limit_id in left.what for left in made.not_goals)
    assert (placed, named) == (4, 9)
    assert any("Dmax <= 44" in left.what for left in made.not_goals)


def test_a_directive_that_cannot_be_planned_is_told_apart() -> None:
    directive = read_directive(EXAMPLES / "spine-sib-40-30-10.json")
    high, low = directive.levels
    for levels, code in (
        ((high.model_copy(update={"dose_gy": None}),), "level-unknown"),
        ((high, low.model_copy(update={"fractions": 5})), "fractions-differ"),
        ((high.model_copy(update={"roi": "PTV_None"}),), "target-missing"),
    ):
        with pytest.raises(CannotTell) as caught:
            goals_of(directive.model_copy(update={"levels": levels}), {"SpinalCord"}, normal="Normal")
        assert caught.value.code == code


def _level_goal(metric: str, op: str, value: float, strength: str) -> object:
    from portico.directive.doses import Goal as LevelGoal

    return LevelGoal(metric=metric, op=op, value=value, unit="Gy", source_id=None, strength=strength)  # type: ignore[arg-type]


def _matrix():  # type: ignore[no-untyped-def]
    from scipy.sparse import csr_array

    return csr_array(np.eye(2, dtype=np.float32))
