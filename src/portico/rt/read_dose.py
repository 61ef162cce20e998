"""RTDOSE in.

Source: DICOM PS3.3 2024d, C.8.8.3 and C.8.8.3.2 (grid frame offset vector), C.7.6.2 (image plane).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from portico.rt.dicom_values import Fields, Floats
from portico.rt.dose import DoseGrid
from portico.rt.grid import Grid
from portico.rt.limits import DEFAULT_DICOM, DicomLimits
from portico.rt.pixels import pixel_layout, stored_numbers
from portico.rt.refusals import refused

__all__ = ["dose_from", "plane_axes"]

_OFFSET_TOLERANCE_MM: Final = 0.01
_TYPES: Final = ("PHYSICAL", "EFFECTIVE")
_HIGHEST_GY: Final = 10_000.0


def dose_from(file: Fields, syntax: str | None, limits: DicomLimits = DEFAULT_DICOM) -> DoseGrid:
    """The dose grid of a walked file.

    Parameters
    ----------
    file : fields of a file whose modality is RTDOSE
    syntax : transfer syntax UID; None when not stated
    limits : bounds

    Raises
    ------
    InputRefused
        ``missing-tag``, ``dose-not-in-gy`` (relative dose), ``dose-type`` (an error map), ``dose-negative``,
        ``dose-implausible``, ``oblique``, ``orientation-damaged``, ``one-frame``, ``frames-differ``,
        ``frames-uneven``, ``frame-offsets`` (neither relative nor absolute); the codes of the pixels. A missing
        summation is not refused: it is ``UNKNOWN``
    """
    units = file.code("DoseUnits")
    if units is None:
        raise file.need("DoseUnits")
    if units != "GY":
        raise refused("dose-not-in-gy", "The dose is not in gray.", path="DoseUnits", fix="Export it in Gy.")
    kind = file.code("DoseType")
    if kind is not None and kind not in _TYPES:
        raise refused("dose-type", "The grid is not a dose.", path="DoseType")
    summation = file.code("DoseSummationType") or "UNKNOWN"
    scaling = file.number("DoseGridScaling")
    if scaling is None:
        raise file.need("DoseGridScaling")
    if scaling <= 0:
        raise refused("dose-implausible", "The scaling of the dose is not above 0.", path="DoseGridScaling")
    layout = pixel_layout(file, limits)
    offsets = file.numbers("GridFrameOffsetVector")
    if offsets is None:
        raise file.need("GridFrameOffsetVector")
    if len(offsets) != layout.frames:
        raise refused("frames-differ", "There are not as many offsets as frames.", path="GridFrameOffsetVector")
    grid = _grid(file, offsets, (layout.frames, layout.rows, layout.columns))
    stored = stored_numbers(file, layout, syntax)
    if layout.signed and int(stored.min()) < 0:
        raise refused("dose-negative", "A dose is below 0.", path="PixelData")
    if float(stored.max()) * scaling > _HIGHEST_GY:
        raise refused("dose-implausible", f"A dose is above {_HIGHEST_GY:,.0f} Gy.", path="DoseGridScaling")
    gy = np.multiply(stored, np.float32(scaling), dtype=np.float32, casting="unsafe")
    gy.setflags(write=False)
    plans = file.items("ReferencedRTPlanSequence")
    groups = tuple(group for plan in plans for group in plan.items("ReferencedFractionGroupSequence"))
    beams = tuple(beam for group in groups for beam in group.items("ReferencedBeamSequence"))
    corrections = file.code("TissueHeterogeneityCorrection")
    return DoseGrid(
        grid=grid,
        gy=gy,
        summation=summation,
        frame_uid=file.uid("FrameOfReferenceUID"),
        dose_type=kind,
        plan_uids=tuple(uid for plan in plans if (uid := plan.uid("ReferencedSOPInstanceUID"))),
        beam_numbers=tuple(n for beam in beams if (n := beam.integer("ReferencedBeamNumber")) is not None),
        fraction_groups=tuple(n for one in groups if (n := one.integer("ReferencedFractionGroupNumber")) is not None),
        uid=file.uid("SOPInstanceUID"),
        heterogeneity=None if corrections is None else tuple(part.strip() for part in corrections.split("\\")),
        step_gy=scaling,
    )


def plane_axes(file: Fields) -> Floats:
    """(3, 3) unit directions of columns (i), rows (j) and the normal (k), as columns.

    Raises
    ------
    InputRefused
        ``missing-tag``, ``orientation-damaged`` (not two perpendicular unit vectors)
    """
    orientation = file.numbers("ImageOrientationPatient", 6)
    if orientation is None:
        raise file.need("ImageOrientationPatient")
    along_i, along_j = orientation[:3], orientation[3:]
    lengths = np.array([np.linalg.norm(along_i), np.linalg.norm(along_j)])
    if np.abs(lengths - 1).max() > 1e-3 or abs(float(along_i @ along_j)) > 1e-4:
        raise refused(
            "orientation-damaged",
            "The image axes are not two perpendicular unit vectors.",
            path="ImageOrientationPatient",
        )
    along_i = along_i / lengths[0]
    along_j = along_j - (along_j @ along_i) * along_i
    along_j = along_j / np.linalg.norm(along_j)
    return np.stack([along_i, along_j, np.cross(along_i, along_j)], axis=1)


def _grid(file: Fields, offsets: Floats, shape: tuple[int, int, int]) -> Grid:
    position = file.numbers("ImagePositionPatient", 3)
    spacing = file.numbers("PixelSpacing", 2)
    if position is None:
        raise file.need("ImagePositionPatient")
    if spacing is None:
        raise file.need("PixelSpacing")
    if len(offsets) < 2:
        raise refused("one-frame", "One plane of dose has no thickness.", path="GridFrameOffsetVector")
    axes = plane_axes(file)
    flat = Grid(position, np.array([spacing[1], spacing[0], 1.0]), axes, shape).snapped()
    axes = np.array(flat.axes)
    steps = np.diff(offsets)
    step = float(offsets[-1] - offsets[0]) / (len(offsets) - 1)
    if step == 0 or np.abs(steps - step).max() > _OFFSET_TOLERANCE_MM:
        raise refused("frames-uneven", "The planes of dose are not evenly spaced.", path="GridFrameOffsetVector")
    if abs(offsets[0]) <= 1e-6:
        along = step  # relative: along the cross product of the row and column directions
    elif abs(offsets[0] - position[2]) <= _OFFSET_TOLERANCE_MM and abs(axes[2, 2]) == 1:
        along = step * axes[2, 2]  # absolute: patient z of each plane
    else:
        raise refused("frame-offsets", "The offsets are neither relative nor absolute.", path="GridFrameOffsetVector")
    if along < 0:
        axes[:, 2] *= -1
    return Grid(position, np.array([spacing[1], spacing[0], abs(along)]), axes, shape)
