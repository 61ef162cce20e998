"""Landmarks, clones, weights, imputation, calibration, E-values: published figures, exact laws, and refusals."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import numpy as np
import pytest

import portico.cohort.outcomes as room
from portico.cohort.outcomes import (
    calibration,
    clone_censor_weight,
    cumulative_incidence,
    e_value,
    imputations,
    landmark,
    propensity,
    rubin,
    weighted_difference,
)
from portico.cohort.outcomes.logistic import logistic
from portico.errors import CannotTell, InputRefused, UsageError

MODULES = sorted(path.stem for path in Path(room.__file__).parent.glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name) -> None:
    assert doctest.testmod(importlib.import_module(f"portico.cohort.outcomes.{name}")).failed == 0


def people(seed: int, n: int = 600):
    draw = np.random.default_rng(seed)
    x = np.column_stack([draw.normal(65, 10, n), draw.integers(0, 2, n)])
    treated = draw.random(n) < 1 / (1 + np.exp(-(x[:, 0] - 65) / 12 - x[:, 1] + 0.5))
    event, end = draw.exponential(200 * np.exp(-0.5 * x[:, 1])), draw.uniform(50, 600, n)
    cause = np.where(event <= end, draw.integers(1, 3, n), 0)
    return np.ceil(np.minimum(event, end)), cause, treated, x


def test_logistic_of_a_two_by_two_table_is_its_log_odds_ratio() -> None:
    x = np.repeat([1.0, 1.0, 0.0, 0.0], [30, 10, 15, 45])
    y = np.repeat([1.0, 0.0, 1.0, 0.0], [30, 10, 15, 45])
    fit = logistic(x, y)
    assert fit.coefficients == pytest.approx([np.log(15 / 45), np.log(30 * 45 / (10 * 15))])
    assert fit.information_covariance[1, 1] == pytest.approx(1 / 30 + 1 / 10 + 1 / 15 + 1 / 45)


def test_overlap_weights_balance_means_exactly_and_inverse_nearly() -> None:
    _, _, treated, x = people(1)
    overlap = propensity(treated, x, names=["age", "visceral"])
    inverse = propensity(treated, x, names=["age", "visceral"], kind="inverse")
    assert max(abs(b.before) for b in overlap.balance) > 0.3
    assert [b.after for b in overlap.balance] == pytest.approx([0, 0], abs=1e-8)
    assert all(b.balanced for b in inverse.balance)
    assert all(0 < size < len(x) for size in overlap.effective)
    assert (inverse.weights >= 1).all() and (overlap.weights < 1).all()


def test_weighted_curves_with_an_uninformative_covariate_are_the_plain_ones() -> None:
    time, cause, treated, _ = people(2)
    x = np.zeros((len(time), 1))
    for one in (0, 1):  # half of each group has it, so that it says nothing of treatment
        rows = np.flatnonzero(treated == one)
        rows = rows[: len(rows) // 2 * 2]
        x[rows[::2]] = 1.0
    keep = np.ones(len(time), dtype=bool)
    for one in (0, 1):
        rows = np.flatnonzero(treated == one)
        if len(rows) % 2:
            keep[rows[-1]] = False
    time, cause, treated, x = time[keep], cause[keep], treated[keep], x[keep]
    found = weighted_difference(time, cause, treated, x, names=["x"], at=200)
    plain = [cumulative_incidence(time[g], cause[g]).at([200])[0] for g in (treated, ~treated)]
    assert [found.treated, found.others] == pytest.approx(plain, abs=1e-9)
    variance = sum(cumulative_incidence(time[g], cause[g]).variance_at([200])[0] for g in (treated, ~treated))
    assert found.se == pytest.approx(np.sqrt(variance), rel=0.02)


def test_a_patient_with_two_equal_lesions_counts_once() -> None:
    time, cause, treated, x = people(3)
    once = weighted_difference(time, cause, treated, x, names=["a", "b"], at=150)
    twice = weighted_difference(
        np.tile(time, 2), np.tile(cause, 2), np.tile(treated, 2), np.vstack([x, x]), names=["a", "b"], at=150,
        cluster=np.tile(np.arange(len(time)), 2),
    )  # fmt: skip
    assert (twice.difference, twice.se) == pytest.approx((once.difference, once.se), rel=1e-5)


def test_landmark_accounts_for_every_row() -> None:
    time, cause, _, _ = people(4)
    start = np.where(time > 30, 30.0, np.nan)
    found = landmark(start, time, cause, at=42)
    assert found.kept.sum() + sum(found.left_out.values()) == len(time)
    assert found.exposed.all() and (found.time > 0).all()


def test_clones_equal_plain_curves_when_starting_says_nothing_and_all_reach_the_grace_day() -> None:
    draw = np.random.default_rng(6)
    n = 400
    start = np.where(np.arange(n) % 2 == 0, 10.0, np.nan)
    time, x = 50 + draw.exponential(200, n), np.repeat([[0.0], [1.0]], 2, axis=0)[np.arange(n) % 4]
    x = (np.arange(n) // 2 % 2).astype(float)[:, None]
    found = clone_censor_weight(start, time, np.ones(n), x, grace=40, at=200, repeats=50, seed=1)
    plain = [cumulative_incidence(time[g], np.ones(int(g.sum()))).at([200])[0] for g in (start == 10, ~(start == 10))]
    assert [found.early, found.late] == pytest.approx(plain, abs=1e-9)
    assert found.started_by_grace == n // 2
    assert found == clone_censor_weight(start, time, np.ones(n), x, grace=40, at=200, repeats=50, seed=1)


def test_e_values_by_their_formula() -> None:
    found = e_value(3.9, 1.8, 8.7)
    assert (found.estimate, found.bound) == pytest.approx((3.9 + (3.9 * 2.9) ** 0.5, 1.8 + (1.8 * 0.8) ** 0.5))
    assert e_value(1 / 3.9, 1 / 8.7, 1 / 1.8).estimate == pytest.approx(found.estimate)
    assert e_value(1.2, 0.9, 1.6).bound == 1.0
    assert e_value(2.0, 1.5, 2.5, hazard_of_common_event=True).estimate < e_value(2.0, 1.5, 2.5).estimate


def test_rubin_by_hand() -> None:
    found = rubin([1.0, 1.2, 0.8], [0.04, 0.05, 0.03], complete_df=100)
    total = 0.04 + (1 + 1 / 3) * 0.04
    share = (4 / 3) * 0.04 / total
    old, observed = 2 / share**2, 101 / 103 * 100 * (1 - share)
    assert (found.estimate, found.se**2) == pytest.approx((1.0, total))
    assert found.df == pytest.approx(old * observed / (old + observed))
    assert found.lo < 1.0 < found.hi
    assert rubin([1.0, 1.0], [0.04, 0.04]).se == pytest.approx(0.2)


def test_imputation_keeps_what_is_known_and_restores_a_biased_mean() -> None:
    draw = np.random.default_rng(8)
    n = 2000
    x = draw.normal(size=n)
    y, z = 2 + x + draw.normal(size=n), (draw.random(n) < 1 / (1 + np.exp(-x))).astype(float)
    table = np.column_stack([x, y, z])
    table[(draw.random(n) < 1 / (1 + np.exp(-2 * x))), 1] = np.nan
    table[draw.random(n) < 0.2, 2] = np.nan
    copies = list(imputations(table, ["number", "number", "yes_no"], copies=5, rounds=5, seed=1))
    known = ~np.isnan(table)
    assert all((copy[known] == table[known]).all() and not np.isnan(copy).any() for copy in copies)
    assert set(np.unique([copy[:, 2] for copy in copies])) == {0.0, 1.0}
    pooled = rubin([c[:, 1].mean() for c in copies], [c[:, 1].var() / n for c in copies])
    assert abs(np.nanmean(table[:, 1]) - y.mean()) > 0.25
    assert abs(pooled.estimate - y.mean()) < 0.08
    again = list(imputations(table, ["number", "number", "yes_no"], copies=5, rounds=5, seed=1))
    assert all((a == b).all() for a, b in zip(copies, again, strict=True))


def test_calibration_finds_a_score_that_is_too_extreme_and_mends_it() -> None:
    draw = np.random.default_rng(9)
    n = 6000
    line = draw.normal(0, 1, n)
    truth = 1 / (1 + np.exp(-line))
    event = -np.log(draw.random(n)) / (-np.log(1 - truth) / 100)
    end = draw.uniform(20, 300, n)
    time, cause = np.minimum(event, end), (event <= end).astype(int)
    bad = 1 / (1 + np.exp(-(2 * line + 0.5)))
    found = calibration(bad, time, cause, at=100)
    assert found.slope == pytest.approx(0.5, abs=4 * found.slope_se) and found.slope_se < 0.05
    assert found.oe_lo < found.observed_expected < found.oe_hi
    again = calibration(found.recalibrate(bad), time, cause, at=100)
    assert (again.slope, again.observed_expected) == pytest.approx((1.0, 1.0), abs=0.02)
    good = calibration(truth, time, cause, at=100)
    assert good.slope == pytest.approx(1.0, abs=4 * good.slope_se)
    assert good.intercept == pytest.approx(0.0, abs=4 * good.intercept_se)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: logistic([0.0, 0.0, 1.0, 1.0], [0, 0, 1, 1]), "separated"),
        (lambda: logistic([0.0, 1.0], [0, 2]), "not-zero-or-one"),
        (lambda: logistic([0.0, 1.0, 2.0], [0, 1]), "lengths-differ"),
        (lambda: propensity([1, 1], [[0.0], [1.0]], names=["x"]), "one-group"),
        (lambda: propensity([1, 0], [[0.0], [1.0]], names=["x"], kind="best"), "unknown-option"),
        (lambda: landmark([None], [3.0], [1], at=42), "nobody-left"),
        (lambda: landmark([-3.0], [300.0], [1], at=42), "negative-time"),
        (lambda: landmark([1.0, 2.0], [300.0], [1], at=42), "lengths-differ"),
        (lambda: e_value(-1.0, 0.5, 2.0), "not-positive"),
        (lambda: e_value(3.0, 0.5, 2.0), "interval-disordered"),
        (lambda: rubin([1.0], [1.0]), "too-few-copies"),
        (lambda: rubin([1.0, 2.0], [1.0, 0.0]), "not-positive"),
        (lambda: rubin([1.0, 2.0], [1.0]), "lengths-differ"),
        (lambda: imputations([[np.nan], [np.nan]], ["number"], seed=1), "nothing-known"),
        (lambda: imputations([[2.0], [1.0]], ["yes_no"], seed=1), "not-zero-or-one"),
        (lambda: imputations([[2.0], [1.0]], [], seed=1), "lengths-differ"),
        (lambda: calibration([0.0, 0.5], [1.0, 2.0], [1, 0], at=1), "not-a-probability"),
        (lambda: calibration([0.5], [1.0, 2.0], [1, 0], at=1), "lengths-differ"),
        (lambda: calibration([0.5, 0.4], [3.0, 4.0], [1, 1], at=1), "no-events"),
        (lambda: clone_censor_weight([1.0, None], [9.0, 9.0], [1, 1], [[0.0], [1.0]], grace=5, at=4, seed=1), "bad-horizon"),
        (lambda: clone_censor_weight([None, None], [9.0, 9.0], [1, 1], [[0.0], [1.0]], grace=5, at=8, seed=1), "one-group"),
        (lambda: clone_censor_weight([None, None], [9.0, 9.0], [1, 1], [[0.0], [1.0]], grace=5, at=18, seed=1), "beyond-follow-up"),
        (lambda: weighted_difference([1.0, 2.0], [1, 1], [1, 0, 1], [[1.0], [2.0]], names=["x"], at=1), "lengths-differ"),
    ],
)  # fmt: skip
def test_refusals(call, code) -> None:
    with pytest.raises((InputRefused, CannotTell, UsageError)) as caught:
        call()
    assert caught.value.code == code
