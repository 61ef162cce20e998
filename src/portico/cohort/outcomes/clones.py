"""Clone, censor, weight: two strategies for the interval compared from the day of surgery, without immortal time.

>>> import numpy as np
>>> draw = np.random.default_rng(5)
>>> start, time = draw.uniform(5, 120, 800), draw.exponential(300, 800)
>>> found = clone_censor_weight(np.where(start < time, start, np.nan), time, np.ones(800), draw.normal(size=(800, 1)),
...     grace=42, at=365, repeats=50, seed=1)
>>> bool(found.lo < 0 < found.hi)
True

Every patient enters both strategies, "start by day ``grace``" and "not by day ``grace``", and leaves one when what happened
no longer fits it. Those who remain carry the weight of those who left: in the early strategy the inverse probability of
having started by the grace day, given covariates, among those still observed and free of an event then; in the other the
inverse probability of not having started yet (Cox model). Intervals by bootstrap of patients, weights estimated anew.
Source: Hernán 2018, doi:10.1136/bmj.k182; Maringe et al. 2020, doi:10.1093/ije/dyaa057. Unlike a landmark, events within the
grace period count, in both strategies alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from portico.cohort.outcomes.coefficients import cluster_codes
from portico.cohort.outcomes.events import EventTimes, Index, Vector, numbers
from portico.cohort.outcomes.fine_gray import cause_specific
from portico.cohort.outcomes.landmark import start_times
from portico.cohort.outcomes.logistic import logistic
from portico.errors import CannotTell, InputRefused

__all__ = ["Strategies", "clone_censor_weight"]


@dataclass(frozen=True, slots=True)
class Strategies:
    """Cumulative incidence at ``at`` under "start by ``grace``" and "not by ``grace``", the difference and its interval."""

    grace: float
    at: float
    early: float
    late: float
    difference: float
    se: float
    lo: float
    hi: float
    started_by_grace: int
    repeats: int


def clone_censor_weight(
    start: Sequence[float | None] | ArrayLike,
    time: ArrayLike | Iterable[float],
    cause: ArrayLike | Iterable[int],
    covariates: ArrayLike,
    *,
    grace: float,
    at: float,
    of: int = 1,
    cluster: Sequence[object] | ArrayLike | None = None,
    repeats: int = 200,
    level: float = 0.95,
    seed: int,
) -> Strategies:
    """Estimate the difference between the strategies.

    Parameters
    ----------
    start, time, cause : days from surgery; see :func:`portico.cohort.outcomes.landmark.landmark`
    covariates : (n, p) known at surgery, none unknown
    grace : last day that counts as early
    at : horizon, after ``grace``
    repeats : bootstrap samples, at least 50
    seed : of the bootstrap

    Raises
    ------
    InputRefused : ``lengths-differ``, ``bad-horizon``, and as :meth:`EventTimes.of`
    CannotTell : ``no-events``, ``one-group`` (nobody, or everybody, started by the grace day), ``separated``
    """
    EventTimes.of(time, cause).has(of)
    times, causes = numbers(time, "time"), numbers(cause, "cause").astype(np.int64)
    starts, x = start_times(start), numbers(covariates, "covariates", columns=True)
    if not len(times) == len(causes) == len(starts) == len(x):
        raise InputRefused("Columns are of unequal length.", code="lengths-differ")
    if not at > grace > 0 or repeats < 50:
        raise InputRefused(
            "The horizon must follow the grace day, with 50 repeats or more.", code="bad-horizon", path="at"
        )
    if times.max() < at:
        raise CannotTell("Nobody was observed so long.", code="beyond-follow-up", path="at")
    early = int((starts <= np.minimum(grace, times)).sum())
    codes = cluster_codes(cluster, len(times))
    code = np.arange(len(times)) if codes is None else codes
    by_patient = np.argsort(code, kind="stable")
    bounds = np.searchsorted(code[by_patient], np.arange(int(code.max()) + 2))
    first, second = _estimate(starts, times, causes, x, grace, at, of)
    draw = np.random.default_rng(seed)
    gaps = []
    for _ in range(repeats):
        chosen = draw.integers(0, len(bounds) - 1, len(bounds) - 1)
        rows = np.concatenate([by_patient[bounds[c] : bounds[c + 1]] for c in chosen])
        one, two = _estimate(starts[rows], times[rows], causes[rows], x[rows], grace, at, of)
        gaps.append(one - two)
    lo, hi = np.quantile(gaps, [0.5 - level / 2, 0.5 + level / 2])
    se = float(np.std(gaps, ddof=1))
    return Strategies(grace, at, first, second, first - second, se, float(lo), float(hi), early, repeats)


def _estimate(
    start: Vector, time: Vector, cause: Index, x: Vector, grace: float, at: float, of: int
) -> tuple[float, float]:
    by_grace = start <= grace
    reached = time > grace
    if not (by_grace & reached).any() or not (~by_grace & reached).any():
        raise CannotTell("Nobody, or everybody, had started by the grace day.", code="one-group", path="grace")
    score = logistic((x - x.mean(axis=0)), by_grace, weights=reached.astype(np.float64))
    # Early: all are followed to the grace day, then those who have started, weighted.
    end = np.where(reached & ~by_grace, grace, time)
    event = np.where(reached & ~by_grace, 0, cause)
    early = _incidence(end, event, np.ones((len(time), 1)), 1 / score.fitted, grace, np.array([0.0]), at, of)
    # Late: those who start by the grace day leave when they start.
    leaves = by_grace & (start <= time)
    until, what = np.where(leaves, start, time), np.where(leaves, 0, cause)
    chance = cause_specific(
        np.minimum(np.minimum(start, time), grace), (leaves & (start <= grace)).astype(int), x, names=["x"] * x.shape[1]
    )
    risk = np.exp((x - x.mean(axis=0)) @ chance.coefficients)
    table = EventTimes.of(np.minimum(until, grace), leaves.astype(int)).table()
    order = np.argsort(np.minimum(until, grace))
    weight_at_risk = np.cumsum(risk[order][::-1])[::-1][np.searchsorted(np.minimum(until, grace)[order], table.time)]
    base = np.cumsum(table.events[:, 0] / weight_at_risk)
    steps = np.concatenate([[0.0], table.time])
    hazard = np.concatenate([[0.0], base])
    weights = np.exp(np.outer(risk, hazard))
    late = _incidence(until, what, weights, weights[:, -1], grace, steps, at, of)
    return early, late


def _incidence(
    time: Vector, cause: Index, within: Vector, after: Vector, grace: float, steps: Vector, at: float, of: int
) -> float:
    """Aalen–Johansen with weights ``within[:, step]`` up to the grace day and ``after`` beyond it."""
    alive, share = 1.0, 0.0
    order = np.argsort(time, kind="stable")
    t, c, w = time[order], cause[order], after[order]
    tail = np.append(np.cumsum(w[::-1])[::-1], 0.0)
    moments = np.unique(t[(c > 0) & (t <= at)])
    low, high = np.searchsorted(t, moments), np.searchsorted(t, moments, side="right")
    columns = np.maximum(np.searchsorted(steps, moments, side="left") - 1, 0)
    inner = within[order]
    for moment, i, j, column in zip(moments, low, high, columns, strict=True):
        if moment <= grace:
            weights = inner[:, column]
            risk, here = float(weights[i:].sum()), weights[i:j]
        else:
            risk, here = float(tail[i]), w[i:j]
        mine = float(here[c[i:j] == of].sum())
        every = float(here[c[i:j] > 0].sum())
        share += alive * mine / risk
        alive *= 1 - every / risk
    return share
