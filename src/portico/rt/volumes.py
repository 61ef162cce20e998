"""Masks and doses from NIfTI and NRRD files, by SimpleITK, which is loaded when first needed.

The header is held against the size of the file before any voxel is read. Coordinates come out as LPS and mm
whatever space the file declares.
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from portico.errors import CannotTell, InputRefused, ReadingRefused
from portico.rt.dose import DoseGrid
from portico.rt.grid import Grid
from portico.rt.limits import DEFAULT_DICOM, DicomLimits
from portico.rt.refusals import refused, unreadable

__all__ = ["Labels", "read_dose_volume", "read_labels"]

_GRAY: Final = {"Gy": 1.0, "cGy": 0.01}
_FORMATS: Final = {".nrrd": "NrrdImageIO", ".nii": "NiftiImageIO", ".nii.gz": "NiftiImageIO"}
#: No deflated stream grows more than this (RFC 1951).
_MOST_GROWTH: Final = 1032
_HEADER: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """A label map.

    Parameters
    ----------
    grid : where the voxels stand
    labels : (k, j, i) whole numbers, 0 outside
    """

    grid: Grid
    labels: npt.NDArray[np.int32]

    def mask(self, label: int) -> npt.NDArray[np.bool_]:
        """(k, j, i) voxels of one label.

        Raises
        ------
        InputRefused
            ``no-such-label`` when no voxel has it
        """
        found = self.labels == label
        if label == 0 or not found.any():
            raise refused("no-such-label", "No voxel has this label.", path=f"label {label}")
        return np.asarray(found)


def read_labels(path: str | os.PathLike[str], limits: DicomLimits = DEFAULT_DICOM) -> Labels:
    """Read a mask or label map.

    Parameters
    ----------
    path : file ending in ``.nii``, ``.nii.gz`` or ``.nrrd``

    Raises
    ------
    ReadingRefused
        ``no-such-file``, ``not-a-file``, ``too-large``, ``unknown-suffix``, ``volume-damaged``, ``volume-size``,
        ``detached-data`` (a header that points to another file)
    InputRefused
        ``not-labels`` (values that are not whole numbers), ``grid-damaged``
    CannotTell
        ``not-installed`` when SimpleITK is not
    """
    grid, values = _volume(path, limits)
    if values.dtype.kind not in "iub":
        whole = np.round(values)
        if not np.isfinite(values).all() or not np.array_equal(whole, values):
            raise refused("not-labels", "The values are not whole numbers.")
        values = whole
    if values.size and (values.max() > 2**31 - 1 or values.min() < 0):
        raise refused("not-labels", "A label is below 0 or too large.")
    return Labels(grid, values.astype(np.int32))


def read_dose_volume(
    path: str | os.PathLike[str], *, unit: Literal["Gy", "cGy"], limits: DicomLimits = DEFAULT_DICOM
) -> DoseGrid:
    """Read a dose from a format that states no unit.

    Parameters
    ----------
    path : file ending in ``.nii``, ``.nii.gz`` or ``.nrrd``
    unit : ``"Gy"`` or ``"cGy"``; there is no default

    Raises
    ------
    ReadingRefused, CannotTell
        as :func:`read_labels`
    InputRefused
        ``unknown-unit``, ``oblique``, ``dose-negative``, ``not-a-number``
    """
    factor = _GRAY.get(unit)
    if factor is None:
        raise refused("unknown-unit", "The unit must be Gy or cGy.")
    grid, values = _volume(path, limits)
    if not np.isfinite(values).all():
        raise refused("not-a-number", "A dose is not a finite number.")
    if values.min() < 0:
        raise refused("dose-negative", "A dose is below 0.")
    return DoseGrid(grid.snapped(), np.multiply(values, factor, dtype=np.float64), "UNKNOWN")


def _volume(path: str | os.PathLike[str], limits: DicomLimits) -> tuple[Grid, npt.NDArray[Any]]:
    try:
        itk: Any = importlib.import_module("SimpleITK")
    except ImportError:
        raise CannotTell("NIfTI and NRRD files need SimpleITK.", code="not-installed") from None
    file = Path(path)
    suffix = next((ending for ending in sorted(_FORMATS, reverse=True) if file.name.lower().endswith(ending)), None)
    if suffix is None:
        raise unreadable("unknown-suffix", "The file name does not end in .nii, .nii.gz or .nrrd.")
    size = _size(file, limits)
    if suffix == ".nrrd":
        _check_nrrd(file)
    warnings_on = itk.ProcessObject.GetGlobalWarningDisplay()
    itk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        reader = itk.ImageFileReader()
        reader.SetFileName(str(file))
        reader.SetImageIO(_FORMATS[suffix])
        reader.ReadImageInformation()
        _check_header(reader, size, limits)
        image = reader.Execute()
        values = itk.GetArrayFromImage(image)
        origin, spacing = np.array(image.GetOrigin()), np.array(image.GetSpacing())
        axes = np.array(image.GetDirection()).reshape(3, 3)
    except InputRefused:
        raise
    except (RuntimeError, ValueError, MemoryError, OverflowError):
        raise _damaged() from None
    finally:
        itk.ProcessObject.SetGlobalWarningDisplay(warnings_on)
    return Grid(origin, spacing, axes, values.shape), values


def _size(file: Path, limits: DicomLimits) -> int:
    try:
        size = file.stat().st_size
    except (OSError, ValueError):
        raise unreadable("no-such-file", "There is no such file.") from None
    if not file.is_file():
        raise unreadable("not-a-file", "This is not a file.")
    if size > limits.max_bytes:
        raise unreadable("too-large", f"The file is larger than {limits.max_bytes:,} bytes.")
    return size


def _check_header(reader: Any, size: int, limits: DicomLimits) -> None:
    shape = reader.GetSize()
    if len(shape) != 3 or reader.GetNumberOfComponents() != 1 or min(shape) < 1:
        raise unreadable("volume-size", "The file does not hold one volume of one number per voxel.")
    voxels = int(shape[0]) * int(shape[1]) * int(shape[2])
    if voxels > limits.max_voxels or voxels > size * _MOST_GROWTH:
        raise unreadable("volume-size", "The file declares more voxels than it can hold.")


def _check_nrrd(file: Path) -> None:
    """An NRRD header may send its reader to any file; only one that holds its data is read."""
    with file.open("rb") as stream:
        head = stream.read(_HEADER)
    end = min((at for at in (head.find(b"\n\n"), head.find(b"\r\n\r\n")) if at >= 0), default=-1)
    if not head.startswith(b"NRRD") or end < 0:
        raise _damaged()
    for line in head[:end].lower().splitlines():
        if line.split(b":")[0].strip().replace(b" ", b"") == b"datafile":
            raise unreadable("detached-data", "The header points to another file.")


def _damaged() -> ReadingRefused:
    return unreadable("volume-damaged", "The file is damaged or is not what its name says.")
