"""Stored numbers of an image or dose: their size is checked against what the file declares before any is made.

Compressed images are decoded by SimpleITK from a file of our own that holds the pixel module and nothing of the
patient. Source: DICOM PS3.3 2024d, C.7.6.3; PS3.5 sections 8 and A.4.
"""

from __future__ import annotations

import importlib
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from portico.rt.dicom_values import Fields
from portico.rt.limits import DicomLimits
from portico.rt.refusals import refused

__all__ = ["PixelLayout", "pixel_layout", "stored_numbers"]

_COMPRESSED: Final = {
    "1.2.840.10008.1.2.4.57",  # JPEG lossless
    "1.2.840.10008.1.2.4.70",  # JPEG lossless, first-order prediction
    "1.2.840.10008.1.2.4.80",  # JPEG-LS lossless
    "1.2.840.10008.1.2.4.90",  # JPEG 2000 lossless
    "1.2.840.10008.1.2.5",  # run length
}
_SECONDARY_CAPTURE: Final = b"1.2.840.10008.5.1.4.1.1.7"
_NAMELESS: Final = b"2.25.1"


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """How stored numbers are laid out.

    Parameters
    ----------
    frames, rows, columns : sizes
    bits : bits allocated, 16 or 32
    stored : bits that count
    signed : two's complement
    little : low byte first
    """

    frames: int
    rows: int
    columns: int
    bits: int
    stored: int
    signed: bool
    little: bool

    @property
    def range(self) -> tuple[int, int]:
        """Smallest and largest number that can be stored."""
        if self.signed:
            return -(1 << (self.stored - 1)), (1 << (self.stored - 1)) - 1
        return 0, (1 << self.stored) - 1


def pixel_layout(file: Fields, limits: DicomLimits) -> PixelLayout:
    """Layout that a file declares.

    Raises
    ------
    InputRefused
        ``missing-tag``, ``pixel-layout`` (not one 16- or 32-bit sample per pixel), ``too-many-voxels``
    """
    sizes: dict[str, int] = {}
    for keyword in ("Rows", "Columns", "BitsAllocated", "PixelRepresentation"):
        found = file.short(keyword)
        if found is None:
            raise file.need(keyword)
        sizes[keyword] = found
    frames = file.integer("NumberOfFrames")
    frames = 1 if frames is None else frames
    bits = sizes["BitsAllocated"]
    stored = file.short("BitsStored")
    stored = bits if stored is None else stored
    high = file.short("HighBit")
    samples = file.short("SamplesPerPixel")
    if (
        bits not in (16, 32)
        or not 1 <= stored <= bits
        or high not in (None, stored - 1)
        or sizes["PixelRepresentation"] not in (0, 1)
        or samples not in (None, 1)
        or min(sizes["Rows"], sizes["Columns"], frames) < 1
    ):
        raise refused("pixel-layout", "The pixels are not one 16- or 32-bit number each.", path="PixelData")
    if sizes["Rows"] * sizes["Columns"] * frames > limits.max_voxels:
        raise refused("too-many-voxels", f"There are more than {limits.max_voxels:,} voxels.", path="PixelData")
    signed = sizes["PixelRepresentation"] == 1
    return PixelLayout(frames, sizes["Rows"], sizes["Columns"], bits, stored, signed, file.little)


def stored_numbers(file: Fields, layout: PixelLayout, syntax: str | None) -> npt.NDArray[Any]:
    """(frames, rows, columns) stored numbers.

    Parameters
    ----------
    file : fields of the file
    layout : from :func:`pixel_layout`
    syntax : transfer syntax UID; None when not stated (then never compressed)

    Raises
    ------
    InputRefused
        ``missing-tag``, ``pixel-count`` (more or fewer bytes than declared), ``pixel-range`` (numbers beyond their
        bits), ``compressed`` (in a way that is not accepted, or SimpleITK is not installed), ``pixel-damaged``
    """
    fragments = file.fragments("PixelData")
    if fragments is not None:
        return _in_range(_decoded(fragments, layout, syntax), layout)
    raw = file.raw("PixelData")
    if raw is None:
        raise file.need("PixelData")
    size = layout.frames * layout.rows * layout.columns * layout.bits // 8
    if len(raw) not in (size, size + 1):
        raise refused("pixel-count", "There are more or fewer pixels than declared.", path="PixelData")
    kind = f"{'<' if layout.little else '>'}{'i' if layout.signed else 'u'}{layout.bits // 8}"
    found = np.frombuffer(raw, dtype=kind, count=layout.frames * layout.rows * layout.columns)
    return _in_range(found.reshape(layout.frames, layout.rows, layout.columns), layout)


