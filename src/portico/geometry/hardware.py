"""Metal in a CT.

Voxels at ``seed_hu`` start a body; it grows over touching voxels down to ``grow_hu``. Parts thinner than ``streak_mm`` in the
plane of the image are streaks and go, unless they were all there is. Small bodies go.

What a voxel holds of the metal is read from its value: 0 at the median around the body, 1 at the upper quartile deep inside it.
The surface lies half-way. Where the image is clipped the value inside is not known: the surface then lies at ``grow_hu``, which is
outside the true one, and the volume is an upper bound.

No threshold has a default: they belong to the department's policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from portico.errors import CannotTell
from portico.geometry.voxel_body import VoxelBody, neighbour_pairs
from portico.rt.grid import Grid

__all__ = ["Metal", "clipped_at", "find_metal"]

#: A value that so many voxels share at the top of an image is a clip, not metal.
_PLATEAU = 10
#: More voxels than this at or above the growth threshold are no implant: 5 litres at 1 mm.
_MOST_VOXELS = 5_000_000
#: Width in mm, in the image plane, up to which a part is a streak.
_STREAK_MM = 2.0
#: Widest channel in mm, seen along an axis of the image, that belongs to the body for its shape: the canal of a nail.
_CANAL_MM = 8.0
#: Percentile of the voxels a voxel deep, or of all where none is, that stands for a full voxel.
_DEEP_PERCENT = 75.0
_THIN_PERCENT = 90.0
#: Voxels around a body in which its surroundings are looked at.
_MARGIN = 3
_CUBE = np.ones((3, 3, 3), dtype=bool)
_CROSS = ndimage.generate_binary_structure(3, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Metal:
    """One connected piece of metal.

    Parameters
    ----------
    body : its shape, narrow channels filled
    volume_cm3 : sum of the shares without these channels; for clipped metal the voxels at or above the growth threshold, an upper
        bound
    at_edge : True when it touches the edge of the image
    clipped : True when it holds values at which the image is clipped
    metal_hu : value of a full voxel in HU; None when clipped, or when half of it splits the piece
    """

    body: VoxelBody
    volume_cm3: float
    at_edge: bool
    clipped: bool
    metal_hu: float | None


def clipped_at(image_hu: NDArray[Any], highest_hu: float | None, clipped_hu: float) -> float | None:
    """Value in HU at which the image is clipped; None when there is no sign of it.

    Parameters
    ----------
    image_hu : (k, j, i) HU
    highest_hu : largest value the file can express; None when unknown
    clipped_hu : a range that ends here or below is too short for metal, in HU

    Returns
    -------
    ``highest_hu`` when the range ends at ``clipped_hu`` or below, or when voxels stand at it; otherwise the largest value when at
    least ten voxels share it at ``clipped_hu`` exactly
    """
    top = float(image_hu.max())
    if highest_hu is not None and (highest_hu <= clipped_hu or top >= highest_hu):
        return highest_hu
    if top == clipped_hu and int(np.count_nonzero(image_hu == top)) >= _PLATEAU:
        return top
    return None


def find_metal(
    image_hu: NDArray[Any],
    grid: Grid,
    *,
    seed_hu: float,
    grow_hu: float,
    least_cm3: float,
    clip_hu: float | None = None,
    body_mask: NDArray[np.bool_] | None = None,
    exclude: NDArray[np.bool_] | None = None,
    streak_mm: float = _STREAK_MM,
) -> tuple[Metal, ...]:
    """Pieces of metal, largest first.

    Parameters
    ----------
    image_hu : (k, j, i) HU; k runs over the planes of the CT
    grid : of the image
    seed_hu, grow_hu : where a piece starts and how far it grows, in HU
    least_cm3 : smaller pieces are left out, in cm3
    clip_hu : value at which the image is clipped, from :func:`clipped_at`; seeds start there when it lies below ``seed_hu``
    body_mask : (k, j, i) voxels inside the patient; None looks everywhere, couch and immobilisation included
    exclude : (k, j, i) voxels that are left out, such as teeth
    streak_mm : thinner parts in the plane are streaks, in mm

    Raises
    ------
    CannotTell
        ``hu-range-too-short`` when the image is clipped below ``grow_hu``; ``too-much-metal`` when the values are no HU
    """
    if clip_hu is not None and clip_hu < grow_hu:
        raise CannotTell("The values of the image end below those of metal.", code="hu-range-too-short")
    seed = seed_hu if clip_hu is None else min(seed_hu, clip_hu)
    bright = np.asarray(image_hu >= grow_hu)
    if body_mask is not None:
        bright &= body_mask
    if exclude is not None:
        bright &= ~exclude
    if int(np.count_nonzero(bright)) > _MOST_VOXELS:
        raise CannotTell("Too much of the image is as bright as metal.", code="too-much-metal")
    found = [
        _measured(image_hu, grid, bright, start, piece, clip_hu, grow_hu)
        for cells in _grown(image_hu, bright, seed, least_cm3 / grid.voxel_cm3)
        for start, piece in _pieces(image_hu, grid, cells, seed, least_cm3, streak_mm)
    ]
    return tuple(sorted(found, key=lambda one: -one.volume_cm3))


def _grown(
    image_hu: NDArray[Any], bright: NDArray[np.bool_], seed: float, least_voxels: float
) -> Iterator[NDArray[np.int64]]:
    """Cells (k, j, i) of each connected set of bright voxels that holds a seed."""
    cells = np.argwhere(bright)
    if not len(cells):
        return
    pairs = neighbour_pairs(cells)
    graph = coo_array((np.ones(len(pairs), dtype=bool), (pairs[:, 0], pairs[:, 1])), shape=(len(cells), len(cells)))
    number, label = connected_components(graph, directed=False)
    seeded = np.bincount(label, weights=image_hu[tuple(cells.T)] >= seed, minlength=number) > 0
    large = np.bincount(label, minlength=number) >= least_voxels
    for one in np.flatnonzero(seeded & large):
        yield cells[label == one]


def _pieces(
    image_hu: NDArray[Any], grid: Grid, cells: NDArray[np.int64], seed: float, least_cm3: float, streak_mm: float
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """First voxel and mask of each piece that is left without its streaks; masks have a margin, firsts may be negative."""
    start = cells.min(axis=0) - _MARGIN
    mask = np.zeros(cells.max(axis=0) + 1 + _MARGIN - start, dtype=bool)
    mask[tuple((cells - start).T)] = True
    seeds = np.zeros_like(mask)
    seeds[tuple((cells[image_hu[tuple(cells.T)] >= seed] - start).T)] = True
    disc = _disc(grid, streak_mm)
    core = ndimage.binary_opening(mask, disc)
    core = ndimage.binary_dilation(core, disc) & mask
    label, _ = ndimage.label(core if core.any() else mask, _CUBE)
    for one, box in enumerate(ndimage.find_objects(label), start=1):
        piece = np.pad(label[box] == one, _MARGIN)
        if np.count_nonzero(piece) * grid.voxel_cm3 >= least_cm3 and seeds[box][label[box] == one].any():
            yield start + [part.start - _MARGIN for part in box], piece


def _disc(grid: Grid, width_mm: float) -> NDArray[np.bool_]:
    """In-plane disc of that diameter, at least one voxel."""
    dx, dy = grid.spacing[0], grid.spacing[1]
    reach = 0.5 * width_mm * 1.001
    i, j = np.arange(-int(reach / dx), int(reach / dx) + 1), np.arange(-int(reach / dy), int(reach / dy) + 1)
    made: NDArray[np.bool_] = ((i[None, :] * dx) ** 2 + (j[:, None] * dy) ** 2 <= reach**2)[None]
    return made


def _measured(
    image_hu: NDArray[Any],
    grid: Grid,
    bright: NDArray[np.bool_],
    start: NDArray[np.int64],
    mask: NDArray[np.bool_],
    clip_hu: float | None,
    grow_hu: float,
) -> Metal:
    """Shares, volume and flags of one piece."""
    stop = start + mask.shape
    low, high = np.maximum(start, 0), np.minimum(stop, grid.shape)
    seen = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    inner = tuple(slice(a, b) for a, b in zip(low - start, high - start, strict=True))
    hu = np.zeros(mask.shape, dtype=np.float32)
    hu[inner] = image_hu[seen]
    real = np.zeros_like(mask)
    real[inner] = True
    touched = np.argwhere(mask)
    at_edge = bool(
        (touched.min(axis=0) <= -start).any() or (touched.max(axis=0) >= np.array(grid.shape) - 1 - start).any()
    )
    near = ndimage.binary_dilation(mask, _CROSS) & real
    ring = ndimage.binary_dilation(near, _CUBE, iterations=_MARGIN - 2) & ~near & real
    ring[inner] &= ~bright[seen]
    around = float(np.median(hu[ring])) if ring.any() else 0.0
    clipped = clip_hu is not None and bool((hu[mask] >= clip_hu).any())
    deep = ndimage.binary_erosion(mask, _CROSS)
    metal = None
    if not clipped:
        metal = float(np.percentile(hu[deep], _DEEP_PERCENT) if deep.any() else np.percentile(hu[mask], _THIN_PERCENT))
    at_growth = 2.0 * grow_hu - around
    share = _shares(hu, mask, near, around, at_growth if metal is None else metal)
    if metal is not None and np.count_nonzero(share >= 0.5) < 0.5 * np.count_nonzero(
        mask & (hu >= 0.5 * (around + metal))
    ):
        metal = None
    if metal is None:
        share = _shares(hu, mask, near, around, at_growth)
    volume = float(np.count_nonzero(mask)) if clipped else float(share.sum(dtype=np.float64))
    share[_canals(share >= 0.5, grid)] = 1.0
    origin = grid.points(start[None, ::-1])[0]
    body = VoxelBody(Grid(origin, grid.spacing, grid.axes, share.shape), share)
    return Metal(body, volume * grid.voxel_cm3, at_edge, clipped, metal)


def _shares(
    hu: NDArray[np.float32], mask: NDArray[np.bool_], near: NDArray[np.bool_], around: float, metal: float
) -> NDArray[np.float32]:
    """Share of metal in each voxel; only the largest connected part of what is filled by half, and what touches it."""
    share = np.where(near, np.clip((hu - around) / (metal - around), 0.0, 1.0), 0.0).astype(np.float32)
    share[ndimage.binary_erosion(mask & (share >= 0.5), _CROSS)] = 1.0
    label, number = ndimage.label(share >= 0.5, _CUBE)
    if number > 1:
        sizes = np.bincount(label.ravel())
        sizes[0] = 0
        main = label == int(sizes.argmax())
        share[~ndimage.binary_dilation(main, _CUBE)] = 0.0
        share[(label > 0) & ~main] = 0.0
    return share


def _canals(mask: NDArray[np.bool_], grid: Grid) -> NDArray[np.bool_]:
    """Voxels in holes of the planes along each axis that are no wider than a canal."""
    found = np.zeros_like(mask)
    for axis in range(3):
        area = grid.voxel_cm3 * 1000.0 / grid.spacing[2 - axis]
        flat = np.zeros((3, 3, 3), dtype=bool)
        flat[tuple(1 if other == axis else slice(None) for other in range(3))] = _CROSS[1]
        label, number = ndimage.label(~mask, flat)
        if number:
            most = 0.25 * np.pi * _CANAL_MM**2 / area
            small = np.bincount(label.ravel(), minlength=number + 1) <= most
            small[0] = False
            found |= small[label]
    return found
