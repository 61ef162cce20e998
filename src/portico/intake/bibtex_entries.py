"""Where each BibTeX entry begins and ends: braces are counted while the lines stream past.

An entry may stand in braces or parentheses, several may share a line, and one that is left open ends where the next one
begins at the start of a line. An escaped brace does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from portico.intake.lines import CUT, Line
from portico.intake.record import MAX_RECORD_BYTES

__all__ = ["Entry", "split_entries"]

_START: Final = re.compile(r"@\s*([A-Za-z]+)\s*([{(])")
#: A start that is not yet whole at the end of its line.
_HALF: Final = re.compile(r"@\s*[A-Za-z]*\s*$")
#: A new entry at the start of a line, although the one before is open.
_AGAIN: Final = re.compile(r"@\s*[A-Za-z]+\s*[{(]\s*[^\s,{}()=\"]+\s*,\s*(?:$|[A-Za-z][\w-]*\s*=)")
_TOKEN: Final = re.compile(r"\\.|[{}()\"]")


@dataclass(slots=True)
class Entry:
    """One entry as it streams in.

    Parameters
    ----------
    line : of its first character
    kind : such as ``article``, in lower case; empty for text that belongs to no entry
    body : what stands between its braces; empty with a fault
    notes : how its lines were read
    fault : ``record-truncated``, ``record-too-large``, ``stray``; empty for none
    """

    line: int
    kind: str = ""
    body: str = ""
    notes: list[str] = field(default_factory=list)
    fault: str = ""


def split_entries(lines: Iterable[Line]) -> Iterator[Entry]:
    """Entries of a file, and one ``stray`` for each stretch of text between them (comments after ``%`` left out)."""
    open_one: _Open | None = None
    stray, half = False, ""
    for number, line, note in lines:
        text, half = half + line, ""
        if open_one is not None and _AGAIN.match(text):
            yield open_one.ended("record-truncated")
            open_one = None
        at = 0
        while at < len(text) or (open_one is not None and at == len(text) == 0):
            if open_one is None:
                found = _START.search(text, at)
                between = text[at : found.start()] if found else text[at:]
                if found is None and (part := _HALF.search(between)) is not None and note != CUT:
                    half, between = between[part.start() :], between[: part.start()]
                if between.strip(" \t,") and not between.lstrip().startswith("%") and not stray:
                    stray = True
                    yield Entry(number, fault="stray")
                if found is None:
                    break
                open_one, stray, at = _Open(number, found[1].lower(), found[2]), False, found.end()
            end = open_one.take(text, at, note)
            if end is None:
                break
            yield open_one.ended()
            open_one, at = None, end
    if open_one is not None:
        yield open_one.ended("record-truncated")


class _Open:
    """The entry that is being read."""

    def __init__(self, line: int, kind: str, bracket: str) -> None:
        self.entry = Entry(line, kind)
        self.round = bracket == "("
        self.depth = 0
        self.quoted = False
        self.size = 0
        self.parts: list[str] = []

    def take(self, text: str, at: int, note: str) -> int | None:
        """Take this line from a place on; the place behind the closing bracket, None when the entry goes on."""
        end = self._end(text, at)
        piece = text[at:] if end is None else text[at : end - 1]
        self.size += len(piece) + 1
        if note == CUT or self.size > MAX_RECORD_BYTES:
            self.entry.fault, self.parts = "record-too-large", []
        elif note:
            self.entry.notes.append(note)
        if not self.entry.fault:
            self.parts.append(piece)
        return end

    def _end(self, text: str, at: int) -> int | None:
        for token in _TOKEN.finditer(text, at):
            sign = token[0]
            if sign == "{":
                self.depth += 1
            elif sign == "}":
                if self.depth == 0 and not self.round:
                    return token.end()
                self.depth = max(self.depth - 1, 0)
            elif sign == '"' and self.depth == 0:
                self.quoted = not self.quoted
            elif sign == ")" and self.round and self.depth == 0 and not self.quoted:
                return token.end()
        return None

    def ended(self, fault: str = "") -> Entry:
        """The entry, whole or with its fault."""
        self.entry.fault = self.entry.fault or fault
        self.entry.body = "" if self.entry.fault else "\n".join(self.parts)
        return self.entry
