"""Lines of a CSV file: where they begin, and which have another number of cells than the heading. Found fast, without reading a cell.

A comma or a line end between quotes is text (RFC 4180). The file is looked at in pieces of bytes, so memory does not grow with it. Empty
lines before the heading do not count; a later one is a row with too few cells.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Lines", "headings_of", "lines_of"]

_PIECE: Final = 8 * 1024 * 1024
_QUOTE, _COMMA, _LINE, _RETURN = (ord(char) for char in '",\n\r')
#: A heading is never longer than this.
_LONGEST_HEADING: Final = 1024 * 1024

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """What the lines of a file tell.

    Parameters
    ----------
    rows : after the heading
    odd : numbers, from 1, of rows with another number of cells than the heading; rising
    starts : place in the file, in bytes, of rows 1, 1 + every, 1 + 2 every, …, and at last where the rows end
    """

    rows: int
    odd: Rows
    starts: Rows


def headings_of(path: Path) -> list[str]:
    """Cells of the first line that is not empty; none where there is no such line."""
    with path.open("rb") as stream:
        text = stream.read(_LONGEST_HEADING).decode("utf-8-sig", errors="replace")
    for row in csv.reader(io.StringIO(text)):
        if row:
            return row
    return []


def lines_of(path: Path, every: int) -> Lines:
    """Count the rows after the heading, find the odd ones, and say where each ``every``-th begins.

    A quote that is never closed makes the rest of the file one line: then the number of rows is not that of a reader, who refuses it.
    """
    seen = _Seen(every)
    inside, commas, length, base = 0, 0, 0, 0  # commas and characters are of the line that the last piece broke off
    with path.open("rb") as stream:
        while data := stream.read(_PIECE):
            piece = np.frombuffer(data, np.uint8)
            quotes = piece == _QUOTE
            within = (np.cumsum(quotes, dtype=np.int64) + inside) % 2 == 1 if quotes.any() or inside else None
            ends = np.flatnonzero(piece == _LINE if within is None else (piece == _LINE) & ~within)
            comma = np.flatnonzero(piece == _COMMA if within is None else (piece == _COMMA) & ~within)
            text = np.flatnonzero((piece != _LINE) & (piece != _RETURN))
            at = np.append(ends, len(piece))
            here, letters = (np.diff(np.searchsorted(places, at), prepend=0) for places in (comma, text))
            here[0] += commas
            letters[0] += length
            seen.lines(here[:-1], letters[:-1], base + ends + 1)
            commas, length = int(here[-1]), int(letters[-1])
            inside = (inside + int(quotes.sum())) % 2
            base += len(piece)
    if length:
        seen.lines(np.array([commas]), np.array([length]), np.array([base]))
    return seen.whole()


class _Seen:
    """Lines so far."""

    def __init__(self, every: int) -> None:
        self._every, self._wanted, self._rows, self._end = every, -1, 0, 0
        self._odd, self._starts = list[Rows](), list[Rows]()

    def lines(self, commas: Rows, letters: Rows, ends: Rows) -> None:
        """Take commas and characters of some whole lines, and the bytes after which they end."""
        if self._wanted < 0:
            filled = np.flatnonzero(letters)
            if not len(filled):
                return
            first = int(filled[0])
            self._wanted, self._end = int(commas[first]), int(ends[first])
            commas, ends = commas[first + 1 :], ends[first + 1 :]
        if len(commas):
            begins = np.append(self._end, ends[:-1])
            self._odd.append(self._rows + 1 + np.flatnonzero(commas != self._wanted))
            self._starts.append(begins[np.flatnonzero((self._rows + np.arange(len(commas))) % self._every == 0)])
            self._rows += len(commas)
            self._end = int(ends[-1])

    def whole(self) -> Lines:
        """What all of them tell."""
        odd, starts = (
            np.concatenate([*held, np.empty(0, np.int64)]).astype(np.int64) for held in (self._odd, self._starts)
        )
        return Lines(self._rows, odd, np.append(starts, self._end))
