"""Exact partial areas: the share of every pixel that lies inside polygons under the even-odd rule.

>>> square = np.array([[0.25, 0.0], [1.5, 0.0], [1.5, 1.0], [0.25, 1.0]])
>>> partial_area([square], first_centre=(0.5, 0.5), pixel=(1.0, 1.0), shape=(1, 2)).tolist()
[[0.75, 0.5]]
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from portico.geometry.compiled import compiled
from portico.geometry.polygons import Ring, edges_of, signed_edges

__all__ = ["partial_area"]


def partial_area(
    rings: Sequence[Ring], *, first_centre: tuple[float, float], pixel: tuple[float, float], shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Share of each pixel inside the rings, from 0 to 1, exact but for float rounding.

    Parameters
    ----------
    rings : closed rings, arrays of shape (n, 2) in mm; what lies beyond the pixels is cut off
    first_centre : x and y in mm of the centre of pixel [0, 0]
    pixel : width along x and height along y in mm, both above 0
    shape : number of rows (y) and columns (x)

    Returns
    -------
    array of that shape, rows along y
    """
    rows, columns = shape
    corner = np.array([first_centre[0] - 0.5 * pixel[0], first_centre[1] - 0.5 * pixel[1]])
    # pixel units first: only the sum over a row decides, so even-odd signs survive the change of scale
    scaled = [(np.asarray(ring, dtype=np.float64) - corner) / np.asarray(pixel) for ring in rings]
    sums = np.zeros((rows, columns + 2))
    _add_pieces(sums, signed_edges(edges_of(scaled)), rows, columns)
    made: NDArray[np.float64] = np.clip(np.cumsum(sums[:, :columns], axis=1), 0.0, 1.0)
    return made


@compiled
def _add_pieces(sums: NDArray[np.float64], pieces: NDArray[np.float64], rows: int, columns: int) -> None:
    """Add each piece, cut at the left and right border; left of it counts as on the border."""
    for i in range(pieces.shape[0]):
        x1, y1, x2, y2, sign = pieces[i]
        cuts = np.array([0.0, 1.0, 1.0, 1.0])
        if x1 != x2:
            cuts[1] = min(1.0, max(0.0, (0.0 - x1) / (x2 - x1)))
            cuts[2] = min(1.0, max(0.0, (columns - x1) / (x2 - x1)))
        cuts = np.sort(cuts)
        for c in range(3):
            t, u = cuts[c], cuts[c + 1]
            if u <= t:
                continue
            xa, xb = x1 + t * (x2 - x1), x1 + u * (x2 - x1)
            if 0.5 * (xa + xb) >= columns:
                continue
            xa, xb = min(columns, max(0.0, xa)), min(columns, max(0.0, xb))
            _add(sums, xa, y1 + t * (y2 - y1), xb, y1 + u * (y2 - y1), sign, rows)


@compiled
def _add(sums: NDArray[np.float64], x1: float, y1: float, x2: float, y2: float, sign: float, rows: int) -> None:
    """Add the change of covered area along x that one rising piece makes in each row."""
    slope = (x2 - x1) / (y2 - y1)
    for row in range(max(0, int(np.floor(y1))), min(rows, int(np.ceil(y2)))):
        low, high = max(y1, float(row)), min(y2, float(row + 1))
        if high <= low:
            continue
        weight = sign * (high - low)
        xa, xb = x1 + (low - y1) * slope, x1 + (high - y1) * slope
        left, right = min(xa, xb), max(xa, xb)
        cell, last = int(np.floor(left)), int(np.floor(right))
        if last == cell:
            middle = 0.5 * (left + right) - cell
            sums[row, cell] += weight * (1.0 - middle)
            sums[row, cell + 1] += weight * middle
            continue
        before = 0.0  # share of the piece's height already placed, as covered area
        for x in range(cell, last + 1):
            a, b = max(left, float(x)), min(right, float(x + 1))
            passed = (a - left) / (right - left)
            here = (b - a) / (right - left)
            covered = passed + here * (1.0 - (0.5 * (a + b) - x))
            sums[row, x] += weight * (covered - before)
            before = covered
        sums[row, last + 1] += weight * (1.0 - before)
