"""RTPLAN out: a plan that no machine can deliver.

What is written has no meterset, and says that nobody approved it. Control points keep every value they hold; NaN is left out.

Source: DICOM PS3.3 2024d, A.20 and C.8.8.9 to C.8.8.16.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

import numpy as np

from portico.reading import write_atomic
from portico.rt.dicom_write import Identity, Item, content_uid, decimal_text, dicom_file, ds
from portico.rt.plan import Beam, DoseReference, FractionGroup, LimitingDevice, Plan
from portico.rt.refusals import refused
from portico.rt.tags import TAGS

__all__ = ["plan_bytes", "plan_uid", "write_plan"]

_CLASS: Final = "1.2.840.10008.5.1.4.1.1.481.5"
_STRUCTURES_CLASS: Final = "1.2.840.10008.5.1.4.1.1.481.3"
_DOSE_CLASS: Final = "1.2.840.10008.5.1.4.1.1.481.2"
_ANONYMOUS: Final = Identity()
#: Characters that a short string holds.
_SHORT: Final = 16
#: What is written when the plan is not to be approved by a file.
_NOT_APPROVED: Final = "UNAPPROVED"


def plan_uid(plan: Plan) -> str:
    """A unique identifier from the content of a plan; its own identifier and the doses it names are not part of it."""
    parts: list[str | bytes] = ["plan", plan.frame_uid or "", plan.label or "", *plan.structure_set_uids]
    for beam in plan.beams.values():
        points = beam.control_points
        parts += [f"{beam.number} {beam.name} {beam.machine}", points.weight.tobytes(), points.gantry_deg.tobytes()]
        parts += [points.isocentre_mm.tobytes(), *(one.positions_mm.tobytes() for one in beam.devices.values())]
    parts += [f"{one.number} {one.prescribed_gy}" for one in plan.dose_references]
    parts += [f"{one.number} {one.fractions}" for one in plan.fraction_groups.values()]
    return content_uid(*parts)


def plan_bytes(plan: Plan, *, identity: Identity = _ANONYMOUS) -> bytes:
    """The bytes of an RTPLAN file; the same plan gives the same bytes.

    Parameters
    ----------
    plan : ``approval`` UNAPPROVED, a frame of reference, and no meterset
    identity : whose it is

    Raises
    ------
    InputRefused
        ``frame-unknown``, ``plan-approved`` for another approval, ``meterset-stated``, ``text-too-long``, ``control-points`` for a
        beam without a machine, a final weight or an angle
    """
    if plan.frame_uid is None:
        raise refused("frame-unknown", "The plan cannot be written without a frame of reference.")
    if plan.approval != _NOT_APPROVED:
        raise refused("plan-approved", "Only a plan that nobody approved is written.", fix="Set approval UNAPPROVED.")
    if any(one.meterset is not None for group in plan.fraction_groups.values() for one in group.beams):
        raise refused("meterset-stated", "A plan with a meterset could be delivered; it is not written.")
    for text in (plan.label, *(beam.machine for beam in plan.beams.values())):
        if text is not None and len(text) > _SHORT:
            raise refused("text-too-long", "A label or a machine has more than 16 characters.")
    root: dict[int, str | int | bytes | Sequence[Item]] = {
        TAGS["Modality"]: "RTPLAN",
        TAGS["FrameOfReferenceUID"]: plan.frame_uid,
        TAGS["RTPlanLabel"]: plan.label or "",
        TAGS["RTPlanDate"]: "",
        TAGS["RTPlanTime"]: "",
        TAGS["PlanIntent"]: plan.intent or "",
        TAGS["RTPlanGeometry"]: plan.geometry or "PATIENT",
        TAGS["ApprovalStatus"]: _NOT_APPROVED,
        TAGS["FractionGroupSequence"]: [_group(one) for one in plan.fraction_groups.values()],
        TAGS["BeamSequence"]: [_beam(one) for one in plan.beams.values()],
        TAGS["PatientSetupSequence"]: [
            {TAGS["PatientSetupNumber"]: str(number), TAGS["PatientPosition"]: position}
            for number, position in enumerate(plan.patient_positions, 1)
        ],
    }
    if plan.dose_references:
        root[TAGS["DoseReferenceSequence"]] = [_dose_reference(one) for one in plan.dose_references]
    if plan.structure_set_uids:
        root[TAGS["ReferencedStructureSetSequence"]] = [
            _reference(_STRUCTURES_CLASS, uid) for uid in plan.structure_set_uids
        ]
    if plan.dose_uids:
        root[TAGS["ReferencedDoseSequence"]] = [_reference(_DOSE_CLASS, uid) for uid in plan.dose_uids]
    return dicom_file(_CLASS, plan.uid or plan_uid(plan), root, identity)


def write_plan(path: str | os.PathLike[str], plan: Plan, *, identity: Identity = _ANONYMOUS) -> None:
    """Write an RTPLAN file, whole or not at all; see :func:`plan_bytes`."""
    write_atomic(path, plan_bytes(plan, identity=identity))


def _reference(sop_class: str, uid: str) -> Item:
    return {TAGS["ReferencedSOPClassUID"]: sop_class, TAGS["ReferencedSOPInstanceUID"]: uid}


def _group(group: FractionGroup) -> Item:
    beams: list[Item] = []
    for one in group.beams:
        item: dict[int, str] = {TAGS["ReferencedBeamNumber"]: str(one.number)}
        if one.dose_gy is not None:
            item[TAGS["BeamDose"]] = ds(one.dose_gy)
        if one.point_mm is not None:
            item[TAGS["BeamDoseSpecificationPoint"]] = decimal_text(one.point_mm)
        beams.append(item)
    return {
        TAGS["FractionGroupNumber"]: str(group.number),
        TAGS["NumberOfFractionsPlanned"]: "" if group.fractions is None else str(group.fractions),
        TAGS["NumberOfBeams"]: str(len(beams)),
        TAGS["NumberOfBrachyApplicationSetups"]: "0",
        TAGS["ReferencedBeamSequence"]: beams,
    }


def _dose_reference(one: DoseReference) -> Item:
    item: dict[int, str] = {
        TAGS["DoseReferenceNumber"]: str(one.number),
        TAGS["DoseReferenceStructureType"]: one.structure_type or "SITE",
        TAGS["DoseReferenceType"]: one.kind or "TARGET",
    }
    if one.description is not None:
        item[TAGS["DoseReferenceDescription"]] = one.description
    if one.roi_number is not None:
        item[TAGS["ReferencedROINumber"]] = str(one.roi_number)
    if one.point_mm is not None:
        item[TAGS["DoseReferencePointCoordinates"]] = decimal_text(one.point_mm)
    doses = {
        "TargetPrescriptionDose": one.prescribed_gy,
        "TargetMinimumDose": one.target_min_gy,
        "TargetMaximumDose": one.target_max_gy,
        "OrganAtRiskMaximumDose": one.organ_max_gy,
        "DeliveryMaximumDose": one.delivery_max_gy,
    }
    return item | {TAGS[keyword]: ds(gy) for keyword, gy in doses.items() if gy is not None}


def _beam(beam: Beam) -> Item:
    points = beam.control_points
    angles = (points.gantry_deg, points.collimator_deg, points.couch_deg)
    first = [*(one[0] for one in angles), *points.isocentre_mm[0]] if len(points) else [np.nan]
    if beam.machine is None or beam.final_weight is None or not np.isfinite(first).all():
        raise refused("control-points", "A beam lacks a machine, its final weight or an angle.", path=str(beam.number))
    root: dict[int, str | int | bytes | Sequence[Item]] = {
        TAGS["BeamNumber"]: str(beam.number),
        TAGS["BeamName"]: beam.name or "",
        TAGS["BeamType"]: beam.kind or "",
        TAGS["RadiationType"]: beam.radiation or "",
        TAGS["TreatmentDeliveryType"]: beam.delivery or "",
        TAGS["TreatmentMachineName"]: beam.machine,
        TAGS["BeamLimitingDeviceSequence"]: [_device(one) for one in beam.devices.values()],
        TAGS["NumberOfWedges"]: "0",
        TAGS["NumberOfCompensators"]: "0",
        TAGS["NumberOfBoli"]: "0",
        TAGS["NumberOfBlocks"]: "0",
        TAGS["FinalCumulativeMetersetWeight"]: ds(beam.final_weight),
        TAGS["NumberOfControlPoints"]: str(len(points)),
        TAGS["ControlPointSequence"]: [_point(beam, number) for number in range(len(points))],
    }
    if beam.sad_mm is not None:
        root[TAGS["SourceAxisDistance"]] = ds(beam.sad_mm)
    if beam.fluence_mode is not None:
        root[TAGS["PrimaryFluenceModeSequence"]] = [{TAGS["FluenceMode"]: beam.fluence_mode}]
    return root


def _device(device: LimitingDevice) -> Item:
    item: dict[int, str] = {
        TAGS["RTBeamLimitingDeviceType"]: device.kind,
        TAGS["NumberOfLeafJawPairs"]: str(device.pairs),
    }
    if device.boundaries_mm is not None:
        item[TAGS["LeafPositionBoundaries"]] = decimal_text(device.boundaries_mm)
    return item


def _point(beam: Beam, number: int) -> Item:
    """A control point; what stays as it was is left out after the first."""
    points = beam.control_points
    item: dict[int, str | int | bytes | Sequence[Item]] = {
        TAGS["ControlPointIndex"]: str(number),
        TAGS["CumulativeMetersetWeight"]: ds(points.weight[number]) if np.isfinite(points.weight[number]) else "",
    }
    columns = {
        "NominalBeamEnergy": points.energy,
        "GantryAngle": points.gantry_deg,
        "BeamLimitingDeviceAngle": points.collimator_deg,
        "PatientSupportAngle": points.couch_deg,
        "IsocenterPosition": points.isocentre_mm,
    }
    for keyword, column in columns.items():
        if np.isfinite(column[number]).all() and (number == 0 or (column[number] != column[number - 1]).any()):
            item[TAGS[keyword]] = decimal_text(np.atleast_1d(column[number]))
    if number == 0:
        rotation = points.rotation or "NONE"
        item |= {TAGS[f"{part}RotationDirection"]: "NONE" for part in ("BeamLimitingDevice", "PatientSupport")}
        item |= {TAGS["GantryRotationDirection"]: rotation, TAGS["TableTopEccentricAngle"]: "0"}
        item |= {TAGS["TableTopEccentricRotationDirection"]: "NONE"}
        item |= {TAGS[f"TableTop{way}Position"]: "" for way in ("Vertical", "Longitudinal", "Lateral")}
    moved: list[Item] = [
        {TAGS["RTBeamLimitingDeviceType"]: one.kind, TAGS["LeafJawPositions"]: decimal_text(one.positions_mm[number])}
        for one in beam.devices.values()
        if np.isfinite(one.positions_mm[number]).all()
        and (number == 0 or (one.positions_mm[number] != one.positions_mm[number - 1]).any())
    ]
    if moved:
        item[TAGS["BeamLimitingDevicePositionSequence"]] = moved
    return item
