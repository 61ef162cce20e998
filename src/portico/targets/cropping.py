"""A draft on the box that holds what it is made from, and its masks back on the whole image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from portico.geometry import filled_box
from portico.rt import Grid
from portico.targets.draft import Draft
from portico.targets.spine_inputs import SpineInputs

__all__ = ["Box", "box_of", "box_round", "cropped", "cropped_grid", "pasted"]

#: One slice for each axis of an array (k, j, i).
Box = tuple[slice, slice, slice]
#: Room in mm round everything, above any margin that may be stated.
_ROOM_MM: Final = 30.0
Mask = NDArray[np.bool_]
_MASKS: Final = ("canal", "bodies", "cord", "sac", "gtv_before", "gtv_residual", "hardware")


def box_of(inputs: SpineInputs) -> Box:
    """The box of vertebrae, neural structures and tumour with room for every margin; the whole grid when they are empty."""
    given = [getattr(inputs, name) for name in ("cord", "sac", "canal", "gtv_before", "gtv_residual")]
    masks = [*inputs.vertebrae.values(), *(one for one in given if one is not None)]
    return box_round(masks, inputs.grid, _ROOM_MM)


def box_round(masks: Iterable[Mask], grid: Grid, room_mm: float) -> Box:
    """The box of all masks with room round it; the whole grid when they are empty."""
    room = [(int(np.ceil(room_mm / h)),) * 2 for h in grid.spacing[::-1]]
    boxes = [found for one in masks if (found := filled_box(one, room)) is not None]
    if not boxes:
        return slice(0, grid.shape[0]), slice(0, grid.shape[1]), slice(0, grid.shape[2])
    a, b, c = (
        slice(min(one.start for one in axis), max(one.stop for one in axis)) for axis in zip(*boxes, strict=True)
    )
    return a, b, c


def cropped(inputs: SpineInputs, box: Box) -> SpineInputs:
    """The inputs in a box, without organs and CT."""
    grid = cropped_grid(inputs.grid, box)
    own: dict[str, Any] = {
        name: np.ascontiguousarray(mask[box]) for name in _MASKS if (mask := getattr(inputs, name)) is not None
    }
    vertebrae = {level: np.ascontiguousarray(mask[box]) for level, mask in inputs.vertebrae.items()}
    return replace(inputs, grid=grid, vertebrae=vertebrae, organs={}, hu=None, **own)


def cropped_grid(grid: Grid, box: Box) -> Grid:
    """The voxels of a grid that lie in a box."""
    start = [one.start for one in reversed(box)]
    shape = (box[0].stop - box[0].start, box[1].stop - box[1].start, box[2].stop - box[2].start)
    return Grid(grid.points([start])[0], grid.spacing, grid.axes, shape)


def pasted(draft: Draft, grid: Grid, hu: NDArray[Any] | None, box: Box) -> Draft:
    """The draft of a box on the whole grid."""

    def back(part: NDArray[Any]) -> NDArray[Any]:
        whole = np.zeros(grid.shape, part.dtype)
        whole[box] = part
        return whole

    return replace(
        draft, grid=grid, hu=hu, volumes=tuple(replace(one, mask=back(one.mask)) for one in draft.volumes),
        parts={level: replace(one, labels=back(one.labels)) for level, one in draft.parts.items()},
    )  # fmt: skip
