"""A vertebra made of simple shapes in its own frame, turned and put on a grid of any orientation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.rt import Grid
from portico.targets.vertebral_parts import PARTS, Part

__all__ = ["POSITIONS", "UPRIGHT", "centred", "every_point", "part_of", "turn", "vertebra"]

Floats = NDArray[np.float64]
#: Patient axes as columns: left, front, head in LPS.
UPRIGHT: Final = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]])

#: Image axes as columns: the eight patient positions, for slices from the feet up and from the head down.
POSITIONS: Final = tuple(
    np.array([i, j, np.cross(i, j)], dtype=float).T
    for i, j in (
        ((1, 0, 0), (0, 1, 0)), ((-1, 0, 0), (0, -1, 0)), ((-1, 0, 0), (0, 1, 0)), ((1, 0, 0), (0, -1, 0)),
        ((0, 1, 0), (-1, 0, 0)), ((0, -1, 0), (1, 0, 0)), ((0, 1, 0), (1, 0, 0)), ((0, -1, 0), (-1, 0, 0)),
    )
)  # fmt: skip


def centred(counts: Sequence[int], spacing: Sequence[float], axes: Floats) -> Grid:
    """A grid round the patient's origin: voxels along i, j, k, their distance in mm, and unit directions as columns."""
    middle = 0.5 * (np.array(counts) - 1) * spacing
    return Grid(-axes @ middle, np.array(spacing), axes, (counts[2], counts[1], counts[0]))


def every_point(grid: Grid) -> Floats:
    """(n, 3) mm of all voxels, in the order of a raveled array (k, j, i)."""
    k, j, i = (one.ravel() for one in np.indices(grid.shape))
    return grid.points(np.column_stack([i, j, k]))


def part_of(local: Floats) -> NDArray[np.uint8]:
    """One more than the place in PARTS for (n, 3) mm to the left, front and head of the canal's middle; 0 outside."""
    u, v, w = local.T
    side = np.abs(u)
    found = np.zeros(len(local), np.uint8)

    def give(where: NDArray[np.bool_], left: Part, right: Part | None = None) -> None:
        where = where & (found == 0)
        found[where & (u > 0)] = PARTS.index(left) + 1
        found[where & (u <= 0)] = PARTS.index(right or left) + 1

    give((u / 22) ** 2 + ((v - 24) / 17) ** 2 <= 1, "vertebral_body")
    found[(v < 7) | (np.abs(w) > 13)] = 0
    give((side >= 12) & (side <= 18) & (v >= 0) & (v < 8) & (np.abs(w) <= 7), "pedicle_left", "pedicle_right")
    give(
        (side > 21) & (side <= 36) & (v >= -8) & (v <= 3) & (np.abs(w) <= 5),
        "transverse_process_left",
        "transverse_process_right",
    )
    give((side <= 4) & (v < -9) & (v >= -38) & (np.abs(w) <= 7), "spinous_process")
    give((side > 9) & (side <= 19) & (v < -1) & (v >= -9) & (np.abs(w) <= 8), "lamina_left", "lamina_right")
    give((side > 4) & (side <= 18) & (v < -8) & (v >= -14) & (np.abs(w) <= 9), "lamina_left", "lamina_right")
    return found


def turn(around_left: float = 0.0, around_front: float = 0.0, around_head: float = 0.0) -> Floats:
    """Rotation matrix from degrees."""
    made: Floats = np.eye(3)
    for axis, degrees in ((0, around_left), (1, around_front), (2, around_head)):
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        one = np.eye(3)
        a, b = [(1, 2), (2, 0), (0, 1)][axis]
        one[a, a], one[a, b], one[b, a], one[b, b] = c, -s, s, c
        made = made @ one
    return made


def vertebra(
    rotation: Floats | None = None,
    axes: Floats | None = None,
    spacing: tuple[float, float, float] = (1.5, 1.5, 1.5),
    half: float = 66.0,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], Grid, Floats]:
    """Part of each voxel, canal mask, grid, and each voxel's place in the vertebra's own frame."""
    rotation, axes = np.eye(3) if rotation is None else rotation, np.eye(3) if axes is None else axes
    counts = tuple(int(2 * half / h) + 1 for h in spacing)
    grid = centred(counts, spacing, axes)
    local = every_point(grid) @ (rotation @ UPRIGHT)
    parts = part_of(local).reshape(grid.shape)
    canal = ((local[:, 0] / 11) ** 2 + (local[:, 1] / 7.5) ** 2 <= 1).reshape(grid.shape) & (parts == 0)
    return parts, canal, grid, local.reshape(*grid.shape, 3)
