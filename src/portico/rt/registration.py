"""Rigid registrations between frames of reference.

Source: DICOM PS3.3 2024d, C.20.2 (spatial registration): a matrix maps points of the item's frame to the registration's own frame.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from portico.reading import read_bytes
from portico.rt.dicom_bytes import parse_dicom
from portico.rt.dicom_values import Fields
from portico.rt.limits import DEFAULT_DICOM, DicomLimits
from portico.rt.refusals import refused

__all__ = ["Registration", "read_registration", "registration_from"]

Floats = npt.NDArray[np.float64]
_RIGID = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """One registration object.

    Parameters
    ----------
    frame_uid : its own frame of reference
    matrices : (4, 4) rigid transform from each other frame to its own, in mm
    """

    frame_uid: str
    matrices: Mapping[str, Floats]

    def between(self, source: str, target: str) -> Floats:
        """(4, 4) transform in mm from one frame to another, through its own.

        Raises
        ------
        InputRefused : ``frame-not-registered``
        """
        return np.asarray(np.linalg.inv(self._to_own(target)) @ self._to_own(source))

    def _to_own(self, frame: str) -> Floats:
        if frame == self.frame_uid:
            return np.eye(4)
        found = self.matrices.get(frame)
        if found is None:
            raise refused("frame-not-registered", "The registration does not tie this frame of reference.")
        return found


def read_registration(path: str | os.PathLike[str], limits: DicomLimits = DEFAULT_DICOM) -> Registration:
    """Read a spatial registration object.

    Raises
    ------
    ReadingRefused : a file that cannot be read safely
    InputRefused : ``not-a-registration``; the codes of :func:`registration_from`
    """
    file = parse_dicom(read_bytes(Path(path), max_bytes=limits.max_bytes), limits)
    fields = Fields(file.root)
    if fields.code("Modality") != "REG":
        raise refused("not-a-registration", "The file is no spatial registration.", path="Modality")
    return registration_from(fields)


def registration_from(file: Fields) -> Registration:
    """The registration of a walked file.

    Raises
    ------
    InputRefused
        ``missing-tag``, ``not-rigid`` (scaled, sheared, mirrored or declared so), ``frame-repeated``
    """
    own = file.uid("FrameOfReferenceUID")
    if own is None:
        raise file.need("FrameOfReferenceUID")
    found: dict[str, Floats] = {}
    for item in file.items("RegistrationSequence"):
        frame = item.uid("FrameOfReferenceUID")
        if frame is None:
            raise item.need("FrameOfReferenceUID")
        matrix = np.eye(4)
        for part in item.items("MatrixRegistrationSequence"):
            for one in part.items("MatrixSequence"):
                # several matrices are applied one after the other
                matrix = _rigid(one) @ matrix
        if frame in found and not np.allclose(found[frame], matrix):
            raise refused("frame-repeated", "A frame of reference is registered in two ways.", path=item.path)
        if frame != own:
            found[frame] = matrix
    return Registration(own, found)


def _rigid(item: Fields) -> Floats:
    numbers = item.numbers("FrameOfReferenceTransformationMatrix", 16)
    if numbers is None:
        raise item.need("FrameOfReferenceTransformationMatrix")
    kind = item.code("FrameOfReferenceTransformationMatrixType")
    matrix = np.asarray(numbers).reshape(4, 4)
    turn = matrix[:3, :3]
    sound = np.allclose(matrix[3], [0, 0, 0, 1], atol=1e-6) and np.abs(turn.T @ turn - np.eye(3)).max() <= _RIGID
    if kind not in (None, "RIGID") or not sound or np.linalg.det(turn) < 0:
        raise refused("not-rigid", "The registration is not rigid.", path=item.path)
    return matrix
