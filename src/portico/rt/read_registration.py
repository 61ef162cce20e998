"""Spatial registration objects in: rigid ones only.

Source: DICOM PS3.3 2024d, C.20.2 (Spatial Registration Module), C.20.2.1.2 (types of matrix).
"""

from __future__ import annotations

import os
from typing import Final

import numpy as np
import numpy.typing as npt

from portico.rt.dicom_bytes import parse_dicom
from portico.rt.dicom_values import Fields
from portico.rt.files import contents
from portico.rt.limits import DEFAULT_DICOM, DicomLimits
from portico.rt.refusals import refused
from portico.rt.registration import Registration, rigid_matrix, same_transform

__all__ = ["read_registration", "registration_from"]

Floats = npt.NDArray[np.float64]
_SPATIAL: Final = "1.2.840.10008.5.1.4.1.1.66.1"


def read_registration(path: str | os.PathLike[str], limits: DicomLimits = DEFAULT_DICOM) -> Registration:
    """Read one spatial registration object.

    Parameters
    ----------
    path : a file
    limits : bounds; see :class:`portico.rt.DicomLimits`

    Raises
    ------
    ReadingRefused : a file that cannot be read safely
    InputRefused : ``not-a-registration``; the codes of :func:`registration_from`
    """
    files = list(contents(path, limits))
    if len(files) != 1:
        raise refused("not-a-registration", "A registration is one file.")
    fields = Fields(parse_dicom(files[0][1], limits).root)
    if fields.code("Modality") != "REG":
        raise refused("not-a-registration", "The file is no spatial registration.", path="Modality")
    return registration_from(fields)


def registration_from(file: Fields) -> Registration:
    """The registration of a walked file.

    Parameters
    ----------
    file : fields of a file whose modality is REG

    Raises
    ------
    InputRefused
        ``missing-tag``; ``not-a-registration`` (a deformable one); ``not-rigid`` (scaled, sheared, mirrored or declared so);
        ``matrix-order`` (several matrices whose order changes the result: software reads the order of the standard both ways);
        ``frame-repeated`` (one frame registered in two ways); ``own-frame-moved`` (its own frame, and not the identity);
        ``one-registration`` (more than one matrix registration for a frame)
    """
    kind = file.uid("SOPClassUID")
    if kind not in (None, _SPATIAL):
        raise refused("not-a-registration", "The object is no rigid spatial registration.", path="SOPClassUID")
    own = file.uid("FrameOfReferenceUID")
    if own is None:
        raise file.need("FrameOfReferenceUID")
    items = file.items("RegistrationSequence")
    if not items:
        raise file.need("RegistrationSequence")
    found: dict[str, Floats] = {}
    for item in items:
        matrix = _matrix_of(item)
        still = same_transform(matrix, np.eye(4))
        frame = item.uid("FrameOfReferenceUID")
        if frame is None:
            if still:  # the images that the others are registered to, named one by one: nothing is moved
                continue
            raise item.need("FrameOfReferenceUID")
        if frame == own:
            if not still:
                raise refused("own-frame-moved", "A frame of reference is moved against itself.", path=item.path)
            continue
        if frame in found and not same_transform(found[frame], matrix):
            raise refused("frame-repeated", "A frame of reference is registered in two ways.", path=item.path)
        found.setdefault(frame, matrix)
    return Registration(own, found)


def _matrix_of(item: Fields) -> Floats:
    parts = item.items("MatrixRegistrationSequence")
    if not parts:
        raise item.need("MatrixRegistrationSequence")
    if len(parts) > 1:
        raise refused("one-registration", "A frame has more than one registration.", path=item.path)
    steps = [_rigid(one) for one in parts[0].items("MatrixSequence")]
    if not steps:
        raise parts[0].need("MatrixSequence")
    forth, back = np.eye(4), np.eye(4)
    for step in steps:
        forth, back = forth @ step, step @ back
    if not same_transform(forth, back):
        raise refused(
            "matrix-order",
            "A registration is made of several matrices whose order changes the result.",
            path=parts[0].path,
            fix="Export it as one matrix.",
        )
    return forth


def _rigid(item: Fields) -> Floats:
    numbers = item.numbers("FrameOfReferenceTransformationMatrix", 16)
    if numbers is None:
        raise item.need("FrameOfReferenceTransformationMatrix")
    kind = item.code("FrameOfReferenceTransformationMatrixType")
    if kind is None:
        raise item.need("FrameOfReferenceTransformationMatrixType")
    if kind != "RIGID":
        raise refused("not-rigid", "The registration is declared to be not rigid.", path=item.path)
    return rigid_matrix(numbers, path=item.path)
