"""DICOM files out: explicit representations, low byte first, elements in order of their tags.

Source: DICOM PS3.5 2024d, section 7; PS3.10 section 7.1.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from portico.errors import UsageError
from portico.rt.tags import SEQUENCES, TAGS

__all__ = ["Identity", "content_uid", "decimal_text", "dicom_file", "ds"]

_LONG: Final = ("OW", "SQ", "UN")
_KINDS: Final = {
    "UI": (
        *("SOPClassUID", "SOPInstanceUID", "ReferencedSOPClassUID", "ReferencedSOPInstanceUID", "StudyInstanceUID"),
        *("SeriesInstanceUID", "FrameOfReferenceUID", "ReferencedFrameOfReferenceUID"),
    ),
    "CS": (
        *("SpecificCharacterSet", "Modality", "PatientPosition", "DoseUnits", "DoseType", "DoseSummationType"),
        *("ContourGeometricType", "RTROIInterpretedType", "ROIGenerationAlgorithm", "PhotometricInterpretation"),
        *("TissueHeterogeneityCorrection", "ROIPhysicalProperty"),
        *("PlanIntent", "RTPlanGeometry", "ApprovalStatus", "DoseReferenceStructureType", "DoseReferenceType"),
        *("BeamType", "RadiationType", "TreatmentDeliveryType", "RTBeamLimitingDeviceType", "FluenceMode"),
        *("GantryRotationDirection", "BeamLimitingDeviceRotationDirection", "PatientSupportRotationDirection"),
        "TableTopEccentricRotationDirection",
    ),
    "IS": (
        *("ROINumber", "ReferencedROINumber", "NumberOfContourPoints", "NumberOfFrames"),
        *("DoseReferenceNumber", "FractionGroupNumber", "NumberOfFractionsPlanned", "NumberOfBeams", "BeamNumber"),
        *("NumberOfBrachyApplicationSetups", "NumberOfLeafJawPairs", "NumberOfWedges", "NumberOfCompensators"),
        *("NumberOfBoli", "NumberOfBlocks", "NumberOfControlPoints", "ControlPointIndex", "PatientSetupNumber"),
        *("ReferencedBeamNumber", "ReferencedFractionGroupNumber", "ROIDisplayColor"),
    ),
    "US": ("SamplesPerPixel", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    "LO": ("ROIName", "PatientID", "ROIGenerationDescription", "DoseReferenceDescription", "BeamName"),
    "ST": ("ROIDescription",),
    "SH": ("StructureSetLabel", "RTPlanLabel", "TreatmentMachineName"),
    "DA": ("RTPlanDate",),
    "TM": ("RTPlanTime",),
    "OW": ("PixelData",),
}
_KIND_OF: Final = {TAGS[keyword]: kind for kind, keywords in _KINDS.items() for keyword in keywords}
#: Elements that the standard asks for and that are written empty when unknown, by representation.
_EMPTY: Final = {
    0x00080020: "DA",  # StudyDate
    0x00080030: "TM",  # StudyTime
    0x00080050: "SH",  # AccessionNumber
    0x00080070: "LO",  # Manufacturer
    0x00080090: "PN",  # ReferringPhysicianName
    0x00100010: "PN",  # PatientName
    0x00100020: "LO",  # PatientID
    0x00100030: "DA",  # PatientBirthDate
    0x00100040: "CS",  # PatientSex
    0x00200010: "SH",  # StudyID
    0x00200011: "IS",  # SeriesNumber
}
_MORE: Final = {
    0x00280009: "AT",  # FrameIncrementPointer
    0x30060008: "DA",  # StructureSetDate
    0x30060009: "TM",  # StructureSetTime
    0x30060082: "IS",  # ObservationNumber
    0x300600A6: "PN",  # ROIInterpreter
}

Item = Mapping[int, "str | int | bytes | Sequence[Item]"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose object is written, and into which study.

    Parameters
    ----------
    study_uid : study; None makes one from the content
    patient_id, patient_name, birth_date, sex : as DICOM holds them; empty when unknown
    """

    study_uid: str | None = None
    patient_id: str = ""
    patient_name: str = ""
    birth_date: str = ""
    sex: str = ""


