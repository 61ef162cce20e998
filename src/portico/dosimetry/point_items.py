"""Plans without a target volume: plain fields are checked at their prescription point.

The point is the target reference that the plan states with coordinates, or the specification point that all its beams share. The
dose there is read from the dose grid and compared with the prescription; nothing is read where no point is stated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from portico.directive import CheckItem, Directive
from portico.dosimetry.field import doses_at
from portico.dosimetry.plan_fact import Verdict, fact
from portico.rt.dose import DoseGrid
from portico.rt.plan import Plan
from portico.rt.plan_set import PlanSet

__all__ = ["dose_at_point_gy", "point_items", "prescription_points"]

Point = tuple[float, float, float]


def point_items(directive: Directive, plan_set: PlanSet, policy: Mapping[str, Any]) -> tuple[CheckItem, ...]:
    """One item for each prescription point of a plan without target volume.

    Parameters
    ----------
    directive : of plain fields, one level
    plan_set : plan and dose
    policy : ``point_tolerance_percent``
    """
    level = directive.levels[0] if directive.levels else None
    if level is None or level.dose_gy is None:
        return (_point("cannot_tell", "The Directive states no dose."),)
    if plan_set.plan is None or plan_set.dose is None:
        return (_point("cannot_tell", "A plan without target volume needs its RTPLAN and its dose."),)
    points = prescription_points(plan_set.plan)
    if not points:
        return (
            _point(
                "cannot_tell",
                "There is no target volume, and the plan states neither a prescription point nor one that all beams share.",
            ),
        )
    made = []
    tolerance = float(policy["point_tolerance_percent"])
    for said, point in points:
        found = dose_at_point_gy(plan_set.dose, point)
        if found is None:
            made.append(_point("cannot_tell", f"The {said} lies off the dose grid."))
            continue
        apart = 100.0 * (found / level.dose_gy - 1.0)
        verdict: Verdict = "met" if abs(apart) <= tolerance else "not_met"
        made.append(
            _point(
                verdict,
                f"No target volume: the dose at the {said} is {found:.2f} Gy, {apart:+.1f} % from {level.dose_gy:g} Gy "
                f"({tolerance:g} % allowed, house policy).",
            )
        )
    return tuple(made)


def prescription_points(plan: Plan) -> tuple[tuple[str, Point], ...]:
    """Prescription points in mm LPS, each with what it is."""
    stated = [
        (f"prescription point (dose reference {one.number})", one.point_mm)
        for one in plan.dose_references
        if one.point_mm is not None and one.kind == "TARGET"
    ]
    if stated:
        return tuple((said, point) for said, point in stated if point is not None)
    points = {beam.point_mm for group in plan.fraction_groups.values() for beam in group.beams}
    if len(points) == 1 and (shared := points.pop()) is not None:
        return (("specification point that all beams share", shared),)
    return ()


def dose_at_point_gy(dose: DoseGrid, point_mm: Point) -> float | None:
    """Dose in Gy at a point, linear between voxels; None off the dose grid.

    Parameters
    ----------
    point_mm : x, y, z in mm LPS
    """
    found = float(doses_at(dose, np.array([point_mm]))[0])
    return None if math.isnan(found) else found


def _point(verdict: Verdict, why: str) -> CheckItem:
    return fact("prescription", "prescription-point", verdict, why)
