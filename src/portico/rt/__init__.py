"""Images, structures, doses and plans of radiotherapy as typed objects, read and written. No clinical judgement.

All coordinates are the patient's: LPS (left, posterior, superior positive), millimetres; doses are gray. What a file
does not say is None. Every refusal is a :class:`portico.errors.InputRefused` with a code and the place in the file,
and names no patient, file, structure or identifier.
"""

from portico.rt.dicom_bytes import parse_dicom
from portico.rt.dicom_write import Identity
from portico.rt.dose import DoseGrid, sum_doses
from portico.rt.grid import Grid
from portico.rt.image import Image
from portico.rt.limits import DEFAULT_DICOM, DicomLimits
from portico.rt.plan import (
    Beam,
    BeamDelivery,
    ControlPoints,
    DoseReference,
    FractionGroup,
    LimitingDevice,
    Plan,
)
from portico.rt.plan_set import PlanSet
from portico.rt.read_registration import read_registration
from portico.rt.registration import Registration, rigid_matrix, transform_between
from portico.rt.structures import Contour, PhysicalProperty, Structure, StructureSet
from portico.rt.study import Study, read_contents, read_study
from portico.rt.volumes import Labels, read_dose_volume, read_labels
from portico.rt.write_dose import dose_bytes, write_dose
from portico.rt.write_plan import plan_bytes, plan_uid, write_plan
from portico.rt.write_structures import structures_bytes, write_structures

__all__ = [
    "DEFAULT_DICOM",
    "Beam",
    "BeamDelivery",
    "Contour",
    "ControlPoints",
    "DicomLimits",
    "DoseGrid",
    "DoseReference",
    "FractionGroup",
    "Grid",
    "Identity",
    "Image",
    "Labels",
    "LimitingDevice",
    "PhysicalProperty",
    "Plan",
    "PlanSet",
    "Registration",
    "Structure",
    "StructureSet",
    "Study",
    "dose_bytes",
    "parse_dicom",
    "plan_bytes",
    "plan_uid",
    "read_contents",
    "read_dose_volume",
    "read_labels",
    "read_registration",
    "read_study",
    "rigid_matrix",
    "structures_bytes",
    "sum_doses",
    "transform_between",
    "write_dose",
    "write_plan",
    "write_structures",
]
