"""A box of water with its surface 100 mm before the isocentre: what the dose engine is tried on."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.rt import Grid

__all__ = ["DEPTH_MM", "box"]

#: Depth of the isocentre in mm.
DEPTH_MM: Final = 100.0


def box(
    spacing_mm: float = 4.0, half_mm: float = 150.0, axes: NDArray[np.float64] | None = None
) -> tuple[Grid, NDArray[np.float32]]:
    """Grid and density of a box from y = -100 to 200 mm, x and z from -half to half, with air before and beside it.

    Parameters
    ----------
    spacing_mm : of voxels; 4 puts their edges on those of the box
    axes : (3, 3) directions of i, j, k as columns; None for the patient's
    """
    axes = np.eye(3) if axes is None else axes
    beside = half_mm + 20.0
    low, high = np.array([-beside, -DEPTH_MM - 40.0, -beside]), np.array([beside, 200.0, beside])
    own = axes.T @ np.array([low, high]).T
    start, stop = own.min(axis=1), own.max(axis=1)
    i, j, k = (int(one) for one in np.rint((stop - start) / spacing_mm))
    grid = Grid(axes @ (start + 0.5 * spacing_mm), np.full(3, spacing_mm), axes, (k, j, i))
    points = grid.points(np.argwhere(np.ones(grid.shape, bool))[:, ::-1]).reshape(*grid.shape, 3)
    inside = (points[..., 1] > -DEPTH_MM) & (np.abs(points[..., 0]) < half_mm) & (np.abs(points[..., 2]) < half_mm)
    return grid, inside.astype(np.float32)
