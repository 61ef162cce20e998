"""Pooling: properties that hold for any studies, and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.errors import CannotTell, InputRefused, UsageError
from portico.synthesis import Effects, pool, proportion_effects
from portico.synthesis.heterogeneity import log_likelihood, tau2_estimate, tau2_interval
from portico.synthesis.weighted import fit_at, traces

RANDOM = ["DL", "PM", "REML", "ML"]
SETTINGS = settings(max_examples=40)
studies = st.lists(
    st.tuples(st.floats(-3, 3).map(lambda y: round(y, 3)), st.floats(0.01, 2.0).map(lambda v: round(v, 3))),
    min_size=3,
    max_size=12,
)


def effects_of(rows):
    y, v = zip(*rows, strict=True)
    return Effects.of(y, v)


def close(one, two, *, scale=1.0, shift=0.0):
    assert two.estimate == pytest.approx(scale * one.estimate + shift, rel=1e-6, abs=1e-7 * scale)
    assert two.se == pytest.approx(scale * one.se, rel=1e-5)
    assert two.tau2 == pytest.approx(scale**2 * one.tau2, rel=1e-5, abs=1e-8 * scale**2)
    assert two.i2 == pytest.approx(one.i2, rel=1e-4, abs=1e-4)
    assert two.q == pytest.approx(one.q, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("method", ["common", *RANDOM])
@SETTINGS
@given(rows=studies, seed=st.integers(0, 100))
def test_order_of_studies_does_not_matter(method, rows, seed):
    effects = effects_of(rows)
    order = np.random.default_rng(seed).permutation(effects.k)
    one, two = (pool(e, method=method, interval="wald") for e in (effects, effects.take(order)))
    close(one, two)
    assert np.allclose(two.weights, one.weights[order], atol=1e-4)


@pytest.mark.parametrize("method", ["common", *RANDOM])
@SETTINGS
@given(rows=studies, scale=st.sampled_from([0.01, 7.0, 1000.0]), shift=st.floats(-5, 5))
def test_another_unit_and_another_origin(method, rows, scale, shift):
    effects = effects_of(rows)
    other = Effects.of(scale * (effects.yi + shift), scale**2 * effects.vi)
    close(
        pool(effects, method=method, interval="wald"),
        pool(other, method=method, interval="wald"),
        scale=scale,
        shift=scale * shift,
    )


@pytest.mark.parametrize("method", RANDOM)
@SETTINGS
@given(rows=studies)
def test_without_heterogeneity_the_models_agree(method, rows):
    effects = effects_of(rows)
    found = pool(effects, method=method, interval="wald")
    common = pool(effects, method="common", interval="wald")
    if found.tau2 == 0:
        assert (found.estimate, found.se) == (pytest.approx(common.estimate), pytest.approx(common.se))
        assert found.i2 == 0 and found.h2 == 1
    else:
        assert found.se >= common.se - 1e-12
        assert 0 < found.i2 < 100
    assert found.prediction.hi - found.prediction.lo >= found.bounds.hi - found.bounds.lo


@SETTINGS
@given(rows=studies)
def test_paule_mandel_makes_q_its_degrees_of_freedom(rows):
    effects, k = effects_of(rows), len(rows)
    tau2 = tau2_estimate(effects.yi, effects.vi, np.ones((k, 1)), "PM")
    q = fit_at(effects.yi, effects.vi, np.ones((k, 1)), tau2).rss
    assert q == pytest.approx(k - 1, rel=1e-9) if tau2 > 0 else q <= k - 1


@pytest.mark.parametrize("restricted", [True, False])
@SETTINGS
@given(rows=studies)
def test_no_value_is_likelier_than_the_estimate(restricted, rows):
    effects, design = effects_of(rows), np.ones((len(rows), 1))
    best = tau2_estimate(effects.yi, effects.vi, design, "REML" if restricted else "ML")
    grid = np.concatenate([[best], [0.0], np.geomspace(1e-5, 200.0, 2000)])
    height = log_likelihood(effects.yi, effects.vi, design, grid, restricted=restricted)
    assert height[0] >= height.max() - 1e-9


@pytest.mark.parametrize(
    ("y", "v", "lower", "higher"),
    [
        ([-0.32, 0.46, 0.26, -3.57], [1.01, 0.0027, 0.0069, 1.33], 0.0378, 2.078),
        ([1.94, -0.97, -0.66, -0.86], [0.745, 0.0515, 0.980, 0.0174], 0.0, 1.142),
        ([-3.29, 1.53, 1.35, 1.74], [3.523, 0.0925, 6.347, 0.0611], 1.67, 0.0),
        ([0.40, 0.31, 1.74, 0.36, 0.22], [0.0065, 1.258, 0.22, 0.003, 0.193], 0.13, 0.0),
    ],
)
def test_the_higher_of_two_peaks_is_taken(y, v, lower, higher):
    y, v, design = np.array(y), np.array(v), np.ones((len(y), 1))
    between = np.linspace(lower, higher, 4000)
    height = log_likelihood(y, v, design, between, restricted=True)
    assert height.min() < height[0] < height[-1]
    assert tau2_estimate(y, v, design, "REML") == pytest.approx(higher, rel=2e-3, abs=1e-12)


def test_traces_equal_those_of_the_matrix():
    rng = np.random.default_rng(1)
    design, v = np.column_stack([np.ones(6), rng.standard_normal(6)]), rng.uniform(0.1, 1, 6)
    fit = fit_at(rng.standard_normal(6), v, design, 0.2)
    w = np.diag(fit.weights)
    p = w - w @ design @ np.linalg.inv(design.T @ w @ design) @ design.T @ w
    assert traces(fit, design) == (pytest.approx(np.trace(p)), pytest.approx(np.trace(p @ p)))


@SETTINGS
@given(rows=studies)
def test_interval_of_tau2_holds_the_moment_estimate_or_says_none(rows):
    effects, design = effects_of(rows), np.ones((len(rows), 1))
    found = tau2_interval(effects.yi, effects.vi, design)
    pm = tau2_estimate(effects.yi, effects.vi, design, "PM")
    if found is None:
        assert pm == 0
    else:
        assert found.lo - 1e-9 <= pm <= found.hi + 1e-9
        wider = tau2_interval(effects.yi, effects.vi, design, 0.99)
        assert wider.lo <= found.lo + 1e-12 and wider.hi >= found.hi - 1e-12


def test_no_variance_between_identical_studies():
    effects = Effects.of([0.3] * 4, [0.1] * 4)
    found = pool(effects, interval="knapp-hartung")
    assert found.tau2 == 0 and found.q == pytest.approx(0, abs=1e-12) and found.tau2_bounds is None
    assert found.se == pytest.approx(0, abs=1e-9)
    assert pool(effects, interval="knapp-hartung-truncated").se == pytest.approx(math.sqrt(0.1 / 4))
    assert pool(effects, method="common", interval="wald").i2 == 0
    zero = pool(Effects.of([0.0] * 4, [0.1] * 4), interval="knapp-hartung")
    assert zero.statistic == 0 and zero.p == pytest.approx(1.0)


@pytest.mark.parametrize("k", [0, 1])
def test_one_study_is_not_pooled(k):
    with pytest.raises(CannotTell) as caught:
        pool(Effects.of([0.1] * k, [0.1] * k))
    assert caught.value.code == "too-few-studies"


def test_two_studies_have_no_prediction_interval():
    found = pool(Effects.of([0.1, 0.9], [0.1, 0.1]))
    assert found.prediction is None and found.prediction_as_interval is not None
    assert found.natural.prediction_lo is None
    assert pool(Effects.of([0.1, 0.9], [0.1, 0.1]), method="common", interval="wald").prediction_as_interval is None


def test_methods_are_named_in_the_result():
    effects = Effects.of([0.1, 0.4, 0.9], [0.1, 0.1, 0.1])
    assert pool(effects).said == ("random effects, restricted maximum likelihood; Knapp–Hartung (t) 95 % interval")
    assert pool(effects, method="common", interval="wald", level=0.9).said.endswith("Wald (normal) 90 % interval")
    assert pool(effects).prediction.method.endswith("(Higgins)")
    assert "metafor" in pool(effects).prediction_as_interval.method


def test_ratio_and_proportion_are_turned_back():
    logit = pool(proportion_effects([2, 3, 9], [20, 30, 40]))
    assert 0 < logit.natural.lo < logit.natural.estimate < logit.natural.hi < 1
    assert logit.natural.n is None
    double = pool(proportion_effects([2, 3, 9], [20, 30, 40], measure="PFT"))
    assert double.natural.n == pytest.approx(3 / (1 / 20 + 1 / 30 + 1 / 40))
    assert double.natural.estimate == pytest.approx(logit.natural.estimate, abs=0.03)


def test_refusals():
    effects = Effects.of([0.1, 0.4, 0.9], [0.1, 0.1, 0.1])
    for call, kind, code in (
        (lambda: pool(effects, method="common"), UsageError, "option-conflict"),
        (lambda: pool(effects, method="HS"), UsageError, "unknown-option"),
        (lambda: pool(effects, interval="bayes"), UsageError, "unknown-option"),
        (lambda: pool(effects, level=95), InputRefused, "not-a-probability"),
    ):
        with pytest.raises(kind) as caught:
            call()
        assert caught.value.code == code


def test_studies_without_events_do_not_break_a_pool():
    effects = proportion_effects([0, 0, 0], [12, 30, 25])
    found = pool(effects, interval="wald")
    assert 0 < found.natural.estimate < 0.05 and all(effects.done)
