"""Asymmetry tests and trim and fill."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.errors import CannotTell, InputRefused, UsageError
from portico.synthesis import Effects, begg_rank_test, egger_test, trim_and_fill
from portico.synthesis.small_study import kendall

V = np.array([0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4])


def code(call, *arguments, **more):
    with pytest.raises((CannotTell, InputRefused, UsageError)) as caught:
        call(*arguments, **more)
    return caught.value.code


def test_effects_that_grow_with_their_error_are_seen():
    effects = Effects.of(0.2 + 1.5 * np.sqrt(V) + 0.02 * np.cos(7 * V / V[0]), V)
    for model in ("multiplicative", "mixed-effects"):
        found = egger_test(effects, model=model)
        assert found.slope == pytest.approx(1.5, abs=0.2) and found.limit_estimate == pytest.approx(0.2, abs=0.05)
        assert found.limit.lo < found.limit_estimate < found.limit.hi
    assert egger_test(effects).p < 0.001 and egger_test(effects).df == 5
    assert begg_rank_test(effects).tau > 0.5
    filled = trim_and_fill(effects)
    assert filled.side == "left" and filled.missing > 0 and filled.pooled.k == 7 + filled.missing
    assert filled.pooled.labels[-1] == f"filled {filled.missing}"
    assert (filled.filled_yi < filled.pooled.estimate).all()


def test_sizes_as_predictors():
    effects = Effects.of([0.1, 0.3, 0.2, 0.6], [0.1, 0.2, 0.3, 0.4], n=[100, 50, 30, 20])
    assert egger_test(effects, predictor="ni").limit is None
    assert egger_test(effects, predictor="sqrtninv").limit is not None
    assert code(egger_test, Effects.of([0.1, 0.3, 0.2], [0.1, 0.2, 0.3]), predictor="ni") == "no-sample-size"


@settings(max_examples=40)
@given(st.lists(st.floats(-2, 2).map(lambda y: round(y, 2)), min_size=7, max_size=7))
def test_a_mirrored_funnel_is_filled_on_the_other_side(values):
    one, two = Effects.of(values, V), Effects.of(-np.array(values), V)
    for estimator in ("L0", "R0"):
        try:
            left = trim_and_fill(one, estimator=estimator, side="left", method="DL")
        except CannotTell as error:
            assert error.code == "not-settled"
            continue
        right = trim_and_fill(two, estimator=estimator, side="right", method="DL")
        if len(set(values)) == 7:
            assert right.missing == left.missing
            assert right.pooled.estimate == pytest.approx(-left.pooled.estimate, abs=1e-9)
        assert left.missing_se >= 0 and (left.p is None) == (estimator == "L0")


def test_a_symmetric_funnel_lacks_nothing():
    effects = Effects.of([-0.4, 0.4, -0.1, 0.1, 0.0], [0.3, 0.3, 0.1, 0.1, 0.01])
    assert trim_and_fill(effects, side="left").missing == 0
    assert trim_and_fill(effects, side="right", estimator="R0").missing == 0
    assert egger_test(effects).p == pytest.approx(1.0)


def test_exact_p_counts_permutations():
    x = np.array([0.3, 1.1, -0.4, 2.0, 0.9])
    y = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    taus = np.array([kendall(np.array(p), y).tau for p in permutations(x)])
    found = kendall(x, y)
    assert found.exact
    assert found.p == pytest.approx(np.mean(np.abs(taus) >= abs(found.tau) - 1e-12))


def test_ties_and_long_lists_use_the_normal_approximation():
    assert not kendall(np.array([1.0, 1.0, 2.0, 3.0]), np.arange(4.0)).exact
    assert not kendall(np.arange(60.0), np.arange(60.0)).exact
    flat = kendall(np.ones(4), np.arange(4.0))
    assert (flat.tau, flat.p) == (0.0, 1.0)


def test_refusals():
    two, same = Effects.of([0.1, 0.2], [0.1, 0.2]), Effects.of([0.1, 0.2, 0.3], [0.1, 0.1, 0.1])
    for call in (egger_test, begg_rank_test, trim_and_fill):
        assert code(call, two) == "too-few-studies"
        assert code(call, same) == "same-precision"
    assert code(egger_test, same, model="probit") == "unknown-option"
    assert code(egger_test, same, predictor="age") == "unknown-option"
    assert code(trim_and_fill, same, estimator="Q0") == "unknown-option"
    assert code(trim_and_fill, same, side="up") == "unknown-option"
