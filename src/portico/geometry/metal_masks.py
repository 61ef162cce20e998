"""Metal of a CT by the thresholds of a policy, and pieces of it as a mask on the image's grid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portico.geometry.hardware import Metal, clipped_at, find_metal
from portico.geometry.voxel_body import VoxelBody
from portico.rt.grid import Grid

__all__ = ["metal_by", "metal_mask", "voxels_on"]


def metal_by(
    image_hu: NDArray[Any],
    grid: Grid,
    settings: Mapping[str, Any],
    *,
    highest_hu: float | None = None,
    body_mask: NDArray[np.bool_] | None = None,
) -> tuple[float | None, tuple[Metal, ...]]:
    """Value in HU at which the CT is clipped, or None, and its pieces of metal, largest first.

    Parameters
    ----------
    image_hu : (k, j, i) HU
    grid : of the image
    settings : ``seed_hu``, ``grow_hu``, ``least_cm3`` and ``clipped_hu``, as in the policy ``plan-check``
    highest_hu : largest value that the file can express; None when unknown
    body_mask : (k, j, i) where metal is looked for; None looks everywhere

    Raises
    ------
    CannotTell : the codes of :func:`portico.geometry.hardware.find_metal`
    """
    clip = clipped_at(image_hu, highest_hu, float(settings["clipped_hu"]))
    found = find_metal(
        image_hu, grid, seed_hu=float(settings["seed_hu"]), grow_hu=float(settings["grow_hu"]),
        least_cm3=float(settings["least_cm3"]), clip_hu=clip, body_mask=body_mask,
    )  # fmt: skip
    return clip, found


def voxels_on(body: VoxelBody, grid: Grid) -> tuple[NDArray[np.int64], ...]:
    """k, j and i on a grid of the voxels that a body cut from it fills by half; those beyond the grid are left out."""
    low = np.rint(grid.indices(body.grid.origin[None])[0]).astype(np.int64)[::-1]
    index = np.argwhere(body.mask) + low
    return tuple(index[((index >= 0) & (index < grid.shape)).all(axis=1)].T)


def metal_mask(found: Iterable[Metal], grid: Grid) -> NDArray[np.bool_]:
    """(k, j, i) voxels of the grid that pieces of metal fill by half."""
    made = np.zeros(grid.shape, bool)
    for one in found:
        made[voxels_on(one.body, grid)] = True
    return made
