"""A sequenced plan as DICOM: structures, plan and dose that other programs can read and no machine can deliver.

The plan says ``RESEARCH`` and ``UNAPPROVED``, names a machine that cannot be mistaken for one, and holds no meterset. With metal near the
cord or in a beam nothing is written: the pencil beam does not know what metal does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.directive import Directive
from portico.errors import CannotTell, InputRefused
from portico.geometry import contours_on, distance_mm
from portico.planning.beams import SAD_MM
from portico.planning.bixels import Bixels
from portico.planning.case import PlanCase
from portico.planning.influence import dose_at, voxel_points
from portico.planning.making import Prepared, Told
from portico.planning.readiness import METAL_NEAR_MM, neural_of
from portico.planning.sequencing import Segments, Sequenced
from portico.rt import (
    Beam,
    BeamDelivery,
    ControlPoints,
    DoseGrid,
    DoseReference,
    FractionGroup,
    Image,
    LimitingDevice,
    Plan,
    Structure,
    StructureSet,
    dose_bytes,
    plan_bytes,
    plan_uid,
    structures_bytes,
)
from portico.rt.dicom_write import content_uid

__all__ = ["MACHINE", "check_deliverable", "plan_files"]

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
#: Name of the machine: 16 characters at most.
MACHINE: Final = "NO MACHINE"
_LABEL: Final = "PORTICO RESEARCH"
#: Nominal energy of the base data in MV.
_ENERGY_MV: Final = 6.0
_POSITION: Final = "HFS"


def _metal_in_beams(metal: Mask, prepared: Prepared, fluence: Floats) -> tuple[float, ...]:
    """Gantry angles in degrees of the beams that pass metal, on their way in or behind the target.

    Parameters
    ----------
    metal : (k, j, i) on the grid of the CT, a voxel or more
    fluence : (bixels,) weights of the plan
    """
    grid, bixels = prepared.case.grid, prepared.bixels
    points = voxel_points(grid, np.flatnonzero(metal))
    half = 0.5 * float(np.linalg.norm(grid.spacing))  # a voxel is no point
    hit = []
    for number, beam in enumerate(bixels.beams):
        larger = SAD_MM / (SAD_MM + beam.seen(points)[:, 1].min())  # seen from the source, by the nearest of them
        if _hits(bixels, number, fluence, beam.projected(points), half * larger):
            hit.append(beam.gantry_deg)
    return tuple(hit)


def _hits(bixels: Bixels, number: int, fluence: Floats, seen: Floats, shadow_mm: float) -> bool:
    own = np.flatnonzero((bixels.beam == number) & (fluence > 0.0))
    if not len(own):
        return False
    half = 0.5 * bixels.width_mm + shadow_mm
    cells = np.unique(np.rint(seen), axis=0)
    for first in range(0, len(own), 256):
        some = own[first : first + 256]
        near = np.abs(cells[:, None, 0] - bixels.x_mm[None, some]) <= half + 0.5
        near &= np.abs(cells[:, None, 1] - bixels.z_mm[None, some]) <= half + 0.5
        if near.any():
            return True
    return False


def plan_files(
    prepared: Prepared, made: Sequenced, *, metal: Mask | None, told: Told | None = None
) -> dict[str, bytes]:
    """``structures.dcm``, ``plan.dcm`` and ``dose.dcm`` of a plan of segments; the same plan gives the same bytes.

    Parameters
    ----------
    prepared : made on a CT in DICOM, head first and supine
    made : see :func:`portico.planning.sequenced`
    metal : (k, j, i) voxels of implants on the CT; None when nobody looked
    told : called as the dose is computed

    Raises
    ------
    CannotTell
        ``metal-unknown`` when nobody looked, ``metal-near-cord`` within 20 mm, ``metal-in-beam``, ``plan-not-converged`` for a plan that
        was interrupted
    InputRefused
        ``no-ct-image`` for a phantom that is no DICOM, ``position`` for another position of the patient, ``frame-unknown``
    """
    image, frame_uid = check_deliverable(prepared.case, prepared.directive, metal=metal)
    if made.plan.interrupted:
        raise CannotTell("The plan was interrupted; it is not written.", code="plan-not-converged", fix="Run it again.")
    fluence = np.asarray(made.segments.fluence(prepared.bixels) @ made.segments.weight)
    _no_metal_in_beams(metal, prepared, fluence)
    structures = _structures(prepared, image)
    plan = _plan(prepared, made.segments, structures)
    dose = DoseGrid(
        prepared.grid, _dose(prepared, fluence, told), "PLAN", frame_uid, "PHYSICAL", (plan.uid,)
    )  # fmt: skip
    return {
        "structures.dcm": structures_bytes(structures, image=image),
        "plan.dcm": plan_bytes(plan),
        "dose.dcm": dose_bytes(dose),
    }


def check_deliverable(case: PlanCase, directive: Directive, *, metal: Mask | None) -> tuple[Image, str]:
    """What forbids a plan in DICOM and is known before planning; the CT and its frame of reference when nothing does.

    Raises
    ------
    CannotTell : ``metal-unknown``, ``metal-near-cord``
    InputRefused : ``no-ct-image``, ``position``, ``frame-unknown``
    """
    image = case.image
    if image is None:
        raise InputRefused(
            "A plan is written as DICOM on a CT in DICOM only.", code="no-ct-image", fix="Give a folder with CT and RTSTRUCT."
        )  # fmt: skip
    if image.patient_position != _POSITION:
        raise InputRefused(
            "Beam angles are written for a patient head first and supine only.", code="position",
            path=image.patient_position or "not stated", fix="Plan without --dicom.",
        )  # fmt: skip
    if image.frame_uid is None:
        raise InputRefused("The CT states no frame of reference.", code="frame-unknown")
    if metal is None:
        raise CannotTell("Metal was not looked for: no plan is written.", code="metal-unknown")
    for name in neural_of(directive) if metal.any() else ():
        cord = case.masks.get(name)
        if cord is not None and cord.any() and float(distance_mm(cord, case.grid)[metal].min()) <= METAL_NEAR_MM:
            raise CannotTell(
                f"Metal lies within {METAL_NEAR_MM:g} mm of {name}: no plan is written.", code="metal-near-cord", path=name,
                fix="Plan without --dicom: the figures stand; the dose beside metal needs Monte Carlo or measurement.",
            )  # fmt: skip
    return image, image.frame_uid


def _no_metal_in_beams(metal: Mask | None, prepared: Prepared, fluence: Floats) -> None:
    if metal is None or not metal.any():
        return
    angles = _metal_in_beams(metal, prepared, fluence)
    if angles:
        raise CannotTell(
            "Metal lies in a beam: no plan is written.", code="metal-in-beam",
            path=", ".join(f"gantry {angle:g} degrees" for angle in angles),
            fix="The figures of the page stand; the dose behind metal needs Monte Carlo or measurement.",
        )  # fmt: skip


def _structures(prepared: Prepared, image: Image) -> StructureSet:
    directive, case = prepared.directive, prepared.case
    targets = [one.roi for one in directive.levels]
    wanted = dict.fromkeys((*targets, *(one.roi for one in directive.limits), prepared.body))
    made: dict[int, Structure] = {}
    for name in wanted:
        mask = case.masks.get(name)
        if mask is None or not mask.any():
            continue
        kind = "PTV" if name in targets else "EXTERNAL" if name == prepared.body else "ORGAN"
        number = len(made) + 1
        made[number] = Structure(number, name, contours_on(mask, image), kind, image.frame_uid)
    lines = (contour.points.tobytes() for one in made.values() for contour in one.contours)
    names = (one.name for one in made.values())
    return StructureSet(made, image.frame_uid, content_uid("planned on", image.frame_uid or "", *names, *lines), _LABEL)


def _plan(prepared: Prepared, segments: Segments, structures: StructureSet) -> Plan:
    directive = prepared.directive
    number_of = {one.name: number for number, one in structures.structures.items()}
    beams: dict[int, Beam] = {}
    for number, beam in enumerate(prepared.bixels.beams):
        own = np.flatnonzero((segments.beam == number) & (segments.weight > 0.0))
        if len(own):
            beams[len(beams) + 1] = _beam(len(beams) + 1, prepared, segments, own, beam.gantry_deg)
    references = tuple(
        DoseReference(n, "VOLUME", "TARGET", one.roi, number_of[one.roi], None, one.dose_gy, None, None, None, None)
        for n, one in enumerate(directive.levels, 1)
    )
    group = FractionGroup(1, prepared.fractions, tuple(BeamDelivery(number, None, None, None) for number in beams))
    assert structures.uid is not None  # made here, with it
    plan = Plan(
        "", _LABEL, "UNAPPROVED", "RESEARCH", "PATIENT", structures.frame_uid, (structures.uid,), (), (_POSITION,), {1: group}, beams,
        references,
    )  # fmt: skip
    return replace(plan, uid=plan_uid(plan))


def _beam(number: int, prepared: Prepared, segments: Segments, own: NDArray[np.int64], gantry_deg: float) -> Beam:
    """A beam in steps: each segment is a pair of control points with the same opening and rising weight."""
    machine = segments.collimator
    left, right = (np.repeat(one[own], 2, axis=0) for one in (segments.left_mm, segments.right_mm))
    after = np.cumsum(segments.weight[own])
    weight = np.column_stack([np.concatenate([[0.0], after[:-1]]), after]).ravel()
    count = len(weight)
    is_open = (right > left).any(axis=0)
    pairs = np.flatnonzero(is_open)
    wide = [float(left[:, is_open].min()), float(right[:, is_open].max())]
    tall = [float(machine.edges_mm[pairs[0]]), float(machine.edges_mm[pairs[-1] + 1])]
    jaws = {
        kind: LimitingDevice(kind, 1, None, np.tile(ends, (count, 1))) for kind, ends in (("ASYMX", wide), ("ASYMY", tall))
    }  # fmt: skip
    leaves = LimitingDevice("MLCX", machine.pairs, machine.edges_mm, np.hstack([left, right]))
    points = ControlPoints(
        weight, np.full(count, gantry_deg), np.zeros(count), np.zeros(count), np.tile(prepared.isocentre, (count, 1)),
        np.full(count, _ENERGY_MV), "NONE",
    )  # fmt: skip
    return Beam(
        number, f"gantry {gantry_deg:g}", "DYNAMIC", "PHOTON", "TREATMENT", None, MACHINE, "STANDARD", float(after[-1]), points,
        {**jaws, "MLCX": leaves}, SAD_MM,
    )  # fmt: skip


def _dose(prepared: Prepared, fluence: Floats, told: Told | None) -> NDArray[np.float32]:
    """(k, j, i) Gy of the whole course in every voxel of the body; 0 outside it."""
    voxels = np.flatnonzero(prepared.masks[prepared.body])
    made = np.zeros(prepared.grid.shape, np.float32)
    made.ravel()[voxels] = dose_at(
        prepared.engine, prepared.bixels, fluence, voxel_points(prepared.grid, voxels),
        progress=None if told is None else lambda done, count: told("dose of the segments", done, count),
    )  # fmt: skip
    return np.maximum(made, 0.0)
