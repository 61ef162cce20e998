"""Signed distance to polygons on a pixel lattice, negative inside under the even-odd rule.

>>> square = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]])
>>> signed_distance(edges_of([square]), first_centre=(5.0, 5.0), pixel_mm=1.0, shape=(1, 8))[0].tolist()
[-5.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portico.geometry.compiled import compiled
from portico.geometry.polygons import edges_of

__all__ = ["edges_of", "signed_distance"]


def signed_distance(
    edges: NDArray[np.float64], *, first_centre: tuple[float, float], pixel_mm: float, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Distance in mm of each pixel centre to the nearest edge, negative inside.

    The distance is to the edge itself, not to a pixel. Near the edges the nearest edge is found by search; away
    from them it is passed on from neighbours, which may be off by a small part of a pixel.

    Parameters
    ----------
    edges : (n, 4) array in mm, from :func:`edges_of`; at least one
    first_centre : x and y in mm of the centre of pixel [0, 0]
    pixel_mm : width and height of a pixel in mm
    shape : number of rows (y) and columns (x)
    """
    made: NDArray[np.float64] = _distance(edges, first_centre[0], first_centre[1], pixel_mm, shape[0], shape[1])
    return made


@compiled
def _to_edge(edges: NDArray[np.float64], i: int, x: float, y: float) -> float:
    """Squared distance of a point to edge i."""
    ex, ey = edges[i, 2] - edges[i, 0], edges[i, 3] - edges[i, 1]
    px, py = x - edges[i, 0], y - edges[i, 1]
    length2 = ex * ex + ey * ey
    if length2 > 0.0:
        t = min(1.0, max(0.0, (px * ex + py * ey) / length2))
        px -= t * ex
        py -= t * ey
    squared: float = px * px + py * py
    return squared


@compiled
def _distance(
    edges: NDArray[np.float64], x0: float, y0: float, pixel: float, rows: int, columns: int
) -> NDArray[np.float64]:
    far = 1e300
    near = np.full((rows, columns), -1, dtype=np.int32)
    squared = np.full((rows, columns), far)
    margin = 1.5 * pixel
    for i in range(edges.shape[0]):
        # a long edge is walked in parts, so that a slanting one does not visit its whole bounding box
        length = np.sqrt((edges[i, 2] - edges[i, 0]) ** 2 + (edges[i, 3] - edges[i, 1]) ** 2)
        parts = max(1, int(length / (4.0 * pixel)))
        for part in range(parts):
            xa = edges[i, 0] + (edges[i, 2] - edges[i, 0]) * part / parts
            ya = edges[i, 1] + (edges[i, 3] - edges[i, 1]) * part / parts
            xb = edges[i, 0] + (edges[i, 2] - edges[i, 0]) * (part + 1) / parts
            yb = edges[i, 1] + (edges[i, 3] - edges[i, 1]) * (part + 1) / parts
            left = max(0, int(np.ceil((min(xa, xb) - margin - x0) / pixel)))
            right = min(columns - 1, int(np.floor((max(xa, xb) + margin - x0) / pixel)))
            low = max(0, int(np.ceil((min(ya, yb) - margin - y0) / pixel)))
            high = min(rows - 1, int(np.floor((max(ya, yb) + margin - y0) / pixel)))
            for r in range(low, high + 1):
                for c in range(left, right + 1):
                    d = _to_edge(edges, i, x0 + c * pixel, y0 + r * pixel)
                    if d < squared[r, c]:
                        squared[r, c] = d
                        near[r, c] = i
    for r in range(rows):
        for c in range(columns):
            _pass_on(edges, near, squared, r, c, -1, x0, y0, pixel)
        for c in range(columns - 1, -1, -1):
            _pass_on(edges, near, squared, r, c, -1, x0, y0, pixel)
    for r in range(rows - 1, -1, -1):
        for c in range(columns):
            _pass_on(edges, near, squared, r, c, 1, x0, y0, pixel)
        for c in range(columns - 1, -1, -1):
            _pass_on(edges, near, squared, r, c, 1, x0, y0, pixel)
    made: NDArray[np.float64] = np.sqrt(squared)
    # each row's crossings toggle the sign of all pixels to their right
    toggles = np.zeros((rows, columns + 1), dtype=np.int32)
    for i in range(edges.shape[0]):
        y1, y2 = edges[i, 1], edges[i, 3]
        if y1 == y2:
            continue
        low = max(0, int(np.floor((min(y1, y2) - y0) / pixel)))
        high = min(rows - 1, int(np.ceil((max(y1, y2) - y0) / pixel)))
        for r in range(low, high + 1):
            y = y0 + r * pixel
            if (y1 > y) != (y2 > y):
                x = edges[i, 0] + (y - y1) * (edges[i, 2] - edges[i, 0]) / (y2 - y1)
                c = int(np.ceil((x - x0) / pixel))
                toggles[r, min(columns, max(0, c))] += 1
    for r in range(rows):
        crossed = 0
        for c in range(columns):
            crossed += toggles[r, c]
            if crossed % 2 == 1:
                made[r, c] = -made[r, c]
    return made


@compiled
def _pass_on(
    edges: NDArray[np.float64],
    near: NDArray[np.int32],
    squared: NDArray[np.float64],
    r: int,
    c: int,
    step: int,
    x0: float,
    y0: float,
    pixel: float,
) -> None:
    """Take over the nearest edge of a neighbour in the row before and beside, when it is nearer."""
    x, y = x0 + c * pixel, y0 + r * pixel
    for dr in (0, step):
        rr = r + dr
        if rr < 0 or rr >= near.shape[0]:
            continue
        for dc in (-1, 0, 1):
            cc = c + dc
            if cc < 0 or cc >= near.shape[1] or (dr == 0 and dc == 0):
                continue
            i = near[rr, cc]
            if i >= 0 and i != near[r, c]:
                d = _to_edge(edges, i, x, y)
                if d < squared[r, c]:
                    squared[r, c] = d
                    near[r, c] = i
