"""Weights that make two groups comparable, and the table that shows whether they did.

>>> import numpy as np
>>> draw = np.random.default_rng(2)
>>> age = draw.normal(65, 10, 500)
>>> treated = draw.random(500) < 1 / (1 + np.exp(-(age - 65) / 10))
>>> found = propensity(treated, age[:, None], names=["age"])
>>> abs(found.balance[0].before) > 0.5, abs(found.balance[0].after) < 1e-6
(True, True)

Overlap weights (Li, Morgan & Zaslavsky 2018, doi:10.1080/01621459.2016.1260466) answer for patients who might have had
either, and balance the means exactly; inverse-probability weights answer for everybody, and fail where one group is never
treated. Neither removes confounding by what was not recorded: see :mod:`portico.cohort.outcomes.sensitivity`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from portico.cohort.outcomes.events import Mask, Vector, numbers
from portico.cohort.outcomes.logistic import Logistic, logistic
from portico.errors import CannotTell, UsageError

__all__ = ["BALANCED", "WEIGHTS", "Balance", "Propensity", "WeightKind", "propensity"]

WeightKind = Literal["overlap", "inverse"]
WEIGHTS: Final = {"overlap": "patients who might have had either treatment", "inverse": "all patients"}
"""Kind of weights, and for whom the result then speaks."""

BALANCED: Final = 0.1
"""Absolute standardised difference below which a covariate is commonly called balanced (Austin 2009)."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Standardised mean difference of a covariate, treated minus others over the pooled unweighted deviation."""

    name: str
    before: float
    after: float

    @property
    def balanced(self) -> bool:
        """Whether the weighted difference is below :data:`BALANCED`."""
        return abs(self.after) < BALANCED


@dataclass(frozen=True, slots=True, eq=False)
class Propensity:
    """Weights of one comparison.

    Parameters
    ----------
    kind : see :data:`WEIGHTS`
    score : (n,) probability of treatment
    weights : (n,)
    balance : one for each covariate
    effective : effective sample size of the treated and of the others (Kish)
    model : the logistic fit
    """

    kind: WeightKind
    score: Vector
    weights: Vector
    balance: tuple[Balance, ...]
    effective: tuple[float, float]
    model: Logistic


def weights_from(score: Vector, treated: Mask, kind: WeightKind) -> Vector:
    """Weights for a score: overlap 1 − e or e, inverse 1/e or 1/(1 − e)."""
    if kind == "overlap":
        return np.where(treated, 1 - score, score)
    return np.where(treated, 1 / score, 1 / (1 - score))


def propensity(
    treated: ArrayLike | Iterable[float], covariates: ArrayLike, *, names: Sequence[str], kind: WeightKind = "overlap"
) -> Propensity:
    """Model treatment from covariates known before it.

    Parameters
    ----------
    treated : (n,) 0 or 1
    covariates : (n, p), none unknown
    names : (p,)

    Raises
    ------
    UsageError : ``unknown-option``
    CannotTell : ``one-group``, ``separated``, ``collinear``
    InputRefused : as :func:`portico.cohort.outcomes.logistic.logistic`
    """
    if kind not in WEIGHTS:
        raise UsageError("There are no such weights.", code="unknown-option", fix=f"Known: {', '.join(WEIGHTS)}.")
    group, x = numbers(treated, "treated"), numbers(covariates, "covariates", columns=True)
    had = group == 1
    if had.all() or not had.any():
        raise CannotTell("Everybody had the same treatment.", code="one-group", path="treated")
    scale = np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    centre = x.mean(axis=0)
    model = logistic((x - centre) / scale, group)
    score = model.fitted
    weights = weights_from(score, had, kind)
    table = tuple(
        Balance(name, _difference(column, had, np.ones(len(had))), _difference(column, had, weights))
        for name, column in zip(names, x.T, strict=True)
    )
    effective = (_kish(weights[had]), _kish(weights[~had]))
    return Propensity(kind, score, weights, table, effective, model)


def score_at(beta: Vector, covariates: Vector) -> Vector:
    """Score for other coefficients of the same (standardised) model."""
    scale = np.where(covariates.std(axis=0) > 0, covariates.std(axis=0), 1.0)
    return np.asarray(expit(beta[0] + ((covariates - covariates.mean(axis=0)) / scale) @ beta[1:]))


def _difference(column: Vector, had: Mask, weights: Vector) -> float:
    spread = np.sqrt((column[had].var(ddof=1) + column[~had].var(ddof=1)) / 2)
    gap = np.average(column[had], weights=weights[had]) - np.average(column[~had], weights=weights[~had])
    return float(gap / spread) if spread > 0 else 0.0


def _kish(weights: Vector) -> float:
    return float(weights.sum() ** 2 / (weights**2).sum())
