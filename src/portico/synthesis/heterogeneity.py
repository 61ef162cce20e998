"""Between-study variance τ²: four estimators, Q, and the Q-profile interval, with or without moderators."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import chdtrc, chdtri

from portico.synthesis.inputs import Vector, chosen, probability
from portico.synthesis.weighted import Matrix, fit_at, traces, typical_variance

__all__ = ["METHODS", "Bounds", "Method", "q_test", "tau2_estimate", "tau2_interval"]

Method = Literal["common", "DL", "PM", "REML", "ML"]

METHODS: Final[dict[Method, str]] = {
    "common": "common effect, inverse variance",
    "DL": "random effects, DerSimonian–Laird",
    "PM": "random effects, Paule–Mandel",
    "REML": "random effects, restricted maximum likelihood",
    "ML": "random effects, maximum likelihood",
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """An interval that says how it was made.

    Parameters
    ----------
    lo, hi : ends, in the unit of the estimate; ``hi`` may be infinite
    level : e.g. 0.95
    method : in words
    """

    lo: float
    hi: float
    level: float
    method: str


@dataclass(frozen=True, slots=True)
class QTest:
    """Cochran's Q: weighted sum of squared residuals of the common-effect model.

    Parameters
    ----------
    q : statistic
    df : degrees of freedom
    p : share of a chi-squared distribution above ``q``
    """

    q: float
    df: int
    p: float


def q_test(y: Vector, v: Vector, design: Matrix) -> QTest:
    """Cochran's Q about the fit of ``design``."""
    df = design.shape[0] - design.shape[1]
    q = fit_at(y, v, design, 0.0).rss
    return QTest(q, df, float(chdtrc(df, q)))


def tau2_estimate(y: Vector, v: Vector, design: Matrix, method: Method) -> float:
    """Between-study variance, zero or more; zero for ``"common"``.

    The likelihoods are searched over the whole half line before the best stretch is refined, so that a second,
    lower peak is never taken for the highest.

    Parameters
    ----------
    y, v : (k,) effects and variances
    design : (k, p) columns of the model, k above p
    method : see :data:`METHODS`

    Raises
    ------
    UsageError : ``unknown-option``

    Source: DerSimonian and Laird, Control Clin Trials 1986;7:177; Paule and Mandel, J Res NBS 1982;87:377;
    Viechtbauer, J Educ Behav Stat 2005;30:261.
    """
    chosen(method, METHODS, "method")
    if method == "common":
        return 0.0
    unit = float(np.median(v))
    y, v = y / math.sqrt(unit), v / unit  # roots are found in units of the median variance
    free = design.shape[0] - design.shape[1]
    if method == "DL":
        fit = fit_at(y, v, design, 0.0)
        return unit * max(0.0, float((fit.rss - free) / traces(fit, design)[0]))
    if method == "PM":
        return unit * _crossing(lambda t: fit_at(y, v, design, t).rss, float(free))
    return unit * _highest(y, v, design, restricted=method == "REML")


def _crossing(falling: Callable[[float], float], level: float) -> float:
    """Where a falling function of τ² meets ``level``; 0 when it starts at or below it."""
    if falling(0.0) <= level:
        return 0.0
    high = 1.0
    while falling(high) > level:
        high *= 4.0
    return float(brentq(lambda t: falling(t) - level, 0.0, high, xtol=1e-15, rtol=1e-14))


def _highest(y: Vector, v: Vector, design: Matrix, *, restricted: bool) -> float:
    def slope(t: float) -> float:
        fit = fit_at(y, v, design, t)
        lost = traces(fit, design)[0] if restricted else float(fit.weights.sum())
        return float(0.5 * (fit.score @ fit.score - lost))

    free = design.shape[0] - design.shape[1]
    spread = fit_at(y, np.ones_like(v), design, 0.0).rss / free
    grid = np.concatenate([[0.0], np.geomspace(1e-4, 10.0 * (spread + float(v.max())), 48)])
    height = log_likelihood(y, v, design, grid, restricted=restricted)
    best = int(np.argmax(height))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])
    if best == 0 and slope(0.0) <= 0.0:
        return 0.0
    if slope(low) > 0.0 > slope(high):
        return float(brentq(slope, low, high, xtol=1e-15, rtol=1e-14))
    # The grid met two peaks in one stretch: no single change of sign to follow.
    found = minimize_scalar(
        lambda t: -float(log_likelihood(y, v, design, np.array([t]), restricted=restricted)[0]),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return float(found.x)


def log_likelihood(y: Vector, v: Vector, design: Matrix, tau2: Vector, *, restricted: bool) -> Vector:
    """(restricted) log-likelihood at each of (g,) values of τ², up to a constant."""
    w = 1.0 / (v + tau2[:, None])
    information = np.einsum("gk,kp,kq->gpq", w, design, design)
    beta = np.linalg.solve(information, np.einsum("gk,kp,k->gp", w, design, y)[..., None])[..., 0]
    residual = y - beta @ design.T
    height = 0.5 * np.log(w).sum(1) - 0.5 * (w * residual**2).sum(1)
    if restricted:
        height = height - 0.5 * np.linalg.slogdet(information)[1]
    return np.asarray(height, dtype=np.float64)


def tau2_interval(y: Vector, v: Vector, design: Matrix, level: float = 0.95) -> Bounds | None:
    """Q-profile interval of τ²; None when Q is so small that no τ² explains it.

    It is exact when variances are known and effects normal. It goes with every estimator and need not hold the
    estimate of the moment or likelihood methods.

    Raises
    ------
    InputRefused : ``not-a-probability``

    Source: Viechtbauer, Stat Med 2007;26:37, doi 10.1002/sim.2514.
    """
    tail = 0.5 * (1.0 - probability(level, "level"))
    free = design.shape[0] - design.shape[1]
    unit = float(np.median(v))
    y, v = y / math.sqrt(unit), v / unit

    def q_at(t: float) -> float:
        return fit_at(y, v, design, t).rss

    low_crit, high_crit = float(chdtri(free, 1.0 - tail)), float(chdtri(free, tail))
    if q_at(0.0) < low_crit:
        return None
    return Bounds(unit * _crossing(q_at, high_crit), unit * _crossing(q_at, low_crit), level, "Q-profile")


def i2_h2(tau2: float, v: Vector, design: Matrix) -> tuple[float, float]:
    """I² in percent and H², from τ² and the typical sampling variance."""
    typical = typical_variance(v, design)
    return 100.0 * tau2 / (tau2 + typical), tau2 / typical + 1.0


def q_i2_h2(test: QTest) -> tuple[float, float]:
    """I² in percent and H² of a common-effect model, from Q (Higgins and Thompson)."""
    return (max(0.0, 100.0 * (test.q - test.df) / test.q) if test.q else 0.0), test.q / test.df
