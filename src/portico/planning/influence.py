"""The dose-influence matrix: dose of each bixel of weight 1 in the voxels that a plan looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse

from portico.errors import CannotTell, InputRefused
from portico.planning.bixels import Bixels
from portico.rt import Grid

__all__ = [
    "MOST_BYTES",
    "Engine",
    "Influence",
    "dose_at",
    "imported_influence",
    "influence",
    "predicted_bytes",
    "voxel_points",
]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
#: A matrix that would be larger is refused before it is begun, in bytes.
MOST_BYTES: Final = 6_000_000_000
#: Bytes of one entry: a float32 and an int32.
_ENTRY: Final = 8
#: Voxels that are looked at to predict the size, and voxels whose dose is summed at a time.
_LOOKS, _CHUNK = 4_000, 200_000


class Engine(Protocol):
    """What makes a matrix: another beam model has to answer these and nothing else."""

    @property
    def says(self) -> str:
        """What every output says of it."""

    def counts(self, bixels: Bixels, number: int, points: Floats) -> NDArray[np.int64]:
        """(n,) bixels of one beam that reach each of (n, 3) points in mm, LPS."""

    def fill(
        self, bixels: Bixels, number: int, points: Floats, starts: NDArray[np.int64], values: NDArray[np.float32],
        columns: NDArray[np.int32],
    ) -> None:  # fmt: skip
        """Write doses in Gy per weight and numbers of bixels, rising, from ``starts[n]`` on, as many as were counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """A matrix and what its rows and columns are.

    Parameters
    ----------
    matrix : (rows, bixels) float32 with int32 indices, Gy per unit of bixel weight over the whole course
    voxels : (rows,) rising numbers of voxels in the flat grid, in C order of (k, j, i)
    grid : of the dose
    bixels : of the columns; None for a matrix that came without
    says : what the engine says of itself
    """

    matrix: csr_array
    voxels: NDArray[np.int64]
    grid: Grid
    bixels: Bixels | None
    says: str

    def rows_of(self, mask: Mask) -> NDArray[np.int32]:
        """Rows whose voxel lies in a (k, j, i) mask of the grid.

        Raises
        ------
        InputRefused : ``mask-shape``
        """
        if mask.shape != self.grid.shape:
            raise InputRefused("The mask does not have the shape of its grid.", code="mask-shape")
        return np.flatnonzero(mask.ravel()[self.voxels]).astype(np.int32)

    def dose(self, weights: NDArray[Any]) -> NDArray[np.float32]:
        """(rows,) Gy."""
        return np.asarray(self.matrix @ np.asarray(weights, np.float32))

    @property
    def bytes(self) -> int:
        """Bytes that the matrix takes."""
        return int(self.matrix.data.nbytes + self.matrix.indices.nbytes + self.matrix.indptr.nbytes)


