"""Masks on one grid: margins in mm on voxels of any shape, set operations, smoothing that keeps the volume.

A voxel belongs to a grown mask when its centre lies within the margin of the centre of a voxel of the mask; growing by
nothing changes nothing, and shrinking is growing what lies outside.

>>> grid = Grid((0, 0, 0), (1, 1, 2), np.eye(3), (9, 9, 9))
>>> mask = np.zeros(grid.shape, bool)
>>> mask[4, 4, 4] = True
>>> int(grown(mask, grid, 2.0).sum()), int(shrunk(grown(mask, grid, 2.0), grid, 2.0).sum())
(15, 1)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter

from portico.errors import InputRefused
from portico.rt.grid import Grid

__all__ = ["Margins", "difference", "distance_mm", "filled_box", "grown", "intersection", "shrunk", "smoothed", "union"]

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Margins:
    """Margins in mm towards six sides of the patient; between two sides they follow an ellipse.

    Parameters
    ----------
    left, right, anterior, posterior, superior, inferior : 0 or more
    """

    left: float
    right: float
    anterior: float
    posterior: float
    superior: float
    inferior: float

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0.0):
                raise InputRefused("A margin is 0 mm or more.", code="bad-margin", path=name)

    @classmethod
    def all_round(cls, mm: float) -> Margins:
        """The same towards every side."""
        return cls(mm, mm, mm, mm, mm, mm)

    def along(self, grid: Grid) -> tuple[tuple[float, float], ...]:
        """Margins towards falling and rising index of i, j and k of an aligned grid."""
        # x rises to the left, y to the back, z to the head
        sides = ((self.right, self.left), (self.anterior, self.posterior), (self.inferior, self.superior))
        found = []
        for axis in range(3):
            direction = grid.axes[:, axis]
            patient = int(np.abs(direction).argmax())
            low, high = sides[patient]
            found.append((low, high) if direction[patient] > 0 else (high, low))
        return tuple(found)


def grown(mask: Mask, grid: Grid, margin: float | Margins) -> Mask:
    """A mask with a margin; it ends at the edge of the grid.

    Parameters
    ----------
    mask : (k, j, i)
    grid : where it stands; aligned with the patient for a margin that differs by side
    margin : mm all round, or by side

    Raises
    ------
    InputRefused : ``mask-shape``, ``bad-margin``, ``oblique``
    """
    _fits(mask, grid)
    sides = Margins.all_round(margin) if isinstance(margin, (int, float)) else margin
    if isinstance(margin, Margins):
        grid = grid.snapped()
    if not mask.any():
        return mask.copy()
    reach = [
        tuple(int(np.floor(mm / h + 1e-9)) for mm in pair)
        for pair, h in zip(sides.along(grid), grid.spacing, strict=True)
    ]
    window = _window(mask, reach)
    made = mask.copy()
    part = mask[window]
    if isinstance(margin, Margins):
        made[window] = _by_side(part, grid, sides)
    else:
        distance = distance_transform_edt(~part, sampling=grid.spacing[::-1])
        made[window] = distance <= margin * (1.0 + 1e-9)
    return made


def shrunk(mask: Mask, grid: Grid, margin: float | Margins) -> Mask:
    """A mask without a margin: what lies farther than that inside it; beyond the grid counts as outside.

    Raises
    ------
    InputRefused : as :func:`grown`
    """
    _fits(mask, grid)
    padded = np.pad(mask, 1)
    wide = Grid(grid.points([[-1, -1, -1]])[0], grid.spacing, grid.axes, padded.shape)
    turned = margin
    if isinstance(margin, Margins):  # the outside grows towards the inside: from the left it comes to the right
        turned = Margins(margin.right, margin.left, margin.posterior, margin.anterior, margin.inferior, margin.superior)
    outside = grown(~padded, wide, turned)
    found: Mask = ~outside[1:-1, 1:-1, 1:-1]
    return found


def distance_mm(mask: Mask, grid: Grid) -> Floats:
    """(k, j, i) distance in mm from each voxel centre to the nearest centre inside; negative inside, to the nearest outside.

    Raises
    ------
    InputRefused : ``mask-shape``, ``mask-empty``
    """
    _fits(mask, grid)
    if not mask.any():
        raise InputRefused("There is no voxel to measure from.", code="mask-empty")
    spacing = grid.spacing[::-1]
    outer = distance_transform_edt(~mask, sampling=spacing)
    inner = distance_transform_edt(mask, sampling=spacing) if not mask.all() else np.zeros(mask.shape)
    return np.asarray(outer - inner, dtype=np.float64)


def filled_box(
    mask: Mask, room: Sequence[tuple[int, int]] = ((0, 0), (0, 0), (0, 0))
) -> tuple[slice, slice, slice] | None:
    """The smallest box that holds a mask, with room around it as far as the array goes; None for an empty mask.

    >>> mask = np.zeros((9, 9, 9), bool)
    >>> mask[4, 4, 4] = True
    >>> filled_box(mask, [(0, 0), (1, 0), (9, 9)])
    (slice(4, 5, None), slice(3, 5, None), slice(0, 9, None))

    Parameters
    ----------
    mask : (k, j, i), or any order of axes
    room : voxels below and above along each axis of the array
    """
    first = np.any(mask, axis=(1, 2))
    if not first.any():
        return None
    plane = np.any(mask, axis=0)
    ends = [np.flatnonzero(one)[[0, -1]] for one in (first, np.any(plane, axis=1), np.any(plane, axis=0))]
    a, b, c = (
        slice(max(0, int(low) - below), min(size, int(high) + above + 1))
        for (low, high), (below, above), size in zip(ends, room, mask.shape, strict=True)
    )
    return a, b, c


def union(*masks: Mask) -> Mask:
    """Voxels in any of the masks."""
    return _joined(masks, np.logical_or)


def intersection(*masks: Mask) -> Mask:
    """Voxels in all of the masks."""
    return _joined(masks, np.logical_and)


def difference(mask: Mask, *others: Mask) -> Mask:
    """Voxels of the first mask in none of the others."""
    return intersection(mask, ~union(*others)) if others else mask.copy()


def smoothed(mask: Mask, grid: Grid, sigma_mm: float) -> Mask:
    """A smoother mask of the same number of voxels: blurred, and cut where it encloses as many.

    Parameters
    ----------
    mask, grid : the mask
    sigma_mm : width of the blur; 0 changes nothing

    Raises
    ------
    InputRefused : ``mask-shape``, ``bad-margin``
    """
    _fits(mask, grid)
    if not (np.isfinite(sigma_mm) and sigma_mm >= 0.0):
        raise InputRefused("A blur is 0 mm or more.", code="bad-margin", path="sigma_mm")
    count = int(mask.sum())
    if sigma_mm == 0.0 or count in (0, mask.size):
        return mask.copy()
    window = _window(mask, [(int(np.ceil(3 * sigma_mm / h)),) * 2 for h in grid.spacing])
    blurred = gaussian_filter(mask[window].astype(np.float64), sigma_mm / grid.spacing[::-1], mode="constant")
    blurred += 1e-6 * mask[window]  # of two voxels alike, one that was inside stays
    order = np.argpartition(blurred.ravel(), blurred.size - count)[blurred.size - count :]
    part = np.zeros(blurred.size, bool)
    part[order] = True
    made = np.zeros(mask.shape, bool)
    made[window] = part.reshape(blurred.shape)
    return made


def _fits(mask: Mask, grid: Grid) -> None:
    if mask.shape != grid.shape:
        raise InputRefused("The mask does not have the shape of its grid.", code="mask-shape")


def _joined(masks: tuple[Mask, ...], how: np.ufunc) -> Mask:
    if not masks or any(one.shape != masks[0].shape for one in masks):
        raise InputRefused("The masks do not stand on one grid.", code="mask-shape")
    found = masks[0].copy()
    for one in masks[1:]:
        how(found, one, out=found)
    return found


def _window(mask: Mask, reach: list[tuple[int, ...]]) -> tuple[slice, slice, slice]:
    """The box of a mask that is not empty, with room around it: ``reach`` is by i, j, k, the box by k, j, i."""
    box = filled_box(mask, [(low + 1, high + 1) for low, high in reversed(reach)])
    assert box is not None  # asked only of a mask that is not empty
    return box


def _by_side(mask: Mask, grid: Grid, margins: Margins) -> Mask:
    """Growing by eight octants of ellipsoids: the scaled square of the distance, axis after axis, one side at a time."""
    start = np.where(mask, 0.0, np.inf).astype(np.float32)
    found = mask.copy()
    along = margins.along(grid)

    def walk(values: NDArray[np.float32], axis: int) -> None:
        if axis == 3:
            np.logical_or(found, values <= 1.0 + 1e-6, out=found)
            return
        spacing, array_axis = float(grid.spacing[axis]), 2 - axis
        for side in (0, 1):
            walk(_one_sided(values, array_axis, spacing, along[axis][side], -1 if side == 0 else 1), axis + 1)

    walk(start, 0)
    return found


def _one_sided(values: NDArray[np.float32], axis: int, spacing: float, margin: float, side: int) -> NDArray[np.float32]:
    """Least of the values at each place and, with the scaled square of their distance added, those it can be reached from."""
    made = values.copy()
    for step in range(1, int(np.floor(margin / spacing + 1e-9)) + 1):
        cost = np.float32((step * spacing / margin) ** 2)
        to = [slice(None)] * 3
        of = [slice(None)] * 3
        to[axis], of[axis] = (
            (slice(step, None), slice(None, -step)) if side > 0 else (slice(None, -step), slice(step, None))
        )
        if values.shape[axis] <= step:
            break
        np.minimum(made[tuple(to)], values[tuple(of)] + cost, out=made[tuple(to)])
    return made
