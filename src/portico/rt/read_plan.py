"""RTPLAN in.

Source: DICOM PS3.3 2024d, C.8.8.9 to C.8.8.14.
"""

from __future__ import annotations

from typing import Final

from portico.rt.control_points import read_control_points, read_devices
from portico.rt.dicom_values import Fields
from portico.rt.plan import Beam, BeamDelivery, DoseReference, FractionGroup, Plan
from portico.rt.refusals import refused

__all__ = ["plan_from"]

_MOST_FRACTIONS: Final = 200


def plan_from(file: Fields) -> Plan:
    """The plan of a walked file.

    Parameters
    ----------
    file : fields of a file whose modality is RTPLAN

    Raises
    ------
    InputRefused
        ``missing-tag``, ``number-repeated`` (two beams or fraction groups with one number), ``unknown-beam``,
        ``fractions-implausible``, ``dose-negative``; the codes of the control points and of the values
    """
    uid = file.uid("SOPInstanceUID")
    if uid is None:
        raise file.need("SOPInstanceUID")
    beams: dict[int, Beam] = {}
    for item in file.items("BeamSequence"):
        beam = _beam(item)
        if beam.number in beams:
            raise refused("number-repeated", "Two beams have the same number.", path=item.path)
        beams[beam.number] = beam
    groups: dict[int, FractionGroup] = {}
    for item in file.items("FractionGroupSequence"):
        group = _group(item, beams)
        if group.number in groups:
            raise refused("number-repeated", "Two fraction groups have the same number.", path=item.path)
        groups[group.number] = group
    return Plan(
        uid=uid,
        label=file.text("RTPlanLabel"),
        approval=file.code("ApprovalStatus"),
        intent=file.code("PlanIntent"),
        geometry=file.code("RTPlanGeometry"),
        frame_uid=file.uid("FrameOfReferenceUID"),
        structure_set_uids=_uids(file, "ReferencedStructureSetSequence"),
        dose_uids=_uids(file, "ReferencedDoseSequence"),
        patient_positions=tuple(
            position for item in file.items("PatientSetupSequence") if (position := item.code("PatientPosition"))
        ),
        fraction_groups=groups,
        beams=beams,
        dose_references=tuple(_reference(item) for item in file.items("DoseReferenceSequence")),
    )


def _uids(file: Fields, keyword: str) -> tuple[str, ...]:
    return tuple(uid for item in file.items(keyword) if (uid := item.uid("ReferencedSOPInstanceUID")))


def _number(item: Fields, keyword: str) -> int:
    found = item.integer(keyword)
    if found is None:
        raise item.need(keyword)
    return found


def _beam(item: Fields) -> Beam:
    number = _number(item, "BeamNumber")
    points = item.items("ControlPointSequence")
    declared = item.integer("NumberOfControlPoints")
    if not points:
        raise item.need("ControlPointSequence")
    if declared is not None and declared != len(points):
        raise refused("control-points", "The number of control points is not the declared one.", path=item.path)
    final = item.number("FinalCumulativeMetersetWeight")
    fluence = item.items("PrimaryFluenceModeSequence")
    return Beam(
        number=number,
        name=item.text("BeamName"),
        kind=item.code("BeamType"),
        radiation=item.code("RadiationType"),
        delivery=item.code("TreatmentDeliveryType"),
        dosimeter_unit=item.code("PrimaryDosimeterUnit"),
        machine=item.text("TreatmentMachineName"),
        fluence_mode=fluence[0].code("FluenceMode") if fluence else None,
        final_weight=final,
        control_points=read_control_points(item, points, final),
        devices=read_devices(item, points),
        sad_mm=item.number("SourceAxisDistance"),
    )


def _group(item: Fields, beams: dict[int, Beam]) -> FractionGroup:
    fractions = item.integer("NumberOfFractionsPlanned")
    if fractions is not None and not 0 <= fractions <= _MOST_FRACTIONS:
        raise refused(
            "fractions-implausible",
            "The number of fractions is not plausible.",
            path=item.place("NumberOfFractionsPlanned"),
        )
    deliveries: dict[int, BeamDelivery] = {}
    for reference in item.items("ReferencedBeamSequence"):
        number = _number(reference, "ReferencedBeamNumber")
        if number not in beams:
            raise refused("unknown-beam", "A fraction group names a beam that the plan lacks.", path=reference.path)
        if number in deliveries:
            raise refused("number-repeated", "A fraction group names a beam twice.", path=reference.path)
        deliveries[number] = BeamDelivery(
            number,
            _at_least_zero(reference, "BeamDose"),
            _at_least_zero(reference, "BeamMeterset"),
            _point(reference, "BeamDoseSpecificationPoint"),
        )
    return FractionGroup(_number(item, "FractionGroupNumber"), fractions, tuple(deliveries.values()))


def _reference(item: Fields) -> DoseReference:
    return DoseReference(
        number=_number(item, "DoseReferenceNumber"),
        structure_type=item.code("DoseReferenceStructureType"),
        kind=item.code("DoseReferenceType"),
        description=item.text("DoseReferenceDescription"),
        roi_number=item.integer("ReferencedROINumber"),
        point_mm=_point(item, "DoseReferencePointCoordinates"),
        prescribed_gy=_at_least_zero(item, "TargetPrescriptionDose"),
        target_min_gy=_at_least_zero(item, "TargetMinimumDose"),
        target_max_gy=_at_least_zero(item, "TargetMaximumDose"),
        organ_max_gy=_at_least_zero(item, "OrganAtRiskMaximumDose"),
        delivery_max_gy=_at_least_zero(item, "DeliveryMaximumDose"),
    )


def _at_least_zero(item: Fields, keyword: str) -> float | None:
    found = item.number(keyword)
    if found is not None and found < 0:
        raise refused("dose-negative", "A dose or meterset is below 0.", path=item.place(keyword))
    return found


def _point(item: Fields, keyword: str) -> tuple[float, float, float] | None:
    found = item.numbers(keyword, 3)
    return None if found is None else (float(found[0]), float(found[1]), float(found[2]))
