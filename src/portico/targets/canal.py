"""The spinal canal: its centre line through the vertebrae, and a frame that turns with the spine.

The frame at a place of the line has the line's direction towards the head, the direction to the vertebral body, and the
patient's left; image axes play no part, so a tilted or bent spine is divided like a straight one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import UnivariateSpline
from scipy.ndimage import binary_fill_holes, label

from portico.errors import CannotTell
from portico.rt import Grid

__all__ = ["CanalLine", "Frame", "canal_from_bone", "canal_line"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
#: Smallest and largest cross-section in mm² of what may be a canal.
_AREA_MM2: Final = (60.0, 900.0)
#: Points of the centre line lie this far apart in mm.
_STEP_MM: Final = 1.0
#: Roughness in mm that the centre line may smooth away.
_ROUGH_MM: Final = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Directions at one place of the canal.

    Parameters
    ----------
    centre : (3,) mm
    head, front, left : (3,) unit directions
    """

    centre: Floats
    head: Floats
    front: Floats
    left: Floats

    def local(self, points: Floats) -> Floats:
        """(n, 3) mm to the left, to the front and to the head of the centre, of (n, 3) points in mm."""
        return np.asarray((points - self.centre) @ np.column_stack([self.left, self.front, self.head]))


@dataclass(frozen=True, slots=True, eq=False)
class CanalLine:
    """The centre line from the feet to the head.

    Parameters
    ----------
    points : (n, 3) mm, about 1 mm apart
    heads : (n, 3) unit directions along the line
    """

    points: Floats
    heads: Floats

    def nearest(self, points: Floats) -> NDArray[np.int64]:
        """(n,) place on the line whose cross-section holds each point: the closest along the line's direction."""
        from scipy.spatial import cKDTree

        at: NDArray[np.int64] = cKDTree(self.points).query(points)[1].astype(np.int64)
        for _ in range(6):  # slide until the point stands square on the line
            along = np.einsum("ij,ij->i", points - self.points[at], self.heads[at])
            step = np.rint(np.clip(along, -4.0, 4.0) / _STEP_MM).astype(np.int64)
            moved: NDArray[np.int64] = np.clip(at + step, 0, len(self.points) - 1)
            if (moved == at).all():
                break
            at = moved
        return at

    def frame(self, towards: Floats) -> Frame:
        """The frame where a point (3,) in mm stands square on the line, with the point in front."""
        at = int(self.nearest(towards[None])[0])
        head = self.heads[at]
        front = towards - self.points[at]
        front = front - (front @ head) * head
        size = float(np.linalg.norm(front))
        if size < 1e-6:
            raise CannotTell("The point lies on the canal's centre line.", code="no-front")
        front /= size
        return Frame(self.points[at], head, front, np.cross(head, front))


def canal_from_bone(bone: Mask, grid: Grid) -> Mask:
    """The canal where bone closes a ring round it, slice by slice; between closed slices nothing is marked.

    Parameters
    ----------
    bone : (k, j, i) all vertebrae together
    grid : aligned, slices across the patient

    Raises
    ------
    CannotTell : ``no-canal`` when no slice has a closed ring of a plausible size
    """
    found = np.zeros(bone.shape, bool)
    area = float(grid.spacing[0] * grid.spacing[1])
    for k in range(bone.shape[0]):
        holes, count = label(binary_fill_holes(bone[k]) & ~bone[k])
        sizes = np.bincount(holes.ravel(), minlength=count + 1)[1:] * area
        if count and sizes.max() >= _AREA_MM2[0] and sizes.max() <= _AREA_MM2[1]:
            found[k] = holes == int(sizes.argmax()) + 1
    if not found.any():
        raise CannotTell(
            "No slice shows bone all round a canal.",
            code="no-canal",
            fix="Give a structure of the canal or of the cord.",
        )
    return found


def canal_line(canal: Mask, grid: Grid) -> CanalLine:
    """The centre line of a canal (or cord), smooth through its slices and straight beyond its ends.

    Parameters
    ----------
    canal : (k, j, i); gaps between slices are bridged
    grid : aligned, slices across the patient

    Raises
    ------
    CannotTell : ``no-canal`` with fewer than three slices
    """
    levels = np.flatnonzero(canal.any(axis=(1, 2)))
    if len(levels) < 3:
        raise CannotTell("The canal is seen on fewer than three slices.", code="no-canal")
    centres = []
    for k in levels:
        j, i = np.nonzero(canal[k])
        centres.append([i.mean(), j.mean(), float(k)])
    points = grid.points(np.array(centres))
    points = points[np.argsort(points[:, 2])]
    z = points[:, 2]
    order = min(3, len(z) - 1)
    fits = [UnivariateSpline(z, points[:, axis], k=order, s=len(z) * _ROUGH_MM**2) for axis in (0, 1)]
    height = np.arange(z[0], z[-1] + _STEP_MM, _STEP_MM)
    line = np.column_stack([fits[0](height), fits[1](height), height])
    step = np.gradient(line, axis=0)
    heads = step / np.linalg.norm(step, axis=1)[:, None]
    beyond = np.arange(1, 61)[:, None] * _STEP_MM
    low, high = line[0] - beyond[::-1] * heads[0], line[-1] + beyond * heads[-1]
    return CanalLine(
        np.vstack([low, line, high]),
        np.vstack([np.repeat(heads[:1], len(low), 0), heads, np.repeat(heads[-1:], len(high), 0)]),
    )
