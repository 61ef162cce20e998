"""Centre lines of a body on voxels, from end to end, finer than a voxel.

A rough path is moved to the middle of the metal around it: at each millimetre the mean of the voxels beside it, weighted by
their shares and smoothed along the line. At its free ends the line runs on straight to the surface, so that an ideal rod has its full
length. A branch begins on the line of the part it leaves.

A body less than two and a half times as long as wide has no rod in it: its line is its principal axis from end to end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from portico.geometry.rough_paths import RoughPath, arc_length, rough_paths
from portico.geometry.voxel_body import Surface, VoxelBody

__all__ = ["CentreLine", "centre_lines", "nearest_line"]

Floats = NDArray[np.float64]

#: Distance of points along a line in mm, and step in mm by which the surface is looked for at its ends.
_STEP_MM = 1.0
_FINE_MM = 0.1
#: Smoothing along a line in mm, at least.
_SMOOTH_MM = 1.5
#: Voxels farther from the line than this multiple of the radius belong to something else.
_GATE = 1.7
#: Length over width below which a body is no rod.
_COMPACT = 2.5
_ROUNDS = 3


@dataclass(frozen=True, slots=True, eq=False)
class CentreLine:
    """The middle of one part of a body.

    Parameters
    ----------
    points : (n, 3) mm LPS, ordered, about a millimetre apart, both ends on the surface unless ``attached``
    diameter_mm : of the circle with the median cross-section's area
    flatness : how many times wider than thick the median cross-section is, at least 1; 1 is round
    attached : True when the first point lies on the line of a longer part
    """

    points: Floats
    diameter_mm: float
    flatness: float
    attached: bool

    @property
    def length_mm(self) -> float:
        """Length in mm."""
        return float(arc_length(self.points)[-1])

    def stations(self, step_mm: float) -> tuple[Floats, Floats, float]:
        """Middles of equal steps along the line, directions there, and the step.

        Parameters
        ----------
        step_mm : longest step in mm

        Returns
        -------
        (m, 3) points in mm, (m, 3) unit directions, step in mm
        """
        along = arc_length(self.points)
        number = max(1, int(np.ceil(along[-1] / step_mm)))
        step = float(along[-1]) / number
        at = (np.arange(number) + 0.5) * step
        reach = min(max(2.0, 0.5 * self.diameter_mm), 0.5 * float(along[-1]))
        middle: Floats = np.clip(at, reach, float(along[-1]) - reach)
        chord = _at(self.points, along, middle + reach) - _at(self.points, along, middle - reach)
        length = np.sqrt((chord**2).sum(axis=1, keepdims=True))
        return _at(self.points, along, np.asarray(at, dtype=np.float64)), chord / length, step


@dataclass(frozen=True, slots=True, eq=False)
class _Section:
    """Voxels beside a line: their shift of the line, the median area in mm2 and the flatness."""

    shift: Floats
    area: float
    flatness: float


def _at(points: Floats, along: Floats, wanted: Floats) -> Floats:
    return np.column_stack([np.interp(wanted, along, points[:, axis]) for axis in range(3)])


def centre_lines(body: VoxelBody, *, least_branch_mm: float) -> tuple[CentreLine, ...]:
    """Centre lines of the parts of one connected body, longest first.

    Parameters
    ----------
    body : connected, at least one voxel filled by half
    least_branch_mm : shortest branch that counts, in mm beyond the part it leaves
    """
    voxels = np.argwhere(body.share > 0)
    weight = body.share[tuple(voxels.T)].astype(np.float64) * body.grid.voxel_cm3 * 1000.0
    places = body.grid.points(voxels[:, ::-1])
    surface = Surface.of([body])
    paths = rough_paths(body, surface, least_mm=least_branch_mm)
    even = [_even(path.points) for path in paths]
    owner = cKDTree(np.concatenate(even)).query(places)[1]
    bounds = np.cumsum([0, *(len(line) for line in even)])
    radius = [
        float(np.sqrt(weight[(owner >= low) & (owner < high)].sum() / (np.pi * path.length_mm)))
        for path, low, high in zip(paths, bounds[:-1], bounds[1:], strict=True)
        if path.length_mm > 0
    ]
    if not radius or (len(paths) == 1 and paths[0].length_mm < 2.0 * _COMPACT * radius[0]):
        return (_axis_of(places, weight, surface),)
    voxel = float(body.grid.spacing.max())
    trimmed = [_trimmed(n, paths, even, radius, voxel) for n in range(len(paths))]
    owner = cKDTree(np.concatenate(trimmed)).query(places)[1]
    bounds = np.cumsum([0, *(len(line) for line in trimmed)])
    made: list[CentreLine] = []
    for n, (path, line) in enumerate(zip(paths, trimmed, strict=True)):
        own = (owner >= bounds[n]) & (owner < bounds[n + 1])
        middle, section = _centred(line, places[own], weight[own], radius[n], voxel)
        lead = _lead(middle, made, radius[n]) if path.attached else _cap(body, middle[::-1], radius[n], voxel)
        tail = _cap(body, middle, radius[n], voxel)
        points = np.concatenate([lead[None], middle, tail[None]])
        made.append(
            CentreLine(_even(points), 2.0 * float(np.sqrt(section.area / np.pi)), section.flatness, path.attached)
        )
    return tuple(sorted(made, key=lambda one: -one.length_mm))


def nearest_line(lines: tuple[CentreLine, ...], points: Floats) -> NDArray[np.intp]:
    """(n,) number of the line whose part each of (n, 3) points in mm belongs to: the nearest, less half its diameter."""
    far = [cKDTree(line.points).query(points)[0] - 0.5 * line.diameter_mm for line in lines]
    made: NDArray[np.intp] = np.argmin(np.stack(far), axis=0)
    return made


def _even(points: Floats) -> Floats:
    """The line with points about a step apart, both ends kept."""
    along = arc_length(points)
    return _at(points, along, np.linspace(0.0, along[-1], max(2, int(np.rint(along[-1] / _STEP_MM)) + 1)))


def _trimmed(n: int, paths: tuple[RoughPath, ...], even: list[Floats], radius: list[float], voxel: float) -> Floats:
    """Path n without its free ends and, when it is attached, without what lies inside longer parts."""
    line = even[n]
    cut = int(np.ceil((1.2 * radius[n] + voxel) / _STEP_MM))
    first, last = (0 if paths[n].attached else cut), len(line) - cut
    if paths[n].attached:
        for other in range(n):
            far = cKDTree(even[other]).query(line)[0]
            outside = np.flatnonzero(far > 1.2 * radius[other] + 0.5 * voxel)
            first = max(first, int(outside[0]) if len(outside) else len(line))
    if last - first >= 4:
        return line[first:last]
    middle = min(max(2, (first + len(line)) // 2), len(line) - 2)
    return line[middle - 2 : middle + 2]


def _centred(line: Floats, places: Floats, weight: Floats, radius: float, voxel: float) -> tuple[Floats, _Section]:
    """The line moved to the middle of the voxels around it, and what these look like."""
    smooth = max(_SMOOTH_MM, voxel)
    points = _even(_smoothed(line, max(smooth, radius)))
    section = _section(points, places, weight, radius, voxel, smooth)
    for _ in range(_ROUNDS):
        points = _even(_smoothed(points + section.shift, smooth))
        section = _section(points, places, weight, max(radius, float(np.sqrt(section.area / np.pi))), voxel, smooth)
    return points, section


def _section(points: Floats, places: Floats, weight: Floats, radius: float, voxel: float, smooth: float) -> _Section:
    tangent = np.gradient(points, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    at = cKDTree(points).query(places)[1]
    offset = places - points[at]
    axial = (offset * tangent[at]).sum(axis=1)
    offset -= axial[:, None] * tangent[at]
    kept = (np.abs(axial) <= _STEP_MM + 0.5 * voxel) & ((offset**2).sum(axis=1) <= (_GATE * radius) ** 2)
    at, offset, heavy = at[kept], offset[kept], weight[kept]
    size, width = len(points), smooth / _STEP_MM

    def spread(values: Floats) -> Floats:
        made: Floats = gaussian_filter1d(np.bincount(at, weights=values, minlength=size), width, mode="constant")
        return made

    total = np.maximum(spread(heavy), 1e-12)
    mean = np.column_stack([spread(heavy * offset[:, axis]) / total for axis in range(3)])
    moments = np.empty((size, 3, 3))
    for a in range(3):
        for b in range(3):
            moments[:, a, b] = spread(heavy * offset[:, a] * offset[:, b]) / total - mean[:, a] * mean[:, b]
    middle = slice(size // 4, max(size // 4 + 1, size - size // 4))
    spans = np.linalg.eigvalsh(moments[middle])
    ratio = np.sqrt(np.maximum(spans[:, 2], 1e-9) / np.maximum(spans[:, 1], 1e-9))
    area = gaussian_filter1d(np.bincount(at, weights=heavy, minlength=size), width, mode="nearest") / _STEP_MM
    return _Section(mean, float(np.median(area[middle])), float(np.median(ratio)))


def _smoothed(points: Floats, width_mm: float) -> Floats:
    """Smoothed along the line; straight lines and ends stay where they are."""
    reach = min(len(points) - 1, int(np.ceil(4.0 * width_mm / _STEP_MM)))
    padded = np.pad(points, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    made: Floats = gaussian_filter1d(padded, width_mm / _STEP_MM, axis=0, mode="nearest")[reach : reach + len(points)]
    return made


def _end_direction(points: Floats, radius: float) -> Floats:
    """Unit direction in which a line leaves its last point."""
    back = min(len(points) - 1, int(np.ceil(max(2.0 * radius, 6.0) / _STEP_MM)))
    step = points[-1] - points[-1 - back]
    made: Floats = step / max(float(np.linalg.norm(step)), 1e-9)
    return made


def _cap(body: VoxelBody, points: Floats, radius: float, voxel: float) -> Floats:
    """Where the line, run on straight beyond its last point, leaves the body."""
    direction = _end_direction(points, radius)
    reach = np.arange(0.0, 4.0 * radius + 6.0 * voxel, _FINE_MM)
    outside = np.flatnonzero(body.share_at(points[-1] + reach[:, None] * direction) < 0.5)
    far = reach[outside[0]] - 0.5 * _FINE_MM if len(outside) and outside[0] else _FINE_MM
    made: Floats = points[-1] + far * direction
    return made


def _lead(points: Floats, longer: list[CentreLine], radius: float) -> Floats:
    """Point of the longer lines that the branch, run back straight beyond its first point, comes closest to."""
    direction = _end_direction(points[::-1], radius)
    others = np.concatenate([line.points for line in longer])
    step = others - points[0]
    ahead = step @ direction
    beside = np.sqrt(np.maximum((step**2).sum(axis=1) - ahead**2, 0.0))
    made: Floats = others[int(np.argmin(beside + 0.5 * np.abs(ahead) + np.where(ahead < 0.0, 1e3, 0.0)))]
    return made


def _axis_of(places: Floats, weight: Floats, surface: Surface) -> CentreLine:
    """The principal axis of a compact body."""
    centre = np.average(places, axis=0, weights=weight)
    spans, axes = np.linalg.eigh(np.cov((places - centre).T, aweights=weight, ddof=0))
    direction = axes[:, 2]
    along = (surface.tree.data - centre) @ direction
    ends = centre + np.array([[along.min()], [along.max()]]) * direction
    length = float(along.max() - along.min())
    flatness = float(np.sqrt(max(spans[1], 1e-9) / max(spans[0], 1e-9)))
    return CentreLine(_even(ends), 2.0 * float(np.sqrt(weight.sum() / (np.pi * length))), flatness, False)
