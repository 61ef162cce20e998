"""Effect sizes: values by hand, zero rules, refusals, the way back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.errors import InputRefused, UsageError
from portico.synthesis import (
    MEASURES,
    Effects,
    TwoByTwo,
    double_arcsine_inverse,
    harmonic_mean,
    mean_difference_effects,
    mean_effects,
    natural,
    observed_minus_expected,
    proportion_effects,
    proportion_from_interval,
    rate_effects,
    rate_ratio_effects,
    ratio_from_interval,
    table_effects,
)


def code(call, *arguments, **more):
    with pytest.raises((InputRefused, UsageError)) as caught:
        call(*arguments, **more)
    return caught.value.code


@pytest.mark.parametrize(
    ("measure", "y", "v"),
    [
        ("PR", 0.25, 0.25 * 0.75 / 20),
        ("PLO", math.log(5 / 15), 1 / 5 + 1 / 15),
        ("PAS", math.asin(0.5), 1 / 80),
        ("PFT", 0.5 * (math.asin(math.sqrt(5 / 21)) + math.asin(math.sqrt(6 / 21))), 1 / 82),
    ],
)
def test_proportions_by_hand(measure, y, v):
    effects = proportion_effects([5], [20], measure=measure)
    assert (effects.yi[0], effects.vi[0]) == (pytest.approx(y), pytest.approx(v))
    assert effects.measure == measure and effects.scale == MEASURES[measure]


@pytest.mark.parametrize("measure", ["PR", "PLO"])
def test_rules_for_zeros_of_one_arm(measure):
    events, n = [0, 5, 20], [20, 20, 20]
    only = proportion_effects(events, n, measure=measure)
    assert only.done == ("0.5 added to each cell", "", "0.5 added to each cell")
    everyone = proportion_effects(events, n, measure=measure, zero_cells="all")
    assert all(everyone.done)
    assert proportion_effects([5], [20], measure=measure, zero_cells="if-any").done == ("",)
    assert all(proportion_effects(events, n, measure=measure, zero_cells="if-any").done)
    none = proportion_effects(events, n, measure=measure, zero_cells="none", labels=["a", "b", "c"])
    assert none.labels == ("b",) and [one.label for one in none.left_out] == ["a", "c"]
    assert code(proportion_effects, events, n, measure=measure, zero_cells="opposite-arm") == "no-second-arm"


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_double_arcsine_turns_back(pair):
    x, n = pair
    y = float(proportion_effects([x], [n], measure="PFT").yi[0])
    assert double_arcsine_inverse(y, n) == pytest.approx(x / n, abs=1e-7)


def test_double_arcsine_misleads_with_unequal_sizes():
    """Schwarzer 2019: the harmonic mean of unequal sizes can move the answer out of all the studies."""
    y = float(proportion_effects([2], [20_000], measure="PFT").yi[0])
    assert double_arcsine_inverse(y, harmonic_mean(np.array([20_000.0, 10.0]))) == 0.0
    assert double_arcsine_inverse(math.pi / 2, 10) == 1.0
    assert code(double_arcsine_inverse, 0.5, 0) == "not-positive"


def test_the_way_back():
    assert natural(math.log(0.8), "HR") == pytest.approx(0.8)
    assert natural(0.0, "PLO") == 0.5
    assert natural(math.asin(0.5), "PAS") == pytest.approx(0.25)
    assert natural(9.0, "PAS") == 1.0 and natural(-1.0, "PAS") == 0.0
    assert natural(0.3, "RD") == 0.3
    assert natural(1000.0, "OR") == math.inf
    assert code(natural, 0.5, "PFT") == "no-sample-size"


def test_tables_by_hand():
    tables = TwoByTwo.of([4], [123], [11], [139])
    a, b, c, d = 4, 119, 11, 128
    odds = table_effects(tables)
    assert odds.yi[0] == pytest.approx(math.log(a * d / (b * c))) and odds.vi[0] == pytest.approx(
        1 / a + 1 / b + 1 / c + 1 / d
    )
    risk = table_effects(tables, measure="RR")
    assert risk.yi[0] == pytest.approx(math.log((a / 123) / (c / 139)))
    assert risk.vi[0] == pytest.approx(1 / a - 1 / 123 + 1 / c - 1 / 139)
    gap = table_effects(tables, measure="RD")
    assert gap.yi[0] == pytest.approx(a / 123 - c / 139) and gap.n[0] == 262
    excess = 4 - 15 * 123 / 262
    spread = 15 * 247 * 123 * 139 / (262**2 * 261)
    peto = table_effects(tables, measure="PETO")
    assert (peto.yi[0], peto.vi[0]) == (pytest.approx(excess / spread), pytest.approx(1 / spread))


def test_rules_for_zeros_of_two_arms():
    tables = TwoByTwo.of([0, 3, 0], [20, 20, 15], [2, 4, 0], [40, 20, 15], ["a", "b", "none"])
    ratios = table_effects(tables)
    assert ratios.labels == ("a", "b") and ratios.left_out[0].label == "none"
    assert ratios.done == ("0.5 added to each cell", "")
    assert table_effects(tables, both_zero="correct").k == 3
    assert table_effects(tables, measure="RD").k == 3
    assert table_effects(tables, measure="PETO").labels == ("a", "b")
    assert table_effects(tables, zero_cells="none").labels == ("b",)
    unequal = table_effects(tables, zero_cells="opposite-arm")
    assert unequal.done[0] == "0.3333 and 0.6667 added to the arms"
    assert unequal.yi[0] == pytest.approx(math.log((1 / 3) * (38 + 2 / 3) / ((20 + 1 / 3) * (2 + 2 / 3))))
    empty = table_effects(TwoByTwo.of([0, 0], [10, 10], [0, 0], [10, 10]))
    assert empty.k == 0 and len(empty.left_out) == 2
    assert tables.take([1]).labels == ("b",)


def test_intervals_of_ratios():
    effects = ratio_from_interval([0.50], [0.30], [0.83])
    assert effects.vi[0] == pytest.approx((math.log(0.83 / 0.30) / 3.919928) ** 2, rel=1e-6)
    assert effects.done == ("variance from the published 95 % interval",)
    wider = ratio_from_interval([0.50], [0.30], [0.83], level=0.9)
    assert wider.vi[0] > effects.vi[0]
    assert code(ratio_from_interval, [1.20], [0.80], [1.60]) == "interval-not-symmetric"
    assert "not symmetric" in ratio_from_interval([1.20], [0.80], [1.60], asymmetric="note").done[0]
    assert ratio_from_interval([1.2], [0.8], [1.6], decimals=1).k == 1
    assert ratio_from_interval([1.2, 0.5], [0.8, 0.3], [1.6, 0.83], decimals=[1, 2]).k == 2
    assert ratio_from_interval([0.02], [0.00004], [9.0], decimals=2).k == 1
    assert code(ratio_from_interval, [2.0], [0.8], [1.6]) == "interval-without-estimate"
    assert code(ratio_from_interval, [1.0], [0.0], [1.6]) == "not-positive"
    assert code(ratio_from_interval, [1.0], [0.5], [2.0], measure="RD") == "unknown-option"


@given(st.floats(-1.5, 1.5), st.floats(0.05, 0.8), st.integers(2, 4))
def test_an_honest_interval_is_never_called_asymmetric(y, se, decimals):
    z = 1.959963984540054
    printed = [round(math.exp(value), decimals) for value in (y, y - z * se, y + z * se)]
    if printed[1] > 0 and printed[1] < printed[2]:
        effects = ratio_from_interval([printed[0]], [printed[1]], [printed[2]], decimals=decimals)
        assert effects.k == 1


def test_published_proportions_and_rates_and_means():
    effects = proportion_from_interval([0.102], [0.078], [0.128], n=[900])
    assert effects.measure == "PLO" and natural(float(effects.yi[0]), "PLO") == pytest.approx(0.102)
    assert code(proportion_from_interval, [0.1], [0.0], [0.2]) == "not-a-probability"
    assert code(proportion_from_interval, [0.1], [0.15], [0.2]) == "interval-without-estimate"
    log_rate = rate_effects([4, 0], [100.0, 50.0])
    assert log_rate.yi[0] == pytest.approx(math.log(0.04)) and log_rate.yi[1] == pytest.approx(math.log(0.01))
    assert rate_effects([4], [100.0], measure="IR").vi[0] == pytest.approx(4e-4)
    ratio = rate_ratio_effects([4, 0, 0], [100, 50, 10], [2, 3, 0], [100, 50, 10], labels=["a", "b", "c"])
    assert ratio.yi[0] == pytest.approx(math.log(2)) and ratio.labels == ("a", "b") and ratio.left_out[0].label == "c"
    assert mean_effects([4.0], [2.0], [16]).vi[0] == 0.25
    gap = mean_difference_effects(([5.0], [2.0], [16]), ([4.0], [3.0], [9]))
    assert (gap.yi[0], gap.vi[0]) == (1.0, pytest.approx(0.25 + 1.0))
    g = mean_difference_effects(([5.0], [2.0], [16]), ([4.0], [3.0], [9]), measure="SMD")
    assert 0 < g.yi[0] < 1 / math.sqrt((15 * 4 + 8 * 9) / 23)
    assert code(mean_effects, [4.0], [2.0], [1]) == "too-few-people"
    assert code(observed_minus_expected, [1.0], [0.0]) == "not-positive"


@pytest.mark.parametrize(
    ("events", "n", "expected"),
    [
        ([-1], [10], "bad-count"),
        ([1.5], [10], "bad-count"),
        ([11], [10], "events-exceed-people"),
        ([1], [0], "not-positive"),
        ([1, 2], [10], "lengths-differ"),
        ([None], [10], "not-a-number"),
        (["3"], [10], "not-a-number"),
        ([True], [10], "not-a-number"),
        ([math.nan], [10], "not-finite"),
        ([math.inf], [10], "not-finite"),
        ([[1, 2]], [10], "not-a-list"),
        ([2e9], [4e9], "bad-count"),
    ],
)
def test_bad_counts_have_codes(events, n, expected):
    assert code(proportion_effects, events, n) == expected
    assert code(TwoByTwo.of, events, n, [1] * len(n), [10] * len(n)) == expected


def test_bad_effects_have_codes():
    assert code(Effects.of, [0.1], [0.0]) == "bad-variance"
    assert code(Effects.of, [0.1], [-1.0]) == "bad-variance"
    assert code(Effects.of, [0.1], [0.1, 0.2]) == "lengths-differ"
    assert code(Effects.of, [0.1], [0.1], labels=["a", "b"]) == "lengths-differ"
    assert code(Effects.of, [0.1], [0.1], measure="XX") == "unknown-option"
    assert code(Effects.of, [0.1], [0.1], n=[0]) == "not-positive"
    assert code(proportion_effects, [1], [10], add=0.0) == "not-positive"
    assert code(proportion_effects, [1], [10], zero_cells="some") == "unknown-option"
    assert code(proportion_effects, [1], [10], measure="XX") == "unknown-option"
    assert code(table_effects, TwoByTwo.of([1], [10], [1], [10]), both_zero="perhaps") == "unknown-option"


def test_taking_studies_keeps_what_belongs_to_them():
    effects = proportion_effects([0, 5, 7], [20, 30, 40], labels=["a", "b", "c"]).take([2, 0])
    assert effects.labels == ("c", "a") and effects.n.tolist() == [40, 20]
    assert effects.done == ("", "0.5 added to each cell")
    assert Effects.of([1, 2], [1, 1]).take([True, False]).labels == ("1",)
