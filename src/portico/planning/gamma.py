"""Gamma index: whether two doses on one grid agree within a dose or within a distance.

>>> import numpy as np
>>> reference = np.linspace(1.0, 2.0, 9)[:, None, None] * np.ones((9, 5, 5))
>>> found = gamma_index(reference, 1.005 * reference, (2.0, 2.0, 2.0), dose_share=0.01, distance_mm=1.0)
>>> bool((found <= 1.0).all())
True

Each voxel of the reference looks for the best point of the other dose, which is linear between voxels, on a lattice of a tenth of the
distance. A finer lattice could only find a lower gamma: what passes here passes.

Source: Low, Harms, Mutic and Purdy, Medical Physics 1998.
"""

from __future__ import annotations

from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from portico.errors import UsageError
from portico.geometry import compiled

__all__ = ["gamma_index"]

#: Steps of the search within the distance.
_STEPS: Final = 10
#: Largest gamma that is told apart; beyond, a voxel reads this.
_MOST: Final = 2.0


@compiled
def _search(voxels: Any, reference: Any, other: Any, moves: Any, far: Any, dose: float, out: Any) -> None:
    """``out[n]`` = least gamma of the voxel ``voxels[n]`` (k, j, i); moves in voxels, by rising ``far`` (squared, in distances)."""
    for n in range(len(voxels)):
        k, j, i = voxels[n]
        here = reference[k, j, i]
        best = out[n] * out[n]
        for move in range(len(moves)):
            if far[move] >= best:
                break
            z, y, x = k + moves[move, 0], j + moves[move, 1], i + moves[move, 2]
            c, b, a = int(np.floor(z)), int(np.floor(y)), int(np.floor(x))
            if c < 0 or b < 0 or a < 0 or z > other.shape[0] - 1 or y > other.shape[1] - 1 or x > other.shape[2] - 1:
                continue
            w, v, u = z - c, y - b, x - a
            value = 0.0
            for corner in range(8):
                dz, dy, dx = corner >> 2, (corner >> 1) & 1, corner & 1
                share = (w if dz else 1.0 - w) * (v if dy else 1.0 - v) * (u if dx else 1.0 - u)
                if share > 0.0:
                    value += share * other[c + dz, b + dy, a + dx]
            found = far[move] + ((value - here) / dose) ** 2
            if found < best:
                best = found
        out[n] = np.sqrt(best)


def gamma_index(
    reference: NDArray[Any],
    other: NDArray[Any],
    spacing_mm: tuple[float, float, float],
    *,
    dose_share: float,
    distance_mm: float,
    above_share: float = 0.1,
) -> NDArray[np.float64]:
    """(n,) gamma of each voxel of the reference above a share of its highest dose, in C order; at most 2.

    Parameters
    ----------
    reference, other : (k, j, i) on one grid, in one unit
    spacing_mm : along i, j, k
    dose_share : what counts as 1 in dose, as a share of the reference's highest (0.01 for 1 %, global)
    distance_mm : what counts as 1 in place
    above_share : voxels below this share of the highest dose are not judged

    Raises
    ------
    UsageError : ``gamma-invalid``
    """
    positive = dose_share > 0.0 and distance_mm > 0.0 and min(spacing_mm) > 0.0
    if (
        not positive
        or reference.shape != other.shape
        or reference.ndim != 3
        or not float(np.max(reference, initial=0.0)) > 0.0
    ):
        raise UsageError(
            "Gamma compares two doses on one grid, the reference above 0, by a share and a distance above 0.", code="gamma-invalid"
        )  # fmt: skip
    highest = float(reference.max())
    voxels = np.argwhere(reference > above_share * highest)
    reach = int(np.ceil(_MOST * _STEPS))
    lattice = np.array(list(product(range(-reach, reach + 1), repeat=3)), float) / _STEPS
    far = (lattice**2).sum(axis=1)
    near = np.flatnonzero(far < _MOST**2)
    order = near[np.argsort(far[near], kind="stable")]
    moves = lattice[order] * distance_mm / np.array(spacing_mm[::-1])
    out = np.full(len(voxels), _MOST)
    _search(
        voxels,
        np.asarray(reference, np.float64),
        np.asarray(other, np.float64),
        moves,
        far[order],
        dose_share * highest,
        out,
    )
    return out
