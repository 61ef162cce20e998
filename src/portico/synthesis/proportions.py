"""Proportions of one arm on four scales, and rates per unit of time.

>>> effects = proportion_effects([2, 0], [20, 15], measure="PLO")
>>> effects.done
('', '0.5 added to each cell')

A proportion at a time point from a Kaplan–Meier or cumulative-incidence curve is not a count over a count:
people censored before that time are in the denominator here. Use the published estimate and its interval
(:func:`portico.synthesis.proportion_from_interval`) when there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logit

from portico.errors import InputRefused
from portico.synthesis.effects import Effects, LeftOut, names
from portico.synthesis.inputs import Mask, Vector, chosen, counts, normal_quantile, positive, same_length, vector
from portico.synthesis.zero_cells import ZeroCells, amounts_to_add, told

__all__ = ["ProportionMeasure", "RateMeasure", "proportion_effects", "proportion_from_interval", "rate_effects"]

ProportionMeasure = Literal["PR", "PLO", "PAS", "PFT"]
RateMeasure = Literal["IR", "IRLN"]


def proportion_effects(
    events: ArrayLike,
    n: ArrayLike,
    *,
    measure: ProportionMeasure = "PLO",
    zero_cells: ZeroCells = "only-zero",
    add: float = 0.5,
    labels: Sequence[str] | None = None,
) -> Effects:
    """Effect sizes of single-arm proportions.

    The double arcsine (``PFT``) is known to mislead: its back-transformation needs one sample size for the whole
    pool, and with studies of very unequal size the answer can fall outside of what every study shows (Schwarzer
    2019). Prefer the logit, or better the mixed logistic model (:func:`portico.synthesis.pool_proportions`).

    Parameters
    ----------
    events : (k,) people with the event
    n : (k,) people, one or more
    measure : ``PR`` raw, ``PLO`` logit, ``PAS`` arcsine, ``PFT`` double arcsine
    zero_cells, add : rule for studies with no event or only events, see :data:`ZERO_CELLS`; the arcsine scales need
        none and ignore it
    labels : study names; left out, numbers

    Raises
    ------
    InputRefused : ``bad-count``, ``events-exceed-people``, ``lengths-differ``, ``not-positive``
    UsageError : ``unknown-option``

    Source: Freeman and Tukey, Ann Math Stat 1950;21:607; Schwarzer et al., Res Synth Methods 2019;10:476,
    doi 10.1002/jrsm.1348.
    """
    chosen(measure, ("PR", "PLO", "PAS", "PFT"), "measure")
    x, size = counts(events, "events"), counts(n, "n")
    k = same_length(events=x, n=size)
    called = names(labels, k)
    positive(size, "n")
    if (x > size).any():
        place = int(np.flatnonzero(x > size)[0])
        raise InputRefused("More events than people.", code="events-exceed-people", path=f"events[{place}]")
    if measure == "PAS":
        return Effects(np.arcsin(np.sqrt(x / size)), 1.0 / (4.0 * size), measure, called, size)
    if measure == "PFT":
        y = 0.5 * (np.arcsin(np.sqrt(x / (size + 1.0))) + np.arcsin(np.sqrt((x + 1.0) / (size + 1.0))))
        return Effects(y, 1.0 / (4.0 * size + 2.0), measure, called, size)
    empty = (x == 0) | (x == size)
    added, _ = amounts_to_add(empty, zero_cells, add)
    yes, no = x + added, size - x + added
    keep = (yes > 0) & (no > 0)
    p = yes[keep] / (yes + no)[keep]
    if measure == "PR":
        y, v = p, p * (1.0 - p) / (yes + no)[keep]
    else:
        y, v = logit(p), 1.0 / yes[keep] + 1.0 / no[keep]
    return _kept(y, v, measure, called, size, told(added), keep)


def _kept(
    y: Vector,
    v: Vector,
    measure: ProportionMeasure | RateMeasure,
    called: tuple[str, ...],
    size: Vector | None,
    done: tuple[str, ...],
    keep: Mask,
) -> Effects:
    why = "Nothing was added to its zero, so its variance is not defined."
    left = tuple(LeftOut(name, why) for name, kept in zip(called, keep, strict=True) if not kept)
    index = np.flatnonzero(keep)
    return Effects(
        y,
        v,
        measure,
        tuple(called[i] for i in index),
        None if size is None else size[index],
        tuple(done[i] for i in index),
        left,
    )


def proportion_from_interval(
    estimate: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    level: float = 0.95,
    labels: Sequence[str] | None = None,
    n: ArrayLike | None = None,
) -> Effects:
    """Logits of published proportions, e.g. cumulative incidence at 12 months, from their intervals.

    The standard error is the width of the interval on the logit scale over twice the normal quantile. Most
    published intervals are not symmetric on that scale; this is an approximation and ``done`` says so.

    Parameters
    ----------
    estimate, low, high : (k,) shares from 0 to 1, both ends of the interval strictly inside
    level : of the interval
    labels, n : see :class:`Effects`

    Raises
    ------
    InputRefused : ``not-a-probability``, ``interval-without-estimate``, ``lengths-differ``
    """
    p, lo, hi = (vector(a, b) for a, b in ((estimate, "estimate"), (low, "low"), (high, "high")))
    k = same_length(estimate=p, low=lo, high=hi)
    z = normal_quantile(level)
    for name, column in (("estimate", p), ("low", lo), ("high", hi)):
        if ((column <= 0) | (column >= 1)).any():
            raise InputRefused(f"{name} must lie between 0 and 1.", code="not-a-probability", path=name)
    bad = (lo > p) | (p > hi) | (lo >= hi)
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        raise InputRefused(
            "The estimate lies outside of its interval.", code="interval-without-estimate", path=f"estimate[{place}]"
        )
    v = ((logit(hi) - logit(lo)) / (2.0 * z)) ** 2
    done = (f"variance from the published {100 * level:g} % interval on the logit scale",) * k
    return Effects(logit(p), v, "PLO", names(labels, k), None if n is None else vector(n, "n"), done)


def rate_effects(
    events: ArrayLike,
    time: ArrayLike,
    *,
    measure: RateMeasure = "IRLN",
    add: float = 0.5,
    labels: Sequence[str] | None = None,
) -> Effects:
    """Effect sizes of events per unit of time in one arm.

    Parameters
    ----------
    events : (k,) events
    time : (k,) time at risk, above zero; the unit of the result is one over its unit
    measure : ``IR`` raw, ``IRLN`` logarithm
    add : added to the events of a study without any, above zero
    labels : study names; left out, numbers

    Raises
    ------
    InputRefused : ``bad-count``, ``not-positive``, ``lengths-differ``
    UsageError : ``unknown-option``
    """
    chosen(measure, ("IR", "IRLN"), "measure")
    x, t = counts(events, "events"), positive(time, "time")
    k = same_length(events=x, time=t)
    added, _ = amounts_to_add(x == 0, "only-zero", add)
    x = x + added
    y, v = (x / t, x / t**2) if measure == "IR" else (np.log(x / t), 1.0 / x)
    return Effects(y, v, measure, names(labels, k), None, told(added))