def _in_range(found: npt.NDArray[Any], layout: PixelLayout) -> npt.NDArray[Any]:
    low, high = layout.range
    if layout.stored < layout.bits and (int(found.max()) > high or int(found.min()) < low):
        raise refused("pixel-range", "A stored number has more bits than declared.", path="PixelData")
    return found


def _decoded(fragments: memoryview, layout: PixelLayout, syntax: str | None) -> npt.NDArray[Any]:
    if syntax not in _COMPRESSED:
        raise refused(
            "compressed", "The image is compressed in a way that is not accepted.", fix="Export it uncompressed."
        )
    try:
        itk: Any = importlib.import_module("SimpleITK")
    except ImportError:
        raise refused(
            "compressed", "The image is compressed and SimpleITK is not installed.", fix="Export it uncompressed."
        ) from None
    with tempfile.TemporaryDirectory(prefix="portico-") as folder:
        path = Path(folder) / "pixels.dcm"
        path.write_bytes(_pixel_file(fragments, layout, syntax))
        warnings_on = itk.ProcessObject.GetGlobalWarningDisplay()
        itk.ProcessObject.SetGlobalWarningDisplay(False)
        try:
            found = itk.GetArrayFromImage(itk.ReadImage(str(path), imageIO="GDCMImageIO"))
        except (RuntimeError, ValueError, MemoryError):
            raise refused("pixel-damaged", "The compressed pixels cannot be decoded.", path="PixelData") from None
        finally:
            itk.ProcessObject.SetGlobalWarningDisplay(warnings_on)
    if found.size != layout.frames * layout.rows * layout.columns or found.dtype.kind not in "iu":
        raise refused("pixel-count", "There are more or fewer pixels than declared.", path="PixelData")
    return np.asarray(found.reshape(layout.frames, layout.rows, layout.columns))


def _pixel_file(fragments: memoryview, layout: PixelLayout, syntax: str) -> bytes:
    """A DICOM file with the pixel module alone."""
    meta = b"".join(
        (
            _element(0x0002, 0x0001, b"OB", b"\x00\x01"),
            _element(0x0002, 0x0002, b"UI", _SECONDARY_CAPTURE),
            _element(0x0002, 0x0003, b"UI", _NAMELESS),
            _element(0x0002, 0x0010, b"UI", syntax.encode("ascii")),
        )
    )
    body = b"".join(
        (
            _element(0x0008, 0x0016, b"UI", _SECONDARY_CAPTURE),
            _element(0x0008, 0x0018, b"UI", _NAMELESS),
            _element(0x0028, 0x0002, b"US", struct.pack("<H", 1)),
            _element(0x0028, 0x0004, b"CS", b"MONOCHROME2"),
            _element(0x0028, 0x0008, b"IS", str(layout.frames).encode("ascii")),
            _element(0x0028, 0x0010, b"US", struct.pack("<H", layout.rows)),
            _element(0x0028, 0x0011, b"US", struct.pack("<H", layout.columns)),
            _element(0x0028, 0x0100, b"US", struct.pack("<H", layout.bits)),
            _element(0x0028, 0x0101, b"US", struct.pack("<H", layout.stored)),
            _element(0x0028, 0x0102, b"US", struct.pack("<H", layout.stored - 1)),
            _element(0x0028, 0x0103, b"US", struct.pack("<H", int(layout.signed))),
            struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF),
        )
    )
    length = _element(0x0002, 0x0000, b"UL", struct.pack("<L", len(meta)))
    return bytes(128) + b"DICM" + length + meta + body + bytes(fragments)


def _element(group: int, element: int, kind: bytes, value: bytes) -> bytes:
    if len(value) % 2:
        value += b" " if kind in (b"CS", b"IS") else b"\x00"
    if kind == b"OB":
        return struct.pack("<HH2sHL", group, element, kind, 0, len(value)) + value
    return struct.pack("<HH2sH", group, element, kind, len(value)) + value
