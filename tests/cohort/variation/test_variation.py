"""Variation: published intervals, sums that must agree, and centres known to be ordinary or not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, poisson

from portico.cohort.variation import (
    entropy_bits,
    exact_ratio,
    funnel,
    p_chart,
    schedules_in_use,
)
from portico.errors import UsageError


def test_entropy():
    assert entropy_bits([7]) == 0.0 and entropy_bits([5, 0]) == 0.0
    assert entropy_bits([1, 1, 2]) == pytest.approx(1.5)
    for bad in ([], [0, 0], [3, -1]):
        with pytest.raises(UsageError):
            entropy_bits(bad)


def test_schedules_are_counted_and_the_unknown_said():
    found, unknown = schedules_in_use([(20.0, 5), (8.0, 1), (20.0, 5), None, (30.0, 10)])
    assert list(found.items()) == [((20.0, 5), 2), ((8.0, 1), 1), ((30.0, 10), 1)] and unknown == 1


@pytest.mark.parametrize("observed", [0, 1, 10, 250])
def test_a_ratio_s_limits_leave_half_the_rest_on_each_side(observed):
    low, high = exact_ratio(observed, 4.0)
    assert poisson.cdf(observed, 4.0 * high) == pytest.approx(0.025)
    assert low == 0.0 if observed == 0 else poisson.sf(observed - 1, 4.0 * low) == pytest.approx(0.025)


def made_up(seed=3, centres=40, odd=False):
    rng = np.random.default_rng(seed)
    centre, stratum, has = [], [], []
    for number in range(centres):
        for _ in range(int(rng.integers(15, 150))):
            kind = int(rng.random() < number / centres)  # centres differ in their case mix
            chance = (0.2, 0.7)[kind] + (0.28 if odd and number == 5 else 0.0)
            centre.append(number)
            stratum.append(kind)
            has.append(bool(rng.random() < chance))
    return centre, stratum, has


def test_case_mix_explains_what_differs_only_by_case_mix():
    centre, stratum, has = made_up()
    by_mix, crude = funnel(centre, stratum, has), funnel(centre, [0] * len(centre), has)
    assert sum(one.expected for one in by_mix.centres) == pytest.approx(sum(one.observed for one in by_mix.centres))
    assert sum(one.courses for one in by_mix.centres) == len(has) and by_mix.rate == pytest.approx(np.mean(has))
    assert 0.5 < by_mix.dispersion < 1.5 < crude.dispersion
    assert sum(not one.within_998 for one in by_mix.centres) <= 1 < sum(not one.within_998 for one in crude.centres)


def test_a_centre_that_does_otherwise_stands_out():
    found = funnel(*made_up(odd=True))
    worst = max(found.centres, key=lambda one: abs(one.z))
    assert worst.centre == 5 and worst.low > 1.0 and not worst.within_998


def test_limits_hold_at_least_what_they_promise():
    found = funnel(*made_up())
    for size, (a, b, c, d) in found.limits.items():
        inside = binom.cdf(round(c * size), size, found.rate) - binom.cdf(round(b * size) - 1, size, found.rate)
        wide = binom.cdf(round(d * size), size, found.rate) - binom.cdf(round(a * size) - 1, size, found.rate)
        assert inside >= 0.95 - 1e-9 and wide >= 0.998 - 1e-9 and a <= b <= c <= d


def test_the_unknown_is_left_out_and_a_small_centre_is_no_fault():
    found = funnel(["a", "a", "b", "c"], [1, 1, 1, 1], [True, False, True, None])
    assert [(one.centre, one.courses) for one in found.centres] == [("a", 2), ("b", 1)]
    assert found.dispersion is None and all(one.within_95 for one in found.centres)
    nobody = funnel(["a", "b"], [1, 1], [False, False])
    assert all(one.ratio is None and one.z is None and one.within_95 is None for one in nobody.centres)
    for bad in ((["a"], [1], [None]), (["a"], [1, 2], [True])):
        with pytest.raises(UsageError):
            funnel(*bad)


def test_a_control_chart_finds_the_month_that_leaves_it():
    totals = [50] * 12 + [0]
    events = [20] * 11 + [45] + [0]
    mean, points = p_chart(list(range(13)), events, totals)
    assert mean == pytest.approx(265 / 600)
    assert [one.period for one in points if one.outside] == [11]
    assert points[10].run == 11 and points[11].run == 1 and points[12].outside is None and points[12].run == 1
    wide = 3 * math.sqrt(mean * (1 - mean) / 50)
    assert points[0].low == pytest.approx(mean - wide) and points[0].high == pytest.approx(mean + wide)
    for bad in (([1], [2], [1]), ([1], [0], [0]), ([1, 2], [0], [3])):
        with pytest.raises(UsageError):
            p_chart(*bad)