def predicted_bytes(engine: Engine, bixels: Bixels, grid: Grid, voxels: NDArray[np.int64]) -> int:
    """Bytes that the matrix will take, from every so many voxels; nothing is computed."""
    if not len(voxels):
        return 0
    some = voxels[:: max(1, len(voxels) // _LOOKS)]
    points = voxel_points(grid, some)
    entries = sum(int(engine.counts(bixels, number, points).sum()) for number in range(len(bixels.beams)))
    return int(entries * (len(voxels) / len(some)) * _ENTRY + 8 * len(voxels))


def influence(
    engine: Engine,
    bixels: Bixels,
    grid: Grid,
    voxels: NDArray[np.int64],
    *,
    most_bytes: int = MOST_BYTES,
    progress: Callable[[int, int], None] | None = None,
) -> Influence:
    """The matrix for some voxels.

    Parameters
    ----------
    voxels : numbers of voxels in the flat grid, in C order of (k, j, i); see :func:`portico.planning.rows_for`
    most_bytes : a larger matrix is refused before it is begun
    progress : called with beams done and beams in all

    Raises
    ------
    CannotTell : ``too-much-memory`` with the prediction; what the engine cannot tell
    InputRefused : what the engine refuses
    """
    voxels = np.unique(np.asarray(voxels, np.int64))
    expected = predicted_bytes(engine, bixels, grid, voxels)
    if expected > most_bytes:
        raise CannotTell(
            f"The matrix would take {expected / 1e9:.1f} GB, and {most_bytes / 1e9:.1f} GB are allowed.", code="too-much-memory",
            fix="Take a coarser grid, wider bixels, fewer beams or fewer voxels of normal tissue.",
        )  # fmt: skip
    points = voxel_points(grid, voxels)
    count = len(bixels.beams)
    each = np.array([engine.counts(bixels, number, points) for number in range(count)])
    starts = np.concatenate([[0], np.cumsum(each.sum(axis=0))])
    values, columns = np.empty(int(starts[-1]), np.float32), np.empty(int(starts[-1]), np.int32)
    for number in range(count):
        engine.fill(bixels, number, points, starts[:-1] + each[:number].sum(axis=0), values, columns)
        if progress is not None:
            progress(number + 1, count)
    matrix = csr_array((values, columns, _short(starts)), shape=(len(voxels), len(bixels)))
    return Influence(matrix, voxels, grid, bixels, engine.says)


def imported_influence(
    matrix: Any, voxels: NDArray[Any], grid: Grid, bixels: Bixels | None = None, *, says: str
) -> Influence:
    """A matrix that another program made.

    Parameters
    ----------
    matrix : (rows, bixels) sparse, Gy per unit of weight
    voxels : (rows,) numbers of voxels in the flat grid, each once
    says : which program, machine and energy made it

    Raises
    ------
    InputRefused : ``matrix-invalid``
    """
    voxels = np.asarray(voxels)
    sound = issparse(matrix) and matrix.ndim == 2 and voxels.ndim == 1 and matrix.shape[0] == len(voxels) and bool(says)
    sound = sound and np.issubdtype(voxels.dtype, np.integer) and len(np.unique(voxels)) == len(voxels)
    if sound and len(voxels):
        sound = voxels.min() >= 0 and voxels.max() < np.prod(grid.shape)
    if sound and bixels is not None:
        sound = matrix.shape[1] == len(bixels)
    found = csr_array(matrix, dtype=np.float32) if sound else csr_array((0, 0), dtype=np.float32)
    if not sound or not np.isfinite(found.data).all() or (len(found.data) and found.data.min() < 0.0):
        raise InputRefused(
            "The matrix does not fit its voxels, grid and bixels, or holds what is no dose.", code="matrix-invalid",
            fix="Give one row for each voxel, one column for each bixel, doses of 0 or more, and where it comes from.",
        )  # fmt: skip
    order = np.argsort(voxels, kind="stable")
    return Influence(csr_array(found[order]), voxels[order].astype(np.int64), grid, bixels, says)


def dose_at(
    engine: Engine,
    bixels: Bixels,
    weights: Floats,
    points: Floats,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """(n,) Gy at (n, 3) points in mm, LPS, without keeping a matrix.

    Parameters
    ----------
    weights : (bixels,)
    progress : called with steps done and steps in all
    """
    made = np.zeros(len(points), np.float32)
    weights = np.asarray(weights, np.float32)
    parts = [(a, min(a + _CHUNK, len(points))) for a in range(0, len(points), _CHUNK)]
    total, done = len(parts) * len(bixels.beams), 0
    for first, last in parts:
        some = points[first:last]
        for number in range(len(bixels.beams)):
            starts = np.concatenate([[0], np.cumsum(engine.counts(bixels, number, some))])
            values, columns = np.empty(int(starts[-1]), np.float32), np.empty(int(starts[-1]), np.int32)
            engine.fill(bixels, number, some, starts[:-1], values, columns)
            made[first:last] += csr_array((values, columns, _short(starts)), shape=(len(some), len(bixels))) @ weights
            done += 1
            if progress is not None:
                progress(done, total)
    return made


def _short(starts: NDArray[np.int64]) -> NDArray[Any]:
    return starts.astype(np.int32) if starts[-1] < 2**31 else starts


def voxel_points(grid: Grid, voxels: NDArray[np.int64]) -> Floats:
    """(n, 3) mm, LPS, middles of voxels by their numbers in the flat grid."""
    k, j, i = np.unravel_index(voxels, grid.shape)
    return np.asarray(grid.points(np.column_stack([i, j, k])))
