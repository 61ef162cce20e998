"""CT series in: planes sorted along their normal, evenly spaced, in Hounsfield units.

Source: DICOM PS3.3 2024d, C.7.6.2, C.8.2.1 and C.11.1 (rescale).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from portico.rt.dicom_values import Fields, Floats
from portico.rt.grid import Grid
from portico.rt.image import Image
from portico.rt.limits import DEFAULT_DICOM, DicomLimits
from portico.rt.pixels import PixelLayout, pixel_layout, stored_numbers
from portico.rt.read_dose import plane_axes
from portico.rt.refusals import refused

__all__ = ["ImagePlane", "image_from", "plane_from"]

_SAME_MM: Final = 0.01
_SPACING_MM: Final = 0.02
_SIDEWAYS_MM: Final = 0.1
_INT16: Final = (-32768, 32767)


@dataclass(frozen=True, slots=True, eq=False)
class ImagePlane:
    """One CT image before it joins its series: positions in mm, stored numbers, and their rescale to HU."""

    position: Floats
    spacing: Floats
    axes: Floats
    layout: PixelLayout
    stored: npt.NDArray[np.generic]
    slope: float
    intercept: float
    frame_uid: str | None
    series_uid: str | None
    instance_uid: str | None
    patient_position: str | None
    thickness: float | None
    kvp: float | None


def plane_from(file: Fields, syntax: str | None, limits: DicomLimits = DEFAULT_DICOM) -> ImagePlane:
    """One CT image of a walked file.

    Raises
    ------
    InputRefused
        ``missing-tag``, ``several-frames``, ``rescale-implausible``, ``not-in-hu``; the codes of the pixels
    """
    position = file.numbers("ImagePositionPatient", 3)
    spacing = file.numbers("PixelSpacing", 2)
    slope, intercept = file.number("RescaleSlope"), file.number("RescaleIntercept")
    for keyword, value in (
        ("ImagePositionPatient", position),
        ("PixelSpacing", spacing),
        ("RescaleSlope", slope),
        ("RescaleIntercept", intercept),
    ):
        if value is None:
            raise file.need(keyword)
    assert position is not None and spacing is not None and slope is not None and intercept is not None
    if not 0 < slope < 1000 or abs(intercept) > 100_000:
        raise refused("rescale-implausible", "The rescale to Hounsfield units is not plausible.", path="RescaleSlope")
    if file.code("RescaleType") not in (None, "HU"):
        raise refused("not-in-hu", "The image is not in Hounsfield units.", path="RescaleType")
    layout = pixel_layout(file, limits)
    if layout.frames != 1:
        raise refused("several-frames", "Images of several frames are not read.", path="NumberOfFrames")
    return ImagePlane(
        position=position,
        spacing=spacing,
        axes=plane_axes(file),
        layout=layout,
        stored=stored_numbers(file, layout, syntax)[0],
        slope=slope,
        intercept=intercept,
        frame_uid=file.uid("FrameOfReferenceUID"),
        series_uid=file.uid("SeriesInstanceUID"),
        instance_uid=file.uid("SOPInstanceUID"),
        patient_position=file.code("PatientPosition"),
        thickness=_above_zero(file, "SliceThickness"),
        kvp=_above_zero(file, "KVP"),
    )


def _above_zero(file: Fields, keyword: str) -> float | None:
    found = file.number(keyword)
    return found if found is not None and found > 0 else None


def _common(values: Sequence[float | None]) -> float | None:
    """The value that all have; None when one lacks it or they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def image_from(planes: Sequence[ImagePlane], limits: DicomLimits = DEFAULT_DICOM) -> Image:
    """One volume from the images of one series, given in any order.

    Raises
    ------
    InputRefused
        ``one-plane`` (thickness is not spacing), ``planes-differ`` (size, spacing, direction or frame of reference),
        ``plane-repeated``, ``planes-uneven`` (a plane is missing), ``planes-tilted``, ``too-many-voxels``
    """
    if len(planes) < 2:
        raise refused("one-plane", "One image is not a series: its spacing is unknown.")
    first = planes[0]
    if len(planes) * first.layout.rows * first.layout.columns > limits.max_voxels:
        raise refused("too-many-voxels", f"The series has more than {limits.max_voxels:,} voxels.")
    for plane in planes[1:]:
        if (
            plane.layout != first.layout
            or plane.frame_uid != first.frame_uid
            or plane.patient_position != first.patient_position
            or np.abs(plane.spacing - first.spacing).max() > 1e-4
            or np.abs(plane.axes - first.axes).max() > 1e-4
        ):
            raise refused("planes-differ", "The images of the series do not fit each other.")
    normal = first.axes[:, 2]
    ordered = sorted(planes, key=lambda plane: float(plane.position @ normal))
    positions = np.stack([plane.position for plane in ordered])
    depth = positions @ normal
    steps = np.diff(depth)
    if steps.min() <= _SAME_MM:
        raise refused("plane-repeated", "Two images of the series stand at the same place.")
    step = float(depth[-1] - depth[0]) / (len(depth) - 1)
    if np.abs(steps - step).max() > max(_SPACING_MM, 0.01 * step):
        raise refused("planes-uneven", "The images are not evenly spaced: one may be missing.")
    sideways = positions - positions[0] - np.outer(depth - depth[0], normal)
    if np.abs(sideways).max() > _SIDEWAYS_MM:
        raise refused("planes-tilted", "The images are not stacked along their normal.")
    grid = Grid(
        ordered[0].position,
        np.array([first.spacing[1], first.spacing[0], step]),
        first.axes,
        (len(ordered), first.layout.rows, first.layout.columns),
    )
    low, high = first.layout.range
    uniform = all((plane.slope, plane.intercept) == (first.slope, first.intercept) for plane in planes)
    return Image(
        grid=grid.snapped() if grid.is_aligned else grid,
        hu=_hounsfield(ordered),
        frame_uid=first.frame_uid,
        series_uid=first.series_uid,
        instance_uids=tuple(plane.instance_uid or "" for plane in ordered),
        patient_position=first.patient_position,
        highest_hu=high * first.slope + first.intercept if uniform else None,
        lowest_hu=low * first.slope + first.intercept if uniform else None,
        slice_thickness_mm=_common([plane.thickness for plane in planes]),
        kvp=_common([plane.kvp for plane in planes]),
    )


def _hounsfield(planes: Sequence[ImagePlane]) -> npt.NDArray[np.int16] | npt.NDArray[np.float32]:
    """Rescaled planes; whole numbers that fit stay whole."""
    whole = all(
        plane.slope == int(plane.slope)
        and plane.intercept == int(plane.intercept)
        and _INT16[0] <= int(plane.stored.min()) * plane.slope + plane.intercept
        and int(plane.stored.max()) * plane.slope + plane.intercept <= _INT16[1]
        for plane in planes
    )
    rows, columns = planes[0].stored.shape
    if whole:
        exact = np.empty((len(planes), rows, columns), dtype=np.int16)
        for number, plane in enumerate(planes):
            exact[number] = plane.stored.astype(np.int32) * int(plane.slope) + int(plane.intercept)
        exact.setflags(write=False)
        return exact
    scaled = np.empty((len(planes), rows, columns), dtype=np.float32)
    for number, plane in enumerate(planes):
        scaled[number] = plane.stored.astype(np.float64) * plane.slope + plane.intercept
    scaled.setflags(write=False)
    return scaled
