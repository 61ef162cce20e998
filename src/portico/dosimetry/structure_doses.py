"""Histograms of every structure of a plan, with its matched name; what has none says why."""

from __future__ import annotations

from collections.abc import Callable

from portico.dosimetry.dvh import dvh
from portico.dosimetry.names import NameTable
from portico.dosimetry.plan_check import StructureDose
from portico.errors import PorticoError, Problem
from portico.geometry import EndCap
from portico.rt.plan_set import PlanSet
from portico.rt.structures import Structure

__all__ = ["structure_doses"]


def structure_doses(
    plan_set: PlanSet,
    names: NameTable,
    *,
    end_cap: EndCap = "tapered",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[StructureDose, ...]:
    """One entry for each structure of the structure set, usable or not, in the order of their numbers.

    Parameters
    ----------
    plan_set : structures and dose; without a dose no structure has a histogram
    names : table of names
    end_cap : rule by which a structure ends; see :func:`portico.dosimetry.dvh`
    progress : called with the number done and their number, after each

    Returns
    -------
    empty when there is no structure set
    """
    if plan_set.structure_set is None:
        return ()
    usable = plan_set.structure_set.structures
    refused = plan_set.structure_set.refused
    thickness = slice_mm(plan_set)
    found: list[StructureDose] = []
    numbers = sorted({*usable, *refused})
    for done, number in enumerate(numbers, start=1):
        structure = usable.get(number) or Structure(number, f"ROI {number}")
        match = names.match(structure.name, structure.interpreted_type)
        role = "point" if structure.is_point else match.role
        made = None
        problem = refused.get(number)
        if problem is None:
            try:
                if plan_set.dose is None:
                    problem = Problem("dose-missing", "There is no dose.")
                elif not structure.contours:
                    problem = Problem("structure-empty", "The structure has no contour.")
                elif structure.is_point:
                    problem = Problem("structure-point", "The structure is a point and has no volume.")
                else:
                    made = dvh(structure, plan_set.dose, end_cap=end_cap, slice_mm=thickness)
            except PorticoError as error:
                problem = Problem(error.code, error.problem.message, fix=error.problem.fix)
        found.append(StructureDose(number, structure.name, match.roi, match.how, role, made, problem, match.prv_mm))
        if progress is not None:
            progress(done, len(numbers))
    return tuple(found)


def slice_mm(plan_set: PlanSet) -> float | None:
    """Distance in mm of the images that the structures were drawn on; None without images."""
    if plan_set.image is None:
        return None
    return float(plan_set.image.grid.spacing[2])
