"""Mixed models of counts: likelihood against plain integration, derivatives, edges and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import betabinom, binom, norm, poisson

from portico.errors import CannotTell, InputRefused, UsageError
from portico.synthesis import (
    TwoByTwo,
    beta_binomial,
    natural,
    pool_proportions,
    pool_rate_ratios,
    pool_rates,
    pool_tables,
)
from portico.synthesis.mixed_fit import fit_mixed, hermite
from portico.synthesis.mixed_likelihood import MixedData, evaluate
from portico.synthesis.outcome_families import Binomial, Hypergeometric, Poisson

X, N = np.array([2.0, 0.0, 5.0, 9.0]), np.array([20.0, 15.0, 30.0, 25.0])


def code(call, *arguments, **more):
    with pytest.raises((CannotTell, InputRefused, UsageError)) as caught:
        call(*arguments, **more)
    return caught.value.code


def data_of(family, k=4, **more):
    fields = {"design": np.ones((k, 1)), "spread": np.ones(k), "offset": np.zeros(k), "starts": np.arange(k)}
    return MixedData(family, **(fields | more))


def height(data, psi):
    state = evaluate(data, np.array([psi]), np.zeros((1, len(data.starts))), nodes=hermite(31))
    return float(state.height[0]) + float(data.family.constant.sum())


def integrated(chance, tau):
    return math.log(quad(lambda u: chance(tau * u) * norm.pdf(u), -12, 12, epsabs=0, epsrel=1e-11, limit=400)[0])


@pytest.mark.parametrize("tau", [0.0, 0.3, 1.5])
def test_likelihoods_equal_plain_integration(tau):
    t = np.array([100.0, 80.0, 120.0, 60.0])
    wanted = sum(
        integrated(lambda b, x=x, n=n: binom.pmf(x, n, expit(-1.2 + b)), tau) for x, n in zip(X, N, strict=True)
    )
    assert height(data_of(Binomial(X, N)), [-1.2, tau]) == pytest.approx(wanted, abs=1e-7)
    wanted = sum(
        integrated(lambda b, x=x, e=e: poisson.pmf(x, math.exp(-3 + b) * e), tau) for x, e in zip(X, t, strict=True)
    )
    assert height(data_of(Poisson(X), offset=np.log(t)), [-3.0, tau]) == pytest.approx(wanted, abs=1e-7)


def test_studies_with_two_arms_share_one_effect():
    starts, z = np.array([0, 2]), np.array([0.5, -0.5, 0.5, -0.5])
    data = data_of(Binomial(X, N), spread=z, starts=starts)
    wanted = 0.0
    for i in (0, 2):
        wanted += integrated(
            lambda b, i=i: binom.pmf(X[i], N[i], expit(-1 + b / 2)) * binom.pmf(X[i + 1], N[i + 1], expit(-1 - b / 2)),
            0.9,
        )
    assert height(data, [-1.0, 0.9]) == pytest.approx(wanted, abs=1e-7)
    assert data.study.tolist() == [0, 0, 1, 1]


def families():
    return {
        "binomial": Binomial(X, N),
        "poisson": Poisson(X),
        "hypergeometric": Hypergeometric(X, N, N + 3, X + np.array([1.0, 2.0, 3.0, 4.0])),
    }


@pytest.mark.parametrize("name", ["binomial", "poisson", "hypergeometric"])
def test_derivatives_equal_differences(name):
    rng = np.random.default_rng(2)
    data = data_of(
        families()[name],
        design=np.column_stack([np.ones(4), rng.standard_normal(4)]),
        spread=np.array([1.0, 0.7, 1.0, -0.5]),
        starts=np.array([0, 2, 3]),
    )
    psi = np.array([-0.4, 0.3, 0.6])
    nodes, start = hermite(41), np.zeros((1, 3))
    state = evaluate(data, psi[None], start, nodes=nodes)
    step = 1e-5
    for i, e in enumerate(np.eye(3)):
        up, down = (evaluate(data, (psi + s * e)[None], start, nodes=nodes) for s in (step, -step))
        assert state.gradient[0, i] == pytest.approx((up.height[0] - down.height[0]) / (2 * step), abs=1e-5)
        rows = (up.gradient[0] - down.gradient[0]) / (2 * step)
        assert state.curvature[0, i] == pytest.approx(rows, abs=1e-5)


def test_weights_count_studies_several_times():
    twice = data_of(Binomial(np.append(X, X[0]), np.append(N, N[0])), 5)
    weighted = data_of(Binomial(X, N), weights=np.array([[2.0, 1.0, 1.0, 1.0]]))
    psi, nodes = np.array([[-1.0, 0.5]]), hermite(15)
    one = evaluate(twice, psi, np.zeros((1, 5)), nodes=nodes)
    two = evaluate(weighted, psi, np.zeros((1, 4)), nodes=nodes)
    assert two.height == pytest.approx(one.height) and two.gradient == pytest.approx(one.gradient)
    assert two.curvature == pytest.approx(one.curvature)


@settings(max_examples=25)
@given(
    st.lists(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=3, max_size=8),
    st.integers(0, 50),
)
def test_any_proportions_can_be_pooled_in_any_order(rows, seed):
    x, n = (np.array(column) for column in zip(*rows, strict=True))
    if x.sum() in (0, n.sum()):
        assert code(pool_proportions, x, n) == "no-events"
        return
    try:
        found = pool_proportions(x, n)
    except CannotTell as error:  # every study all or nothing: the variance between them has no end
        assert error.code == "no-maximum" and ((x == 0) | (x == n)).sum() >= len(x) - 1
        return
    order = np.random.default_rng(seed).permutation(len(x))
    again = pool_proportions(x[order], n[order])
    assert again.estimate == pytest.approx(found.estimate, abs=2e-4)
    flipped = pool_proportions(n - x, n)
    assert flipped.estimate == pytest.approx(-found.estimate, abs=2e-4)
    assert found.bounds.lo < found.estimate < found.bounds.hi and found.lr_tau >= 0
    assert found.prediction.lo <= found.bounds.lo and 0 < found.natural(found.estimate) < 1


def test_alike_studies_have_no_variance_between_them():
    found = pool_proportions([4, 4, 4, 4], [20, 20, 20, 20])
    assert found.tau2 == 0 and found.natural(found.estimate) == pytest.approx(0.2)
    assert found.se == pytest.approx((80 * 0.2 * 0.8) ** -0.5) and found.lr_tau_p == 1.0
    common = pool_proportions([1, 9, 4], [20, 20, 20], common=True)
    assert common.natural(common.estimate) == pytest.approx(14 / 60) and common.prediction is None
    assert common.lr_tau is None and "common effect" in common.method
    beta = beta_binomial([4, 4, 4, 4], [20, 20, 20, 20])
    assert beta.rho == 0 and beta.proportion == pytest.approx(0.2)
    assert beta.log_likelihood == pytest.approx(4 * binom.logpmf(4, 20, 0.2))


def test_beta_binomial_is_at_its_summit():
    found = beta_binomial(X, N)

    def at(mean, rho):
        size = (1 - rho) / rho
        return betabinom.logpmf(X, N, mean * size, (1 - mean) * size).sum()

    best = at(found.proportion, found.rho)
    assert found.log_likelihood == pytest.approx(best)
    for mean, rho in ((1.02, 1), (0.98, 1), (1, 1.05), (1, 0.95)):
        assert at(found.proportion * mean, found.rho * rho) < best
    assert found.bounds.lo < found.proportion < found.bounds.hi


def test_rates_and_tables():
    rates = pool_rates([4, 0, 7], [100.0, 40.0, 90.0])
    assert rates.natural(rates.estimate) == pytest.approx(11 / 230, rel=0.2) and rates.measure == "IRLN"
    ratios = pool_rate_ratios([4, 0, 7, 0], [100, 40, 90, 5], [8, 3, 9, 0], [100, 40, 90, 5], labels=list("abcd"))
    assert ratios.k == 3 and ratios.left_out[0].label == "d" and ratios.estimate < 0
    tables = TwoByTwo.of([1, 0, 3, 0], [20, 30, 40, 9], [5, 4, 6, 0], [20, 30, 40, 9])
    exact, other = pool_tables(tables), pool_tables(tables, model="study-effects")
    assert exact.k == other.k == 3 and len(exact.left_out) == 1
    assert exact.estimate == pytest.approx(other.estimate, abs=0.15) and natural(exact.estimate, "OR") < 1


def test_separation_is_not_given_a_number():
    """All events in one kind of study: the slope has no summit short of infinity."""
    data = data_of(
        Binomial(np.array([0.0, 0.0, 9.0, 9.0]), np.full(4, 9.0)), design=np.array([[1, -1], [1, -1], [1, 1], [1, 1.0]])
    )
    assert code(fit_mixed, data, np.zeros(2)) == "no-maximum"


def test_refusals():
    assert code(pool_proportions, [1], [10]) == "too-few-studies"
    assert code(pool_proportions, [0, 0], [10, 9]) == "no-events"
    assert code(pool_proportions, [11, 0], [10, 9]) == "events-exceed-people"
    assert code(pool_rates, [0, 0], [10, 9]) == "no-events"
    assert code(pool_rates, [1, 1], [10, 0]) == "not-positive"
    assert code(pool_rates, [1], [10]) == "too-few-studies"
    assert code(pool_rate_ratios, [0, 0], [1, 1], [1, 2], [1, 1]) == "no-events"
    assert code(pool_rate_ratios, [0, 1], [1, 1], [0, 2], [1, 1]) == "too-few-studies"
    assert code(pool_tables, TwoByTwo.of([0, 0], [9, 9], [1, 2], [9, 9])) == "no-events"
    assert code(pool_tables, TwoByTwo.of([1], [9], [1], [9])) == "too-few-studies"
    assert code(pool_tables, TwoByTwo.of([1], [9], [1], [9]), model="probit") == "unknown-option"
    assert code(beta_binomial, [1], [10]) == "too-few-studies"
    assert code(beta_binomial, [10, 9], [10, 9]) == "no-events"
