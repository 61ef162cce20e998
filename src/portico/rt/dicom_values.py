"""Typed values of a walked data set; what is missing, malformed or not finite is said by its keyword.

>>> decimals(b"-1.5\\\\2e1 ", "PixelSpacing").tolist()
[-1.5, 20.0]
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt

from portico.errors import InputRefused
from portico.rt.dicom_bytes import DicomSet, Fragments, Value
from portico.rt.limits import DEFAULT_DICOM
from portico.rt.refusals import refused
from portico.rt.tags import TAGS

__all__ = ["Fields", "decimals"]

Floats = npt.NDArray[np.float64]

#: What a decimal string may hold; NaN, infinities and digit groups are not in it (PS3.5 table 6.2-1).
_NOT_DECIMAL: Final = re.compile(rb"[^0-9+\-.eE \\]")
_UID: Final = re.compile(r"[0-9.]{1,64}")
_TEXT_LIMIT: Final = 1024


def decimals(raw: bytes | memoryview, place: str) -> Floats:
    """Decimal strings as numbers, in one pass over the bytes.

    Parameters
    ----------
    raw : value of a DS element; empty gives no numbers
    place : keyword for the refusal

    Raises
    ------
    InputRefused
        ``not-a-number`` for anything but finite decimal numbers; ``too-many-values``

    Source: DICOM PS3.5 2024d, table 6.2-1 (DS).
    """
    data = bytes(raw).strip(b" \x00")
    if not data:
        return np.zeros(0)
    if data.count(b"\\") >= DEFAULT_DICOM.max_values:
        raise refused("too-many-values", f"There are more than {DEFAULT_DICOM.max_values:,} numbers.", path=place)
    if _NOT_DECIMAL.search(data):
        raise _not_a_number(place)
    try:
        found = np.array(list(map(float, data.split(b"\\"))), dtype=np.float64)
    except ValueError:
        raise _not_a_number(place) from None
    if not np.isfinite(found).all():
        raise _not_a_number(place)
    return found


class Fields:
    """The fields of one data set, read by keyword.

    Parameters
    ----------
    source : data set
    path : where it stands, e.g. ``"BeamSequence[0]"``; empty for the file itself
    encoding : Python codec of its text
    """

    __slots__ = ("_elements", "_encoding", "_little", "path")

    def __init__(self, source: DicomSet, path: str = "", encoding: str | None = None) -> None:
        self._elements = source.elements
        self._little = source.little
        self.path = path
        self._encoding = encoding or _codec(source)

    def place(self, keyword: str) -> str:
        """Where a keyword stands in the file."""
        return f"{self.path}.{keyword}" if self.path else keyword

    def has(self, keyword: str) -> bool:
        """Whether the element is there and not empty."""
        return bool(self._elements.get(TAGS[keyword]))

    def raw(self, keyword: str) -> bytes | memoryview | None:
        """Bytes of an element; None when absent or empty."""
        value: Value | None = self._elements.get(TAGS[keyword])
        if value is None or isinstance(value, Fragments):
            return None
        if isinstance(value, tuple):
            raise refused("wrong-kind", "A sequence stands where a value should.", path=self.place(keyword))
        return value if len(value) else None

    def fragments(self, keyword: str) -> memoryview | None:
        """Encapsulated pixel data as they stand in the file; None when not encapsulated or absent."""
        value = self._elements.get(TAGS[keyword])
        return value.raw if isinstance(value, Fragments) else None

    def items(self, keyword: str) -> tuple[Fields, ...]:
        """Items of a sequence; none when absent."""
        value = self._elements.get(TAGS[keyword], ())
        if not isinstance(value, tuple):
            if isinstance(value, Fragments) or len(value):
                raise refused("wrong-kind", "A value stands where a sequence should.", path=self.place(keyword))
            return ()
        place = self.place(keyword)
        return tuple(Fields(item, f"{place}[{number}]", self._encoding) for number, item in enumerate(value))

    def text(self, keyword: str) -> str | None:
        """Text without padding; None when absent or empty. Bytes outside the character set become U+FFFD."""
        raw = self.raw(keyword)
        if raw is None:
            return None
        if len(raw) > _TEXT_LIMIT:
            raise refused("text-too-long", "The text is longer than the standard allows.", path=self.place(keyword))
        found = bytes(raw).decode(self._encoding, errors="replace").strip(" \x00")
        return "".join(letter if letter.isprintable() else "\ufffd" for letter in found) or None

    def code(self, keyword: str) -> str | None:
        """Code string; None when absent or empty."""
        found = self.text(keyword)
        return found.upper() if found else None

    def uid(self, keyword: str) -> str | None:
        """Unique identifier; None when absent or empty. Components may begin with 0: many files break that rule."""
        raw = self.raw(keyword)
        if raw is None:
            return None
        found = bytes(raw[:128]).rstrip(b"\x00 ").decode("ascii", errors="replace")
        if not found:
            return None
        if not _UID.fullmatch(found):
            raise refused("not-a-uid", "This is not a unique identifier.", path=self.place(keyword))
        return found

    def numbers(self, keyword: str, count: int | None = None) -> Floats | None:
        """Decimal strings; None when absent or empty; refused unless there are ``count`` of them, when given."""
        raw = self.raw(keyword)
        if raw is None:
            return None
        found = decimals(raw, self.place(keyword))
        if not len(found):
            return None
        if count is not None and len(found) != count:
            raise refused("wrong-count", f"There must be {count} numbers.", path=self.place(keyword))
        return found

    def number(self, keyword: str) -> float | None:
        """One decimal string; None when absent or empty."""
        found = self.numbers(keyword, 1)
        return None if found is None else float(found[0])

    def integer(self, keyword: str) -> int | None:
        """One integer string; None when absent or empty."""
        found = self.number(keyword)
        if found is None:
            return None
        if found != int(found) or abs(found) >= 2**31:
            raise refused("not-an-integer", "This is not an integer.", path=self.place(keyword))
        return int(found)

    def short(self, keyword: str) -> int | None:
        """One unsigned 16-bit number; None when absent or empty."""
        raw = self.raw(keyword)
        if raw is None:
            return None
        if len(raw) != 2:
            raise refused("wrong-count", "There must be one 16-bit number.", path=self.place(keyword))
        return int.from_bytes(raw, "little" if self._little else "big")

    @property
    def little(self) -> bool:
        """Whether binary numbers have their low byte first."""
        return self._little

    def need(self, keyword: str) -> InputRefused:
        """Refusal for a keyword whose value is missing."""
        return refused("missing-tag", "A value that the standard requires is missing.", path=self.place(keyword))


def _not_a_number(place: str) -> InputRefused:
    return refused("not-a-number", "This is not a finite decimal number.", path=place)


_CODECS: Final = {
    b"": "ascii",
    b"ISO_IR 6": "ascii",
    b"ISO_IR 100": "latin-1",
    b"ISO_IR 101": "iso8859-2",
    b"ISO_IR 109": "iso8859-3",
    b"ISO_IR 110": "iso8859-4",
    b"ISO_IR 144": "iso8859-5",
    b"ISO_IR 127": "iso8859-6",
    b"ISO_IR 126": "iso8859-7",
    b"ISO_IR 138": "iso8859-8",
    b"ISO_IR 148": "iso8859-9",
    b"ISO_IR 13": "shift_jis",
    b"ISO_IR 166": "tis-620",
    b"ISO_IR 192": "utf-8",
    b"GB18030": "gb18030",
    b"GBK": "gbk",
}


def _codec(source: DicomSet) -> str:
    """Codec of the first character set; other sets by escape codes come out as replacement characters."""
    raw = source.elements.get(TAGS["SpecificCharacterSet"], b"")
    if not isinstance(raw, bytes):
        return "ascii"
    first = raw.split(b"\\")[0].strip(b" \x00").replace(b"ISO 2022 IR", b"ISO_IR")
    return _CODECS.get(first, "ascii")
