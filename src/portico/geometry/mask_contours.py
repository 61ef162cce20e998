"""Contours of a mask, slice by slice, that enclose the area of its voxels and give the mask back.

The line runs where a little blur of the slice falls below a level, and the level is set so that each slice keeps its
area; where that would lose a voxel or take one in, the line runs along the edges of the voxels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from portico.errors import InputRefused
from portico.geometry.raster import partial_area
from portico.rt.grid import Grid
from portico.rt.image import Image
from portico.rt.structures import Contour

__all__ = ["contours_of_mask", "contours_on", "rings_of_slice"]

Ring = NDArray[np.float64]
#: Blur of a slice before its line is drawn, in voxels.
_BLUR: Final = 0.6
#: A slice of fewer voxels keeps the edges of its voxels.
_LEAST_VOXELS: Final = 16
#: Largest share of a slice's voxels of which a smooth line may hold half where the mask has none, or the other way.
_ASTRAY: Final = 0.02
#: Largest share by which the number of such voxels may change: a thin shell would lose its own everywhere.
_CHANGED: Final = 0.01
#: Empty voxels round a slice before it is blurred.
_RIM: Final = 3


def contours_of_mask(mask: NDArray[np.bool_], grid: Grid, *, smooth: bool = True) -> tuple[Contour, ...]:
    """Closed planar contours in the patient's frame, from the lowest slice up; a hole is a contour of its own.

    Parameters
    ----------
    mask : (k, j, i)
    grid : aligned, with slices across the patient's long axis
    smooth : whether lines may leave the edges of voxels

    Raises
    ------
    InputRefused : ``mask-shape``, ``oblique``, ``not-transverse``
    """
    if mask.shape != grid.shape:
        raise InputRefused("The mask does not have the shape of its grid.", code="mask-shape")
    flat = grid.snapped()
    if abs(flat.axes[2, 2]) != 1.0:
        raise InputRefused(
            "The slices of this mask do not lie across the patient's long axis.",
            code="not-transverse",
            fix="Resample it to axial slices.",
        )
    made = []
    filled = [int(k) for k in np.flatnonzero(mask.any(axis=(1, 2)))]
    for k in filled if flat.axes[2, 2] > 0 else reversed(filled):
        for ring in rings_of_slice(mask[k], smooth=smooth):
            index = np.column_stack([ring, np.full(len(ring), k)])
            made.append(Contour(flat.points(index), "CLOSED_PLANAR"))
    return tuple(made)


def contours_on(mask: NDArray[np.bool_], image: Image) -> tuple[Contour, ...]:
    """As :func:`contours_of_mask`, each contour with the image of its slice; None where the image does not name it.

    Parameters
    ----------
    mask : (k, j, i) on the grid of the image
    """
    made = []
    for contour in contours_of_mask(mask, image.grid):
        k = round(float((contour.z - image.grid.origin[2]) / (image.grid.axes[2, 2] * image.grid.spacing[2])))
        uid = image.instance_uids[k] if 0 <= k < len(image.instance_uids) else None
        made.append(replace(contour, image_uid=uid or None))
    return tuple(made)


def rings_of_slice(mask: NDArray[np.bool_], *, smooth: bool = True) -> list[Ring]:
    """Rings ``(n, 2)`` in indices (i, j) of one slice; even-odd, so a hole is a ring within a ring."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return []
    padded = np.pad(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], _RIM)
    first = np.array([columns[0], rows[0]]) - float(_RIM)
    found = _smooth(padded) if smooth and int(padded.sum()) >= _LEAST_VOXELS else None
    return [ring + first for ring in (_edges(padded) if found is None else found)]


def _smooth(padded: NDArray[np.bool_]) -> list[Ring] | None:
    """Lines of the blurred slice at the level that keeps its area; None when too many voxels would change sides."""
    area = float(padded.sum())
    field = gaussian_filter(padded.astype(np.float64), _BLUR)
    drawer = contour_generator(z=field, name="serial")
    low, high = 0.05, 0.95
    rings: list[Ring] = []
    for _ in range(24):
        level = 0.5 * (low + high)
        rings = [np.asarray(line[:-1], dtype=np.float64) for line in drawer.lines(level) if len(line) > 3]
        got = _area(rings)
        if abs(got - area) <= 1e-4 * area:
            break
        low, high = (low, level) if got < area else (level, high)
    if not rings or abs(_area(rings) - area) > 2e-3 * area:
        return None
    again = partial_area(rings, first_centre=(0.0, 0.0), pixel=(1.0, 1.0), shape=padded.shape) >= 0.5
    same = int((again != padded).sum()) <= _ASTRAY * area and abs(float(again.sum()) - area) <= _CHANGED * area
    return rings if same else None


def _area(rings: list[Ring]) -> float:
    """Area of lines of one level: a hole turns the other way, so signed areas add up."""
    signed = 0.0
    for ring in rings:
        x, y = ring[:, 0], ring[:, 1]
        signed += 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))
    return abs(signed)


def _edges(padded: NDArray[np.bool_]) -> list[Ring]:
    """Rings along the edges of voxels; corners where two voxels touch are parted, so that no ring crosses itself."""
    inside = padded
    following: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for j, i in np.argwhere(inside):
        corners = ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1))
        neighbours = (inside[j - 1, i], inside[j, i + 1], inside[j + 1, i], inside[j, i - 1])
        for n in range(4):
            if not neighbours[n]:
                following.setdefault(corners[n], []).append(corners[(n + 1) % 4])
    rings = []
    while following:
        start = min(following)
        ring = [start]
        at, before = start, None
        while True:
            choices = following[at]
            if len(choices) == 1 or before is None:
                to = choices.pop()
            else:  # keep to the voxel just followed: turn towards it
                heading = (at[0] - before[0], at[1] - before[1])
                right = (at[0] - heading[1], at[1] + heading[0])
                to = right if right in choices else choices[0]
                choices.remove(to)
            if not choices:
                del following[at]
            before, at = at, to
            if at == start:
                break
            ring.append(at)
        points = np.array(ring, dtype=np.float64) - 0.5
        turn = np.roll(points, -1, axis=0) - points
        kept = np.abs(turn[:, 0] * np.roll(turn, 1, axis=0)[:, 1] - turn[:, 1] * np.roll(turn, 1, axis=0)[:, 0]) > 1e-12
        rings.append(points[kept])
    return rings
