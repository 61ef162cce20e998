"""Proportions that vary between studies as a beta distribution: the mean over studies, on the scale of proportions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import betaln, expit, logit, psi

from portico.errors import CannotTell
from portico.synthesis.glmm import checked_counts
from portico.synthesis.heterogeneity import Bounds
from portico.synthesis.inference import Reference
from portico.synthesis.inputs import Vector
from portico.synthesis.outcome_families import log_choose

__all__ = ["BetaBinomial", "beta_binomial"]


@dataclass(frozen=True, slots=True)
class BetaBinomial:
    """Maximum likelihood fit of the beta-binomial model.

    Parameters
    ----------
    k : studies
    proportion : mean over studies
    bounds : its interval, Wald on the logit
    logit_estimate, logit_se : on the logit scale
    rho : correlation of outcomes within a study, 0 for none (then the model is the binomial one)
    log_likelihood : at the summit
    method : in words
    """

    k: int
    proportion: float
    bounds: Bounds
    logit_estimate: float
    logit_se: float
    rho: float
    log_likelihood: float
    method: str = "beta-binomial, maximum likelihood"


#: Below this correlation the likelihood is that of the binomial model to all digits.
LEAST_RHO = 1e-7


def _height(x: Vector, n: Vector, theta: Vector) -> tuple[float, Vector]:
    """Log-likelihood and its gradient by logit of the mean and logit of rho."""
    mu, rho = float(expit(theta[0])), float(expit(theta[1]))
    size = (1.0 - rho) / rho
    a, b = mu * size, (1.0 - mu) * size
    value = float((betaln(x + a, n - x + b) - betaln(a, b) + log_choose(n, x)).sum())
    whole = psi(n + size) - psi(size)
    by_a = float((psi(x + a) - psi(a) - whole).sum())
    by_b = float((psi(n - x + b) - psi(b) - whole).sum())
    by_mu = size * (by_a - by_b) * mu * (1.0 - mu)
    by_size = (mu * by_a + (1.0 - mu) * by_b) * -size  # d size / d logit(rho) = -size
    return value, np.array([by_mu, by_size])


def beta_binomial(events: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> BetaBinomial:
    """Fit the beta-binomial model.

    Unlike the mixed logistic model its estimate is the mean over studies.

    >>> round(beta_binomial([2, 0, 5, 9], [20, 15, 30, 25]).proportion, 3)
    0.164

    Parameters
    ----------
    events, n : (k,) counts
    level : of the interval

    Raises
    ------
    CannotTell : ``too-few-studies``, ``no-events``, ``no-maximum``
    InputRefused : ``bad-count``, ``events-exceed-people``, ``not-positive``, ``lengths-differ``

    Source: Young-Xu and Chan, Biometrical J 2008;50:1008.
    """
    x, size = checked_counts(events, n)
    if len(x) < 2:
        raise CannotTell("One study, or none, cannot be pooled.", code="too-few-studies")
    share = float(x.sum() / size.sum())
    if share in (0.0, 1.0):
        raise CannotTell("All studies together have no event, or nothing but events.", code="no-events")
    edge = float(logit(LEAST_RHO))
    best = None
    for rho in (0.01, 0.2):
        found = minimize(
            lambda theta: tuple(-part for part in _height(x, size, theta)),
            np.array([logit(share), logit(rho)]),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-30.0, 30.0), (edge, 15.0)],
            options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 500},
        )
        best = found if best is None or found.fun < best.fun else best
    assert best is not None
    binomial = float((x * math.log(share) + (size - x) * math.log1p(-share) + log_choose(size, x)).sum())
    if -float(best.fun) <= binomial + 1e-9:
        se = (size.sum() * share * (1.0 - share)) ** -0.5
        return _built(len(x), float(logit(share)), float(se), 0.0, binomial, level)
    theta = best.x
    step = 1e-5
    curvature = np.array(
        [
            (_height(x, size, theta + step * e)[1] - _height(x, size, theta - step * e)[1]) / (2 * step)
            for e in np.eye(2)
        ]
    )
    covariance = np.linalg.inv(-0.5 * (curvature + curvature.T))
    if not covariance[0, 0] > 0:
        raise CannotTell("The summit of the likelihood is flat: the data cannot tell.", code="no-maximum")
    return _built(len(x), float(theta[0]), math.sqrt(covariance[0, 0]), float(expit(theta[1])), -float(best.fun), level)


def _built(k: int, estimate: float, se: float, rho: float, height: float, level: float) -> BetaBinomial:
    half = Reference(None).quantile(level) * se
    bounds = Bounds(float(expit(estimate - half)), float(expit(estimate + half)), level, "Wald on the logit")
    return BetaBinomial(k, float(expit(estimate)), bounds, estimate, se, rho, height)
