"""Marginal likelihood of counts with one normal random effect a study, by adaptive Gauss–Hermite quadrature.

Many replicates of one data set are evaluated together: parameters carry a first axis of replicates. The gradient and
the matrix of second derivatives come from the same nodes as the value (Fisher's and Louis's identities), so that
Newton steps are exact up to the quadrature.

Source: Pinheiro and Bates, J Comput Graph Stat 1995;4:12; Louis, J R Stat Soc B 1982;44:226.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portico.synthesis.inputs import Vector
from portico.synthesis.outcome_families import Family

__all__ = ["MixedData", "MixedState", "evaluate"]

Tensor = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MixedData:
    """Rows of counts, grouped by study.

    Parameters
    ----------
    family : likelihood of the counts
    design : (rows, p) fixed effects
    spread : (rows,) multiplier of the study's random effect; 1 for a random intercept
    offset : (rows,) added to the predictor
    starts : (studies,) first row of each study; rows of one study stand together
    weights : (replicates, studies) how often each study counts; None for once
    """

    family: Family
    design: Tensor
    spread: Vector
    offset: Vector
    starts: NDArray[np.intp]
    weights: Tensor | None = None

    @property
    def study(self) -> NDArray[np.intp]:
        """(rows,) study of each row."""
        lengths = np.diff(np.append(self.starts, len(self.spread)))
        return np.repeat(np.arange(len(self.starts)), lengths)

    def by_study(self, rows: Tensor) -> Tensor:
        """Sum the last axis, rows, over each study."""
        if len(self.starts) == rows.shape[-1]:
            return rows
        return np.asarray(np.add.reduceat(rows, self.starts, axis=-1))


@dataclass(frozen=True, slots=True, eq=False)
class MixedState:
    """Value and derivatives at given parameters.

    Parameters
    ----------
    height : (replicates,) log-likelihood, constants of the counts left out
    gradient : (replicates, p + 1) by the fixed effects and by τ
    curvature : (replicates, p + 1, p + 1)
    modes : (replicates, studies) most likely standardised random effects
    """

    height: Vector
    gradient: Tensor
    curvature: Tensor
    modes: Tensor


def _modes(data: MixedData, fixed: Tensor, tau: Tensor, start: Tensor, tolerance: float) -> tuple[Tensor, Tensor]:
    """Mode of each study's random effect and minus the curvature there.

    Newton steps of at most 2 within a bracket: the slope falls all the way, so its sign tells on which side the mode
    lies, and a step that leaves the bracket becomes its middle. Plain Newton would go to and fro where τ is large.
    """
    u, study = start, data.study
    low, high = np.full_like(u, -np.inf), np.full_like(u, np.inf)
    scale = tau[:, None] * data.spread
    for _ in range(60):
        _, first, second = data.family.parts(fixed + scale * u[:, study])
        slope = data.by_study(first * scale) - u
        bend = 1.0 - data.by_study(second * scale**2)
        rising = slope > 0
        low, high = np.where(rising, u, low), np.where(rising, high, u)
        new = u + np.clip(slope / bend, -2.0, 2.0)
        outside = np.where(rising, new >= high, (new <= low) & (slope < 0))
        if outside.any():
            new[outside] = 0.5 * (low + high)[outside]
        moved = np.abs(new - u).max()
        u = new
        if moved < tolerance:
            break
    return u, bend


def evaluate(
    data: MixedData, psi: Tensor, modes: Tensor, *, nodes: tuple[Vector, Vector], tolerance: float = 1e-10
) -> MixedState:
    """Log-likelihood, gradient and curvature.

    Parameters
    ----------
    data : the counts
    psi : (replicates, p + 1) fixed effects, then τ, whose sign has no meaning
    modes : (replicates, studies) where to start looking for the modes
    nodes : points and weights of Gauss–Hermite quadrature
    tolerance : of the modes; nodes need not stand exactly on them
    """
    beta, tau = psi[:, :-1], psi[:, -1]
    fixed = beta @ data.design.T + data.offset
    u0, bend = _modes(data, fixed, tau, modes, tolerance)
    width = np.sqrt(2.0 / bend)
    z, gauss = (part[:, None, None] for part in nodes)
    u = u0 + width * z  # nodes, replicates, studies: sums over the first axis are the quick ones
    at_rows = u[..., data.study] * data.spread
    value, first, second = data.family.parts(fixed + tau[:, None] * at_rows)
    joint = data.by_study(value) - 0.5 * u**2 + (np.log(gauss) + z**2)
    top = joint.max(0)
    share = np.exp(joint - top)
    whole = share.sum(0)
    share /= whole
    height = top + np.log(whole * width) - 0.5 * np.log(2.0 * np.pi)
    if data.weights is not None:
        height = height * data.weights
        share *= data.weights

    p = data.design.shape[1]
    scores = [data.by_study(first * data.design[:, j]) for j in range(p)] + [data.by_study(first * at_rows)]
    shared = [share * score for score in scores]
    counted = np.stack([part.sum(0) for part in shared], axis=-1)  # replicates, studies, p + 1
    mean = counted if data.weights is None else counted / np.maximum(data.weights, 1.0)[..., None]
    curvature = -np.swapaxes(counted, 1, 2) @ mean
    row_times = share[..., data.study] * second
    moved = row_times * at_rows
    curvature[:, :p, :p] += np.einsum("br,ri,rj->bij", row_times.sum(0), data.design, data.design)
    mixed = moved.sum(0) @ data.design
    curvature[:, :p, p] += mixed
    curvature[:, p, :p] += mixed
    curvature[:, p, p] += (moved * at_rows).sum((0, 2))
    for i in range(p + 1):
        for j in range(i, p + 1):
            both = (shared[i] * scores[j]).sum((0, 2))
            curvature[:, i, j] += both
            if i != j:
                curvature[:, j, i] += both
    return MixedState(height.sum(-1), counted.sum(1), curvature, u0)
