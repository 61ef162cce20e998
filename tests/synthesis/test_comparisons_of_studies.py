"""Leave-one-out, cumulative, subgroups, meta-regression, Mantel–Haenszel and Peto."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.errors import CannotTell, InputRefused, UsageError
from portico.synthesis import (
    Effects,
    TwoByTwo,
    cumulative,
    leave_one_out,
    mantel_haenszel,
    meta_regression,
    peto,
    pool,
    subgroups,
    table_effects,
)

EFFECTS = Effects.of([0.1, 0.4, 0.9, 0.2, -0.1], [0.1, 0.2, 0.1, 0.05, 0.3], labels=list("abcde"))


def code(call, *arguments, **more):
    with pytest.raises((CannotTell, InputRefused, UsageError)) as caught:
        call(*arguments, **more)
    return caught.value.code


def test_leave_one_out_is_pooling_the_rest():
    found = leave_one_out(EFFECTS)
    assert [one.label for one in found] == list("abcde")
    assert found[2].pooled.estimate == pool(EFFECTS.take([0, 1, 3, 4])).estimate
    assert code(leave_one_out, EFFECTS.take([0, 1])) == "too-few-studies"


def test_cumulative_ends_with_the_whole_pool():
    steps = cumulative(EFFECTS, [2001, 1999, 2003, 2001, 2002])
    assert [step.label for step in steps] == ["b", "a; d", "e", "c"]
    assert steps[0].pooled is None and steps[1].pooled.k == 3
    assert steps[-1].pooled.estimate == pytest.approx(pool(EFFECTS).estimate)
    assert code(cumulative, EFFECTS.take([0]), [1]) == "too-few-studies"
    assert code(cumulative, EFFECTS, [1, 2]) == "lengths-differ"
    assert code(cumulative, EFFECTS, [1, 2, 3, 4, None]) == "not-a-number"


def test_separate_groups():
    found = subgroups(EFFECTS, ["x", "y", "x", "y", "z"], method="DL", interval="wald")
    assert found.single == ("z",) and set(found.pooled) == {"x", "y"}
    x, y = found.pooled["x"], found.pooled["y"]
    assert found.q_between == pytest.approx((x.estimate - y.estimate) ** 2 / (x.se**2 + y.se**2))
    assert found.df == 1 and found.shared_tau2 is None
    alone = subgroups(EFFECTS, ["x", "x", "x", "x", "z"])
    assert alone.q_between is None and set(alone.pooled) == {"x"}
    assert code(subgroups, EFFECTS, list("vwxyz")) == "too-few-studies"
    assert code(subgroups, EFFECTS, ["x"]) == "lengths-differ"
    assert code(subgroups, EFFECTS, ["x"] * 5, tau2="some") == "unknown-option"


def test_groups_with_one_variance():
    found = subgroups(EFFECTS, ["x", "y", "x", "y", "y"], tau2="common", interval="wald")
    assert set(found.means) == {"x", "y"} and found.shared_tau2 >= 0 and found.df == 1
    gap = found.means["x"].estimate - found.means["y"].estimate
    assert found.q_between == pytest.approx(gap**2 / (found.means["x"].se ** 2 + found.means["y"].se ** 2))
    assert code(subgroups, EFFECTS, ["x"] * 5, tau2="common") == "too-few-studies"


def test_a_slope_that_is_there_is_found():
    x = np.arange(8.0)
    effects = Effects.of(1.0 + 0.5 * x, np.full(8, 0.01))
    found = meta_regression(effects, {"x": x})
    assert found["x"].estimate == pytest.approx(0.5) and found["intercept"].estimate == pytest.approx(1.0)
    assert found.r2 == pytest.approx(100.0) and found.tau2 == 0
    near, far, mean = found.predict({"x": 4.0})
    assert mean == pytest.approx(3.0) and near.lo <= mean <= near.hi and far.hi >= near.hi
    assert "with moderators" in found.said
    common = meta_regression(effects, {"x": x}, method="common", interval="wald")
    assert common.predict({"x": 4.0})[1] is None and common.r2 is None
    with pytest.raises(KeyError):
        found["y"]


def test_refusals_of_moderators():
    ones = np.ones(5)
    assert code(meta_regression, EFFECTS, {}) == "no-moderator"
    assert code(meta_regression, EFFECTS, {"x": ones}) == "collinear"
    assert code(meta_regression, EFFECTS, {"x": [1, 2]}) == "lengths-differ"
    assert code(meta_regression, EFFECTS, {"x": [1, 2, 3, 4, np.nan]}) == "not-finite"
    assert (
        code(meta_regression, EFFECTS, {c: np.arange(5.0) ** i for i, c in enumerate("abcd", 1)}) == "too-few-studies"
    )
    assert code(meta_regression, EFFECTS, {"x": np.arange(5)}, method="common") == "option-conflict"
    assert code(meta_regression(EFFECTS, {"x": np.arange(5)}).predict, {"y": 1.0}) == "moderators-differ"


counts = st.lists(
    st.tuples(st.integers(0, 12), st.integers(12, 60), st.integers(0, 12), st.integers(12, 60)), min_size=2, max_size=8
)


@settings(max_examples=60)
@given(rows=counts)
def test_tables_change_sign_when_the_arms_are_swapped(rows):
    tables = TwoByTwo.of(*zip(*rows, strict=True))
    swapped = TwoByTwo.of(*(list(zip(*rows, strict=True))[i] for i in (2, 3, 0, 1)))
    for call in (lambda t: mantel_haenszel(t), lambda t: mantel_haenszel(t, measure="RR"), lambda t: mantel_haenszel(t, measure="RD"), peto):  # fmt: skip
        try:
            one = call(tables)
        except CannotTell as error:
            assert error.code == "no-events"
            continue
        two = call(swapped)
        assert two.estimate == pytest.approx(-one.estimate, abs=1e-9)
        assert two.se == pytest.approx(one.se, abs=1e-9)
        assert one.weights.sum() == pytest.approx(100.0)


def test_a_single_table_gives_its_own_odds_ratio():
    tables = TwoByTwo.of([4, 0], [40, 20], [9, 0], [40, 20], ["with", "without"])
    found = mantel_haenszel(tables)
    assert found.estimate == pytest.approx(table_effects(tables).yi[0]) and found.k == 1
    assert found.left_out[0].label == "without" and found.q is None
    assert mantel_haenszel(tables, measure="RD").k == 2
    assert peto(tables).k == 1


@pytest.mark.parametrize("call", [mantel_haenszel, peto])
def test_tables_that_say_nothing(call):
    assert code(call, TwoByTwo.of([0, 0], [10, 10], [0, 0], [10, 10])) == "no-events"
    assert code(call, TwoByTwo.of([1], [10], [2], [10])) == "too-few-studies"


def test_an_arm_without_events_has_a_peto_answer_only():
    tables = TwoByTwo.of([0, 0], [10, 10], [3, 2], [10, 10])
    assert code(mantel_haenszel, tables) == "no-events"
    assert peto(tables).estimate < 0
    assert code(mantel_haenszel, tables, measure="XX") == "unknown-option"
    flat = mantel_haenszel(TwoByTwo.of([0, 0], [10, 10], [0, 0], [10, 10]), measure="RD")
    assert flat.estimate == 0 and flat.p == 1.0
