"""Rough paths through a body on voxels: the longest way inside, and the branches that leave it.

Voxels that touch are joined to a graph; ways through the middle of the body are cheap. The longest way from end to end is the first path;
what lies farther from it than ``least_mm`` gives branches. Where a branch continues one arm of a path straighter than the
other arm does, the arms are exchanged: a nail runs on straight, and the neck screw is the branch. A path that turns sharply
is cut there: a rod and the screws at its ends are three parts.

Source: after TEASAR (Sato et al., Pacific Graphics 2000, doi:10.1109/PCCGA.2000.883951), simplified.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from portico.geometry.voxel_body import Surface, VoxelBody, neighbour_pairs

__all__ = ["RoughPath", "arc_length", "rough_paths"]

Floats = NDArray[np.float64]

#: Edge in mm of the cells of the graph, and most of them: larger bodies get coarser cells.
_CELL_MM = 1.0
_MOST_CELLS = 40_000
#: Length in mm over which the direction of an arm is taken.
_ARM_MM = 15.0
#: Cosine by which another arm must be straighter to be exchanged.
_STRAIGHTER = 0.2
#: Turn in degrees at which a path is cut; a neck screw leaves a nail at 50 to 60 degrees.
_SHARP_DEGREES = 65.0
#: Smoothing in mm along a path before its turns are looked at.
_SMOOTH_MM = 2.0
_ROUNDS = 8


@dataclass(frozen=True, slots=True, eq=False)
class RoughPath:
    """A way through the body, up to about a voxel beside its middle.

    Parameters
    ----------
    points : (n, 3) mm
    attached : True when the first point lies inside another path's part
    """

    points: Floats
    attached: bool = False

    @property
    def length_mm(self) -> float:
        """Length in mm."""
        return float(arc_length(self.points)[-1])


@dataclass(frozen=True, slots=True, eq=False)
class _Graph:
    """Cells: place in mm, depth below the surface in mm, and edges weighted by length and by length over depth."""

    place: Floats
    depth: Floats
    plain: Any
    central: Any
    cell_mm: float


def arc_length(points: Floats) -> Floats:
    """(n,) length in mm along (n, 3) points from the first."""
    steps = np.sqrt((np.diff(points, axis=0) ** 2).sum(axis=1))
    return np.concatenate([[0.0], np.cumsum(steps)])


def rough_paths(body: VoxelBody, surface: Surface, *, least_mm: float) -> tuple[RoughPath, ...]:
    """Paths of one connected body, longest first.

    Parameters
    ----------
    body : connected, at least one voxel filled by half
    surface : its own surface
    least_mm : shortest branch that counts, in mm beyond the part it leaves
    """
    graph = _graph(body, surface)
    lines = _straightened(_lines(graph, least_mm), graph, least_mm)
    paths = [part for line, attached in lines for part in _cut(RoughPath(graph.place[line], attached), least_mm)]
    first, *others = sorted(paths, key=lambda one: -one.length_mm)
    return (replace(first, attached=False), *others)  # the longest leaves nothing


def _graph(body: VoxelBody, surface: Surface) -> _Graph:
    voxels = np.argwhere(body.mask)
    spacing = body.grid.spacing[::-1]
    cell = max(_CELL_MM, (len(voxels) * float(np.prod(spacing)) / _MOST_CELLS) ** (1.0 / 3.0))
    factor = np.maximum(1, np.rint(cell / spacing).astype(int))
    cells, member = np.unique(voxels // factor, axis=0, return_inverse=True)
    count = np.bincount(member)
    mean = np.column_stack([np.bincount(member, weights=voxels[:, axis]) / count for axis in range(3)])
    place = body.grid.points(mean[:, ::-1])
    depth = np.maximum(-surface.distance(place), 0.0)
    pairs = neighbour_pairs(cells)
    length = np.sqrt(((place[pairs[:, 0]] - place[pairs[:, 1]]) ** 2).sum(axis=1))
    middle = 0.5 * (depth[pairs[:, 0]] + depth[pairs[:, 1]]) + 0.3
    size = (len(cells), len(cells))
    plain, central = (csr_array((w, (pairs[:, 0], pairs[:, 1])), shape=size) for w in (length, length / middle**2))
    return _Graph(place, depth, plain, central, float((factor * spacing).max()))


def _lines(graph: _Graph, least_mm: float) -> list[tuple[list[int], bool]]:
    """The longest way from end to end, then branches from where they leave a line to their tip."""
    start = int(np.argmax(_reach(graph.plain, [0])))
    end = int(np.argmax(_reach(graph.plain, [start])))
    lines: list[tuple[list[int], bool]] = [(_back(_tracks(graph.central, [start]), end), False)]
    done = np.zeros(len(graph.place), dtype=bool)
    for _ in range(_ROUNDS):
        on_line = sorted({node for line, _ in lines for node in line})
        far, node = cKDTree(graph.place[on_line]).query(graph.place)
        done |= far <= 1.3 * graph.depth[on_line][node] + 2.0 * graph.cell_mm
        left = np.flatnonzero(~done)
        if not len(left):
            break
        reach = _reach(graph.plain, on_line) - graph.depth[on_line][node]
        _, label = connected_components(graph.plain[left][:, left], directed=False)
        tips = [int(one[np.argmax(reach[one])]) for one in (left[label == n] for n in range(label.max() + 1))]
        tracks = _tracks(graph.central, on_line)
        new = [(_back(tracks, tip)[::-1], True) for tip in tips if reach[tip] >= least_mm]
        lines += new
        if not new:
            break
    return lines


def _reach(edges: Any, sources: list[int]) -> Floats:
    made: Floats = dijkstra(edges, directed=False, indices=sources, min_only=True)
    return np.where(np.isfinite(made), made, -1.0)


def _tracks(edges: Any, sources: list[int]) -> NDArray[np.int32]:
    """Node before each node on its cheapest way from a source."""
    made: NDArray[np.int32] = dijkstra(edges, directed=False, indices=sources, min_only=True, return_predecessors=True)[
        1
    ]
    return made


def _back(tracks: NDArray[np.int32], node: int) -> list[int]:
    """Nodes from a node back to its source."""
    way = [node]
    while tracks[way[-1]] >= 0:
        way.append(int(tracks[way[-1]]))
    return way


def _straightened(lines: list[tuple[list[int], bool]], graph: _Graph, least_mm: float) -> list[tuple[list[int], bool]]:
    """Exchange arms where a branch runs on straighter than the line it leaves."""
    made = list(lines)
    for number in range(1, len(made)):
        branch = made[number][0]
        host = next((n for n, (line, _) in enumerate(made) if n != number and branch[0] in line), None)
        if host is None:
            continue
        line, attached = made[host]
        at = line.index(branch[0])
        arms = (line[at::-1], line[at:], branch)
        if min(_length(graph, arm) for arm in arms) < least_mm + graph.depth[branch[0]]:
            continue
        a, b, c = (_direction(graph, arm) for arm in arms)
        turns = {"ab": -float(a @ b), "ac": -float(a @ c), "bc": -float(b @ c)}
        best = max(turns, key=lambda pair: turns[pair])
        if turns[best] - turns["ab"] < _STRAIGHTER or (best == "bc" and attached):
            continue
        if best == "ac":
            made[host], made[number] = ([*arms[0][::-1], *branch[1:]], attached), (arms[1], True)
        else:
            made[host], made[number] = ([*arms[1][::-1], *branch[1:]], False), (arms[0], True)
    return made


def _length(graph: _Graph, line: list[int]) -> float:
    return float(arc_length(graph.place[line])[-1])


def _direction(graph: _Graph, arm: list[int]) -> Floats:
    """Unit direction of an arm, from beyond the part it leaves."""
    points = graph.place[arm]
    along = arc_length(points)
    first = min(graph.depth[arm[0]] + 1.0, 0.5 * along[-1])
    low, high = np.searchsorted(along, [first, min(first + _ARM_MM, along[-1])])
    step = points[min(high, len(points) - 1)] - points[low]
    made: Floats = step / max(float(np.linalg.norm(step)), 1e-9)
    return made


def _cut(path: RoughPath, least_mm: float) -> list[RoughPath]:
    """The path cut at its sharpest turn, as long as it has one."""
    along = arc_length(path.points)
    even = np.arange(0.0, along[-1], 1.0)
    window = int(np.ceil(least_mm)) + 1
    if len(even) < 2 * window + 3:
        return [path]
    points = np.column_stack([np.interp(even, along, path.points[:, axis]) for axis in range(3)])
    points = gaussian_filter1d(points, _SMOOTH_MM, axis=0, mode="nearest")
    chord = points[window:] - points[:-window]
    before, after = chord[:-window], chord[window:]
    cosine = (before * after).sum(axis=1) / np.maximum(
        np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1), 1e-9
    )
    sharpest = int(np.argmin(cosine))
    if cosine[sharpest] > np.cos(np.radians(_SHARP_DEGREES)):
        return [path]
    at = int(np.searchsorted(along, even[sharpest + window]))
    head, tail = path.points[: at + 1], path.points[at:]
    if arc_length(head)[-1] >= arc_length(tail)[-1]:
        parts = (replace(path, points=head), RoughPath(tail, True))
    else:
        parts = (RoughPath(tail), RoughPath(head[::-1], True))
    return [one for part in parts for one in _cut(part, least_mm)]
