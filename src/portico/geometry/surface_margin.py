"""A margin measured from the outside of a mask's voxels, so that one smaller than a voxel is not lost.

:func:`portico.geometry.grown` measures between voxel centres, as planning systems' label tools do, and a margin below the voxel's size
adds nothing there. Here a voxel belongs to the result when its centre lies within the margin of the body that the voxels fill: the
surface moves by the margin to the nearest half voxel.

>>> grid = Grid((0, 0, 0), (2, 2, 2), np.eye(3), (5, 5, 5))
>>> mask = np.zeros(grid.shape, bool)
>>> mask[2, 2, 2] = True
>>> int(grown_from_surface(mask, grid, 1.2).sum()), int(grown_from_surface(mask, grid, 0.9).sum())
(7, 1)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from portico.errors import InputRefused
from portico.geometry.masks import filled_box
from portico.rt.grid import Grid

__all__ = ["grown_from_surface"]


def grown_from_surface(mask: NDArray[np.bool_], grid: Grid, mm: float) -> NDArray[np.bool_]:
    """A mask with a margin all round, from the outside of its voxels; it ends at the edge of the grid.

    Parameters
    ----------
    mask : (k, j, i)
    grid : where it stands
    mm : 0 or more

    Raises
    ------
    InputRefused : ``mask-shape``, ``bad-margin``
    """
    if mask.shape != grid.shape:
        raise InputRefused("The mask does not have the shape of its grid.", code="mask-shape")
    if not (np.isfinite(mm) and mm >= 0.0):
        raise InputRefused("A margin is 0 mm or more.", code="bad-margin")
    made = mask.copy()
    spacing = grid.spacing[::-1]
    window = filled_box(mask, [(int(np.ceil(mm / h)) + 1,) * 2 for h in spacing])
    if mm == 0.0 or window is None:
        return made
    part = mask[window]
    nearest = distance_transform_edt(~part, sampling=spacing, return_distances=False, return_indices=True)
    squared = np.zeros(part.shape)
    for axis in range(3):
        shape = [1, 1, 1]
        shape[axis] = part.shape[axis]
        off = np.abs(nearest[axis] - np.arange(part.shape[axis]).reshape(shape)) * spacing[axis]
        squared += np.maximum(off - 0.5 * spacing[axis], 0.0) ** 2
    made[window] = part | (squared <= (mm * (1.0 + 1e-9)) ** 2)
    return made
