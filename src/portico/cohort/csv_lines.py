"""Lines of a CSV file that have another number of cells than its heading: found fast, and without reading a cell.

A comma or a line end between quotes is text (RFC 4180). The file is looked at in pieces of bytes, so memory does not grow with it. Empty
lines before the heading do not count; a later one is a row with too few cells.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["CellCounts", "count_cells", "headings_of"]

_PIECE: Final = 8 * 1024 * 1024
_QUOTE, _COMMA, _LINE, _RETURN = (ord(char) for char in '",\n\r')
#: A heading is never longer than this.
_LONGEST_HEADING: Final = 1024 * 1024

Rows = NDArray[np.int64]
#: Rows of the file, and numbers, from 1, of those with another number of cells than the heading; rising.
CellCounts = tuple[int, Rows]


def headings_of(path: Path) -> list[str]:
    """Cells of the first line that is not empty; none where there is no such line."""
    with path.open("rb") as stream:
        text = stream.read(_LONGEST_HEADING).decode("utf-8-sig", errors="replace")
    for row in csv.reader(io.StringIO(text)):
        if row:
            return row
    return []


def count_cells(path: Path) -> CellCounts:
    """Count the rows after the heading, and find the odd ones.

    A quote that is never closed makes the rest of the file one line: then the number of rows is not that of a reader, who refuses it.
    """
    wanted, rows, odd = -1, 0, list[Rows]()
    inside, commas, length = 0, 0, 0  # of the line that the last piece broke off

    def finish(counts: Rows, letters: Rows) -> None:
        nonlocal wanted, rows
        if wanted < 0:
            filled = np.flatnonzero(letters)
            if not len(filled):
                return
            wanted, counts = int(counts[filled[0]]), counts[filled[0] + 1 :]
        odd.append(rows + 1 + np.flatnonzero(counts != wanted))
        rows += len(counts)

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
            finish(here[:-1], letters[:-1])
            commas, length = int(here[-1]), int(letters[-1])
            inside = (inside + int(quotes.sum())) % 2
    if length:
        finish(np.array([commas]), np.array([length]))
    return rows, np.concatenate([*odd, np.empty(0, np.int64)]).astype(np.int64)
