"""How much practice varies: schedules in use, rates of centres beside what their case mix leads one to expect, and change over time.

>>> round(entropy_bits([25, 25, 25, 25]), 3)
2.0
>>> low, high = exact_ratio(10, 10.0)
>>> round(low, 3), round(high, 3)
(0.48, 1.839)
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, chi2

from portico.errors import UsageError

__all__ = [
    "CentreRate",
    "ChartPoint",
    "Funnel",
    "entropy_bits",
    "exact_limits",
    "exact_ratio",
    "funnel",
    "funnel_of",
    "p_chart",
    "schedules_in_use",
]

Floats = NDArray[np.float64]
#: Share of centres at each end whose z-scores are drawn in before over-dispersion is estimated.
_WINSORISED: Final = 0.1
#: Limits of a control chart in standard deviations.
_SIGMAS: Final = 3.0


def entropy_bits(counts: Sequence[int]) -> float:
    """Shannon entropy of a distribution in bits: 0 when all do the same, log2(k) when k ways are equally frequent.

    Raises
    ------
    UsageError : ``counts`` for a negative count or none at all
    """
    found = np.asarray(counts, dtype=float)
    if not len(found) or (found < 0).any() or not found.sum() > 0:
        raise UsageError("Counts are 0 or more, and not all 0.", code="counts")
    shares = found[found > 0] / found.sum()
    return float(-(shares * np.log2(shares)).sum()) + 0.0


def schedules_in_use(courses: Sequence[tuple[float, int] | None]) -> tuple[dict[tuple[float, int], int], int]:
    """Courses by dose in Gy and fractions, the most frequent first, and how many state no schedule.

    >>> schedules_in_use([(8.0, 1), (30.0, 10), (8.0, 1), None])
    ({(8.0, 1): 2, (30.0, 10): 1}, 1)
    """
    counts: dict[tuple[float, int], int] = {}
    for one in courses:
        if one is not None:
            counts[one] = counts.get(one, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))), sum(one is None for one in courses)


def exact_ratio(observed: int, expected: float, level: float = 0.95) -> tuple[float, float]:
    """Exact Poisson interval of observed : expected.

    Source: Garwood, Biometrika 1936.

    Raises
    ------
    UsageError : ``counts`` for a negative count, or nothing expected
    """
    if observed < 0 or not expected > 0:
        raise UsageError("Observed is 0 or more and expected above 0.", code="counts")
    tail = 0.5 * (1.0 - level)
    low = 0.0 if observed == 0 else 0.5 * float(chi2.ppf(tail, 2 * observed))
    return low / expected, 0.5 * float(chi2.ppf(1.0 - tail, 2 * observed + 2)) / expected


@dataclass(frozen=True, slots=True)
class CentreRate:
    """One centre.

    Parameters
    ----------
    centre : its key
    courses, observed : courses that could be judged, and those with the property
    expected : by the case mix: the sum over its strata of courses times the rate of all centres there
    ratio, low, high : observed : expected with its exact 95 % interval; None where nothing is expected
    standardised : ratio times the rate of all centres; None where nothing is expected
    within_95, within_998 : whether the centre lies inside the exact limits of the funnel round the rate of all centres
    z : of the centre against the rate of its case mix, before over-dispersion; None where it cannot be formed
    """

    centre: Hashable
    courses: int
    observed: int
    expected: float
    ratio: float | None
    low: float | None
    high: float | None
    standardised: float | None
    within_95: bool | None
    within_998: bool | None
    z: float | None


@dataclass(frozen=True, slots=True)
class Funnel:
    """All centres.

    Parameters
    ----------
    rate : of all courses
    centres : in the order of their courses, the largest first
    dispersion : mean square of the winsorised z-scores; None with fewer than ten centres
    limits : by number of courses: exact 95 % and 99.8 % limits of a proportion round ``rate``
    """

    rate: float
    centres: tuple[CentreRate, ...]
    dispersion: float | None
    limits: Mapping[int, tuple[float, float, float, float]]


def funnel(centre: Sequence[Hashable], stratum: Sequence[Hashable], has: Sequence[bool | None]) -> Funnel:
    """Indirectly standardised rates of centres, and a funnel with exact limits.

    Parameters
    ----------
    centre, stratum : of each course; a stratum is its case mix, such as site, histology group and performance status
    has : whether the course has the property; None when unknown: it is left out

    Raises
    ------
    UsageError : ``counts`` without a judged course, ``lengths``

    Source: Spiegelhalter, Statistics in Medicine 2005 (funnel plots, over-dispersion).
    """
    if not len(centre) == len(stratum) == len(has):
        raise UsageError("Centre, stratum and property are lists of one length.", code="lengths")
    counts: dict[tuple[Hashable, Hashable], tuple[int, int]] = {}
    for one, kind, yes in zip(centre, stratum, has, strict=True):
        if yes is not None:
            total, events = counts.get((one, kind), (0, 0))
            counts[one, kind] = (total + 1, events + bool(yes))
    return funnel_of(counts)


def funnel_of(counts: Mapping[tuple[Hashable, Hashable], tuple[int, int]]) -> Funnel:
    """As :func:`funnel`, from what it counts.

    >>> funnel_of({("A", "spine"): (20, 5), ("B", "spine"): (20, 15)}).centres[0].expected
    10.0

    Parameters
    ----------
    counts : by centre and stratum, the judged courses and those that have the property

    Raises
    ------
    UsageError : ``counts`` without a judged course
    """
    if not any(total for total, _ in counts.values()):
        raise UsageError("There is no course of which it is known.", code="counts")
    names, strata = (list(dict.fromkeys(key[place] for key in counts)) for place in (0, 1))
    at, of = {one: n for n, one in enumerate(names)}, {one: n for n, one in enumerate(strata)}
    totals, events = np.zeros((len(names), len(strata))), np.zeros((len(names), len(strata)))
    for (one, kind), (total, yes) in counts.items():
        totals[at[one], of[kind]], events[at[one], of[kind]] = total, yes
    by_stratum = events.sum(axis=0) / np.maximum(totals.sum(axis=0), 1.0)
    rate = float(events.sum() / totals.sum())
    expected, variance = totals @ by_stratum, totals @ (by_stratum * (1.0 - by_stratum))
    limits = {int(size): exact_limits(int(size), rate) for size in np.unique(totals.sum(axis=1))}
    made = []
    for number, name in enumerate(names):
        courses, observed = int(totals[number].sum()), int(events[number].sum())
        wide = float(expected[number])
        ratio = observed / wide if wide > 0 else None
        low, high = exact_ratio(observed, wide) if wide > 0 else (None, None)
        standard = None if ratio is None else ratio * rate
        inside = [None, None]
        if standard is not None:
            edges = limits[courses]
            inside = [bool(edges[a] <= standard <= edges[b]) for a, b in ((1, 2), (0, 3))]  # type: ignore[misc]
        z = (observed - wide) / float(np.sqrt(variance[number])) if variance[number] > 0 else None
        made.append(CentreRate(name, courses, observed, wide, ratio, low, high, standard, inside[0], inside[1], z))
    made.sort(key=lambda one: (-one.courses, str(one.centre)))
    return Funnel(rate, tuple(made), _dispersion([one.z for one in made if one.z is not None]), limits)


def exact_limits(size: int, rate: float) -> tuple[float, float, float, float]:
    """Lowest and highest share that lies within 99.8 % (outer) and 95 % (inner) of what chance gives at this size.

    >>> exact_limits(20, 0.5)
    (0.15, 0.3, 0.7, 0.85)
    """
    outer, inner = 0.001, 0.025
    return tuple(float(binom.ppf(p, size, rate)) / size for p in (outer, inner, 1.0 - inner, 1.0 - outer))  # type: ignore[return-value]


def _dispersion(z: Sequence[float]) -> float | None:
    if len(z) < 10:
        return None
    low, high = np.quantile(z, [_WINSORISED, 1.0 - _WINSORISED])
    return float((np.clip(z, low, high) ** 2).mean())


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One period of a control chart.

    Parameters
    ----------
    period : its name
    events, total : of the period
    low, high : limits of three standard deviations round the mean of all periods, within 0 and 1
    outside : whether the period lies outside; None when it has no course
    run : length of the run on one side of the mean that the period ends
    """

    period: Hashable
    events: int
    total: int
    low: float
    high: float
    outside: bool | None
    run: int


