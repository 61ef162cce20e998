"""Contours of a plan's structures as slices, points inside them, and which slice belongs to a height."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from portico.dosimetry.plan_check import StructureDose
from portico.errors import PorticoError
from portico.geometry import Slices, edges_of, point_inside, slices_of
from portico.rt.plan_set import PlanSet

__all__ = ["contains", "slices_for", "target_slices"]


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
