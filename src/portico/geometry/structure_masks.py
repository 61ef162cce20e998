"""Contours of a structure as a mask on the grid of an axial image."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.errors import CannotTell, InputRefused
from portico.geometry.planes import StructureLike, slices_of
from portico.geometry.raster import partial_area
from portico.rt.grid import Grid

__all__ = ["mask_of_structure"]

#: Steps up to this many slices count as slices left out, longer ones as a gap between two pieces.
_SHORT_GAP: Final = 3


def mask_of_structure(structure: StructureLike, grid: Grid) -> NDArray[np.bool_]:
    """(k, j, i) voxels of which at least half lies inside the contours of their slice.

    Parameters
    ----------
    structure : closed contours on axial slices
    grid : aligned, slices across the patient

    Raises
    ------
    InputRefused : ``oblique`` and what :func:`portico.geometry.slices_of` refuses
    CannotTell : ``slices-differ`` when the contours skip slices of the image or stand between them
    """
    if not grid.is_aligned or abs(abs(grid.axes[2, 2]) - 1.0) > 1e-3:
        raise InputRefused("Contours are laid on axial images only.", code="oblique")
    slices = slices_of(structure)
    mask = np.zeros(grid.shape, bool)
    across = bool(abs(grid.axes[0, 0]) < 0.5)  # rows run along y
    x, y = (1, 0) if across else (0, 1)
    far = grid.points([[grid.shape[2] - 1, grid.shape[1] - 1, grid.shape[0] - 1]])[0]
    low = np.minimum(grid.origin, far)
    size = (grid.shape[1], grid.shape[2]) if not across else (grid.shape[2], grid.shape[1])
    flips = [axis for axis in (0, 1) if grid.axes[:, axis].sum() < 0]
    met = set()
    for z, rings in zip(slices.z, slices.polygons, strict=True):
        exact = float((z - grid.origin[2]) / (grid.axes[2, 2] * grid.spacing[2]))
        k = int(np.rint(exact))
        if not 0 <= k < grid.shape[0]:
            continue
        if abs(exact - k) > 0.1:
            raise CannotTell("The contours stand between the slices of the image.", code="slices-differ")
        share = partial_area(
            rings,
            first_centre=(float(low[0]), float(low[1])),
            pixel=(float(grid.spacing[x]), float(grid.spacing[y])),
            shape=size,
        )
        plane = share >= 0.5
        plane = plane.T if across else plane
        for axis in flips:
            plane = np.flip(plane, 1 - axis)
        mask[k] |= plane
        met.add(k)
    steps = np.diff(sorted(met))
    # contours on every n-th slice have steps of n; two separate pieces have one long step among steps of one
    missing = int((steps[steps <= _SHORT_GAP] - 1).sum()) if len(steps) else 0
    if len(steps) and (float(np.median(steps)) > 1.0 or len(met) <= 0.75 * (len(met) + missing)):
        raise CannotTell(
            "The contours skip slices of the image.",
            code="slices-differ",
            fix="Interpolate the structure in the planning system.",
        )
    return mask
