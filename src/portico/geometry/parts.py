"""Connected pieces of a slice, and which of them continue on the next slice.

>>> outer = np.array([[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]])
>>> apart = outer + 20.0
>>> [round(part.area, 6) for part in parts_of((outer, apart))]
[81.0, 81.0]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portico.geometry.compiled import compiled
from portico.geometry.polygons import Ring, edges_of, even_odd_area, point_inside

__all__ = ["Part", "groups_between", "parts_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One connected piece of a slice: rings that lie in one another or cross.

    Parameters
    ----------
    edges : (n, 4) edges in mm
    area : exact even-odd area in mm²
    low, high : corners (x, y) of the bounding box in mm
    perimeter : total length of the edges in mm
    """

    edges: NDArray[np.float64]
    area: float
    low: tuple[float, float]
    high: tuple[float, float]
    perimeter: float


def parts_of(rings: Sequence[Ring]) -> tuple[Part, ...]:
    """The connected pieces of a slice; a hole belongs to the ring around it. A piece without area is left out."""
    edges = [edges_of([ring]) for ring in rings]
    label = list(range(len(rings)))
    for i in range(len(rings)):
        for j in range(i + 1, len(rings)):
            if label[i] != label[j] and _touch(edges[i], edges[j]):
                old, new = label[j], label[i]
                label = [new if value == old else value for value in label]
    made = []
    for name in dict.fromkeys(label):
        members = [ring for ring, value in zip(rings, label, strict=True) if value == name]
        area = even_odd_area(members)
        if area <= 0.0:
            continue
        all_edges = edges_of(members)
        low, high = all_edges[:, :2].min(axis=0), all_edges[:, :2].max(axis=0)
        length = float(np.hypot(all_edges[:, 2] - all_edges[:, 0], all_edges[:, 3] - all_edges[:, 1]).sum())
        made.append(Part(all_edges, area, (float(low[0]), float(low[1])), (float(high[0]), float(high[1])), length))
    return tuple(made)


def groups_between(
    below: Sequence[Part], above: Sequence[Part], step_mm: float
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Which pieces of two neighbouring slices are one body between them.

    Pieces are joined when they overlap seen along z. The only piece of a slice is also joined with the only piece
    of the next when the distance of their edges is at most the slice step (a thin structure that runs obliquely).

    Returns
    -------
    tuples of indices (below, above); an empty side means that the body ends there
    """
    groups: list[tuple[set[int], set[int]]] = [({i}, set()) for i in range(len(below))]
    for j, part in enumerate(above):
        met = [g for g in groups if any(_touch(below[i].edges, part.edges) for i in g[0])]
        if not met and len(below) == len(above) == 1 and _distance(below[0].edges, part.edges) <= step_mm:
            met = groups[:]
        merged: tuple[set[int], set[int]] = (set().union(*(g[0] for g in met)), {j}.union(*(g[1] for g in met)))
        groups = [g for g in groups if g not in met]
        groups.append(merged)
    return [(tuple(sorted(left)), tuple(sorted(right))) for left, right in groups]


def _touch(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    """Whether two pieces overlap."""
    made: bool = _overlap(first, second)
    return made


@compiled
def _overlap(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    for axis in range(2):
        if first[:, axis].max() < second[:, axis].min() or second[:, axis].max() < first[:, axis].min():
            return False
    # most pairs that overlap show it at a few points: a look at these before all
    for one, other in ((first, second), (second, first)):
        for i in range(0, one.shape[0], max(1, one.shape[0] // 8)):
            if point_inside(other, one[i, 0], one[i, 1]):
                return True
    for one, other in ((first, second), (second, first)):
        for i in range(one.shape[0]):
            if point_inside(other, one[i, 0], one[i, 1]):
                return True
    for i in range(first.shape[0]):
        for j in range(second.shape[0]):
            ax, ay = first[i, 2] - first[i, 0], first[i, 3] - first[i, 1]
            bx, by = second[j, 2] - second[j, 0], second[j, 3] - second[j, 1]
            cross = ax * by - ay * bx
            if cross != 0.0:
                dx, dy = second[j, 0] - first[i, 0], second[j, 1] - first[i, 1]
                t, u = (dx * by - dy * bx) / cross, (dx * ay - dy * ax) / cross
                if 0.0 <= t <= 1.0 and 0.0 <= u <= 1.0:
                    return True
    return False


@compiled
def _distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Least distance of the corners of two pieces in mm."""
    least = np.inf
    for i in range(first.shape[0]):
        for j in range(second.shape[0]):
            dx, dy = first[i, 0] - second[j, 0], first[i, 1] - second[j, 1]
            least = min(least, dx * dx + dy * dy)
    return float(np.sqrt(least))
