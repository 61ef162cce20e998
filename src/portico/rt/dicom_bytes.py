"""The elements of a DICOM file, walked with every length checked, before anything reads a value.

The walk is ours and not pydicom's for three reasons: a reader of strangers' files must bound depth, count and
inflated size before it allocates; pydicom quotes values, hence patient identifiers, in warnings and errors; and
its decimal strings are what a plan of many control points spends its time on.

Source: DICOM PS3.5 2024d, sections 7.1 (element encoding), 7.5 (sequences), A.4 (encapsulation), A.5 (deflated);
PS3.10 section 7.1 (file meta information).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final

from portico.errors import ReadingRefused
from portico.rt.limits import DEFAULT_DICOM, DicomLimits
from portico.rt.refusals import unreadable
from portico.rt.tags import SEQUENCES

__all__ = ["DicomFile", "DicomSet", "Value", "parse_dicom"]

_IMPLICIT: Final = "1.2.840.10008.1.2"
_EXPLICIT: Final = "1.2.840.10008.1.2.1"
_DEFLATED: Final = "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
_UNDEFINED: Final = 0xFFFFFFFF
_ITEM: Final = 0xFFFEE000
_ITEM_END: Final = 0xFFFEE00D
_SEQUENCE_END: Final = 0xFFFEE0DD
_PIXELS: Final = 0x7FE00010
_LARGE: Final = 1024 * 1024
_CHUNK: Final = 4 * 1024 * 1024
_LONG: Final = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_SHORT: Final = frozenset(
    (
        *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN"),
        *(b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
    )
)


@dataclass(frozen=True, slots=True, eq=False)
class Fragments:
    """Encapsulated pixel data: the bytes from the first item to the sequence delimiter, both included."""

    raw: memoryview


@dataclass(frozen=True, slots=True, eq=False)
class DicomSet:
    """One data set: the file's, or one item of a sequence.

    Parameters
    ----------
    elements : value by tag; bytes, the items of a sequence, or encapsulated pixel data
    little : whether binary numbers have their low byte first
    """

    elements: dict[int, Value]
    little: bool


Value = bytes | memoryview | tuple[DicomSet, ...] | Fragments


@dataclass(frozen=True, slots=True, eq=False)
class DicomFile:
    """A walked file.

    Parameters
    ----------
    root : its data set
    syntax : transfer syntax UID; None when the file has no meta information and its encoding was recognised
    """

    root: DicomSet
    syntax: str | None


def parse_dicom(data: bytes, limits: DicomLimits = DEFAULT_DICOM) -> DicomFile:
    """Walk a DICOM file held in memory.

    Parameters
    ----------
    data : the whole file, with or without preamble and meta information
    limits : bounds; see :class:`portico.rt.DicomLimits`

    Raises
    ------
    ReadingRefused
        ``not-dicom``, ``too-large``, ``dicom-inflates`` (a deflated data set grows too much), ``dicom-damaged``,
        ``dicom-length`` (a length passes the end of what holds it), ``dicom-depth``, ``dicom-elements``,
        ``dicom-duplicate`` (one tag twice in a data set), ``dicom-syntax`` (no or an unknown transfer syntax)
    """
    if len(data) > limits.max_bytes:
        raise unreadable("too-large", f"The file is larger than {limits.max_bytes:,} bytes.")
    if len(data) >= 132 and data[128:132] == b"DICM":
        start = 132
    elif len(data) >= 8 and data[:4] in (b"\x02\x00\x00\x00", b"\x02\x00\x01\x00", b"\x02\x00\x10\x00"):
        start = 0
    elif len(data) >= 8 and data[:2] == b"\x08\x00" and data[3] == 0:
        return _headless(data, limits)
    else:
        raise unreadable("not-dicom", "This is not a DICOM file.")
    meta = _Walk(data, limits, little=True, explicit=True)
    position = meta.meta(start)
    if meta.syntax is None:
        raise unreadable("dicom-syntax", "The file does not say how it is encoded.", path="TransferSyntaxUID")
    syntax = meta.syntax
    if syntax == _DEFLATED:
        data = _inflated(memoryview(data)[position:], limits)
        position = 0
    elif not syntax.startswith("1.2.840.10008.1.2"):
        raise unreadable("dicom-syntax", "The transfer syntax is not one of DICOM's.", path="TransferSyntaxUID")
    walk = _Walk(data, limits, little=syntax != _BIG_ENDIAN, explicit=syntax != _IMPLICIT)
    return DicomFile(walk.root(position), syntax)


def _headless(data: bytes, limits: DicomLimits) -> DicomFile:
    explicit = data[4:6] in _SHORT or data[4:6] in _LONG
    return DicomFile(_Walk(data, limits, little=True, explicit=explicit).root(0), None)


def _inflated(packed: memoryview, limits: DicomLimits) -> bytes:
    most = min(limits.max_inflated_bytes, max(limits.free_inflated_bytes, len(packed) * limits.max_ratio))
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    parts: list[bytes] = []
    size = 0
    pending: bytes | memoryview = packed
    try:
        while not engine.eof:
            part = engine.decompress(pending, _CHUNK)
            pending = engine.unconsumed_tail
            size += len(part)
            if size > most:
                raise unreadable("dicom-inflates", f"The deflated data set grows beyond {most:,} bytes.")
            if not part and not pending:
                break
            parts.append(part)
    except zlib.error:
        raise unreadable("dicom-damaged", "The deflated data set is damaged.") from None
    return b"".join(parts)


class _Walk:
    """One pass over the bytes; positions are absolute, ``end`` is the end of what holds the element."""

    def __init__(self, data: bytes, limits: DicomLimits, *, little: bool, explicit: bool) -> None:
        self.data = data
        self.view = memoryview(data)
        self.limits = limits
        self.little = little
        self.explicit = explicit
        self.left = limits.max_elements
        self.syntax: str | None = None
        order = "<" if little else ">"
        self.tag_and_length = struct.Struct(order + "HHL")
        self.tag_and_short = struct.Struct(order + "HH2sH")
        self.long = struct.Struct(order + "L")

    def root(self, position: int) -> DicomSet:
        found, _ = self.elements(position, len(self.data), 0, self.explicit, closed=False)
        if not found:
            raise unreadable("dicom-damaged", "The file holds no data element.")
        return DicomSet(found, self.little)

    def meta(self, position: int) -> int:
        """Pass the meta group (always explicit, low byte first); set ``syntax``; give where the data set begins."""
        end = len(self.data)
        while position + 8 <= end and self.data[position : position + 2] == b"\x02\x00":
            tag, length, begin, _ = self.header(position, end, explicit=True)
            if length > end - begin:
                raise _lying(tag)
            if tag == 0x00020010:
                raw = self.data[begin : begin + length].rstrip(b"\x00 ")
                if not raw or len(raw) > 64 or not all(48 <= byte <= 57 or byte == 46 for byte in raw):
                    raise unreadable("dicom-syntax", "The transfer syntax is not a UID.", path="TransferSyntaxUID")
                self.syntax = raw.decode("ascii")
            position = begin + length
        return position

    def count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise unreadable("dicom-elements", f"The file has more than {self.limits.max_elements:,} data elements.")

    def header(self, position: int, end: int, *, explicit: bool) -> tuple[int, int, int, bytes]:
        """Tag, length, where the value begins, and the value representation (empty when implicit)."""
        if position + 8 > end:
            raise unreadable("dicom-damaged", "The file ends inside a data element.")
        if not explicit:
            group, element, length = self.tag_and_length.unpack_from(self.data, position)
            return group << 16 | element, length, position + 8, b""
        group, element, kind, length = self.tag_and_short.unpack_from(self.data, position)
        tag = group << 16 | element
        if kind in _SHORT:
            return tag, length, position + 8, kind
        if group == 0xFFFE:
            return tag, self.long.unpack_from(self.data, position + 4)[0], position + 8, b""
        if kind not in _LONG:
            raise unreadable("dicom-damaged", "A data element has an unknown value representation.", path=_name(tag))
        if position + 12 > end:
            raise unreadable("dicom-damaged", "The file ends inside a data element.", path=_name(tag))
        return tag, self.long.unpack_from(self.data, position + 8)[0], position + 12, kind

    def elements(
        self, position: int, end: int, depth: int, explicit: bool, *, closed: bool
    ) -> tuple[dict[int, Value], int]:
        """Elements up to ``end``, or to the item delimiter when ``closed``; and where the next thing begins."""
        found: dict[int, Value] = {}
        data = self.data
        while position < end:
            tag, length, begin, kind = self.header(position, end, explicit=explicit)
            if tag == _ITEM_END and closed:
                return found, begin
            self.count()
            if tag in found:
                raise unreadable("dicom-duplicate", "A data element occurs twice.", path=_name(tag))
            if tag >> 16 == 0xFFFE:
                raise unreadable("dicom-damaged", "A delimiter stands where a data element should.")
            if length == _UNDEFINED:
                if tag == _PIXELS and kind != b"SQ":
                    position = self.fragments(begin, end)
                    found[tag] = Fragments(self.view[begin:position])
                    continue
                if kind not in (b"", b"SQ", b"UN"):
                    raise _lying(tag)
                inner = explicit and kind != b"UN"
                found[tag], position = self.sequence(begin, end, depth + 1, inner, closed=True)
                continue
            position = begin + length
            if position > end:
                raise _lying(tag)
            if kind == b"SQ" or (tag in SEQUENCES and kind in (b"", b"UN")):
                found[tag], _ = self.sequence(begin, position, depth + 1, explicit and kind != b"UN", closed=False)
            elif length > _LARGE:
                found[tag] = self.view[begin:position]
            else:
                found[tag] = data[begin:position]
        if closed:
            raise unreadable("dicom-damaged", "An item has no end.")
        return found, position

    def sequence(
        self, position: int, end: int, depth: int, explicit: bool, *, closed: bool
    ) -> tuple[tuple[DicomSet, ...], int]:
        if depth > self.limits.max_depth:
            raise unreadable("dicom-depth", f"Sequences are nested more than {self.limits.max_depth} deep.")
        items: list[DicomSet] = []
        while position < end:
            tag, length, begin, _ = self.header(position, end, explicit=False)
            if tag == _SEQUENCE_END and closed:
                return tuple(items), begin
            if tag != _ITEM:
                raise unreadable("dicom-damaged", "A sequence holds something other than items.")
            self.count()
            if length == _UNDEFINED:
                found, position = self.elements(begin, end, depth, explicit, closed=True)
            else:
                position = begin + length
                if position > end:
                    raise _lying(tag)
                found, _ = self.elements(begin, position, depth, explicit, closed=False)
            items.append(DicomSet(found, self.little))
        if closed:
            raise unreadable("dicom-damaged", "A sequence has no end.")
        return tuple(items), position

    def fragments(self, position: int, end: int) -> int:
        while position < end:
            tag, length, begin, _ = self.header(position, end, explicit=False)
            if tag == _SEQUENCE_END:
                return begin
            position = begin + length
            if tag != _ITEM or position > end:
                raise _lying(_PIXELS)
        raise unreadable("dicom-damaged", "The pixel data have no end.", path="PixelData")


def _name(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _lying(tag: int) -> ReadingRefused:
    return unreadable("dicom-length", "A length passes the end of what holds it.", path=_name(tag))
