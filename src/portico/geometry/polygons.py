"""Polygons under the even-odd rule: a point is inside when a ray from it crosses the edges an odd number of times.

>>> square = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]])
>>> hole = np.array([[4.0, 4.0], [6.0, 4.0], [6.0, 6.0], [4.0, 6.0]])
>>> even_odd_area([square, hole])
96.0

Rings may be nested (holes, islands in holes), may cross each other or themselves, and may carry a seam (keyhole).
Each edge is split where it meets another; every piece then has the inside on one side only, found by counting.

Source: DICOM PS3.3 C.8.8.6.3 (contour types; CLOSEDPLANAR_XOR combines rings by exclusive or).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from portico.geometry.compiled import compiled

__all__ = ["edges_of", "even_odd_area", "point_inside", "signed_edges"]

Ring = NDArray[np.float64]


def edges_of(rings: Sequence[Ring]) -> NDArray[np.float64]:
    """All edges of closed rings as rows ``x1, y1, x2, y2`` in mm; the closing edge is added.

    Parameters
    ----------
    rings : arrays of shape (n, 2) in mm, first point not repeated at the end (a repeat does no harm)
    """
    parts = [np.hstack([ring, np.roll(ring, -1, axis=0)]) for ring in rings if len(ring)]
    return np.ascontiguousarray(np.vstack(parts)) if parts else np.empty((0, 4))


def signed_edges(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pieces of edges that meet only at their ends, as rows ``x1, y1, x2, y2, sign`` with ``y1 < y2``.

    ``sign`` is +1 where the inside lies to the right of the piece (greater x), -1 where it lies to the left.
    Horizontal pieces are left out: they bound no area along x.

    Parameters
    ----------
    edges : (n, 4) array in mm, from :func:`edges_of`
    """
    made: NDArray[np.float64] = _signed(_split(edges[np.argsort(np.minimum(edges[:, 1], edges[:, 3]), kind="stable")]))
    return made


def even_odd_area(rings: Sequence[Ring]) -> float:
    """Exact area inside rings under the even-odd rule, in mm².

    >>> bow_tie = np.array([[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]])
    >>> round(even_odd_area([bow_tie]), 9)
    2.0
    """
    pieces = signed_edges(edges_of(rings))
    x_mid, dy = 0.5 * (pieces[:, 0] + pieces[:, 2]), pieces[:, 3] - pieces[:, 1]
    return float(max(0.0, -np.sum(pieces[:, 4] * x_mid * dy)))


@compiled
def point_inside(edges: NDArray[np.float64], x: float, y: float) -> bool:
    """Whether a point lies inside under the even-odd rule; on an edge it may be either.

    Parameters
    ----------
    edges : (n, 4) array in mm, from :func:`edges_of`
    x, y : the point in mm
    """
    inside = False
    for i in range(edges.shape[0]):
        y1, y2 = edges[i, 1], edges[i, 3]
        if (y1 > y) != (y2 > y) and x < edges[i, 0] + (y - y1) * (edges[i, 2] - edges[i, 0]) / (y2 - y1):
            inside = not inside
    return inside


@compiled
def _on_edge(edges: NDArray[np.float64], i: int, x: float, y: float) -> float:
    """Parameter (0 to 1, exclusive) at which a point lies on edge i, else -1."""
    ex, ey = edges[i, 2] - edges[i, 0], edges[i, 3] - edges[i, 1]
    length2 = ex * ex + ey * ey
    if length2 == 0.0:
        return -1.0
    t = ((x - edges[i, 0]) * ex + (y - edges[i, 1]) * ey) / length2
    if t <= 0.0 or t >= 1.0:
        return -1.0
    dx, dy = edges[i, 0] + t * ex - x, edges[i, 1] + t * ey - y
    return t if dx * dx + dy * dy < 1e-18 else -1.0


