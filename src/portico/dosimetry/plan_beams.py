"""The beams that treat, and what each of them gives in a fraction."""

from __future__ import annotations

from typing import Final

import numpy as np

from portico.rt.plan import Beam, BeamDelivery, Plan

__all__ = ["deliveries", "gantry_range", "metersets", "setup_beams", "single_isocentres", "treatment_beams"]

#: Beams that take pictures (PS3.3 C.8.8.14, Treatment Delivery Type).
_PICTURES: Final = frozenset({"SETUP", "OPEN_PORTFILM", "TRMT_PORTFILM"})


def treatment_beams(plan: Plan) -> tuple[Beam, ...]:
    """Beams of the fraction groups that treat; all treating beams of the plan when it has no fraction group."""
    used = {one.number for group in plan.fraction_groups.values() for one in group.beams}
    return tuple(
        beam
        for beam in plan.beams.values()
        if beam.delivery not in _PICTURES and (beam.number in used or not plan.fraction_groups)
    )


def setup_beams(plan: Plan) -> tuple[Beam, ...]:
    """Beams that only take pictures."""
    return tuple(beam for beam in plan.beams.values() if beam.delivery in _PICTURES)


def deliveries(plan: Plan) -> tuple[BeamDelivery, ...]:
    """What each treating beam of the only fraction group gives; empty when there is none, or several."""
    groups = tuple(plan.fraction_groups.values())
    if len(groups) != 1:
        return ()
    treating = {beam.number for beam in treatment_beams(plan)}
    return tuple(one for one in groups[0].beams if one.number in treating)


def metersets(plan: Plan) -> dict[int, float | None]:
    """Meterset of a fraction by beam number; None where the plan does not state it."""
    return {one.number: one.meterset for one in deliveries(plan)}


def single_isocentres(plan: Plan, tolerance_mm: float) -> tuple[tuple[float, float, float], ...]:
    """Isocentres of the treating beams in mm LPS, those within the tolerance of one another once.

    Parameters
    ----------
    tolerance_mm : largest distance of two statements of one isocentre
    """
    found: list[np.ndarray] = []
    for beam in treatment_beams(plan):
        for point in np.unique(beam.control_points.isocentre_mm, axis=0):
            if np.isfinite(point).all() and all(np.linalg.norm(point - one) > tolerance_mm for one in found):
                found.append(point)
    return tuple((float(x), float(y), float(z)) for x, y, z in found)


def gantry_range(beam: Beam) -> str:
    """Gantry of a beam in words, e.g. ``gantry 178° to 182°``."""
    angles = beam.control_points.gantry_deg
    stated = angles[np.isfinite(angles)]
    if not len(stated):
        return "gantry not stated"
    if not beam.is_arc:
        return f"gantry {stated[0]:g}°"
    return f"arc from gantry {stated[0]:g}° to {stated[-1]:g}°"
