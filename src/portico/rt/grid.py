"""A rectangular grid of voxels in the patient: LPS, millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from portico.rt.refusals import refused

__all__ = ["AXIS_TOLERANCE", "Grid"]

Floats = npt.NDArray[np.float64]

#: Largest component of a unit axis off its patient axis that still counts as parallel (0.04 mm over 400 mm).
AXIS_TOLERANCE: Final = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Where the voxels of an array stand.

    Arrays that belong to a grid are numpy in C order with axes (k, j, i). The frame is the patient's: +x to the
    left, +y to the back, +z to the head (LPS), whatever the patient's position on the couch.

    >>> grid = Grid((0, 0, 100), (1, 2, 3), np.eye(3), (5, 4, 3))
    >>> grid.points(np.array([[2, 1, 4]])).tolist()
    [[2.0, 2.0, 112.0]]
    >>> grid.voxel_cm3
    0.006

    Parameters
    ----------
    origin : (3,) mm, centre of voxel i = j = k = 0
    spacing : (3,) mm, distance of voxel centres along i, j, k; above 0
    axes : (3, 3) unit directions of i, j, k as columns
    shape : voxels along (k, j, i)

    Raises
    ------
    InputRefused
        ``grid-damaged`` for numbers that are not finite, spacing not above 0, axes that are not orthonormal,
        or a shape with a size below 1
    """

    origin: Floats
    spacing: Floats
    axes: Floats
    shape: tuple[int, int, int]

    def __post_init__(self) -> None:
        origin, spacing, axes = (np.array(part, dtype=np.float64) for part in (self.origin, self.spacing, self.axes))
        shape = tuple(int(size) for size in self.shape)
        sound = (
            origin.shape == (3,)
            and spacing.shape == (3,)
            and axes.shape == (3, 3)
            and len(shape) == 3
            and min(shape) >= 1
            and bool(np.isfinite(origin).all() and np.isfinite(spacing).all() and np.isfinite(axes).all())
            and bool((spacing > 0).all())
            and bool(np.abs(axes.T @ axes - np.eye(3)).max() <= AXIS_TOLERANCE)
        )
        if not sound:
            raise refused("grid-damaged", "The grid is not a rectangular grid of voxels.")
        for name, part in (("origin", origin), ("spacing", spacing), ("axes", axes)):
            part.setflags(write=False)
            object.__setattr__(self, name, part)
        object.__setattr__(self, "shape", shape)

    @property
    def is_aligned(self) -> bool:
        """Whether each axis is parallel to x, y or z, in any order and direction."""
        size = np.abs(self.axes)
        return bool(np.minimum(size, np.abs(size - 1)).max() <= AXIS_TOLERANCE)

    @property
    def voxel_cm3(self) -> float:
        """Volume of one voxel in cm3."""
        return float(np.prod(self.spacing)) / 1000.0

    @property
    def affine(self) -> Floats:
        """(4, 4) matrix from (i, j, k, 1) to (x, y, z, 1) in mm."""
        found = np.eye(4)
        found[:3, :3] = self.axes * self.spacing
        found[:3, 3] = self.origin
        return found

    def points(self, indices: npt.ArrayLike) -> Floats:
        """(n, 3) mm of (n, 3) indices in the order (i, j, k); indices may lie between voxels."""
        return np.asarray(np.asarray(indices, dtype=np.float64) * self.spacing @ self.axes.T + self.origin)

    def indices(self, points: npt.ArrayLike) -> Floats:
        """(n, 3) indices (i, j, k), not rounded, of (n, 3) points in mm; they may lie outside the grid."""
        return np.asarray((np.asarray(points, dtype=np.float64) - self.origin) @ self.axes / self.spacing)

    def snapped(self) -> Grid:
        """The same grid with axes exactly along x, y, z.

        Raises
        ------
        InputRefused
            ``oblique`` when an axis is not parallel to x, y or z
        """
        if not self.is_aligned:
            raise refused(
                "oblique",
                "The grid is oblique to the patient's axes.",
                path="ImageOrientationPatient",
                fix="Export it on an axial, sagittal or coronal grid.",
            )
        return Grid(self.origin, self.spacing, np.round(self.axes), self.shape)

    def same_as(self, other: Grid, tolerance_mm: float = 0.01) -> bool:
        """Whether both have the same shape and no voxel centre differs by more than the tolerance in mm."""
        if self.shape != other.shape:
            return False
        nk, nj, ni = self.shape
        corners = np.array([(i, j, k) for i in (0, ni - 1) for j in (0, nj - 1) for k in (0, nk - 1)])
        return bool(np.abs(self.points(corners) - other.points(corners)).max() <= tolerance_mm)
