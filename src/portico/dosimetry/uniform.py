"""Does a cord lie in a steep gradient, or in a uniform dose?

Limits of stereotactic courses were learned where the dose falls off across the cord. A cord that gets the dose of the target
all the way across is another situation: a figure below the limit says nothing there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portico.directive import Directive
from portico.dosimetry.dvh import dvh
from portico.dosimetry.plan_check import StructureDose
from portico.errors import CannotTell, InputRefused
from portico.geometry import Slices, slices_of
from portico.rt.plan_set import PlanSet

__all__ = ["beside", "is_uniform"]


def is_uniform(
    directive: Directive,
    cord: StructureDose,
    plan_set: PlanSet,
    target_numbers: Sequence[int],
    policy: Mapping[str, Any],
) -> str:
    """Why the dose of the cord beside the target is uniform; empty when it is not.

    Parameters
    ----------
    cord : neural structure with a histogram
    target_numbers : ROI numbers of the targets; without any the whole cord is looked at
    policy : ``uniform_cord_percent``

    Raises
    ------
    CannotTell : when the part beside the target cannot be read
    """
    assert plan_set.structure_set is not None and plan_set.dose is not None
    if not directive.doses_gy:
        return ""
    lowest, percent = min(directive.doses_gy), float(policy["uniform_cord_percent"])
    part, step = beside(cord.number, target_numbers, plan_set)
    if part is None:
        return ""
    least = dvh(part, plan_set.dose, end_cap="half", slice_mm=step).dose_at_percent(98.0)
    if least < percent / 100.0 * lowest:
        return ""
    return (
        f"Beside the target 98 % of this structure gets {least:.2f} Gy or more, {100.0 * least / lowest:.0f} % of the lowest "
        f"level: a uniform dose. The limit comes from steep gradients and does not judge it."
    )


def beside(number: int, target_numbers: Sequence[int], plan_set: PlanSet) -> tuple[Slices | None, float | None]:
    """Slices of a structure at the heights of the targets, and the distance of its slices in mm.

    Returns
    -------
    None for the slices when it has none there; None for the distance when the structure has one slice only
    """
    assert plan_set.structure_set is not None
    structures = plan_set.structure_set.structures
    heights = [contour.z for one in target_numbers for contour in structures[one].closed]
    try:
        whole = slices_of(structures[number])
    except InputRefused as error:
        raise CannotTell(error.problem.message, code=error.code) from None
    if not heights:
        return whole, whole.step_mm
    inside = (whole.z >= min(heights) - 0.01) & (whole.z <= max(heights) + 0.01)
    if not inside.any():
        return None, whole.step_mm
    rings = tuple(rings for rings, keep in zip(whole.polygons, inside, strict=True) if keep)
    return Slices(whole.z[inside], rings), whole.step_mm
