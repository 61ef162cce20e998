"""Likelihood of a count given its linear predictor: value, first and second derivative, for arrays of any shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import gammaln

from portico.synthesis.inputs import Vector

__all__ = ["Binomial", "Family", "Hypergeometric", "Poisson"]


class Family(Protocol):
    """One count a row; the last axis of the predictor is that of the rows."""

    def parts(self, eta: Vector) -> tuple[Vector, Vector, Vector]:
        """Log-likelihood up to a constant, its derivative by ``eta``, and the second one (never positive)."""

    @property
    def constant(self) -> Vector:
        """(rows,) what :meth:`parts` leaves out of the log-likelihood."""


@dataclass(frozen=True, slots=True, eq=False)
class Binomial:
    """``x`` events among ``n``; the predictor is a logit.

    Parameters
    ----------
    x : (rows,) or (replicates, rows)
    n : (rows,)
    """

    x: Vector
    n: Vector

    def parts(self, eta: Vector) -> tuple[Vector, Vector, Vector]:
        """See :class:`Family`."""
        x, n = self.x, self.n
        small = np.exp(-np.abs(eta))  # one exponential serves both the probability and its logarithm
        p = np.where(eta >= 0, 1.0, small) / (1.0 + small)
        mean = n * p
        log_no = np.maximum(eta, 0.0) + np.log1p(small)
        return x * eta - n * log_no, x - mean, mean * (p - 1.0)

    @property
    def constant(self) -> Vector:
        """Logarithm of the binomial coefficient."""
        return log_choose(self.n, self.x)


@dataclass(frozen=True, slots=True, eq=False)
class Poisson:
    """``x`` events; the predictor is the logarithm of the expected number (time at risk enters as an offset)."""

    x: Vector

    def parts(self, eta: Vector) -> tuple[Vector, Vector, Vector]:
        """See :class:`Family`."""
        x = self.x
        mean = np.exp(np.minimum(eta, 700.0))
        return x * eta - mean, x - mean, -mean

    @property
    def constant(self) -> Vector:
        """Minus the logarithm of x factorial."""
        return np.asarray(-gammaln(self.x + 1.0), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Hypergeometric:
    """Events of the first arm given the events of both; the predictor is a log odds ratio.

    Parameters
    ----------
    x : (rows,) events in the first arm
    first_n, second_n, events : (rows,) sizes of the arms, events in both
    """

    x: Vector
    first_n: Vector
    second_n: Vector
    events: Vector

    def _support(self) -> tuple[Vector, Vector]:
        low: Vector = np.maximum(0.0, self.events - self.second_n)
        high = np.minimum(self.first_n, self.events)
        values: Vector = low[:, None] + np.arange(float((high - low).max()) + 1.0)
        inside = values <= high[:, None]
        safe: Vector = np.where(inside, values, low[:, None])
        ways: Vector = log_choose(self.first_n[:, None], safe) + log_choose(
            self.second_n[:, None], self.events[:, None] - safe
        )
        return values, np.where(inside, ways, -np.inf)

    def parts(self, eta: Vector) -> tuple[Vector, Vector, Vector]:
        """See :class:`Family`."""
        values, ways = self._support()
        terms = ways + values * eta[..., None]
        top = terms.max(-1, keepdims=True)
        share = np.exp(terms - top)
        whole = share.sum(-1, keepdims=True)
        share = share / whole
        mean = (share * values).sum(-1)
        variance = (share * (values - mean[..., None]) ** 2).sum(-1)
        x = self.x
        return x * eta - (top + np.log(whole))[..., 0], x - mean, -variance

    @property
    def constant(self) -> Vector:
        """Logarithm of the number of tables with ``x``."""
        return log_choose(self.first_n, self.x) + log_choose(self.second_n, self.events - self.x)


def log_choose(n: Vector, x: Vector) -> Vector:
    """Logarithm of the binomial coefficient."""
    return np.asarray(gammaln(n + 1.0) - gammaln(x + 1.0) - gammaln(n - x + 1.0), dtype=np.float64)
