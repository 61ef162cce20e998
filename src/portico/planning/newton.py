"""The linear system of one interior-point step: a float32 Cholesky factor, corrected by conjugate gradients in float64.

``(A^T D A + B) dx = rhs`` with D the curvature of the rows and B that of the bounds on columns. Near the end D spans
many powers of ten and float32 alone would lose the small directions; the factor then serves as preconditioner.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from portico.errors import CannotTell
from portico.planning.product import Floats
from portico.planning.system import System

__all__ = ["Newton"]

#: Rows whose curvature is below this share of the largest do not enter the factor; the corrections see them.
_ROW_SHARE: Final = 1e-7
#: A column whose bound outweighs the curvature so many times is all but fixed: it enters by its diagonal alone.
_HELD: Final = 1e6
#: Added to the unit diagonal of the scaled system, at the rounding of float32; more where a factor fails.
_RIDGES: Final = (1e-6, 1e-4, 1e-2)
#: Most corrections of one direction.
_CORRECTIONS: Final = 20


class Newton:
    """The system of one step.

    Parameters
    ----------
    system : the problem
    curvature : D, by slot, above 0
    at_bounds : B, by column, above 0

    Raises
    ------
    CannotTell : ``optimiser-broke-down`` when no factor is found
    """

    def __init__(self, system: System, curvature: Floats, at_bounds: Floats) -> None:
        self.system, self.curvature, self.at_bounds = system, curvature, at_bounds
        self.factor: tuple[NDArray[np.float32], bool] | None
        diagonal = system.squares(curvature)
        self.scale = 1.0 / np.sqrt(diagonal + at_bounds)
        self.free = np.flatnonzero(at_bounds < _HELD * diagonal)
        if not len(self.free):  # every column stands at a bound: the diagonal is the system
            self.factor = None
            return
        gram = system.gram(curvature, self.free, _ROW_SHARE)
        small = self.scale[self.free].astype(np.float32)
        gram *= small[:, None]
        gram *= small[None, :]
        unit = gram.diagonal() + (at_bounds[self.free] * self.scale[self.free] ** 2).astype(np.float32)
        self.factor = _factor(gram, unit)

    def solved(self, rhs: Floats, enough: float) -> tuple[Floats, Floats]:
        """The direction dx, and what it changes in every slot in Gy.

        Parameters
        ----------
        enough : by how much the residual may loosen the lower bound, in the unit of the objective
        """
        dx = self._preconditioned(rhs)
        doses = self.system.forward(dx)
        rest = rhs - self._applied(dx, doses)
        along = np.zeros_like(rhs)
        before = 1.0
        for _ in range(_CORRECTIONS):
            if float(self.system.upper @ np.abs(rest)) <= enough:
                break
            ahead = self._preconditioned(rest)
            now = float(rest @ ahead)
            along = ahead + (now / before) * along
            doses_along = self.system.forward(along)
            applied = self._applied(along, doses_along)
            far = now / float(along @ applied)
            dx, doses, rest, before = dx + far * along, doses + far * doses_along, rest - far * applied, now
        return dx, doses

    def _applied(self, dx: Floats, doses: Floats) -> Floats:
        return self.system.back(self.curvature * doses) + self.at_bounds * dx

    def _preconditioned(self, rhs: Floats) -> Floats:
        made: Floats = self.scale**2 * rhs
        if self.factor is None:
            return made
        free, scale = self.free, self.scale[self.free]
        small = (scale * rhs[free]).astype(np.float32)
        made[free] = scale * cho_solve(self.factor, small, check_finite=False).astype(np.float64)
        return made


def _factor(gram: NDArray[np.float32], unit: NDArray[np.float32]) -> tuple[NDArray[np.float32], bool]:
    for ridge in _RIDGES:
        np.fill_diagonal(gram, unit + np.float32(ridge))
        try:
            factor: tuple[NDArray[np.float32], bool] = cho_factor(gram, lower=True, check_finite=False)
        except LinAlgError:
            continue
        if np.isfinite(factor[0].diagonal()).all():
            return factor
    raise CannotTell("The linear system of a step could not be solved.", code="optimiser-broke-down")
