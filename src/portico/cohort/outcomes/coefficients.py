"""What a regression of hazards answers: coefficients, two standard errors, intervals, and how many rows stood behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from portico.cohort.outcomes.events import Index, Vector
from portico.errors import CannotTell, InputRefused

__all__ = ["HazardModel", "cluster_codes", "clustered", "newton_step"]


@dataclass(frozen=True, slots=True, eq=False)
class HazardModel:
    """Log hazard ratios.

    Parameters
    ----------
    kind : ``"fine-gray"`` or ``"cause-specific"``
    names : (p,) covariates
    coefficients : (p,) log ratio for one unit more; above zero means more events
    covariance : (p, p) the robust estimate: of Fine and Gray with censoring estimated, or clustered; None for a Cox model
        without clusters, where the information is used
    information_covariance : (p, p) inverse of the observed information
    n, events, clusters : rows, events of the cause, independent units
    log_likelihood : at the estimate
    """

    kind: str
    names: tuple[str, ...]
    coefficients: Vector
    covariance: Vector | None
    information_covariance: Vector
    n: int
    events: int
    clusters: int
    log_likelihood: float

    @property
    def used_covariance(self) -> Vector:
        """The covariance behind :attr:`se`: robust where there is one."""
        return self.information_covariance if self.covariance is None else self.covariance

    @property
    def se(self) -> Vector:
        """Standard errors."""
        return np.sqrt(np.diag(self.used_covariance))

    @property
    def standard_se(self) -> Vector:
        """Standard errors from the information alone."""
        return np.sqrt(np.diag(self.information_covariance))

    @property
    def p(self) -> Vector:
        """Two-sided p of each coefficient (Wald)."""
        return np.asarray(2.0 * ndtr(-np.abs(self.coefficients) / self.se))

    def ratios(self, level: float = 0.95) -> Vector:
        """(p, 3) hazard ratio, lower and upper bound."""
        half = float(ndtri(0.5 + level / 2)) * self.se
        return np.exp(np.column_stack([self.coefficients, self.coefficients - half, self.coefficients + half]))


def clustered(scores: Vector, bread: Vector, cluster: Index | None) -> tuple[Vector, int]:
    """Sandwich of the rows' scores, summed in each cluster first; and the number of clusters.

    No small-sample factor is applied, as in the R packages survival and cmprsk.
    """
    if cluster is not None:
        count = int(cluster.max()) + 1
        scores = np.column_stack([np.bincount(cluster, one, minlength=count) for one in scores.T])
    return bread @ (scores.T @ scores) @ bread, len(scores)


def newton_step(gradient: Vector, information: Vector) -> Vector:
    """Solve for the step.

    Raises
    ------
    CannotTell : ``collinear``
    """
    scale = np.sqrt(np.diag(information))
    if (scale <= 0).any() or np.linalg.cond(information / np.outer(scale, scale)) > 1e12:
        raise CannotTell(
            "A covariate does not vary, or repeats others.", code="collinear", fix="Leave one of them out."
        )
    return np.asarray(np.linalg.solve(information, gradient), dtype=np.float64)


def cluster_codes(cluster: object, n: int) -> Index | None:
    """Labels as 0, 1, …; None stays None."""
    if cluster is None:
        return None
    labels = np.asarray(cluster)
    if labels.shape != (n,):
        raise InputRefused("cluster is of another length than time.", code="lengths-differ", path="cluster")
    plain = labels if labels.dtype.kind in "biuU" else labels.astype(str)
    return np.unique(plain, return_inverse=True)[1].astype(np.int64)
