"""A dose grid seen along the patient's axes, and dose between its points.

Dose between grid points is linear along each axis (trilinear). A grid point's dose also stands for the half voxel
outside the outermost points; beyond that the dose is unknown, never zero.

Source: DICOM PS3.3 C.7.6.2 (Image Position and Orientation), C.8.8.3 (RT Dose Module).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portico.errors import InputRefused
from portico.geometry import compiled
from portico.rt.dose import DoseGrid

__all__ = ["Field", "dose_and_slope", "doses_at", "field_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Dose along rising patient axes.

    Parameters
    ----------
    gy : (nz, ny, nx) dose in Gy, float32 or float64
    first : x, y, z in mm (LPS) of the centre of voxel [0, 0, 0]
    spacing : along x, y, z in mm, all above 0
    """

    gy: NDArray[Any]
    first: NDArray[np.float64]
    spacing: NDArray[np.float64]

    def cropped(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> Field:
        """The part around a box with corners ``low`` and ``high`` (x, y, z in mm); at least one voxel.

        Raises
        ------
        InputRefused : ``dose-not-finite`` for NaN, infinity or a negative dose in that part
        """
        size = np.array(self.gy.shape[::-1])
        start = np.clip(np.floor((low - self.first) / self.spacing).astype(int) - 1, 0, size - 1)
        stop = np.clip(np.ceil((high - self.first) / self.spacing).astype(int) + 2, start + 1, size)
        (x, y, z), (u, v, w) = start, stop
        part = np.ascontiguousarray(self.gy[z:w, y:v, x:u], dtype=np.float64)
        if not np.isfinite(part).all() or float(part.min()) < 0.0:
            raise InputRefused("The dose grid holds values that are no dose.", code="dose-not-finite")
        return Field(part, self.first + start * self.spacing, self.spacing)


def field_of(dose: DoseGrid) -> Field:
    """Turn and flip a dose grid so that its axes rise along x, y, z of the patient; no dose is interpolated.

    Parameters
    ----------
    dose : grid whose axes are parallel to the patient's in any order and direction

    Raises
    ------
    InputRefused : ``oblique`` when the grid is not parallel to the patient's axes
    """
    grid = dose.grid.snapped()
    ideal, spacing, origin = grid.axes, grid.spacing, grid.origin
    gy = np.asarray(dose.gy)
    along = np.argmax(np.abs(ideal), axis=0)  # patient axis that i, j, k run along
    index_axis = [int(np.flatnonzero(along == axis)[0]) for axis in range(3)]  # i, j or k for x, y, z
    turned = gy.transpose([2 - index_axis[axis] for axis in (2, 1, 0)])
    first, step = np.empty(3), np.empty(3)
    for axis in range(3):
        index = index_axis[axis]
        step[axis] = spacing[index]
        first[axis] = origin[axis]
        if ideal[axis, index] < 0:
            turned = np.flip(turned, axis=2 - axis)
            first[axis] -= spacing[index] * (gy.shape[2 - index] - 1)
    return Field(turned, first, step)


@compiled
def dose_and_slope(
    gy: NDArray[np.float64], first: NDArray[np.float64], spacing: NDArray[np.float64], x: float, y: float, z: float
) -> tuple[float, float, float, float]:
    """Dose in Gy, its slope along x, y, z in Gy per mm; dose -1 is outside."""
    fx, fy, fz = (x - first[0]) / spacing[0], (y - first[1]) / spacing[1], (z - first[2]) / spacing[2]
    nz, ny, nx = gy.shape
    if not (-0.5 <= fx <= nx - 0.5 and -0.5 <= fy <= ny - 0.5 and -0.5 <= fz <= nz - 0.5):
        return -1.0, 0.0, 0.0, 0.0
    fx, fy, fz = min(max(fx, 0.0), nx - 1.0), min(max(fy, 0.0), ny - 1.0), min(max(fz, 0.0), nz - 1.0)
    i, j, k = min(int(fx), max(0, nx - 2)), min(int(fy), max(0, ny - 2)), min(int(fz), max(0, nz - 2))
    u, v, w = fx - i, fy - j, fz - k
    i1, j1, k1 = min(i + 1, nx - 1), min(j + 1, ny - 1), min(k + 1, nz - 1)
    d000, d001, d010, d011 = gy[k, j, i], gy[k, j, i1], gy[k, j1, i], gy[k, j1, i1]
    d100, d101, d110, d111 = gy[k1, j, i], gy[k1, j, i1], gy[k1, j1, i], gy[k1, j1, i1]
    d00, d01, d10, d11 = (
        d000 + u * (d001 - d000),
        d010 + u * (d011 - d010),
        d100 + u * (d101 - d100),
        d110 + u * (d111 - d110),
    )
    d0, d1 = d00 + v * (d01 - d00), d10 + v * (d11 - d10)
    sx = (
        (1 - w) * ((1 - v) * (d001 - d000) + v * (d011 - d010)) + w * ((1 - v) * (d101 - d100) + v * (d111 - d110))
    ) / spacing[0]
    sy = ((1 - w) * (d01 - d00) + w * (d11 - d10)) / spacing[1]
    sz = (d1 - d0) / spacing[2]
    return d0 + w * (d1 - d0), sx, sy, sz


def doses_at(dose: DoseGrid, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) dose in Gy at (n, 3) points in mm LPS, linear between voxels; NaN off the dose grid.

    Raises
    ------
    InputRefused : ``oblique``, ``dose-not-finite``
    """
    if not len(points):
        return np.empty(0)
    near = field_of(dose).cropped(points.min(axis=0), points.max(axis=0))
    found: NDArray[np.float64] = _doses(near.gy, near.first, near.spacing, np.ascontiguousarray(points, np.float64))
    return np.where(found < 0.0, np.nan, found)


@compiled
def _doses(
    gy: NDArray[np.float64], first: NDArray[np.float64], spacing: NDArray[np.float64], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    found = np.empty(points.shape[0])
    for n in range(points.shape[0]):
        found[n] = dose_and_slope(gy, first, spacing, points[n, 0], points[n, 1], points[n, 2])[0]
    return found