@compiled
def _split(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Split edges, sorted by their lower y, wherever they meet."""
    n = edges.shape[0]
    owner = [0]
    where = [0.0]
    owner.clear()
    where.clear()
    for i in range(n):
        top_i = max(edges[i, 1], edges[i, 3])
        left_i, right_i = min(edges[i, 0], edges[i, 2]), max(edges[i, 0], edges[i, 2])
        ax, ay = edges[i, 2] - edges[i, 0], edges[i, 3] - edges[i, 1]
        for j in range(i + 1, n):
            if min(edges[j, 1], edges[j, 3]) > top_i:
                break
            if max(edges[j, 0], edges[j, 2]) < left_i or min(edges[j, 0], edges[j, 2]) > right_i:
                continue
            for e, o in ((i, j), (j, i)):
                for c in (0, 2):
                    t = _on_edge(edges, e, edges[o, c], edges[o, c + 1])
                    if t > 0.0:
                        owner.append(e)
                        where.append(t)
            bx, by = edges[j, 2] - edges[j, 0], edges[j, 3] - edges[j, 1]
            cross = ax * by - ay * bx
            if cross != 0.0:
                dx, dy = edges[j, 0] - edges[i, 0], edges[j, 1] - edges[i, 1]
                t, u = (dx * by - dy * bx) / cross, (dx * ay - dy * ax) / cross
                if 0.0 < t < 1.0 and 0.0 < u < 1.0:
                    owner.append(i)
                    where.append(t)
                    owner.append(j)
                    where.append(u)
    if len(owner) == 0:
        return edges
    owners, places = np.array(owner), np.array(where)
    by_owner = np.argsort(owners)
    pieces = np.empty((n + len(owner), 4))
    m, at = 0, 0
    for i in range(n):
        first = at
        while at < len(owners) and owners[by_owner[at]] == i:
            at += 1
        cuts = np.sort(places[by_owner[first:at]])
        x, y = edges[i, 0], edges[i, 1]
        for cut in range(len(cuts) + 1):
            if cut < len(cuts):
                nx = edges[i, 0] + cuts[cut] * (edges[i, 2] - edges[i, 0])
                ny = edges[i, 1] + cuts[cut] * (edges[i, 3] - edges[i, 1])
            else:
                nx, ny = edges[i, 2], edges[i, 3]
            pieces[m, 0], pieces[m, 1], pieces[m, 2], pieces[m, 3] = x, y, nx, ny
            m += 1
            x, y = nx, ny
    return pieces[:m]


@compiled
def _signed(pieces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orient pieces upwards and count, left of each middle, the pieces that its height crosses."""
    n = pieces.shape[0]
    up = np.empty((n, 5))
    m = 0
    tallest = 0.0
    for i in range(n):
        x1, y1, x2, y2 = pieces[i, 0], pieces[i, 1], pieces[i, 2], pieces[i, 3]
        if abs(y2 - y1) < 1e-12:
            continue
        if y1 > y2:
            x1, y1, x2, y2 = x2, y2, x1, y1
        up[m, 0], up[m, 1], up[m, 2], up[m, 3] = x1, y1, x2, y2
        tallest = max(tallest, y2 - y1)
        m += 1
    up = up[:m]
    up = up[np.argsort(up[:, 1])]
    lows = np.ascontiguousarray(up[:, 1])
    for i in range(m):
        y = 0.5 * (up[i, 1] + up[i, 3])
        x = 0.5 * (up[i, 0] + up[i, 2])
        crossed = 0
        for j in range(np.searchsorted(lows, y - tallest), m):
            if up[j, 1] > y:
                break
            if j == i or up[j, 3] <= y:
                continue
            xj = up[j, 0] + (y - up[j, 1]) * (up[j, 2] - up[j, 0]) / (up[j, 3] - up[j, 1])
            if xj < x - 1e-9 or (abs(xj - x) <= 1e-9 and j < i):
                crossed += 1
        up[i, 4] = 1.0 if crossed % 2 == 0 else -1.0
    return up
