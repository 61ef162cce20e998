"""What a field of a long bone is drawn from: metal near the bone, the outline of the body, the limb, places along the axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, label

from portico.geometry import grown
from portico.geometry.metal_masks import metal_by, voxels_on
from portico.rt import Grid
from portico.targets.bone_axis import BoneAxis

__all__ = ["Scene", "body_in", "hardware_in", "limb_of", "place_map", "plane_axis", "solid"]

Mask = NDArray[np.bool_]
#: Metal farther than this from the bone, in mm, belongs to something else.
_NEAR_MM: Final = 5.0
#: Value in HU between air and fat: what is brighter is the body, a cast or the couch.
_BODY_HU: Final = -300.0


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What fields are measured against.

    Parameters
    ----------
    grid, axis : the grid and the bone's axis
    bone : (k, j, i) the bone, its marrow filled
    hardware : (k, j, i) or None
    body : (k, j, i) the body with the metal in it; None when there is no outline
    limb : (k, j, i) the body round the bone without other limbs; None when there is no outline
    place : (k, j, i) mm from the low end along the axis; NaN far from all of this
    """

    grid: Grid
    axis: BoneAxis
    bone: Mask
    hardware: Mask | None
    body: Mask | None
    limb: Mask | None
    place: NDArray[np.float32]


def hardware_in(
    hu: NDArray[Any], grid: Grid, bone: Mask, body: Mask | None, settings: Mapping[str, Any]
) -> tuple[Mask | None, tuple[str, ...]]:
    """Metal of the CT within 5 mm of the bone, and what must be known of it.

    Parameters
    ----------
    hu : (k, j, i) HU
    body : (k, j, i) where it is looked for; None looks everywhere
    settings : ``seed_hu``, ``grow_hu``, ``least_cm3`` and ``clipped_hu`` of the policy ``plan-check``

    Returns
    -------
    (k, j, i), or None when there is none

    Raises
    ------
    CannotTell : ``hu-range-too-short``, ``too-much-metal``
    """
    _, found = metal_by(hu, grid, settings, body_mask=body)
    near = grown(bone, grid, _NEAR_MM)
    made, kept, notes = np.zeros(grid.shape, bool), 0, []
    for one in found:
        at = voxels_on(one.body, grid)
        if not near[at].any():
            continue
        made[at], kept = True, kept + 1
        if one.at_edge:
            notes.append("A piece of metal touches the edge of the CT: its length is a lower bound.")
    if kept and any(one.clipped for one in found):
        notes.append(
            "The values of the CT end where metal begins: the edge of metal is blurred and its volume an upper bound."
        )
    if kept < len(found):
        notes.append(
            f"{len(found) - kept} of {len(found)} pieces of metal lie farther than {_NEAR_MM:g} mm from the bone and are left out."
        )
    return (made if kept else None), tuple(dict.fromkeys(notes))


def body_in(hu: NDArray[Any]) -> Mask:
    """(k, j, i) what is brighter than -300 HU, the largest piece and whatever is a tenth as large, planes filled."""
    found, count = label(hu >= _BODY_HU)
    if not count:
        return np.zeros(hu.shape, bool)
    sizes = np.bincount(found.ravel())
    sizes[0] = 0
    kept: Mask = (sizes >= 0.1 * sizes.max())[found]
    return np.stack([binary_fill_holes(plane) for plane in kept])


def plane_axis(grid: Grid, axis: BoneAxis) -> int:
    """Array axis (of k, j, i) that runs most along the bone."""
    return 2 - int(np.abs(grid.axes.T @ axis.direction).argmax())


def solid(bone: Mask, grid: Grid, axis: BoneAxis) -> Mask:
    """The bone with marrow and nail: holes of the planes that cut it most squarely are filled."""
    number = plane_axis(grid, axis)
    planes = np.moveaxis(bone, number, 0)
    return np.moveaxis(np.stack([binary_fill_holes(one) if one.any() else one for one in planes]), 0, number)


def limb_of(body: Mask, core: Mask, grid: Grid, axis: BoneAxis) -> Mask:
    """In each plane across the bone the piece of the body that holds bone or metal: another leg is left out where apart."""
    within = np.ones((3, 3, 3), bool)
    number = plane_axis(grid, axis)
    within[tuple(slice(None) if n != number else [0, 2] for n in range(3))] = False
    found, count = label(body, within)
    kept = np.zeros(count + 1, bool)
    kept[np.unique(found[core])] = True
    kept[0] = False
    made: Mask = kept[found]
    return made


def place_map(where: Mask, grid: Grid, axis: BoneAxis) -> NDArray[np.float32]:
    """(k, j, i) mm along the axis of the voxels of a mask; NaN elsewhere."""
    made = np.full(grid.shape, np.nan, np.float32)
    made[where] = axis.along(grid.points(np.argwhere(where)[:, ::-1]))
    return made
