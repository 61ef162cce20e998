"""Lines of a file of any size, decoded one by one: UTF-8, UTF-16 with its mark, and single lines in Windows-1252."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from portico.errors import ReadingRefused

__all__ = ["CUT", "MAX_LINE_BYTES", "Line", "decoded", "open_binary", "read_lines"]

#: A longer line is cut here, and says so; no field of a record is near it.
MAX_LINE_BYTES: Final = 1_100_000
#: Note of a line that was cut.
CUT: Final = "line-too-long"
_CHUNK: Final = 1 << 20

#: Number of the line from 1, its text without line end, and what was done to read it (empty for nothing).
Line = tuple[int, str, str]


def open_binary(path: Path) -> IO[bytes]:
    """The file, opened.

    Raises
    ------
    ReadingRefused : ``cannot-read``
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise ReadingRefused(
            "The file cannot be read.", code="cannot-read", file=str(path), fix="Check the name and the permissions."
        ) from error


def read_lines(file: IO[bytes]) -> Iterator[Line]:
    """Lines of an open file; memory does not grow with the file.

    A line that is not UTF-8 is read as Windows-1252, which the note says.
    """
    start = file.read(4)
    file.seek(0)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from _wide(file)
        return
    if start.startswith(codecs.BOM_UTF8):
        file.seek(3)
    # Latin-1 keeps each byte as one letter, so that the reader finds every kind of line end before the bytes are decoded
    reader = io.TextIOWrapper(file, encoding="latin-1", newline=None)
    for number, raw, cut in _numbered(reader):
        text, how = decoded(raw.encode("latin-1"))
        yield number, text, CUT if cut else how


def _numbered(reader: io.TextIOWrapper) -> Iterator[tuple[int, str, bool]]:
    """Number, text and whether it was cut, of each line; a line ends with a line feed, a carriage return, or both."""
    try:
        number = 0
        while line := reader.readline(MAX_LINE_BYTES):
            number += 1
            cut = len(line) == MAX_LINE_BYTES and not line.endswith("\n")
            if cut:
                while (more := reader.readline(_CHUNK)) and not more.endswith("\n"):
                    pass
            yield number, line.rstrip("\n"), cut
    finally:
        with suppress(ValueError):  # the file was closed before the last line was asked for
            reader.detach()


def _wide(file: IO[bytes]) -> Iterator[Line]:
    reader = io.TextIOWrapper(file, encoding="utf-16", errors="replace", newline=None)
    for number, text, cut in _numbered(reader):
        yield number, text, CUT if cut else "read as UTF-16"


def decoded(raw: bytes) -> tuple[str, str]:
    """Text of one line and how it was read; empty for UTF-8.

    >>> decoded("Müller".encode("cp1252"))
    ('Müller', 'a line read as Windows-1252')
    """
    try:
        return raw.decode("utf-8"), ""
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace"), "a line read as Windows-1252"
