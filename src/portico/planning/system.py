"""The convex problem that one solve works on: bounds on rows, hard or with a quadratic price, and a linear cost.

    minimise    cost·x + Σ e_k² / (2 q_k)        over 0 <= x <= upper
    subject to  sign_k (row_k·x) - bound_k <= e_k,   with e_k = 0 where the softness q_k is 0

A row is a row of the influence matrix (dose of a voxel) or a dense row (a mean dose, a tangent of a convex measure).
Columns are bixel weights, and after them extra columns that only dense rows see (the shared excess of tangents).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portico.planning.product import Floats, Ints, Product

__all__ = ["System", "Terms", "lower_bound"]


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Bounds on rows; arrays of one length.

    Parameters
    ----------
    slot : place of the row in the system: first its voxel rows, then its dense rows
    sign : +1 for at most, -1 for at least
    bound_gy : the bound times ``sign``: 55 for at most 55 Gy, -50 for at least 50 Gy
    softness : q in the head of this module; 0 for a hard bound
    goal : number of the goal it comes from
    key : a number of its own, the same in every system that has this bound, so that a warm start can find it
    """

    slot: Ints
    sign: Floats
    bound_gy: Floats
    softness: Floats
    goal: Ints
    key: Ints

    def __len__(self) -> int:
        return len(self.slot)

    @property
    def hard(self) -> NDArray[np.bool_]:
        """Which bounds are hard."""
        return self.softness <= 0.0


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """One convex problem.

    Parameters
    ----------
    product : influence matrix
    rows : numbers of the voxel rows that terms use
    dense : dense rows, shape (dense rows, bixels + extra columns)
    terms : bounds
    cost : of each column, per unit weight
    upper : largest value of each column
    """

    product: Product
    rows: Ints
    dense: Floats
    terms: Terms
    cost: Floats
    upper: Floats

    def forward(self, x: Floats) -> Floats:
        """Dose of every slot in Gy."""
        bixels = self.product.shape[1]
        return np.concatenate([self.product.forward(x[:bixels], self.rows), self.dense @ x])

    def back(self, by_slot: Floats) -> Floats:
        """Sum of the rows, each times its factor: shape (columns,)."""
        return self._extended(self.product.back(by_slot[: len(self.rows)], self.rows)) + (
            by_slot[len(self.rows) :] @ self.dense
        )

    def squares(self, by_slot: Floats) -> Floats:
        """Diagonal of the curvature: sum of squares of the rows, each times its factor."""
        return self._extended(self.product.squares(by_slot[: len(self.rows)], self.rows)) + (
            by_slot[len(self.rows) :] @ self.dense**2
        )

    def gram(self, by_slot: Floats, columns: Ints, share: float) -> NDArray[np.float32]:
        """Curvature of some columns (rising), lower triangle, without voxel rows whose factor is below ``share`` of the largest."""
        voxel, bixels = by_slot[: len(self.rows)], self.product.shape[1]
        kept = np.flatnonzero(voxel > share * voxel.max(initial=0.0))
        inner = columns[columns < bixels]
        small = self.product.gram(voxel[kept], self.rows[kept], inner)
        if not len(self.dense):
            return small
        whole = np.zeros((len(columns), len(columns)), dtype=np.float32, order="F")
        whole[: len(inner), : len(inner)] = small
        scaled = self.dense[:, columns] * np.sqrt(by_slot[len(self.rows) :])[:, None]
        whole += (scaled.T @ scaled).astype(np.float32)
        return whole

    def by_slot(self, by_term: Floats) -> Floats:
        """Sum over the terms of each slot."""
        return np.bincount(self.terms.slot, by_term, minlength=len(self.rows) + len(self.dense)).astype(np.float64)

    def excess_gy(self, doses_gy: Floats) -> Floats:
        """How far each term lies beyond its bound in Gy; negative inside."""
        return self.terms.sign * doses_gy[self.terms.slot] - self.terms.bound_gy

    def objective(self, x: Floats, doses_gy: Floats) -> tuple[float, float]:
        """Value of the objective, and the largest excess of a hard bound in Gy (0 when none)."""
        excess, hard = self.excess_gy(doses_gy), self.terms.hard
        soft = np.maximum(excess[~hard], 0.0)
        value = float(self.cost @ x) + 0.5 * float((soft**2 / self.terms.softness[~hard]).sum())
        return value, float(np.maximum(excess[hard], 0.0).max(initial=0.0))

    def _extended(self, bixels: Floats) -> Floats:
        more = len(self.cost) - len(bixels)
        return np.concatenate([bixels, np.zeros(more)]) if more else bixels


def lower_bound(system: System, duals: Floats, gradient: Floats) -> float:
    """Value that the objective cannot go below, by weak duality; it holds whatever gave the duals.

    For every x with ``0 <= x <= upper``: ``objective(x) >= -duals·bound - Σ q duals² / 2 + Σ upper min(0, gradient)``.

    Parameters
    ----------
    system : the problem
    duals : of its terms, 0 or more
    gradient : ``cost + A^T (sign duals)``, shape (columns,)
    """
    terms = system.terms
    kept = float(terms.bound_gy @ duals) + 0.5 * float(terms.softness @ duals**2)
    return float(system.upper @ np.minimum(gradient, 0.0)) - kept
