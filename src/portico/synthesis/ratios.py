"""Published ratios: from an estimate and its interval, or from observed minus expected and its variance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from portico.errors import InputRefused
from portico.synthesis.effects import Effects, Measure, names
from portico.synthesis.inputs import Mask, Vector, chosen, normal_quantile, positive, same_length, vector

__all__ = ["Asymmetric", "RatioMeasure", "observed_minus_expected", "ratio_from_interval"]

RatioMeasure = Literal["HR", "OR", "RR", "IRR"]
Asymmetric = Literal["refuse", "note"]


def ratio_from_interval(
    estimate: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    measure: RatioMeasure = "HR",
    level: float = 0.95,
    decimals: int | Sequence[int] = 2,
    asymmetric: Asymmetric = "refuse",
    labels: Sequence[str] | None = None,
) -> Effects:
    """Logarithms of published ratios; variances from the width of their intervals.

    An interval of a ratio is symmetric about its estimate on the logarithmic scale. Where it is not, within what
    rounding of the three printed numbers allows, one of them is a misprint, or the interval is exact, profiled or
    adjusted; then its width is no standard error.

    >>> effects = ratio_from_interval([0.50], [0.30], [0.83])
    >>> round(float(effects.vi[0] ** 0.5), 3)
    0.26

    Parameters
    ----------
    estimate, low, high : (k,) ratios, above zero
    measure : ``HR``, ``OR``, ``RR`` or ``IRR``
    level : of the intervals
    decimals : printed decimals, one number or one a study; they bound the rounding
    asymmetric : ``refuse``, or ``note`` to go on and say so in ``done``
    labels : study names; left out, numbers

    Raises
    ------
    InputRefused : ``interval-not-symmetric``, ``interval-without-estimate``, ``not-positive``, ``lengths-differ``
    UsageError : ``unknown-option``
    """
    chosen(measure, ("HR", "OR", "RR", "IRR"), "measure")
    chosen(asymmetric, ("refuse", "note"), "asymmetric")
    r, lo, hi = positive(estimate, "estimate"), positive(low, "low"), positive(high, "high")
    k = same_length(estimate=r, low=lo, high=hi)
    digits = np.full(k, decimals) if isinstance(decimals, int) else np.asarray(decimals)
    same_length(estimate=r, decimals=digits)
    outside = (lo > r) | (r > hi) | (lo >= hi)
    if outside.any():
        place = int(np.flatnonzero(outside)[0])
        raise InputRefused(
            "The estimate lies outside of its interval.", code="interval-without-estimate", path=f"estimate[{place}]"
        )
    z = normal_quantile(level)
    odd = _asymmetric(r, lo, hi, 0.5 * 10.0 ** -digits.astype(np.float64))
    if odd.any() and asymmetric == "refuse":
        place = int(np.flatnonzero(odd)[0])
        raise InputRefused(
            "The interval is not symmetric about its estimate on the logarithmic scale.",
            code="interval-not-symmetric",
            path=f"estimate[{place}]",
            fix="Check the three numbers against the paper, or how its interval was made.",
        )
    variance = ((np.log(hi) - np.log(lo)) / (2.0 * z)) ** 2
    base = f"variance from the published {100 * level:g} % interval"
    done = tuple(f"{base}; not symmetric about its estimate" if flag else base for flag in odd)
    return Effects(np.log(r), variance, measure, names(labels, k), None, done)


def _asymmetric(r: Vector, lo: Vector, hi: Vector, half: Vector) -> Mask:
    """Where no triple of numbers that rounds to the printed one is symmetric."""
    tiny = np.finfo(np.float64).tiny
    middle_low = 0.5 * (np.log(np.maximum(lo - half, tiny)) + np.log(hi - half))
    middle_high = 0.5 * (np.log(lo + half) + np.log(hi + half))
    slack = 1e-9
    least = np.log(np.maximum(r - half, tiny))
    return (middle_low > np.log(r + half) + slack) | (middle_high < least - slack)


def observed_minus_expected(
    o_minus_e: ArrayLike,
    variance: ArrayLike,
    *,
    measure: Measure = "HR",
    labels: Sequence[str] | None = None,
) -> Effects:
    """Logarithms of hazard (or odds) ratios from the log-rank figures of each trial: (O-E)/V with variance 1/V.

    >>> effects = observed_minus_expected([-7.4], [80.6])
    >>> round(float(effects.yi[0]), 4)
    -0.0918

    Parameters
    ----------
    o_minus_e : (k,) events observed less expected in the first arm
    variance : (k,) V, above zero
    measure : ``HR`` from a log-rank test, ``PETO`` from counts
    labels : study names; left out, numbers

    Raises
    ------
    InputRefused : ``not-positive``, ``lengths-differ``

    Source: Yusuf, Peto et al., Prog Cardiovasc Dis 1985;27:335. Unbiased near a ratio of one; it bends towards one
    for strong effects.
    """
    excess, spread = vector(o_minus_e, "o_minus_e"), positive(variance, "variance")
    k = same_length(o_minus_e=excess, variance=spread)
    return Effects(
        excess / spread, 1.0 / spread, measure, names(labels, k), None, ("from observed minus expected",) * k
    )
