"""The long axis of a long bone from its mask, and places along it.

Sections square to the bone's principal direction give centroids; a bow that outliers hardly move runs through them, so that a
neck to one side does not bend the axis of the shaft. A place along the axis is measured square to that curve. Ends are
named by the patient's axes, never by proximal and distal: an arm may be raised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from portico.errors import CannotTell, InputRefused
from portico.rt import Grid

__all__ = ["BoneAxis", "bone_axis", "extent", "main_pieces", "stretch_mm"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
#: Spread along the principal direction over the spread across it, at least: a cylinder 1.7 times as long as wide.
_SLENDER: Final = 2.0
#: Sections are this thick in mm, at least, and so many are needed.
_SECTION_MM: Final = 4.0
_SECTIONS: Final = 6
#: Distance in mm from the curve beyond which a centroid counts less.
_ROBUST_MM: Final = 1.5
#: A piece smaller than this share of the mask is a speck and not part of the bone.
_SPECK: Final = 0.05
#: The axis runs on straight so far beyond both ends, in mm.
_BEYOND_MM: Final = 800.0
_STEP_MM: Final = 1.0
#: Order of the curve: a bow, but no bend into a neck.
_ORDER: Final = 2
#: Share of the sections at either end through which the curve runs on straight: heads and condyles.
_SHAFT: Final = 0.2
#: Names of the low and high end along x, y and z in LPS.
_ENDS: Final = (("right", "left"), ("anterior", "posterior"), ("inferior", "superior"))
#: An end lies where the section reaches this share of what it is a voxel deeper: half for blunt ends, less for round ones.
_RISE: Final = 0.4
_CUBE: Final = np.ones((3, 3, 3), bool)


@dataclass(frozen=True, slots=True, eq=False)
class BoneAxis:
    """The axis from the low to the high end.

    Parameters
    ----------
    points : (n, 3) mm, from end to end, about 1 mm apart
    direction : (3,) unit, from the low to the high end
    length_mm : from end to end along the axis
    low_end, high_end : e.g. ``inferior`` and ``superior``
    low_cut, high_cut : the bone touches the edge of the grid there, so that this end was not seen
    notes : what a reader must know
    """

    points: Floats
    direction: Floats
    length_mm: float
    low_end: str
    high_end: str
    low_cut: bool
    high_cut: bool
    notes: tuple[str, ...]
    _curve: Floats  # (m, 8): place along the direction, point, unit tangent, place along the curve
    _origin: Floats

    @property
    def cut(self) -> bool:
        """Whether an end was not seen."""
        return self.low_cut or self.high_cut

    def along(self, points: Floats) -> Floats:
        """(n,) mm from the low end of (n, 3) points in mm, square to the curve; negative before it."""
        found = np.empty(len(points))
        t, place = self._curve[:, 0], self._curve[:, 7]
        for start in range(0, len(points), 400_000):
            some = points[start : start + 400_000]
            at = (some - self._origin) @ self.direction
            for _ in range(3):
                on = np.column_stack([np.interp(at, t, self._curve[:, 1 + n]) for n in range(3)])
                tangent = np.column_stack([np.interp(at, t, self._curve[:, 4 + n]) for n in range(3)])
                at += np.einsum("ij,ij->i", some - on, tangent) * (tangent @ self.direction)
            found[start : start + 400_000] = np.interp(at, t, place)
        return found

    def width_mm(self, grid: Grid) -> float:
        """How far one voxel reaches along the axis, in mm."""
        return float(np.abs(grid.axes.T @ self.direction) @ grid.spacing)


def bone_axis(bone: Mask, grid: Grid) -> BoneAxis:
    """The axis of a long bone.

    Parameters
    ----------
    bone : (k, j, i); specks are passed over, a gap between two large pieces is bridged
    grid : where it stands, of any orientation

    Raises
    ------
    InputRefused : ``mask-shape``
    CannotTell : ``bone-too-short`` when there is no bone, or it is less than about twice as long as wide
    """
    if bone.shape != grid.shape:
        raise InputRefused("The mask does not have the shape of its grid.", code="mask-shape")
    bone = main_pieces(bone)
    index = np.argwhere(bone)[:, ::-1]
    if len(index) < 50:
        raise _too_short()
    points = grid.points(index)
    centre = points.mean(axis=0)
    spans, axes = np.linalg.eigh(np.cov((points - centre).T))
    if spans[2] < _SLENDER**2 * max(float(spans[1]), 1e-9):
        raise _too_short()
    direction: Floats = axes[:, 2]
    for _ in range(6):  # the first direction leans towards a neck
        t, line = _line(points, centre, direction, grid, 1)
        direction = (line[-1] - line[0]) / np.linalg.norm(line[-1] - line[0])
    names = _named(direction)
    direction = direction * names[2]
    t, line = _line(points, centre, direction, grid, _ORDER)
    curve = _extended(t, line, direction)
    rough = BoneAxis(line, direction, 0.0, *names[:2], False, False, (), curve, centre)
    place = rough.along(points)
    low, high = extent(place, rough.width_mm(grid))
    curve[:, 7] -= low
    inside = (curve[:, 7] >= 0.0) & (curve[:, 7] <= high - low)
    edge = ((index == 0) | (index == np.array(grid.shape[::-1]) - 1)).any(axis=1)
    at = place[edge] - low
    low_cut, high_cut = bool((at < 0.5 * (high - low)).any()), bool((at >= 0.5 * (high - low)).any())
    notes = tuple(
        f"The {name} end of the bone is cut by the field's edge: it was not seen."
        for name, cut in ((names[0], low_cut), (names[1], high_cut))
        if cut
    )
    return BoneAxis(curve[inside, 1:4], direction, high - low, *names[:2], low_cut, high_cut, notes, curve, centre)


def main_pieces(mask: Mask) -> Mask:
    """A mask without its specks."""
    found, count = label(mask, _CUBE)
    if count < 2:
        return mask
    sizes = np.bincount(found.ravel())
    sizes[0] = 0
    kept: Mask = (sizes >= _SPECK * sizes.sum())[found]
    return kept


def extent(places: Floats, width_mm: float) -> tuple[float, float]:
    """Ends in mm of voxels at places along an axis, finer than a voxel: where their section has grown.

    Parameters
    ----------
    places : (n,) mm of voxel centres, at least one
    width_mm : how far one voxel reaches along the axis
    """
    step = 0.2
    low = float(places.min()) - 2.0 * width_mm
    number = int((float(places.max()) + 2.0 * width_mm - low) / step) + 1
    reach = max(1, int(np.rint(0.5 * width_mm / step)))
    counts = np.bincount(((places - low) / step).astype(np.int64), minlength=number).astype(np.float64)
    spread = np.convolve(counts, np.ones(2 * reach + 1), mode="same")
    first, last = _risen(spread, 2 * reach), _risen(spread[::-1], 2 * reach)
    return low + step * first, low + step * (len(spread) - last)


def stretch_mm(places: Floats, width_mm: float) -> float:
    """Length in mm from the first to the last place; 0 of none."""
    if not len(places):
        return 0.0
    low, high = extent(places, width_mm)
    return high - low


def _risen(profile: Floats, depth: int) -> int:
    """First bin that reaches the share of what the profile is ``depth`` bins after its beginning."""
    first = int(np.flatnonzero(profile > 1e-6)[0])
    full = profile[min(first + depth, len(profile) - 1)]
    return int(np.flatnonzero(profile[first:] >= _RISE * full)[0]) + first


def _line(points: Floats, centre: Floats, direction: Floats, grid: Grid, order: int) -> tuple[Floats, Floats]:
    """Places along a direction and (n, 3) points of the polynomial through the centroids of sections square to it."""
    across = np.linalg.svd(direction[None])[2][1:]
    t = (points - centre) @ direction
    thick = max(_SECTION_MM, float(np.abs(grid.axes.T @ direction) @ grid.spacing))
    section = ((t - t.min()) / thick).astype(np.int64)
    count = np.bincount(section)
    filled = count >= 0.1 * np.median(count[count > 0])
    if filled.sum() < _SECTIONS:
        raise _too_short()
    middle = (np.bincount(section, weights=t) / np.maximum(count, 1))[filled]
    sums = [np.bincount(section, weights=(points - centre) @ one) for one in across]
    aside = (np.column_stack(sums) / np.maximum(count, 1)[:, None])[filled]
    low, high = (float(one) for one in np.quantile(middle, (_SHAFT, 1.0 - _SHAFT)))
    used = np.ones(len(middle), bool) if order == 1 else (middle >= low) & (middle <= high)
    size = float(np.abs(t).max())
    weight, fit = np.ones(int(used.sum())), np.zeros((order + 1, 2))
    for _ in range(30):
        fit = np.polyfit(middle[used] / size, aside[used], order, w=weight)
        far = np.linalg.norm(aside[used] - _values(fit, middle[used] / size), axis=1)
        scale = max(_ROBUST_MM, 1.5 * float(np.median(far)))
        weight = 1.0 / np.sqrt(1.0 + (far / scale) ** 4)
    at = np.linspace(t.min(), t.max(), max(2, int((t.max() - t.min()) / _STEP_MM) + 1))
    inner = np.clip(at, low, high)
    slope = _values(fit[:-1] * np.arange(order, 0, -1)[:, None], inner / size) / size
    offset = _values(fit, inner / size) + slope * (at - inner)[:, None]  # straight on beyond the shaft
    line = centre + at[:, None] * direction + offset @ across
    return at, line


def _values(fit: Floats, at: Floats) -> Floats:
    """(n, 2) values of two polynomials, highest power first."""
    return np.asarray(np.vander(at, len(fit)) @ fit)


def _extended(t: Floats, line: Floats, direction: Floats) -> Floats:
    """The table of the curve, run on straight at both ends."""
    tangent = np.gradient(line, t, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1)[:, None]
    ends = []
    for end, sign in ((0, -1.0), (-1, 1.0)):
        point = line[end] + sign * _BEYOND_MM * tangent[end]
        ends.append((t[end] + sign * _BEYOND_MM * float(tangent[end] @ direction), point, tangent[end]))
    (t0, p0, g0), (t1, p1, g1) = ends
    every = np.vstack([p0, line, p1])
    place = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(every, axis=0), axis=1))])
    return np.column_stack([np.concatenate([[t0], t, [t1]]), every, np.vstack([g0, tangent, g1]), place])


def _named(direction: Floats) -> tuple[str, str, float]:
    """Names of the low and high end, and the sign that makes the direction rise to the high one."""
    size = np.abs(direction)
    axis = 2 if size[2] >= np.cos(np.radians(45.0)) - 1e-9 else int(size[:2].argmax())
    return (*_ENDS[axis], 1.0 if direction[axis] >= 0 else -1.0)


def _too_short() -> CannotTell:
    return CannotTell(
        "The bone is less than about twice as long as wide: it has no long axis.",
        code="bone-too-short",
        fix="Give the mask of a whole long bone.",
    )
