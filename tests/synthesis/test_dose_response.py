"""Dose response: the curve, its bands, its range, and the bootstrap."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from scipy.special import expit

from pace import pace
from portico.errors import CannotTell, InputRefused, UsageError
from portico.synthesis import NOT_RANDOMISED, DoseArms, bootstrap_band, dose_response
from portico.synthesis import dose_bootstrap as module

DOSE = [28, 39, 48, 51.3, 52.8, 60, 72, 81.6]
EVENTS = [14, 21, 3, 20, 6, 10, 6, 1]
N = [31, 88, 40, 75, 52, 44, 37, 24]
STUDY = ["a", "b", "b", "c", "d", "e", "e", "f"]
ARMS = DoseArms.of(DOSE, EVENTS, N, study=STUDY)
GRID = np.linspace(28, 81.6, 12)


def code(call, *arguments, **more):
    with pytest.raises((CannotTell, InputRefused, UsageError)) as caught:
        call(*arguments, **more)
    return caught.value.code


def many(k=20, seed=3):
    rng = np.random.default_rng(seed)
    dose, n = rng.uniform(28, 82, k), rng.integers(20, 120, k)
    events = rng.binomial(n, expit(0.6 - 0.045 * dose + 0.4 * rng.standard_normal(k)))
    return dose_response(DoseArms.of(dose, events, n, study=[str(i) for i in range(k)]))


def test_more_dose_fewer_failures():
    curve = dose_response(ARMS)
    band = curve.band(GRID)
    assert (np.diff(band.probability) < 0).all()
    assert ((band.lo < band.probability) & (band.probability < band.hi)).all()
    assert curve.studies == 6 and (curve.low_gy, curve.high_gy) == (28, 81.6)
    assert curve.aic == pytest.approx(6 - 2 * curve.log_likelihood)
    assert NOT_RANDOMISED in curve.said


def test_order_of_arms_and_unit_of_dose_do_not_matter():
    order = np.random.default_rng(1).permutation(8)
    mixed = DoseArms.of(*(np.array(c)[order] for c in (DOSE, EVENTS, N)), study=[STUDY[i] for i in order])
    one, two = dose_response(ARMS), dose_response(mixed)
    assert two.slope.estimate == pytest.approx(one.slope.estimate, abs=1e-7)
    other = dose_response(DoseArms.of(100 * np.array(DOSE), EVENTS, N, study=STUDY))
    assert 100 * other.slope.estimate == pytest.approx(one.slope.estimate, abs=1e-7)
    assert other.log_likelihood == pytest.approx(one.log_likelihood)
    logarithm = dose_response(ARMS, scale="log-logistic")
    scaled = dose_response(DoseArms.of(100 * np.array(DOSE), EVENTS, N, study=STUDY), scale="log-logistic")
    assert scaled.slope.estimate == pytest.approx(logarithm.slope.estimate, abs=1e-6)
    assert logarithm.aic != one.aic


def test_bands_of_a_new_study_and_of_the_mean():
    curve = many()
    near, far = curve.band([40.0]), curve.band([40.0], new_study=True)
    assert far.lo[0] < near.lo[0] and far.hi[0] > near.hi[0]
    ends = curve.mean_over_studies([33.0, 79.0]) - curve.band([33.0, 79.0]).probability
    assert ends[1] > 0  # nearer to one half
    assert curve.band([40.0], level=0.9).lo[0] > near.lo[0]


@pytest.mark.parametrize("scale", ["logistic", "log-logistic"])
def test_dose_for_a_share_turns_the_curve_round(scale):
    curve = dose_response(ARMS, scale=scale)
    dose, bounds = curve.dose_for(0.2)
    assert curve.band([dose]).probability[0] == pytest.approx(0.2)
    assert bounds.lo < dose < bounds.hi
    assert code(curve.dose_for, 0.001) == "model-out-of-range"
    assert code(curve.dose_for, 1.0) == "not-a-probability"


def test_nothing_is_said_beyond_the_doses_given():
    curve = dose_response(ARMS)
    for dose in (27.0, 82.0):
        assert code(curve.band, [dose]) == "model-out-of-range"
        assert code(curve.mean_over_studies, [dose]) == "model-out-of-range"
        assert code(bootstrap_band, curve, [dose]) == "model-out-of-range"
    assert code(curve.band, [0.0]) == "not-positive"


def test_alike_studies_show_no_residual_heterogeneity():
    dose = [30, 40, 50, 60]
    events = [round(1000 * expit(0.5 - 0.04 * d)) for d in dose]
    curve = dose_response(DoseArms.of(dose, events, [1000] * 4, study=list("abcd")))
    assert curve.tau == 0 and curve.tau_se is None and curve.lr_tau_p == 1.0
    assert curve.slope.estimate == pytest.approx(-0.04, abs=1e-3)


def test_refusals():
    assert code(DoseArms.of, [0], [1], [2], study=["a"]) == "not-positive"
    assert code(DoseArms.of, [30, 40], [1, 1], [2, 2], study=["a"]) == "lengths-differ"
    assert code(dose_response, DoseArms.of([30, 40], [1, 1], [9, 9], study=["a", "b"])) == "too-few-studies"
    assert code(dose_response, DoseArms.of([30, 30, 30], [1, 1, 1], [9, 9, 9], study=list("abc"))) == "too-few-studies"
    assert code(dose_response, DoseArms.of([30, 40, 50], [0, 0, 0], [9, 9, 9], study=list("abc"))) == "no-events"
    assert code(dose_response, ARMS, scale="probit") == "unknown-option"
    apart = DoseArms.of([30, 31, 50, 51], [9, 9, 0, 0], [9, 9, 9, 9], study=list("abcd"))
    assert code(dose_response, apart) == "no-maximum"
    curve = dose_response(ARMS)
    assert code(bootstrap_band, curve, [40], replicates=10) == "too-few-replicates"
    assert code(bootstrap_band, curve, [40], seed=-1) == "bad-count"
    assert code(bootstrap_band, curve, [40], threads=0) == "bad-count"
    assert code(bootstrap_band, curve, [40], kind="jackknife") == "unknown-option"


@pytest.mark.parametrize("kind", ["parametric", "studies"])
def test_the_bootstrap_agrees_with_the_delta_method(kind):
    curve = many(40)
    grid = np.linspace(32, 78, 5)
    found, near = bootstrap_band(curve, grid, kind=kind, replicates=1500), curve.band(grid)
    assert found.unfitted == 0 and kind == found.kind
    assert np.log(found.band.lo / near.lo) == pytest.approx(0, abs=0.15)
    assert np.log(found.band.hi / near.hi) == pytest.approx(0, abs=0.15)
    assert found.slope.lo == pytest.approx(curve.slope.bounds.lo, abs=0.006)
    assert found.slope.hi == pytest.approx(curve.slope.bounds.hi, abs=0.006)
    assert found.tau.lo < curve.tau < found.tau.hi
    assert "1500 replicates" in found.band.method


@pytest.mark.parametrize("kind", ["parametric", "studies"])
def test_one_seed_one_band_whatever_the_threads(kind):
    curve = many()
    one, two = (bootstrap_band(curve, [40.0], kind=kind, replicates=600, threads=t) for t in (1, 2))
    assert one.band.lo.tolist() == two.band.lo.tolist() and one.tau == two.tau
    other = bootstrap_band(curve, [40.0], kind=kind, replicates=600, seed=2)
    assert other.band.lo.tolist() != one.band.lo.tolist()


def test_rough_refits_are_as_good_as_fine_ones(monkeypatch):
    """Few nodes, loose modes and an early stop move no end of the band by more than a thousandth."""
    curve = many()
    rough = bootstrap_band(curve, [33.0, 50.0, 70.0], replicates=400)
    monkeypatch.setattr(module, "QUADRATURE", 25)
    monkeypatch.setattr(module, "GAIN", 1e-10)
    fine = bootstrap_band(curve, [33.0, 50.0, 70.0], replicates=400)
    assert rough.band.lo == pytest.approx(fine.band.lo, abs=1e-3)
    assert rough.band.hi == pytest.approx(fine.band.hi, abs=1e-3)


def test_too_few_studies_make_no_band():
    arms = DoseArms.of([30, 40, 40], [9, 6, 5], [20, 20, 20], study=["a", "b", "c"])
    assert code(dose_response, arms) == "too-few-studies"
    curve = dose_response(DoseArms.of([30, 40, 50], [9, 6, 5], [40, 40, 40], study=list("abc")))
    assert code(bootstrap_band, curve, [40.0], kind="studies", replicates=300) == "bootstrap-unstable"
    assert bootstrap_band(curve, [40.0], replicates=300).unfitted < 15


def test_ten_thousand_replicates_are_quick():
    """The bar is 2 s on two free cores; a busy machine gets more."""
    curve = many()
    start = time.process_time()
    found = bootstrap_band(curve, GRID[1:-1], replicates=10_000)
    assert math.isfinite(found.slope.lo) and found.replicates == 10_000
    assert time.process_time() - start < 8.0 * pace()
