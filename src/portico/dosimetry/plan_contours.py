"""Contours of a plan's structures as slices, points inside them, and which slice belongs to a height."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from portico.dosimetry.plan_check import StructureDose
from portico.errors import PorticoError
from portico.geometry import Slices, edges_of, partial_area, point_inside, slices_of
from portico.rt.plan_set import PlanSet

__all__ = ["contains", "inner_points", "slices_for", "target_slices"]

#: Points that stand for one structure, at most about this many: resolution of a shadow, not of a dose.
_POINTS = 3000


def slices_for(plan_set: PlanSet, structure: StructureDose) -> Slices | None:
    """Slices of a structure; None when it has no area or cannot be used."""
    if plan_set.structure_set is None:
        return None
    found = plan_set.structure_set.structures.get(structure.number)
    if found is None:
        return None
    try:
        return slices_of(found)
    except PorticoError:
        return None


def target_slices(plan_set: PlanSet, structures: Iterable[StructureDose]) -> list[Slices]:
    """Slices of every given structure that has an area, each structure once."""
    numbered = {one.number: one for one in structures}
    return [found for one in numbered.values() if (found := slices_for(plan_set, one)) is not None]


def contains(slices: Slices, point_mm: Sequence[float]) -> bool:
    """Whether a point lies in a structure: in the slice nearest to it, at most one slice step away.

    Parameters
    ----------
    point_mm : x, y, z in mm LPS
    """
    nearest = int(np.argmin(np.abs(slices.z - point_mm[2])))
    if abs(float(slices.z[nearest]) - point_mm[2]) > (slices.step_mm or 0.0) + 1e-6:
        return False
    return bool(point_inside(edges_of(slices.polygons[nearest]), float(point_mm[0]), float(point_mm[1])))


def inner_points(slices: Slices, most: int = _POINTS) -> tuple[NDArray[np.float64], float]:
    """Points spread evenly inside a structure, and their distance in mm.

    Parameters
    ----------
    slices : of the structure; a single slice counts as thin
    most : about how many points there may be

    Returns
    -------
    (n, 3) points in mm LPS and the larger of their distances in a slice and from slice to slice
    """
    step = slices.step_mm or 1.0
    volume = float(slices.areas_mm2.sum()) * step
    pitch = max(1.0, (volume / most) ** (1.0 / 3.0))
    every = max(1, int(pitch // step))
    made = []
    for index in range(0, len(slices.z), every):
        rings = slices.polygons[index]
        corners = np.vstack(rings)
        low, high = corners.min(axis=0), corners.max(axis=0)
        columns, rows = (int(n) + 1 for n in np.ceil((high - low) / pitch))
        inside = partial_area(
            rings, first_centre=(float(low[0]), float(low[1])), pixel=(pitch, pitch), shape=(rows, columns)
        )
        row, column = np.nonzero(inside >= 0.5) if (inside >= 0.5).any() else np.nonzero(inside > 0.0)
        z = np.full(len(row), slices.z[index])
        made.append(np.column_stack([low[0] + column * pitch, low[1] + row * pitch, z]))
    return np.vstack(made), max(pitch, every * step)
