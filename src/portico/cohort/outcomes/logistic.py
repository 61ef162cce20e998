"""Logistic regression by Newton steps, with weights and a robust covariance; no penalty and no random numbers.

>>> fit = logistic([[0.0], [0.0], [1.0], [1.0], [1.0]], [0, 1, 1, 1, 0])
>>> [round(float(b), 4) for b in fit.coefficients]
[0.0, 0.6931]
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from portico.cohort.outcomes.coefficients import newton_step
from portico.cohort.outcomes.events import Vector, numbers
from portico.errors import CannotTell, InputRefused

__all__ = ["Logistic", "logistic"]

_ROUNDS = 60
#: Linear predictor beyond which the groups are taken as separated.
_STEEPEST = 25.0


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """A fit: coefficients (constant first), inverse information, robust covariance, fitted shares and rows' scores."""

    coefficients: Vector
    information_covariance: Vector
    covariance: Vector
    fitted: Vector
    scores: Vector


def logistic(
    x: ArrayLike,
    y: ArrayLike | Iterable[float],
    *,
    weights: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    constant: bool = True,
) -> Logistic:
    """Fit the share of ``y`` = 1.

    Parameters
    ----------
    x : (n, p), none unknown; may have no column when a constant is fitted
    y : (n,) 0 or 1
    weights : (n,) zero or more; one each when left out
    offset : (n,) added to the linear predictor
    constant : put a constant first

    Raises
    ------
    InputRefused : ``lengths-differ``, ``not-zero-or-one``, and the codes of :func:`numbers`
    CannotTell : ``separated`` (a covariate tells the two groups apart without fail), ``collinear``, ``no-convergence``
    """
    design, answer = numbers(x, "x", columns=True), numbers(y, "y")
    if len(design) != len(answer):
        raise InputRefused("x and y are of unequal length.", code="lengths-differ")
    if not np.isin(answer, (0.0, 1.0)).all():
        raise InputRefused("y must be 0 or 1.", code="not-zero-or-one", path="y")
    if constant:
        design = np.column_stack([np.ones(len(answer)), design])
    weight = np.ones(len(answer)) if weights is None else numbers(weights, "weights")
    shift = np.zeros(len(answer)) if offset is None else numbers(offset, "offset")
    beta = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        fitted = expit(design @ beta + shift)
        scores = design * (weight * (answer - fitted))[:, None]
        information = design.T @ (design * (weight * fitted * (1 - fitted))[:, None])
        step = newton_step(scores.sum(axis=0), information)
        size = float(np.abs(design @ step).max())
        beta = beta + step * min(1.0, 5.0 / max(size, 1e-300))
        if float(np.abs(design @ beta).max()) > _STEEPEST:
            raise CannotTell(
                "One group never meets the other.", code="separated", fix="Restrict to rows that could have had either."
            )
        if size < 1e-10:
            break
    else:
        raise CannotTell("The model does not settle.", code="no-convergence")
    bread = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return Logistic(beta, bread, bread @ (scores.T @ scores) @ bread, np.asarray(fitted), scores)
