"""A femur of simple shapes with a nail, a screw and a bed, turned and put on a grid of any orientation.

All lengths lie along the shaft and are known: see :class:`FemurPhantom`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.rt import Grid
from portico.targets.phantom import UPRIGHT, centred, every_point

__all__ = ["BED_MM", "BONE_MM", "LEG_MM", "NAIL_MM", "FemurPhantom", "femur"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
#: Ends in mm along the shaft, from the feet to the head, of the bone, the nail and the bed.
BONE_MM: Final = (-120.0, 120.0)
NAIL_MM: Final = (-100.0, 80.0)
BED_MM: Final = (-40.0, 10.0)
#: Radius of the leg, whose middle is the shaft's.
LEG_MM: Final = 60.0
SHAFT_MM: Final = 14.0


@dataclass(frozen=True, slots=True, eq=False)
class FemurPhantom:
    """Masks on one grid.

    Parameters
    ----------
    grid : of every mask
    hu : (k, j, i) HU
    bone, hardware, bed, body : (k, j, i)
    shaft : (3,) unit direction of the shaft in the patient, from knee to hip
    local : (k, j, i, 3) mm to the left, front and head of the femur's own frame
    """

    grid: Grid
    hu: NDArray[np.float32]
    bone: Mask
    hardware: Mask
    bed: Mask
    body: Mask
    shaft: Floats
    local: Floats


def femur(
    rotation: Floats | None = None,
    axes: Floats | None = None,
    spacing: tuple[float, float, float] = (2.0, 2.0, 2.0),
    *,
    screw: bool = True,
    beyond_mm: float = 12.0,
) -> FemurPhantom:
    """A left femur; upright without rotation.

    Parameters
    ----------
    rotation : (3, 3) of the whole leg in the patient; None turns nothing
    axes : (3, 3) unit directions of i, j, k as columns; None for the patient's
    spacing : mm along i, j, k
    screw : whether a screw runs from the nail into the head
    beyond_mm : the grid reaches so far beyond the bone; negative cuts it
    """
    rotation, axes = np.eye(3) if rotation is None else rotation, np.eye(3) if axes is None else axes
    shaft = rotation @ np.array([0.0, 0.0, 1.0])
    half = np.abs(axes.T @ shaft) * (BONE_MM[1] + beyond_mm) + np.sqrt(1.0 - (axes.T @ shaft) ** 2) * (LEG_MM + 4.0)
    counts = tuple(int(n) for n in np.ceil(2.0 * half / spacing))
    grid = centred(counts, spacing, axes)
    local = every_point(grid) @ (rotation @ UPRIGHT)
    w = local[:, 2]
    round_shaft = np.hypot(local[:, 0], local[:, 1])
    bone = (round_shaft <= SHAFT_MM) & (w >= BONE_MM[0]) & (w <= 80.0)
    bone |= np.linalg.norm(local - (-35.0, 0.0, 100.0), axis=1) <= 20.0
    bone |= _to_rod(local, (0.0, 0.0, 75.0), (-35.0, 0.0, 100.0)) <= 10.0
    bone |= np.linalg.norm(local - (5.0, 0.0, 70.0), axis=1) <= 18.0
    metal = (round_shaft <= 5.0) & (w >= NAIL_MM[0]) & (w <= NAIL_MM[1])
    if screw:
        metal |= _to_rod(local, (0.0, 0.0, 50.0), (-30.0, 0.0, 100.0)) <= 4.0
    body = round_shaft <= LEG_MM
    bed = (round_shaft <= 18.0) & (w >= BED_MM[0]) & (w <= BED_MM[1])
    hu = np.where(metal, 8000.0, np.where(bone, 900.0, np.where(body, 40.0, -1000.0))).astype(np.float32)
    shape = grid.shape
    return FemurPhantom(
        grid, hu.reshape(shape), bone.reshape(shape), metal.reshape(shape), bed.reshape(shape), body.reshape(shape), shaft,
        local.reshape(*shape, 3),
    )  # fmt: skip


def _to_rod(points: Floats, start: tuple[float, float, float], end: tuple[float, float, float]) -> Floats:
    """(n,) distance in mm to the line from start to end."""
    a, b = np.array(start), np.array(end)
    share = np.clip((points - a) @ (b - a) / ((b - a) @ (b - a)), 0.0, 1.0)
    return np.asarray(np.linalg.norm(points - a - share[:, None] * (b - a), axis=1))
