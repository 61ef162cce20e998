"""A vertebra divided into body, pedicles, transverse processes, laminae and spinous process.

The division is geometry in the frame of the canal: in front of the canal lies the body, beside it the pedicles, behind
its middle the laminae, in the midline behind it the spinous process, and beyond the sides of the body the transverse
processes. It is no claim of any publication.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from portico.errors import CannotTell, InputRefused
from portico.rt import Grid
from portico.targets.canal import CanalLine, Frame

__all__ = ["PARTS", "Part", "VertebralParts", "divide_vertebra"]

Part = Literal[
    "vertebral_body", "pedicle_left", "pedicle_right", "transverse_process_left", "transverse_process_right", "lamina_left",
    "lamina_right", "spinous_process",
]  # fmt: skip
PARTS: Final[tuple[Part, ...]] = (
    "vertebral_body", "pedicle_left", "pedicle_right", "transverse_process_left", "transverse_process_right", "lamina_left",
    "lamina_right", "spinous_process",
)  # fmt: skip
#: Share of the half width of the body beyond which a transverse process begins.
_SIDE: Final = 0.9
#: Half width of the spinous process as a share of the canal's.
_MIDLINE: Final = 0.55
_LEAST_VOXELS: Final = 30
_LEAST_CANAL: Final = 10
#: The canal counts for a vertebra this far beyond its ends in mm, and no level farther than the second figure stands in for it.
_REACH_MM: Final = 3.0
_FAR_MM: Final = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class VertebralParts:
    """The parts of one vertebra.

    Parameters
    ----------
    labels : (k, j, i) 0 outside, else one more than the place in :data:`PARTS`
    frame : of the canal at the vertebra
    canal_half_width_mm, canal_front_mm, canal_back_mm : size of the canal in the frame: half width, and its front and back wall
    body_half_width_mm : half width of the body
    notes : what a reader must know
    """

    labels: NDArray[np.uint8]
    frame: Frame
    canal_half_width_mm: float
    canal_front_mm: float
    canal_back_mm: float
    body_half_width_mm: float
    notes: tuple[str, ...]

    def mask(self, *parts: Part) -> NDArray[np.bool_]:
        """(k, j, i) voxels of the parts together."""
        return np.isin(self.labels, [PARTS.index(one) + 1 for one in parts])


def divide_vertebra(
    vertebra: NDArray[np.bool_],
    canal: NDArray[np.bool_],
    line: CanalLine,
    grid: Grid,
    *,
    body: NDArray[np.bool_] | None = None,
) -> VertebralParts:
    """Divide one vertebra.

    Parameters
    ----------
    vertebra : (k, j, i)
    canal : (k, j, i) of the whole spine
    line : the canal's centre line
    grid : of the masks
    body : (k, j, i) label of vertebral bodies; found from the canal's front wall when left out

    Raises
    ------
    InputRefused : ``mask-shape``
    CannotTell : ``vertebra-too-small``, ``canal-not-here``
    """
    if not vertebra.shape == canal.shape == grid.shape or (body is not None and body.shape != grid.shape):
        raise InputRefused("The masks do not have the shape of their grid.", code="mask-shape")
    index = np.argwhere(vertebra)
    if len(index) < _LEAST_VOXELS:
        raise CannotTell("Too little of the vertebra is here to be divided.", code="vertebra-too-small")
    points = grid.points(index[:, ::-1])
    frame = line.frame(points.mean(axis=0))
    at = line.nearest(points)
    # each voxel in the cross-section of the line that holds it, in the frame's directions
    offset = points - line.points[at]
    u, v = offset @ frame.left, offset @ frame.front
    width, front, back, seen = _canal_size(canal, line, grid, frame, points)
    is_body = body[tuple(index.T)] if body is not None else v >= front
    notes = () if seen else ("The canal is not closed at this vertebra: its size is that of the nearest levels.",)
    if body is None:
        notes = (*notes, "The body is what lies in front of the canal's front wall: no label of bodies was given.")
    half = float(np.percentile(np.abs(u[is_body]), 95)) if is_body.any() else 2.0 * width
    lateral = np.abs(u) > _SIDE * half
    middle = 0.5 * (front + back)
    side_left = u > 0
    labels = np.zeros(len(index), np.uint8)

    def give(where: NDArray[np.bool_], part: Part) -> None:
        labels[where & (labels == 0)] = PARTS.index(part) + 1

    give(is_body, "vertebral_body")
    give(lateral & side_left, "transverse_process_left")
    give(lateral, "transverse_process_right")
    give((v < back) & (np.abs(u) <= _MIDLINE * width), "spinous_process")
    give((v >= middle) & side_left, "pedicle_left")
    give(v >= middle, "pedicle_right")
    give((v < 2.2 * back - 1.2 * middle) & (np.abs(u) <= width), "spinous_process")
    give(side_left, "lamina_left")
    give(labels == 0, "lamina_right")
    found = np.zeros(vertebra.shape, np.uint8)
    found[tuple(index.T)] = labels
    return VertebralParts(found, frame, width, front, back, half, notes)


def _canal_size(
    canal: NDArray[np.bool_], line: CanalLine, grid: Grid, frame: Frame, points: NDArray[np.float64]
) -> tuple[float, float, float, bool]:
    """Half width, front and back wall of the canal at the vertebra in mm, and whether it was seen there.

    Voxels reach half a voxel beyond their centre. Where the canal is not seen at the vertebra, its nearest levels count.
    """
    inside = grid.points(np.argwhere(canal)[:, ::-1])
    if len(inside) < _LEAST_CANAL:
        raise CannotTell("The canal is hardly seen.", code="canal-not-here")
    height = (points - frame.centre) @ frame.head
    near = (inside - frame.centre) @ frame.head
    beyond = np.maximum(np.maximum(height.min() - near, near - height.max()), 0.0)
    seen = int((beyond <= _REACH_MM).sum()) >= _LEAST_CANAL
    limit = _REACH_MM if seen else float(np.sort(beyond)[_LEAST_CANAL - 1]) + _REACH_MM
    if limit > _FAR_MM:
        raise CannotTell("The canal is not seen near this vertebra.", code="canal-not-here")
    own = inside[beyond <= limit]
    offset = own - line.points[line.nearest(own)]
    u, v = offset @ frame.left, offset @ frame.front
    half_u, half_v = (
        0.5 * float(np.abs(direction @ grid.axes) @ grid.spacing) for direction in (frame.left, frame.front)
    )
    return (
        float(np.percentile(np.abs(u), 95)) + half_u,
        float(np.percentile(v, 95)) + half_v,
        float(np.percentile(v, 5)) - half_v,
        seen,
    )
