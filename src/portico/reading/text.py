"""Bytes to text: size, UTF-8, and characters that no document may hold."""

from __future__ import annotations

import re
from typing import Final

from portico.errors import ReadingRefused
from portico.reading.limits import Limits

__all__ = ["checked_text", "line_of"]

#: C0 and C1 controls other than tab and line ends, lone surrogates, non-characters, and marks that some
#: readers take for a line end or skip (U+0085, U+2028, U+2029, U+FEFF inside the text).
FORBIDDEN_CHARACTER: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]"
)
_LINE_END: Final = re.compile(r"\r\n?|\n")


def line_of(text: str, position: int) -> int:
    """1-based line of a character position."""
    return sum(1 for _ in _LINE_END.finditer(text, 0, max(position, 0))) + 1


def checked_text(source: str | bytes, name: str, limits: Limits) -> str:
    """Decode and check; a UTF-8 byte order mark at the start is dropped.

    Raises
    ------
    ReadingRefused : ``too-large``, ``encoding``, ``control-character``
    """
    if len(source) > limits.max_bytes:  # characters are never more than bytes
        raise too_large(name, limits.max_bytes)
    if isinstance(source, bytes):
        try:
            text = source.decode("utf-8")
        except UnicodeDecodeError as error:
            line = source.count(b"\n", 0, error.start) + 1
            raise ReadingRefused(
                "The text is not UTF-8.", code="encoding", file=name, line=line, fix="Save the file as UTF-8."
            ) from None
    else:
        text = source
        try:
            size = len(source.encode("utf-8"))
        except UnicodeEncodeError as error:
            raise ReadingRefused(
                "The text holds half of a character pair.",
                code="encoding",
                file=name,
                line=line_of(source, error.start),
            ) from None
        if size > limits.max_bytes:
            raise too_large(name, limits.max_bytes)
    text = text.removeprefix("\ufeff")
    found = FORBIDDEN_CHARACTER.search(text)
    if found:
        raise ReadingRefused(
            f"The text holds the control character U+{ord(found[0]):04X}.",
            code="control-character",
            file=name,
            line=line_of(text, found.start()),
            fix="Remove it.",
        )
    return text


def too_large(name: str, limit: int) -> ReadingRefused:
    """The error for a file or text above its limit in bytes."""
    return ReadingRefused(
        f"The file is larger than {limit:,} bytes.", code="too-large", file=name, fix="Give a smaller file."
    )
