"""Standard errors, statistics and intervals of coefficients: Wald, and Knapp–Hartung with or without truncation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from portico.synthesis.inputs import Vector, chosen, probability
from portico.synthesis.weighted import Fit, Matrix

__all__ = ["INTERVALS", "IntervalMethod", "Reference"]

IntervalMethod = Literal["wald", "knapp-hartung", "knapp-hartung-truncated"]

INTERVALS: Final[dict[IntervalMethod, str]] = {
    "wald": "Wald (normal)",
    "knapp-hartung": "Knapp–Hartung (t)",
    "knapp-hartung-truncated": "Knapp–Hartung (t), never narrower than its own normal standard error (ad hoc)",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """The distribution that a statistic is set against.

    >>> round(Reference(None).quantile(0.95), 3), round(Reference(10).quantile(0.95), 3)
    (1.96, 2.228)

    Parameters
    ----------
    df : degrees of freedom of t; None for the normal distribution
    """

    df: int | None

    def quantile(self, level: float) -> float:
        """Half-width, in standard errors, of a two-sided interval."""
        upper = 0.5 + 0.5 * probability(level, "level")
        return float(ndtri(upper) if self.df is None else stdtrit(self.df, upper))

    def two_sided_p(self, statistic: float) -> float:
        """Share of the distribution further from zero than ``statistic``."""
        beyond = -abs(statistic)
        return 2.0 * float(ndtr(beyond) if self.df is None else stdtr(self.df, beyond))


def covariance_of(fit: Fit, k: int, interval: IntervalMethod) -> tuple[Matrix, Reference, float]:
    """Covariance of the coefficients, its reference, and the factor that scaled it (1 for Wald).

    Raises
    ------
    UsageError : ``unknown-option``

    Source: Knapp and Hartung, Stat Med 2003;22:2693, doi 10.1002/sim.1482; truncation: Rover et al., BMC Med Res
    Methodol 2015;15:99.
    """
    chosen(interval, INTERVALS, "interval")
    if interval == "wald":
        return fit.covariance, Reference(None), 1.0
    free = k - len(fit.beta)
    factor = fit.rss / free
    if interval == "knapp-hartung-truncated":
        factor = max(1.0, factor)
    return factor * fit.covariance, Reference(free), factor


def standard_errors(covariance: Matrix) -> Vector:
    """Square roots of the diagonal."""
    return np.sqrt(np.diag(covariance))


def ratio(estimate: float, se: float) -> float:
    """Estimate over standard error; infinite, or 0 for 0, when the standard error is 0."""
    if se > 0:
        return estimate / se
    return math.copysign(math.inf, estimate) if estimate else 0.0
