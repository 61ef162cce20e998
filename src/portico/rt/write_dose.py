"""RTDOSE out.

Source: DICOM PS3.3 2024d, A.18 and C.8.8.3.
"""

from __future__ import annotations

import os
import struct
from typing import Final

import numpy as np

from portico.reading import write_atomic
from portico.rt.dicom_write import Identity, Item, content_uid, decimal_text, dicom_file, ds
from portico.rt.dose import DoseGrid
from portico.rt.refusals import refused
from portico.rt.tags import TAGS

__all__ = ["dose_bytes", "write_dose"]

_CLASS: Final = "1.2.840.10008.5.1.4.1.1.481.2"
_PLAN_CLASS: Final = "1.2.840.10008.5.1.4.1.1.481.5"
_ANONYMOUS: Final = Identity()
_LARGEST: Final = 2**32 - 1


def dose_bytes(dose: DoseGrid, *, identity: Identity = _ANONYMOUS) -> bytes:
    """The bytes of an RTDOSE file with 32-bit numbers; the same dose gives the same bytes.

    Parameters
    ----------
    dose : frame of reference, dose type and a summation other than ``UNKNOWN`` needed; at least two planes
    identity : whose it is

    Raises
    ------
    InputRefused
        ``frame-unknown``, ``dose-type``, ``summation-unknown``, ``one-frame``, ``dose-negative``, ``not-a-number``,
        ``oblique``
    """
    if dose.frame_uid is None:
        raise refused("frame-unknown", "The dose cannot be written without a frame of reference.")
    if dose.dose_type is None:
        raise refused("dose-type", "The dose cannot be written without its type: PHYSICAL or EFFECTIVE.")
    if dose.summation == "UNKNOWN":
        raise refused("summation-unknown", "The dose cannot be written without what it sums.")
    grid = dose.grid.snapped()
    nk, nj, ni = grid.shape
    if nk < 2:
        raise refused("one-frame", "One plane of dose has no thickness.")
    if not np.isfinite(dose.gy).all():
        raise refused("not-a-number", "A dose is not a finite number.")
    highest = float(dose.gy.max())
    if float(dose.gy.min()) < 0:
        raise refused("dose-negative", "A dose is below 0.")
    # Rounded up to what a decimal string holds, so that the largest dose still fits 32 bits.
    scaling = ds(float(f"{max(highest, 1e-6) / (_LARGEST - 1024):.7e}") * (1 + 1e-7))
    stored = np.rint(dose.gy.astype(np.float64) / float(scaling)).astype("<u4")
    along = 1.0 if np.allclose(np.cross(grid.axes[:, 0], grid.axes[:, 1]), grid.axes[:, 2]) else -1.0
    pixels = stored.tobytes()
    uid = dose.uid or content_uid("dose", dose.frame_uid, scaling, grid.affine.tobytes(), pixels)
    root: dict[int, str | int | bytes | list[Item]] = {
        TAGS["Modality"]: "RTDOSE",
        TAGS["FrameOfReferenceUID"]: dose.frame_uid,
        TAGS["ImagePositionPatient"]: decimal_text(grid.origin),
        TAGS["ImageOrientationPatient"]: decimal_text([*grid.axes[:, 0], *grid.axes[:, 1]]),
        TAGS["PixelSpacing"]: decimal_text([grid.spacing[1], grid.spacing[0]]),
        TAGS["GridFrameOffsetVector"]: decimal_text(np.arange(nk) * grid.spacing[2] * along),
        TAGS["SamplesPerPixel"]: 1,
        TAGS["PhotometricInterpretation"]: "MONOCHROME2",
        TAGS["NumberOfFrames"]: str(nk),
        0x00280009: struct.pack("<HH", 0x3004, 0x000C),
        TAGS["Rows"]: nj,
        TAGS["Columns"]: ni,
        TAGS["BitsAllocated"]: 32,
        TAGS["BitsStored"]: 32,
        TAGS["HighBit"]: 31,
        TAGS["PixelRepresentation"]: 0,
        TAGS["DoseUnits"]: "GY",
        TAGS["DoseType"]: dose.dose_type,
        TAGS["DoseSummationType"]: dose.summation,
        TAGS["DoseGridScaling"]: scaling,
        TAGS["PixelData"]: pixels,
    }
    if dose.heterogeneity:
        root[TAGS["TissueHeterogeneityCorrection"]] = "\\".join(dose.heterogeneity)
    if dose.plan_uids:
        root[TAGS["ReferencedRTPlanSequence"]] = [_plan(dose, plan) for plan in dose.plan_uids]
    return dicom_file(_CLASS, uid, root, identity)


def write_dose(path: str | os.PathLike[str], dose: DoseGrid, *, identity: Identity = _ANONYMOUS) -> None:
    """Write an RTDOSE file, whole or not at all; see :func:`dose_bytes`."""
    write_atomic(path, dose_bytes(dose, identity=identity))


def _plan(dose: DoseGrid, uid: str) -> Item:
    item: dict[int, str | list[Item]] = {
        TAGS["ReferencedSOPClassUID"]: _PLAN_CLASS,
        TAGS["ReferencedSOPInstanceUID"]: uid,
    }
    if dose.summation != "PLAN" and len(dose.fraction_groups) == 1:
        beams: list[Item] = [{TAGS["ReferencedBeamNumber"]: str(number)} for number in dose.beam_numbers]
        group: Item = {
            TAGS["ReferencedFractionGroupNumber"]: str(dose.fraction_groups[0]),
            TAGS["ReferencedBeamSequence"]: beams,
        }
        item[TAGS["ReferencedFractionGroupSequence"]] = [group]
    return item
