"""Competing risks: the frozen answers of R, laws that hold for all data, and refusals."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from portico.claims import run
from portico.cohort import claims
from portico.cohort.outcomes import (
    EventTimes,
    cause_specific,
    cumulative_hazard,
    cumulative_incidence,
    fine_gray,
    gray_test,
)
from portico.cohort.outcomes.reference import R_ANSWERS, mgus2
from portico.errors import CannotTell, InputRefused

BARS = {
    "incidence 60": 0.034104, "incidence 120": 0.063722, "incidence 240": 0.099814,
    "gray statistic": 1.194508, "gray p": 0.274422,
    "fine-gray age": -0.017338, "fine-gray male": -0.260038, "fine-gray se age": 0.005737, "fine-gray se male": 0.185681,
}  # fmt: skip
VARIANCES = {"variance 60": 2.392e-5, "variance 120": 4.623e-5, "variance 240": 9.616e-5}


def sample(seed: int, n: int = 300, ties: bool = True):
    draw = np.random.default_rng(seed)
    time = draw.exponential(20.0, n)
    return (np.ceil(time) if ties else time), draw.integers(0, 3, n), draw.normal(size=(n, 2)), draw.integers(0, 3, n)


def test_every_claim_of_competing_risks_holds() -> None:
    found = [claim for claim in run(["cohort"]) if claim.claim.startswith("mgus2")]
    assert len(found) == len(R_ANSWERS)
    assert [claim.claim for claim in found if not claim.ok] == []


def test_the_whole_chapter_holds() -> None:
    found = list(run(["cohort"]))
    assert len(found) >= len(R_ANSWERS) + 6
    assert [claim.claim for claim in found if not claim.ok] == []


def test_a_wrong_digit_is_noticed(monkeypatch) -> None:
    monkeypatch.setitem(claims.R_ANSWERS, "variance 60", R_ANSWERS["variance 60"] * 1.000002)
    assert [c.claim for c in claims.competing_risks() if not c.ok] == ["mgus2: variance 60"]


def test_the_bars_of_the_issue() -> None:
    got = claims.answers(mgus2())
    assert {name: round(got[name], 6) for name in BARS} == BARS
    assert {name: float(f"{got[name]:.4g}") for name in VARIANCES} == VARIANCES


@pytest.mark.parametrize("ties", [True, False])
def test_causes_and_survival_add_up_to_one(ties) -> None:
    time, cause, _, _ = sample(1, ties=ties)
    last = [float(np.max(time[cause > 0]))]
    total = sum(cumulative_incidence(time, cause, of=c).at(last)[0] for c in (1, 2))
    table = EventTimes.of(time, cause).table()
    free = np.prod((1 - table.events.sum(axis=1) / table.at_risk)[table.time <= last[0]])
    assert total + free == pytest.approx(1.0, abs=1e-12)


def test_without_competition_it_is_one_minus_kaplan_meier_and_below_it_with() -> None:
    time, cause, _, _ = sample(2)
    alone, both = np.where(cause == 1, 1, 0), cumulative_incidence(time, cause)
    naive = cumulative_incidence(time, alone)
    grid = [5.0, 10.0, 20.0]
    table = EventTimes.of(time, alone).table()
    km = [1 - np.prod((1 - table.events[:, 0] / table.at_risk)[table.time <= at]) for at in grid]
    assert naive.at(grid) == pytest.approx(km, abs=1e-12)
    assert (both.at(grid) < naive.at(grid)).all()


def test_order_of_rows_and_of_labels_do_not_matter() -> None:
    time, cause, x, group = sample(3)
    turn = np.random.default_rng(0).permutation(len(time))
    assert cumulative_incidence(time[turn], cause[turn]).share == pytest.approx(cumulative_incidence(time, cause).share)
    first, other = gray_test(time, cause, group), gray_test(time[turn], cause[turn], 2 - group[turn])
    assert other.statistic == pytest.approx(first.statistic, rel=1e-9)
    one = fine_gray(time, cause, x, names=["a", "b"])
    two = fine_gray(time[turn], cause[turn], x[turn], names=["a", "b"])
    assert two.coefficients == pytest.approx(one.coefficients, abs=1e-9)
    assert two.se == pytest.approx(one.se, rel=1e-7)


def test_cause_specific_equals_statsmodels() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels brings in pandas and patsy
        from statsmodels.duration.hazard_regression import PHReg

        time, cause, x, group = sample(4)
        theirs = PHReg(time, x, status=(cause == 1).astype(float), ties="breslow")
        plain, by_group = theirs.fit(), theirs.fit(groups=group)
    ours = cause_specific(time, cause, x, names=["a", "b"], cluster=group)
    assert ours.coefficients == pytest.approx(plain.params, abs=1e-7)
    assert ours.standard_se == pytest.approx(plain.bse, rel=1e-6)
    assert ours.se == pytest.approx(by_group.bse, rel=1e-5)
    assert ours.clusters == 3


def test_without_clusters_the_information_is_used_unless_asked() -> None:
    time, cause, x, _ = sample(5)
    plain = cause_specific(time, cause, x, names=["a", "b"])
    robust = cause_specific(time, cause, x, names=["a", "b"], robust=True)
    each = cause_specific(time, cause, x, names=["a", "b"], cluster=np.arange(len(time)))
    assert plain.se == pytest.approx(plain.standard_se)
    assert robust.se == pytest.approx(each.se)
    assert not np.allclose(robust.se, plain.se)
    assert plain.ratios().shape == (2, 3) and ((plain.p > 0) & (plain.p < 1)).all()


def test_each_lesion_twice_counts_as_one_patient() -> None:
    time, cause, x, _ = sample(6)
    once = fine_gray(time, cause, x, names=["a", "b"])
    patient = np.arange(len(time))
    twice = fine_gray(
        np.tile(time, 2), np.tile(cause, 2), np.vstack([x, x]), names=["a", "b"], cluster=np.tile(patient, 2)
    )
    assert twice.coefficients == pytest.approx(once.coefficients, abs=1e-8)
    assert twice.se == pytest.approx(once.se, rel=1e-6)


def test_a_shift_of_the_origin_changes_nothing_that_compares() -> None:
    time, cause, x, group = sample(7)
    assert gray_test(time + 5, cause, group).statistic == pytest.approx(gray_test(time, cause, group).statistic)
    moved = fine_gray(time + 5, cause, x + 100, names=["a", "b"])
    assert moved.coefficients == pytest.approx(fine_gray(time, cause, x, names=["a", "b"]).coefficients, abs=1e-8)


def test_intervals_stay_between_zero_and_one() -> None:
    time, cause, _, _ = sample(8, n=12)
    curve = cumulative_incidence(time, cause)
    low, high = curve.interval_at(curve.time)
    assert ((low >= 0) & (low <= curve.share) & (curve.share <= high) & (high <= 1)).all()


def test_hazards_of_a_cause_that_is_asked_for() -> None:
    time, cause, _, _ = sample(9)
    (only,) = cumulative_hazard(time, cause, of=[2])
    assert only.cause == 2 and (np.diff(only.hazard) > 0).all()


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: cumulative_incidence([1.0], [0]), "no-events"),
        (lambda: cumulative_incidence([], []), "no-rows"),
        (lambda: cumulative_incidence([1.0, -2.0], [1, 1]), "negative-time"),
        (lambda: cumulative_incidence([1.0, np.nan], [1, 1]), "not-finite"),
        (lambda: cumulative_incidence([1.0, 2.0], [1, 1.5]), "bad-cause"),
        (lambda: cumulative_incidence([1.0, 2.0], [1]), "lengths-differ"),
        (lambda: cumulative_incidence(["a"], [1]), "not-a-number"),
        (lambda: cumulative_incidence([[1.0]], [1]), "not-a-list"),
        (lambda: cumulative_incidence([1.0, 2.0], [1, 0]).at([3.0]), "beyond-follow-up"),
        (lambda: gray_test([1.0, 2.0], [1, 1], ["a", "a"]), "one-group"),
        (lambda: gray_test([1.0, 2.0], [1, 1], ["a"]), "lengths-differ"),
        (lambda: fine_gray([1.0, 2.0, 3.0], [1, 0, 1], [1, 1, 1], names=["a"]), "collinear"),
        (lambda: fine_gray([1.0, 2.0, 3.0], [1, 0, 1], [1, 1], names=["a"]), "lengths-differ"),
        (lambda: fine_gray([1.0, 2.0, 3.0], [1, 0, 1], [1, 0, 1], names=["a"], cluster=[1]), "lengths-differ"),
    ],
)  # fmt: skip
def test_refusals(call, code) -> None:
    with pytest.raises((InputRefused, CannotTell)) as caught:
        call()
    assert caught.value.code == code


def test_a_group_that_always_fails_does_not_get_an_infinite_ratio() -> None:
    time = np.arange(1.0, 41.0)
    x = np.repeat([1.0, 0.0], 20)
    with pytest.raises(CannotTell) as caught:
        cause_specific(time, x.astype(int), x, names=["a"])
    assert caught.value.code in ("no-convergence", "collinear")