def p_chart(
    periods: Sequence[Hashable], events: Sequence[int], totals: Sequence[int]
) -> tuple[float, tuple[ChartPoint, ...]]:
    """Mean share and the points of a p-chart, in the order of the periods.

    A period without a course has no share and neither ends nor extends a run.

    Raises
    ------
    UsageError : ``counts``, ``lengths``

    Source: Montgomery, Introduction to Statistical Quality Control (p-chart with limits of three sigma).
    """
    if not len(periods) == len(events) == len(totals):
        raise UsageError("Periods, events and totals are lists of one length.", code="lengths")
    if any(not 0 <= e <= t for e, t in zip(events, totals, strict=True)) or not sum(totals):
        raise UsageError("Events lie between 0 and the total of their period, and there is a course.", code="counts")
    mean = sum(events) / sum(totals)
    made, run, side = [], 0, 0
    for period, count, total in zip(periods, events, totals, strict=True):
        wide = _SIGMAS * float(np.sqrt(mean * (1.0 - mean) / total)) if total else 1.0
        low, high = max(0.0, mean - wide), min(1.0, mean + wide)
        outside = None
        if total:
            share = count / total
            outside = bool(share < low - 1e-12 or share > high + 1e-12)
            now = int(np.sign(share - mean))
            run = run + 1 if now == side and now else int(now != 0)
            side = now
        made.append(ChartPoint(period, count, total, low, high, outside, run))
    return mean, tuple(made)
