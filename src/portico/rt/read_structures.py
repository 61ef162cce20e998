"""RTSTRUCT in.

A structure that cannot be used is kept apart with its reason; it is never silently absent.

Source: DICOM PS3.3 2024d, C.8.8.5, C.8.8.6 and C.8.8.8.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from portico.errors import InputRefused, Problem
from portico.rt.dicom_values import Fields
from portico.rt.refusals import problem_of, refused
from portico.rt.structures import (
    CLOSED_KINDS,
    PLANE_TOLERANCE_MM,
    Contour,
    PhysicalProperty,
    Structure,
    StructureSet,
)

__all__ = ["structures_from"]

_KINDS: Final = CLOSED_KINDS | {"POINT", "OPEN_PLANAR"}
_NON_PLANAR: Final = "OPEN_NONPLANAR"
_FURTHEST_MM: Final = 10_000.0


def structures_from(file: Fields) -> StructureSet:
    """The structure set of a walked file.

    Parameters
    ----------
    file : fields of a file whose modality is RTSTRUCT

    Raises
    ------
    InputRefused
        ``missing-tag``, ``number-repeated`` (two structures with one number), ``unknown-structure`` (contours of a
        structure that is not listed). Of one structure, in ``StructureSet.refused``: ``contour-non-planar``,
        ``contour-not-axial``, ``contour-kind``, ``contour-empty``, ``contour-points``, ``contour-implausible``,
        ``contour-mixed`` (holes by exclusive or beside plain contours), ``number-repeated``
    """
    if not file.items("StructureSetROISequence"):
        raise file.need("StructureSetROISequence")
    listed: dict[int, Fields] = {}
    for item in file.items("StructureSetROISequence"):
        number = item.integer("ROINumber")
        if number is None:
            raise item.need("ROINumber")
        if number in listed:
            raise refused("number-repeated", "Two structures have the same number.", path=item.path)
        listed[number] = item
    drawn = _by_reference(file, "ROIContourSequence", listed)
    observed = _by_reference(file, "RTROIObservationsSequence", listed)
    structures: dict[int, Structure] = {}
    set_aside: dict[int, Problem] = {}
    for number, item in listed.items():
        try:
            structures[number] = _structure(number, item, drawn.get(number, []), observed.get(number, []))
        except InputRefused as error:
            set_aside[number] = problem_of(error, f"ROI {number}")
    frames = {item.uid("ReferencedFrameOfReferenceUID") for item in listed.values()}
    if frames == {None}:
        frames = {item.uid("FrameOfReferenceUID") for item in file.items("ReferencedFrameOfReferenceSequence")}
    series = tuple(
        uid
        for frame in file.items("ReferencedFrameOfReferenceSequence")
        for study in frame.items("RTReferencedStudySequence")
        for one in study.items("RTReferencedSeriesSequence")
        if (uid := one.uid("SeriesInstanceUID"))
    )
    return StructureSet(
        structures=structures,
        frame_uid=frames.pop() if len(frames) == 1 else None,
        uid=file.uid("SOPInstanceUID"),
        label=file.text("StructureSetLabel"),
        series_uids=tuple(dict.fromkeys(series)),
        refused=set_aside,
    )


def _by_reference(file: Fields, keyword: str, listed: dict[int, Fields]) -> dict[int, list[Fields]]:
    found: dict[int, list[Fields]] = {}
    for item in file.items(keyword):
        number = item.integer("ReferencedROINumber")
        if number is None:
            raise item.need("ReferencedROINumber")
        if number not in listed:
            raise refused("unknown-structure", "An item names a structure that is not listed.", path=item.path)
        found.setdefault(number, []).append(item)
    return found


def _structure(number: int, item: Fields, drawn: list[Fields], observed: list[Fields]) -> Structure:
    if len(drawn) > 1:
        raise refused("number-repeated", "The contours of one structure stand in two places.", path=drawn[1].path)
    contours: list[Contour] = []
    without_area = 0
    for each in drawn[0].items("ContourSequence") if drawn else ():
        contour = _contour(each)
        if contour.kind in CLOSED_KINDS and len(contour.points) < 3:
            without_area += 1
        else:
            contours.append(contour)
    kinds = {contour.kind for contour in contours}
    if kinds >= CLOSED_KINDS:
        raise refused("contour-mixed", "Holes by exclusive or stand beside plain contours.", path=drawn[0].path)
    types = {kind for one in observed if (kind := one.code("RTROIInterpretedType"))}
    return Structure(
        number=number,
        name=item.text("ROIName") or "",
        contours=tuple(contours),
        interpreted_type=types.pop() if len(types) == 1 else None,
        frame_uid=item.uid("ReferencedFrameOfReferenceUID"),
        generation=item.code("ROIGenerationAlgorithm"),
        properties=_properties(observed),
        without_area=without_area,
        colour=_colour(drawn[0]) if drawn else None,
        description=_words(item, "ROIDescription"),
        generation_note=_words(item, "ROIGenerationDescription"),
    )


def _words(item: Fields, keyword: str) -> str | None:
    """Words beside a structure; None when they are longer than any reader must take: the structure stands without."""
    try:
        return item.text(keyword)
    except InputRefused:
        return None


def _colour(item: Fields) -> tuple[int, int, int] | None:
    """The colour to show it in; None when it is none."""
    try:
        found = item.numbers("ROIDisplayColor")
    except InputRefused:
        return None
    if found is None or len(found) != 3 or not all(0 <= one <= 255 and float(one).is_integer() for one in found):
        return None
    return int(found[0]), int(found[1]), int(found[2])


def _contour(item: Fields) -> Contour:
    kind = item.code("ContourGeometricType")
    if kind is None:
        raise item.need("ContourGeometricType")
    if kind == _NON_PLANAR:
        raise refused("contour-non-planar", "A contour is not planar.", path=item.path)
    if kind not in _KINDS:
        raise refused("contour-kind", "A contour is of an unknown kind.", path=item.place("ContourGeometricType"))
    numbers = item.numbers("ContourData")
    if numbers is None:
        raise refused("contour-empty", "A contour has no points.", path=item.place("ContourData"))
    declared = item.integer("NumberOfContourPoints")
    if len(numbers) % 3 or (declared is not None and declared * 3 != len(numbers)):
        raise refused(
            "contour-points", "A contour does not have its declared number of points.", path=item.place("ContourData")
        )
    points = numbers.reshape(-1, 3)
    if np.abs(points).max() > _FURTHEST_MM:
        raise refused("contour-implausible", "A point lies metres away.", path=item.place("ContourData"))
    if kind == "POINT" and len(points) != 1:
        raise refused("contour-points", "A point contour must have one point.", path=item.place("ContourData"))
    if kind in CLOSED_KINDS:
        if np.ptp(points[:, 2]) > PLANE_TOLERANCE_MM:
            raise _off_plane(item, points)
        if len(points) > 1 and np.array_equal(points[0], points[-1]):
            points = points[:-1]
    points.setflags(write=False)
    images = item.items("ContourImageSequence")
    return Contour(points, kind, images[0].uid("ReferencedSOPInstanceUID") if images else None)


def _off_plane(item: Fields, points: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> InputRefused:
    """Planar in another direction, or not planar at all."""
    smallest = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[-1] if len(points) > 3 else 0.0
    if smallest <= PLANE_TOLERANCE_MM * np.sqrt(len(points)):
        return refused("contour-not-axial", "A contour lies in a plane that is not axial.", path=item.path)
    return refused("contour-non-planar", "A closed contour is not planar.", path=item.path)


def _properties(observed: list[Fields]) -> tuple[PhysicalProperty, ...] | None:
    found: list[PhysicalProperty] = []
    said = False
    for observation in observed:
        for item in observation.items("ROIPhysicalPropertiesSequence"):
            said = True
            name = item.code("ROIPhysicalProperty")
            value = item.number("ROIPhysicalPropertyValue")
            if name is not None and value is not None:
                found.append(PhysicalProperty(name, value))
    return tuple(found) if said else None
