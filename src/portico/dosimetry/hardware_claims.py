"""Claims of the hardware for ``portico verify``: chapter ``hardware``.

Rods of known length and volume on voxels of several sizes and at several tilts, in a dose with a known edge: length, volume, share of
the length in the field and uncovered length at the lower end.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from portico.claims import Claim, chapter, claim_number
from portico.dosimetry.hardware import find_implants
from portico.rt.dose import DoseGrid
from portico.rt.grid import Grid
from portico.rt.image import Image
from portico.rt.plan_set import PlanSet

__all__ = ["hardware_claims", "rod_plan"]

SOURCE = "closed forms of a cylinder with flat ends; bars of issue 3"
SETTINGS = {
    "seed_hu": 3000,
    "grow_hu": 2000,
    "least_cm3": 0.15,
    "shell_mm": 5,
    "percents": [50, 90, 95],
    "clipped_hu": 3071,
}
LENGTH_MM, RADIUS_MM, METAL_HU = 120.0, 4.0, 8000.0
#: Lower edge of the field in mm, measured along z from the middle of the rod.
EDGE_MM = -30.0


def rod_plan(spacing: tuple[float, float, float], tilt_deg: float, *, clip_hu: float | None = None) -> PlanSet:
    """A rod in soft tissue, in a dose of 20 Gy above ``EDGE_MM`` and none below.

    Parameters
    ----------
    spacing : of the CT along x, y, z in mm
    tilt_deg : angle of the rod from z towards x, in degrees
    clip_hu : largest value of the CT in HU; None for an extended scale
    """
    step = np.array(spacing)
    half = np.array([80.0, 30.0, 80.0])
    size = (2 * half / step).astype(int) + 1
    grid = Grid(-half, step, np.eye(3), (int(size[2]), int(size[1]), int(size[0])))
    hu = np.full(grid.shape, 40.0)
    share = _rod_share(grid, np.radians(tilt_deg))
    hu += share * (METAL_HU - 40.0)
    if clip_hu is not None:
        hu = np.minimum(hu, clip_hu)
    image = Image(grid, np.rint(hu).astype(np.int16), highest_hu=clip_hu)
    fine = Grid(np.array([-90.0, -40.0, -90.0]), np.full(3, 2.0), np.eye(3), (91, 41, 91))
    z = -90.0 + 2.0 * np.arange(91)
    # half of the dose stands exactly at the edge: linear between -31 and -29 mm
    gy = np.broadcast_to(np.clip(20.0 * (z - EDGE_MM + 1.0) / 2.0, 0.0, 20.0)[:, None, None], fine.shape)
    return PlanSet(None, None, DoseGrid(fine, np.ascontiguousarray(gy), "PLAN"), image)


def _rod_share(grid: Grid, tilt: float) -> NDArray[np.float64]:
    """Share of each voxel inside the rod, from 4 x 4 x 4 points."""
    axis = np.array([np.sin(tilt), 0.0, np.cos(tilt)])
    index = np.indices(grid.shape)[::-1].reshape(3, -1).T.astype(np.float64)
    reach = float(grid.spacing.max())

    def inside(places: NDArray[np.float64], more_mm: float) -> NDArray[np.bool_]:
        along = places @ axis
        away = np.sqrt(np.maximum((places**2).sum(axis=1) - along**2, 0.0))
        return np.asarray((np.abs(along) <= 0.5 * LENGTH_MM + more_mm) & (away <= RADIUS_MM + more_mm))

    near = np.flatnonzero(inside(grid.points(index), reach))
    total = np.zeros(len(index))
    for n in range(64):
        shift = (np.array([n % 4, n // 4 % 4, n // 16]) + 0.5) / 4.0 - 0.5
        total[near] += inside(grid.points(index[near] + shift), 0.0)
    return np.asarray(total.reshape(grid.shape) / 64.0)


@chapter("hardware")
def hardware_claims() -> Iterator[Claim]:
    """Length, volume and coverage of rods."""
    for spacing in ((1.0, 1.0, 1.0), (1.0, 1.0, 3.0), (2.0, 2.0, 2.0)):
        for tilt in (0.0, 20.0, 40.0):
            found = find_implants(rod_plan(spacing, tilt), (), 20.0, SETTINGS).implants
            said = f"rod 120 x 8 mm, tilt {tilt:g}°, voxels {spacing[0]:g} x {spacing[1]:g} x {spacing[2]:g} mm"
            voxel = max(spacing)
            slope = np.cos(np.radians(tilt))
            # rings across a tilted rod reach below its middle: the lowest point of the ring decides
            below = (0.5 * LENGTH_MM * slope + EDGE_MM) + (RADIUS_MM + 5.0) * np.sin(np.radians(tilt))
            cold = below / slope
            one = found[0] if len(found) == 1 else None
            share = None if one is None else one.covered[50.0]
            rows = (
                ("length in mm", LENGTH_MM, None if one is None else one.length_mm, max(0.02 * LENGTH_MM, voxel)),
                (
                    "volume in cm3",
                    np.pi * RADIUS_MM**2 * LENGTH_MM / 1000.0,
                    None if one is None else one.volume_cm3,
                    0.3,
                ),
                ("share of the length at 50 %", 1.0 - cold / LENGTH_MM, share, voxel / LENGTH_MM + 0.015),
                ("uncovered lower end in mm", cold, None if one is None else one.uncovered_distal_mm, voxel + 1.5),
            )
            for what, expected, got, tolerance in rows:
                yield claim_number(
                    "hardware", f"{said}: {what}", source=SOURCE, expected=round(float(expected), 4),
                    got=None if got is None else round(got, 4), tolerance=round(float(tolerance), 4),
                )  # fmt: skip
