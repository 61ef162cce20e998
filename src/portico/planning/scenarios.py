"""The true cord where a set-up error puts it: shifted and turned against beams and targets.

>>> import numpy as np
>>> grid = Grid((0, 0, 0), (1, 1, 1), np.eye(3), (11, 11, 11))
>>> cord = np.zeros(grid.shape, bool)
>>> cord[:, 4:7, 4:7] = True
>>> made = cord_scenarios(cord, grid, shift_mm=1.0, turn_deg=0.0)
>>> sorted(made)
['+x 1 mm', '+y 1 mm', '+z 1 mm', '-x 1 mm', '-y 1 mm', '-z 1 mm', 'as planned']
>>> int(np.argwhere(made["+x 1 mm"])[:, 2].min())
5
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from portico.errors import UsageError
from portico.geometry import filled_box
from portico.rt import Grid

__all__ = ["cord_scenarios"]

Mask = NDArray[np.bool_]
_AXES: Final = ("x", "y", "z")
#: Farther shifts in mm and turns in degrees are no residual error after image guidance.
_MOST: Final = (10.0, 10.0)


def cord_scenarios(cord: Mask, grid: Grid, *, shift_mm: float, turn_deg: float) -> dict[str, Mask]:
    """The cord as planned, to half a voxel shifted both ways along the patient's axes, and turned both ways about each through its middle.

    Parameters
    ----------
    cord : (k, j, i)
    shift_mm, turn_deg : 0 leaves that kind out

    Raises
    ------
    UsageError : ``scenario-size`` outside 0 to 10
    """
    if not (0.0 <= shift_mm <= _MOST[0] and 0.0 <= turn_deg <= _MOST[1]):
        raise UsageError("Scenarios shift by 0 to 10 mm and turn by 0 to 10 degrees.", code="scenario-size")
    made = {"as planned": cord}
    middle = grid.points(np.argwhere(cord)[:, ::-1]).mean(axis=0) if cord.any() else np.zeros(3)
    for number, name in enumerate(_AXES):
        for sign, word in ((1.0, "+"), (-1.0, "-")):
            if shift_mm > 0.0:
                made[f"{word}{name} {shift_mm:g} mm"] = _moved(
                    cord, grid, np.eye(3), sign * shift_mm * np.eye(3)[number], middle
                )
            if turn_deg > 0.0:
                made[f"{word}{name} {turn_deg:g} deg"] = _moved(
                    cord, grid, _turn(number, sign * turn_deg), np.zeros(3), middle
                )
    return made


def _turn(number: int, degrees: float) -> NDArray[np.float64]:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    one, two = (number + 1) % 3, (number + 2) % 3
    made = np.eye(3)
    made[one, one], made[one, two], made[two, one], made[two, two] = c, -s, s, c
    return made


def _moved(
    mask: Mask, grid: Grid, turn: NDArray[np.float64], shift: NDArray[np.float64], middle: NDArray[np.float64]
) -> Mask:
    """The mask turned about a point and shifted; a voxel counts when at least half of it, by straight lines, is inside."""
    reach = 3.0 + float(np.abs(shift).max()) + 0.2 * float(np.abs(turn - np.eye(3)).max() > 0) * 300.0
    box = filled_box(mask, [(int(np.ceil(reach / h)),) * 2 for h in grid.spacing[::-1]])
    made = np.zeros_like(mask)
    if box is None:
        return made
    to_mm = grid.axes * grid.spacing  # voxels (i, j, k) to mm
    back = np.linalg.inv(to_mm) @ turn.T @ to_mm
    start = np.array([one.start for one in box[::-1]], float)
    origin = grid.origin + to_mm @ start
    offset = np.linalg.inv(to_mm) @ (turn.T @ (origin - middle - shift) + middle - origin)
    made[box] = (
        affine_transform(
            mask[box].astype(np.float32), back[::-1, ::-1], offset[::-1], order=1, mode="constant", cval=0.0
        )
        >= 0.5 - 1e-6
    )
    return made
