"""Kernels of the optimiser over a compressed-row matrix: products by rows, in float64, without fast-math.

Every kernel takes the three arrays of the matrix (``values`` in Gy per unit weight, ``columns``, ``starts``), the rows
that are meant, and writes into an array of the caller; so several threads can share the rows between them.
"""

from __future__ import annotations

from typing import Any

from portico.geometry import compiled

__all__ = ["add_back", "add_squares", "fill_scaled", "forward_rows", "largest_in_columns"]


@compiled
def forward_rows(
    values: Any, columns: Any, starts: Any, rows: Any, weights: Any, first: int, last: int, out: Any
) -> None:
    """``out[k]`` = dose of ``rows[k]`` in Gy, for ``first <= k < last``; four sums run side by side."""
    for k in range(first, last):
        at, end = starts[rows[k]], starts[rows[k] + 1]
        a = b = c = d = 0.0
        while at + 3 < end:
            a += values[at] * weights[columns[at]]
            b += values[at + 1] * weights[columns[at + 1]]
            c += values[at + 2] * weights[columns[at + 2]]
            d += values[at + 3] * weights[columns[at + 3]]
            at += 4
        while at < end:
            a += values[at] * weights[columns[at]]
            at += 1
        out[k] = (a + b) + (c + d)


@compiled
def add_back(values: Any, columns: Any, starts: Any, rows: Any, by_row: Any, first: int, last: int, out: Any) -> None:
    """Add ``by_row[k]`` times row ``rows[k]`` to ``out``; rows of weight zero cost nothing."""
    for k in range(first, last):
        weight = by_row[k]
        if weight != 0.0:
            for at in range(starts[rows[k]], starts[rows[k] + 1]):
                out[columns[at]] += values[at] * weight


@compiled
def add_squares(
    values: Any, columns: Any, starts: Any, rows: Any, by_row: Any, first: int, last: int, out: Any
) -> None:
    """Add ``by_row[k]`` times the squares of row ``rows[k]`` to ``out``: the diagonal of ``A^T D A``."""
    for k in range(first, last):
        weight = by_row[k]
        if weight != 0.0:
            for at in range(starts[rows[k]], starts[rows[k] + 1]):
                out[columns[at]] += values[at] * values[at] * weight


@compiled
def fill_scaled(
    values: Any, columns: Any, starts: Any, rows: Any, scales: Any, place: Any, first: int, last: int, out: Any
) -> None:
    """Write rows as dense float32, each times its scale; ``place[j]`` is the dense column of column j, or below 0."""
    for k in range(first, last):
        out[k, :] = 0.0
        scale = scales[k]
        for at in range(starts[rows[k]], starts[rows[k] + 1]):
            j = place[columns[at]]
            if j >= 0:
                out[k, j] = values[at] * scale


@compiled
def largest_in_columns(values: Any, columns: Any, out: Any) -> None:
    """``out[j]`` = largest value in column j, where it is above what ``out`` holds."""
    for at in range(len(values)):
        out[columns[at]] = max(out[columns[at]], values[at])
