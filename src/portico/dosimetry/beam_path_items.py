"""Beams that pass through an implant or cement before they reach the isocentre: noted, never judged.

Each point of an implant is seen from the source at every control point: it counts when it lies inside jaws and leaves, projected to
the isocentre, and nearer to the source than the isocentre. Patients on their back, head first, with the couch at 0° only; anything
else cannot be told here.

Source: IEC 61217 (gantry 0° looks from the front of a patient on the back; leaves of MLCX move along x of the collimator).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.directive import CheckItem
from portico.dosimetry.plan_beams import treatment_beams
from portico.dosimetry.plan_check import Implant
from portico.dosimetry.plan_fact import fact, listed
from portico.rt.plan import Beam
from portico.rt.plan_set import PlanSet

__all__ = ["beam_path_items", "passes"]

Floats = NDArray[np.float64]
_CODE: Final = "beam-path"
#: Points of an implant that are looked at, at most.
_POINTS: Final = 2000
#: Share of an implant's points in the way from which a beam is noted.
_SHARE: Final = 0.01


def beam_path_items(plan_set: PlanSet, implants: Sequence[Implant]) -> tuple[CheckItem, ...]:
    """One item for each implant; empty without plan or implants.

    Parameters
    ----------
    plan_set : plan with its beams
    implants : found in the CT or contoured
    """
    plan = plan_set.plan
    if plan is None or not implants:
        return ()
    if set(plan.patient_positions) != {"HFS"}:
        return (
            fact("hardware", _CODE, "cannot_tell", "Beam paths are told for patients head first on their back only."),
        )
    beams = treatment_beams(plan)
    if not beams or not all(_is_known(beam) for beam in beams):
        why = (
            "Whether a beam passes through hardware cannot be told: a beam lacks its geometry, or the couch is turned."
        )
        return (fact("hardware", _CODE, "cannot_tell", why),)
    made = []
    for implant in implants:
        index = np.argwhere(implant.mask)
        points = implant.mask_grid.points(index[:: max(1, len(index) // _POINTS), ::-1])
        numbers = [beam.number for beam in beams if len(points) and passes(beam, points) >= _SHARE]
        why = f"Implant {implant.number}: " + (
            f"beam{'s' if len(numbers) > 1 else ''} {listed(numbers)} of {len(beams)} pass through it before the isocentre."
            if numbers
            else f"none of {len(beams)} beams passes through it before the isocentre."
        )
        made.append(fact("hardware", _CODE, "info", why))
    return tuple(made)


def _is_known(beam: Beam) -> bool:
    points = beam.control_points
    known = np.isfinite(points.gantry_deg).all() and np.isfinite(points.collimator_deg).all()
    whole = np.isfinite(points.isocentre_mm).all() and np.isfinite(points.couch_deg).all()
    return bool(beam.sad_mm and known and whole and np.allclose(np.mod(points.couch_deg, 360.0), 0.0) and beam.devices)


def passes(beam: Beam, points_mm: Floats) -> float:
    """Largest share of points in the open beam before the isocentre, over the control points.

    Parameters
    ----------
    beam : with gantry, collimator, isocentre and source-axis distance; couch at 0°
    points_mm : (n, 3) mm LPS
    """
    assert beam.sad_mm is not None
    sad, control = beam.sad_mm, beam.control_points
    most = 0.0
    for n in range(len(control)):
        gantry, turn = np.radians(control.gantry_deg[n]), np.radians(control.collimator_deg[n])
        apart = points_mm - control.isocentre_mm[n]
        towards_source = np.array([np.sin(gantry), -np.cos(gantry), 0.0])
        across = np.array([np.cos(gantry), np.sin(gantry), 0.0])
        height = apart @ towards_source  # above the isocentre, towards the source
        scale = sad / np.maximum(sad - height, 1.0)
        x, y = (apart @ across) * scale, apart[:, 2] * scale
        u, v = x * np.cos(turn) + y * np.sin(turn), -x * np.sin(turn) + y * np.cos(turn)
        open_here = (height > 0.0) & (height < sad)
        for device in beam.devices.values():
            low, high = device.positions_mm[n, : device.pairs], device.positions_mm[n, device.pairs :]
            along, side = (u, v) if device.kind.endswith("X") else (v, u)
            if device.boundaries_mm is None:
                open_here &= (along >= low[0]) & (along <= high[0])
                continue
            pair = np.searchsorted(device.boundaries_mm, side, side="right") - 1
            inside = (pair >= 0) & (pair < device.pairs)
            pair = np.clip(pair, 0, device.pairs - 1)
            open_here &= inside & (along >= low[pair]) & (along <= high[pair])
        most = max(most, float(open_here.mean()))
    return most
