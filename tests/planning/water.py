"""A box of water with its surface 100 mm before the isocentre, for tests of the dose engine."""

from __future__ import annotations

import numpy as np

from portico.rt import Grid

DEPTH_MM = 100.0


def box(spacing=4.0, half=150.0, axes=None):
    """Grid and density of a box from y = -100 to 200 mm, x and z from -half to half."""
    axes = np.eye(3) if axes is None else axes
    low, high = np.array([-half - 20, -DEPTH_MM - 40, -half - 20]), np.array([half + 20, 200.0, half + 20])
    own = axes.T @ np.array([low, high]).T
    start, stop = own.min(axis=1), own.max(axis=1)
    counts = np.rint((stop - start) / spacing).astype(int)
    grid = Grid(axes @ (start + 0.5 * spacing), (spacing,) * 3, axes, tuple(counts[::-1]))
    points = grid.points(np.argwhere(np.ones(grid.shape, bool))[:, ::-1]).reshape(*grid.shape, 3)
    inside = (points[..., 1] > -DEPTH_MM) & (np.abs(points[..., 0]) < half) & (np.abs(points[..., 2]) < half)
    return grid, inside.astype(np.float32)
