"""Sectors: the six of a vertebra that contouring rules speak of, and six of the epidural ring round the canal's middle.

Names only: the numbers and sides that a publication prints are to be read in it (record ``sectors-vertebra``).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.rt import Grid
from portico.targets.canal import CanalLine, Frame
from portico.targets.vertebral_parts import Part

__all__ = ["EPIDURAL_SECTORS", "VERTEBRAL_SECTORS", "epidural_sectors"]

#: Sector of a vertebra to the parts it is made of.
VERTEBRAL_SECTORS: Final[dict[str, tuple[Part, ...]]] = {
    "body": ("vertebral_body",),
    "left_pedicle": ("pedicle_left",),
    "left_transverse_process_and_lamina": ("transverse_process_left", "lamina_left"),
    "spinous_process": ("spinous_process",),
    "right_transverse_process_and_lamina": ("transverse_process_right", "lamina_right"),
    "right_pedicle": ("pedicle_right",),
}
#: Sectors of the ring, each 60 degrees wide, from the front to the patient's left and round.
EPIDURAL_SECTORS: Final = (
    "anterior",
    "left_anterior",
    "left_posterior",
    "posterior",
    "right_posterior",
    "right_anterior",
)


def epidural_sectors(
    canal: NDArray[np.bool_], line: CanalLine, frame: Frame, grid: Grid, *, reach_mm: tuple[float, float]
) -> NDArray[np.uint8]:
    """(k, j, i) 0 outside, else one more than the place in :data:`EPIDURAL_SECTORS`.

    Parameters
    ----------
    canal : (k, j, i), with or without the cord in it
    line : the canal's centre line
    frame : of the vertebra the sectors belong to
    grid : of the mask
    reach_mm : how far the sectors reach below and above the frame's centre along the spine
    """
    index = np.argwhere(canal)
    found = np.zeros(canal.shape, np.uint8)
    if not len(index):
        return found
    points = grid.points(index[:, ::-1])
    height = (points - frame.centre) @ frame.head
    offset = points - line.points[line.nearest(points)]
    angle = np.degrees(np.arctan2(offset @ frame.left, offset @ frame.front))
    sector = (np.floor((angle + 30.0) / 60.0).astype(int) % 6 + 1).astype(np.uint8)
    sector[(height < -reach_mm[0]) | (height > reach_mm[1])] = 0
    found[tuple(index.T)] = sector
    return found
