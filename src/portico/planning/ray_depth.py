"""Radiological depth: millimetres of water that a ray has passed on its way from the source to a point.

Source: Siddon, Medical Physics 1985; stepping from voxel to voxel as Amanatides and Woo, Eurographics 1987.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portico.geometry import compiled
from portico.rt import Grid

__all__ = ["depths_mm", "surface_mm"]

Floats = NDArray[np.float64]


@compiled
def _walk(density: Any, source: Any, ends: Any, lengths: Any, stop: float, first: int, last: int, out: Any) -> None:
    """Depths of rays ``first`` to ``last``; with ``stop`` above 0 the place in mm where density first exceeds it, or -1.

    ``source`` and ``ends`` in voxels (i, j, k) whose middles are whole numbers; ``lengths`` of whole rays in mm.
    """
    size = (density.shape[2], density.shape[1], density.shape[0])
    at = np.zeros(3, np.int64)
    step = np.zeros(3, np.int64)
    following = np.zeros(3)
    each = np.zeros(3)
    for n in range(first, last):
        enter, leave = 0.0, 1.0
        for axis in range(3):
            way = ends[n, axis] - source[axis]
            low, high = -0.5 - source[axis], size[axis] - 0.5 - source[axis]
            if abs(way) < 1e-12:
                if low > 0.0 or high < 0.0:
                    leave = -1.0
                continue
            a, b = low / way, high / way
            enter, leave = max(enter, min(a, b)), min(leave, max(a, b))
        total, found = 0.0, -1.0
        if enter < leave:
            for axis in range(3):
                way = ends[n, axis] - source[axis]
                place = source[axis] + enter * way
                at[axis] = min(max(int(np.floor(place + 0.5)), 0), size[axis] - 1)
                if abs(way) < 1e-12:
                    step[axis], following[axis], each[axis] = 0, 1e30, 1e30
                else:
                    step[axis] = 1 if way > 0 else -1
                    following[axis] = (at[axis] + 0.5 * step[axis] - source[axis]) / way
                    each[axis] = abs(1.0 / way)
            here = enter
            while here < leave:
                axis = 0
                if following[1] < following[axis]:
                    axis = 1
                if following[2] < following[axis]:
                    axis = 2
                there = min(following[axis], leave)
                value = density[at[2], at[1], at[0]]
                if stop > 0.0 and value > stop:
                    found = here * lengths[n]
                    break
                if there > here:
                    total += value * (there - here)
                    here = there
                at[axis] += step[axis]
                following[axis] += each[axis]
                if at[axis] < 0 or at[axis] >= size[axis]:
                    break
        out[n] = found if stop > 0.0 else total * lengths[n]


def depths_mm(density: NDArray[np.float32], grid: Grid, source: Floats, points: Floats, *, threads: int = 2) -> Floats:
    """(n,) radiological depth of each point in mm of water; what lies off the CT weighs nothing.

    Parameters
    ----------
    density : (k, j, i) electrons against water
    grid : of the density, of any orientation
    source : (3,) mm, LPS
    points : (n, 3) mm, LPS
    """
    return _walked(density, grid, source, points, -1.0, threads)


def surface_mm(
    density: NDArray[np.float32], grid: Grid, source: Floats, through: Floats, least_density: float
) -> float | None:
    """Distance in mm from the source to the first voxel above a density, on the ray through a point and beyond; None when none is."""
    reach = float(np.linalg.norm(np.array(grid.shape[::-1]) * grid.spacing)) + float(np.linalg.norm(through - source))
    end = source + (through - source) * (reach / float(np.linalg.norm(through - source)))
    found = float(_walked(density, grid, source, end[None], least_density, 1)[0])
    return None if found < 0.0 else found


def _walked(
    density: NDArray[np.float32], grid: Grid, source: Floats, points: Floats, stop: float, threads: int
) -> Floats:
    out = np.empty(len(points))
    ends, start = _voxels(grid, points), _voxels(grid, source[None])[0]
    lengths = np.linalg.norm(points - source, axis=1)
    cuts = np.linspace(0, len(points), max(1, threads) + 1).astype(int)
    with ThreadPoolExecutor(max(1, threads)) as pool:
        parts = [
            pool.submit(_walk, density, start, ends, lengths, stop, int(a), int(b), out) for a, b in pairwise(cuts)
        ]
        for part in parts:
            part.result()
    return out


def _voxels(grid: Grid, points: Floats) -> Floats:
    """(n, 3) places in voxels along i, j, k."""
    return np.ascontiguousarray((points - grid.origin) @ grid.axes / grid.spacing)
