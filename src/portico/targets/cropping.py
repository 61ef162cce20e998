"""A spine draft on the box that holds what it is made from, and its masks back on the whole image."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from portico.rt import Grid
from portico.targets.draft import Draft
from portico.targets.spine_inputs import SpineInputs

__all__ = ["Box", "box_of", "cropped", "pasted"]

#: By i, j, k of the array (k, j, i): one slice for each of its axes.
Box = tuple[slice, slice, slice]
#: Room in mm round everything, above any margin that may be stated.
_ROOM_MM: Final = 30.0
_MASKS: Final = ("canal", "bodies", "cord", "sac", "gtv_before", "gtv_residual", "hardware")


def box_of(inputs: SpineInputs) -> Box:
    """The box of vertebrae, neural structures and tumour with room for every margin; the whole grid when they are empty."""
    given = [getattr(inputs, name) for name in ("cord", "sac", "canal", "gtv_before", "gtv_residual")]
    masks = [*inputs.vertebrae.values(), *(one for one in given if one is not None)]
    ends = [found for one in masks if (found := _ends(one)) is not None]
    if not ends:
        return slice(0, inputs.grid.shape[0]), slice(0, inputs.grid.shape[1]), slice(0, inputs.grid.shape[2])
    room = np.ceil(_ROOM_MM / inputs.grid.spacing[::-1]).astype(int)
    low = np.maximum(np.min([one for one, _ in ends], axis=0) - room, 0)
    high = np.minimum(np.max([one for _, one in ends], axis=0) + room + 1, inputs.grid.shape)
    a, b, c = (slice(int(first), int(last)) for first, last in zip(low, high, strict=True))
    return a, b, c


def cropped(inputs: SpineInputs, box: Box) -> SpineInputs:
    """The inputs in a box, without organs and CT."""
    start = [one.start for one in reversed(box)]
    grid = Grid(
        inputs.grid.points([start])[0], inputs.grid.spacing, inputs.grid.axes,
        (box[0].stop - box[0].start, box[1].stop - box[1].start, box[2].stop - box[2].start),
    )  # fmt: skip
    own: dict[str, Any] = {
        name: np.ascontiguousarray(mask[box]) for name in _MASKS if (mask := getattr(inputs, name)) is not None
    }
    vertebrae = {level: np.ascontiguousarray(mask[box]) for level, mask in inputs.vertebrae.items()}
    return replace(inputs, grid=grid, vertebrae=vertebrae, organs={}, hu=None, **own)


def pasted(draft: Draft, inputs: SpineInputs, box: Box) -> Draft:
    """The draft on the grid of the inputs."""

    def back(part: NDArray[Any]) -> NDArray[Any]:
        whole = np.zeros(inputs.grid.shape, part.dtype)
        whole[box] = part
        return whole

    return replace(
        draft, grid=inputs.grid, hu=inputs.hu, volumes=tuple(replace(one, mask=back(one.mask)) for one in draft.volumes),
        parts={level: replace(one, labels=back(one.labels)) for level, one in draft.parts.items()},
    )  # fmt: skip


def _ends(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Lowest and highest filled place along each axis; None for an empty mask."""
    flat = np.any(mask, axis=0)  # the rest on planes
    along = np.any(mask, axis=(1, 2))
    if not along.any():
        return None
    filled = [np.flatnonzero(one) for one in (along, np.any(flat, axis=1), np.any(flat, axis=0))]
    return np.array([one[0] for one in filled]), np.array([one[-1] for one in filled])
