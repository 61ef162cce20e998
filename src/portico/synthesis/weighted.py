"""Weighted least squares of effects on a design, and the two sums of it that every estimator of τ² uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portico.errors import InputRefused
from portico.synthesis.inputs import Vector

__all__ = ["Fit", "fit_at", "typical_variance"]

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Weighted least squares at one value of τ².

    Parameters
    ----------
    beta : (p,) coefficients
    covariance : (p, p) inverse of X'WX
    weights : (k,) one over sampling variance plus τ²
    rss : weighted sum of squared residuals: Q at τ² = 0
    score : (k,) weighted residuals
    """

    beta: Vector
    covariance: Matrix
    weights: Vector
    rss: float
    score: Vector


def fit_at(y: Vector, v: Vector, design: Matrix, tau2: float) -> Fit:
    """Fit ``y`` with weights ``1 / (v + tau2)``.

    Raises
    ------
    InputRefused : ``collinear`` when a column of the design follows from the others
    """
    w = 1.0 / (v + tau2)
    weighted = design * w[:, None]
    information = design.T @ weighted
    try:
        covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise InputRefused("A moderator follows from the others.", code="collinear") from None
    beta = covariance @ (weighted.T @ y)
    residual = y - design @ beta
    return Fit(beta, covariance, w, float(w @ residual**2), w * residual)


def traces(fit: Fit, design: Matrix) -> tuple[float, float]:
    """Trace of P and of PP, where P = W - WX(X'WX)⁻¹X'W, without building a (k, k) matrix."""
    w, a = fit.weights, fit.covariance
    second = a @ (design.T @ (design * w[:, None] ** 2))
    third = a @ (design.T @ (design * w[:, None] ** 3))
    return float(w.sum() - np.trace(second)), float(w @ w - 2.0 * np.trace(third) + np.trace(second @ second))


def typical_variance(v: Vector, design: Matrix) -> float:
    """Sampling variance of a typical study, against which τ² is set in I² and H².

    For a design of one column this is the one of Higgins and Thompson.

    Source: Higgins and Thompson, Stat Med 2002;21:1539, doi 10.1002/sim.1186.
    """
    k, p = design.shape
    fit = fit_at(np.zeros(k), v, design, 0.0)
    return float((k - p) / traces(fit, design)[0])