def content_uid(*parts: str | bytes) -> str:
    """A unique identifier derived from content: the same content gives the same identifier.

    >>> content_uid("a") == content_uid("a"), content_uid("a") == content_uid("b")
    (True, False)

    Source: DICOM PS3.5 2024d, B.2 (identifiers under 2.25).
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8") if isinstance(part, str) else part
        digest.update(struct.pack("<Q", len(data)) + data)
    return f"2.25.{int.from_bytes(digest.digest()[:16], 'big')}"


def ds(value: float) -> str:
    """A decimal string of at most 16 characters, as exact as they allow.

    >>> ds(-0.5), ds(1 / 3), ds(1.2345678901234e-7)
    ('-0.5', '0.33333333333333', '1.2345678901e-07')
    """
    for digits in range(17, 5, -1):
        text = f"{float(value):.{digits}g}"
        if len(text) <= 16:
            short = repr(float(value))
            return short if len(short) <= 16 and float(short) == float(text) else text
    raise UsageError("The number cannot be written as a decimal string.", code="decimal-string")


def decimal_text(values: Iterable[float] | npt.NDArray[np.float64]) -> str:
    """Several decimal strings, joined as DICOM joins them."""
    return "\\".join(ds(value) for value in values)


def dicom_file(sop_class: str, uid: str, root: Item, identity: Identity) -> bytes:
    """A whole file.

    Parameters
    ----------
    sop_class, uid : of the object
    root : value by tag; text, a 16-bit number, bytes, or items of a sequence
    identity : whose it is
    """
    given: dict[int, str | int | bytes | Sequence[Item]] = dict.fromkeys(_EMPTY, "")
    given |= {
        TAGS["SpecificCharacterSet"]: "ISO_IR 192",
        TAGS["SOPClassUID"]: sop_class,
        TAGS["SOPInstanceUID"]: uid,
        TAGS["StudyInstanceUID"]: identity.study_uid or content_uid("study", uid),
        TAGS["SeriesInstanceUID"]: content_uid("series", uid),
        0x00100010: identity.patient_name,
        0x00100020: identity.patient_id,
        0x00100030: identity.birth_date,
        0x00100040: identity.sex,
    }
    given |= root
    meta = b"".join(
        (
            struct.pack("<HH2sHL", 2, 1, b"OB", 0, 2) + b"\x00\x01",
            _encoded(0x00020002, "UI", sop_class.encode("ascii")),
            _encoded(0x00020003, "UI", uid.encode("ascii")),
            _encoded(0x00020010, "UI", b"1.2.840.10008.1.2.1"),
            _encoded(0x00020012, "UI", content_uid("portico", "implementation").encode("ascii")),
        )
    )
    length = _encoded(0x00020000, "UL", struct.pack("<L", len(meta)))
    return bytes(128) + b"DICM" + length + meta + _items_bytes(given)


def _items_bytes(item: Item) -> bytes:
    parts: list[bytes] = []
    for tag in sorted(item):
        value = item[tag]
        if tag in SEQUENCES:
            assert not isinstance(value, str | int | bytes)
            bodies = [_items_bytes(one) for one in value]
            data = b"".join(struct.pack("<HHL", 0xFFFE, 0xE000, len(body)) + body for body in bodies)
            parts.append(_encoded(tag, "SQ", data))
            continue
        assert isinstance(value, str | int | bytes)
        kind = _KIND_OF.get(tag) or _EMPTY.get(tag) or _MORE.get(tag) or "DS"
        if isinstance(value, int):
            value = struct.pack("<H", value)
        parts.append(_encoded(tag, kind, value.encode("utf-8") if isinstance(value, str) else value))
    return b"".join(parts)


def _encoded(tag: int, kind: str, value: bytes) -> bytes:
    if len(value) % 2:
        value += b"\x00" if kind in ("UI", "OW") else b" "
    group, element = tag >> 16, tag & 0xFFFF
    if kind in _LONG:
        return struct.pack("<HH2sHL", group, element, kind.encode(), 0, len(value)) + value
    if len(value) > 0xFFFF:
        # A value too long for its representation is written with an unknown one (PS3.5 6.2.2).
        return struct.pack("<HH2sHL", group, element, b"UN", 0, len(value)) + value
    return struct.pack("<HH2sH", group, element, kind.encode(), len(value)) + value
