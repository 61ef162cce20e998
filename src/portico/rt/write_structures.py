"""RTSTRUCT out.

Source: DICOM PS3.3 2024d, A.19 and C.8.8.5 to C.8.8.8.
"""

from __future__ import annotations

import os
from typing import Final

from portico.reading import write_atomic
from portico.rt.dicom_write import Identity, Item, content_uid, decimal_text, dicom_file, ds
from portico.rt.image import Image
from portico.rt.refusals import refused
from portico.rt.structures import Contour, Structure, StructureSet
from portico.rt.tags import TAGS

__all__ = ["structures_bytes", "write_structures"]

_CLASS: Final = "1.2.840.10008.5.1.4.1.1.481.3"
_CT_CLASS: Final = "1.2.840.10008.5.1.4.1.1.2"
_STUDY_CLASS: Final = "1.2.840.10008.3.1.2.3.1"
_ANONYMOUS: Final = Identity()
#: Longest ROI Description in characters (value representation ST, PS3.5 table 6.2-1).
_LONGEST: Final = 1024
#: Longest ROI Generation Description in characters (LO).
_NOTE: Final = 64


def structures_bytes(
    structure_set: StructureSet, *, image: Image | None = None, identity: Identity = _ANONYMOUS
) -> bytes:
    """The bytes of an RTSTRUCT file; the same set gives the same bytes.

    Parameters
    ----------
    structure_set : frame of reference needed; ``uid`` None makes one from the content. Structures in ``refused``
        cannot be written
    image : series it is drawn on; None leaves the references to images out
    identity : whose it is

    Raises
    ------
    InputRefused
        ``frame-unknown``, ``frame-differs`` (from the image's), ``structure-refused``; ``colour`` and
        ``text-too-long`` for a colour or a description that the standard does not allow
    """
    if structure_set.frame_uid is None:
        raise refused("frame-unknown", "The structures cannot be written without a frame of reference.")
    if image is not None and image.frame_uid not in (None, structure_set.frame_uid):
        raise refused("frame-differs", "The structures and the image are in different frames of reference.")
    if structure_set.refused:
        raise refused("structure-refused", "A structure of the set was refused: the copy would lack it.")
    structures = sorted(structure_set.structures.values(), key=lambda structure: structure.number)
    for one in structures:
        if one.colour is not None and not (len(one.colour) == 3 and all(0 <= part <= 255 for part in one.colour)):
            raise refused("colour", "A colour is three numbers from 0 to 255.", path=f"ROI {one.number}")
        if one.description is not None and len(one.description) > _LONGEST:
            raise refused("text-too-long", "A description is longer than 1024 characters.", path=f"ROI {one.number}")
        if one.generation_note is not None and (len(one.generation_note) > _NOTE or "\\" in one.generation_note):
            raise refused(
                "text-too-long", "A note is longer than 64 characters or holds a backslash.", path=f"ROI {one.number}"
            )
    frame = structure_set.frame_uid
    uid = structure_set.uid or content_uid(
        "structures",
        frame,
        structure_set.label or "",
        *(f"{one.number} {one.name} {contour.kind}" for one in structures for contour in one.contours),
        *(contour.points.tobytes() for one in structures for contour in one.contours),
        *(
            f"{one.number} {one.colour} {one.description} {one.generation_note}"
            for one in structures
            if one.colour or one.description or one.generation_note
        ),
    )
    study = identity.study_uid or content_uid("study", uid)
    root: Item = {
        TAGS["Modality"]: "RTSTRUCT",
        TAGS["StudyInstanceUID"]: study,
        TAGS["FrameOfReferenceUID"]: frame,
        TAGS["StructureSetLabel"]: (structure_set.label or "")[:16],
        0x30060008: "",
        0x30060009: "",
        TAGS["ReferencedFrameOfReferenceSequence"]: [_referenced(frame, study, image)],
        TAGS["StructureSetROISequence"]: [
            {
                TAGS["ROINumber"]: str(one.number),
                TAGS["ReferencedFrameOfReferenceUID"]: one.frame_uid or frame,
                TAGS["ROIName"]: one.name,
                TAGS["ROIGenerationAlgorithm"]: one.generation or "",
                **({TAGS["ROIDescription"]: one.description} if one.description else {}),
                **({TAGS["ROIGenerationDescription"]: one.generation_note} if one.generation_note else {}),
            }
            for one in structures
        ],
        TAGS["ROIContourSequence"]: [
            {
                TAGS["ReferencedROINumber"]: str(one.number),
                **({TAGS["ROIDisplayColor"]: "\\".join(str(part) for part in one.colour)} if one.colour else {}),
                TAGS["ContourSequence"]: [_contour(contour) for contour in one.contours],
            }
            for one in structures
        ],
        TAGS["RTROIObservationsSequence"]: [_observation(number, one) for number, one in enumerate(structures, 1)],
    }
    return dicom_file(_CLASS, uid, root, identity)


def write_structures(
    path: str | os.PathLike[str],
    structure_set: StructureSet,
    *,
    image: Image | None = None,
    identity: Identity = _ANONYMOUS,
) -> None:
    """Write an RTSTRUCT file, whole or not at all; see :func:`structures_bytes`."""
    write_atomic(path, structures_bytes(structure_set, image=image, identity=identity))


def _referenced(frame: str, study: str, image: Image | None) -> Item:
    if image is None or image.series_uid is None:
        return {TAGS["FrameOfReferenceUID"]: frame}
    images = [_reference(_CT_CLASS, uid) for uid in image.instance_uids if uid]
    series: Item = {TAGS["SeriesInstanceUID"]: image.series_uid, TAGS["ContourImageSequence"]: images}
    within: Item = {**_reference(_STUDY_CLASS, study), TAGS["RTReferencedSeriesSequence"]: [series]}
    return {TAGS["FrameOfReferenceUID"]: frame, TAGS["RTReferencedStudySequence"]: [within]}


def _reference(sop_class: str, uid: str) -> dict[int, str]:
    return {TAGS["ReferencedSOPClassUID"]: sop_class, TAGS["ReferencedSOPInstanceUID"]: uid}


def _contour(contour: Contour) -> Item:
    item: dict[int, str | list[Item]] = {
        TAGS["ContourGeometricType"]: contour.kind,
        TAGS["NumberOfContourPoints"]: str(len(contour.points)),
        TAGS["ContourData"]: decimal_text(contour.points.ravel()),
    }
    if contour.image_uid is not None:
        item[TAGS["ContourImageSequence"]] = [_reference(_CT_CLASS, contour.image_uid)]
    return item


def _observation(number: int, structure: Structure) -> Item:
    item: dict[int, str | list[Item]] = {
        0x30060082: str(number),
        TAGS["ReferencedROINumber"]: str(structure.number),
        TAGS["RTROIInterpretedType"]: structure.interpreted_type or "",
        0x300600A6: "",
    }
    if structure.properties is not None:
        item[TAGS["ROIPhysicalPropertiesSequence"]] = [
            {TAGS["ROIPhysicalProperty"]: one.name, TAGS["ROIPhysicalPropertyValue"]: ds(one.value)}
            for one in structure.properties
        ]
    return item
