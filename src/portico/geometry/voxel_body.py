"""A body on voxels: the share of every voxel that it fills, and its surface finer than a voxel.

>>> share = np.zeros((5, 5, 5))
>>> share[1:4, 1:4, 1:4] = 1.0
>>> body = VoxelBody(Grid((0, 0, 0), (1, 1, 1), np.eye(3), (5, 5, 5)), share)
>>> body.volume_cm3, body.share_at(np.array([[2.0, 2.0, 3.5]])).tolist()
(0.027, [0.5])
>>> Surface.of([body]).distance(np.array([[2.0, 2.0, 6.5]])).round(1).tolist()
[3.0]

The surface lies where the share, linear between voxel centres, is one half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree

from portico.geometry.planes import Slices
from portico.geometry.raster import partial_area
from portico.rt.grid import Grid

__all__ = ["Surface", "VoxelBody", "body_of_slices", "neighbour_pairs"]

#: Voxels longer than this in mm are divided by interpolation before points are put on the surface.
_FINE_MM = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class VoxelBody:
    """Share of each voxel that a body fills.

    Parameters
    ----------
    grid : where the voxels stand; it may reach beyond the image it was cut from
    share : (k, j, i) from 0 to 1; 0 on every outer voxel
    """

    grid: Grid
    share: NDArray[np.float32]

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(k, j, i) voxels that are filled by half or more."""
        made: NDArray[np.bool_] = self.share >= 0.5
        return made

    @property
    def volume_cm3(self) -> float:
        """Sum of the shares."""
        return float(self.share.sum(dtype=np.float64)) * self.grid.voxel_cm3

    def share_at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) share at (n, 3) points in mm, linear between voxel centres; 0 beyond the grid."""
        index = self.grid.indices(points)[:, ::-1].T
        made: NDArray[np.float64] = map_coordinates(self.share, index, output=np.float64, order=1, mode="constant")
        return made

    def surface_points(self) -> NDArray[np.float64]:
        """(n, 3) points in mm on the surface, about a voxel apart and at most 1.5 mm along long voxels."""
        found = []
        share, step = self._divided()
        for axis in range(3):
            first = np.moveaxis(share, axis, 0)
            low, high = first[:-1], first[1:]
            at = np.argwhere((low >= 0.5) != (high >= 0.5))
            a, b = low[tuple(at.T)], high[tuple(at.T)]
            index = at.astype(np.float64)
            index[:, 0] += (0.5 - a) / (b - a)
            order = [axis, *(other for other in range(3) if other != axis)]
            placed = np.empty_like(index)
            placed[:, order] = index
            found.append(placed)
        return self.grid.points((np.concatenate(found) * step)[:, ::-1])

    def _divided(self) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Shares with long voxels divided, and the new step in old voxels along k, j, i."""
        share, step = self.share, np.ones(3)
        for axis in range(3):
            parts = int(np.ceil(self.grid.spacing[2 - axis] / _FINE_MM - 1e-6))
            if parts > 1:
                first = np.moveaxis(share, axis, 0)
                between = [first[:-1] + np.float32(n / parts) * (first[1:] - first[:-1]) for n in range(parts)]
                stacked = np.stack(between, axis=1).reshape(-1, *first.shape[1:])
                share = np.moveaxis(np.concatenate([stacked, first[-1:]]), 0, axis)
                step[axis] = 1.0 / parts
        return share, step


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The surface of one or several bodies.

    Parameters
    ----------
    bodies : the bodies
    tree : points on all surfaces
    """

    bodies: tuple[VoxelBody, ...]
    tree: cKDTree

    @classmethod
    def of(cls, bodies: Sequence[VoxelBody]) -> Surface:
        """The surface of bodies, of which at least one has a voxel filled by half."""
        return cls(tuple(bodies), cKDTree(np.concatenate([body.surface_points() for body in bodies])))

    def distance(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) distance in mm of (n, 3) points to the nearest surface, negative inside any body."""
        far: NDArray[np.float64] = self.tree.query(points)[0]
        inside = np.zeros(len(points), dtype=bool)
        for body in self.bodies:
            inside |= body.share_at(points) >= 0.5
        return np.where(inside, -far, far)


def body_of_slices(slices: Slices, *, pixel_mm: float, slice_mm: float | None = None) -> VoxelBody | None:
    """A body from contours, each slice as thick as the usual step.

    Parameters
    ----------
    slices : contours in mm; a gap between them stays a gap
    pixel_mm : edge of a pixel in mm
    slice_mm : thickness in mm for a single slice

    Returns
    -------
    None for a single slice of unknown thickness
    """
    step = slices.step_mm or slice_mm
    if step is None:
        return None
    rings = np.concatenate([ring for level in slices.polygons for ring in level])
    low = rings.min(axis=0) - 1.5 * pixel_mm
    columns, rows = (int(n) for n in np.ceil((rings.max(axis=0) + 1.5 * pixel_mm - low) / pixel_mm) + 1)
    levels = int(np.rint((slices.z[-1] - slices.z[0]) / step)) + 1
    share = np.zeros((levels + 2, rows, columns), dtype=np.float32)
    first = (float(low[0]), float(low[1]))
    for level, z in enumerate(slices.z[0] + step * np.arange(levels)):
        near = int(np.argmin(np.abs(slices.z - z)))
        if abs(slices.z[near] - z) <= 0.5 * step + 1e-6:
            share[level + 1] = partial_area(
                slices.polygons[near], first_centre=first, pixel=(pixel_mm, pixel_mm), shape=(rows, columns)
            )
    origin = np.array([first[0], first[1], float(slices.z[0]) - step])
    return VoxelBody(Grid(origin, np.array([pixel_mm, pixel_mm, step]), np.eye(3), share.shape), share)


def neighbour_pairs(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """(m, 2) pairs of rows whose cells touch by a face, an edge or a corner, each pair once.

    Parameters
    ----------
    cells : (n, 3) distinct indices (k, j, i), in rising order as ``numpy.argwhere`` gives them
    """
    size = cells.max(axis=0) - cells.min(axis=0) + 3
    flat = (cells - cells.min(axis=0) + 1) @ np.array([size[1] * size[2], size[2], 1])
    ahead = [(dk, dj, di) for dk in (0, 1) for dj in (-1, 0, 1) for di in (-1, 0, 1) if (dk, dj, di) > (0, 0, 0)]
    found = []
    for dk, dj, di in ahead:
        wanted = flat + (dk * size[1] + dj) * size[2] + di
        place = np.minimum(np.searchsorted(flat, wanted), len(flat) - 1)
        here = np.flatnonzero(flat[place] == wanted)
        found.append(np.column_stack([here, place[here]]))
    made: NDArray[np.int64] = np.concatenate(found)
    return made
