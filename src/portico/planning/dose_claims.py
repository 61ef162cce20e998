"""Claims of the dose engine for ``portico verify``, chapter ``planning``.

They prove the code against its base data and against what can be calculated by hand. How right the dose is in a patient needs
measurements of your own machine, or Monte Carlo: nothing here says it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from portico.claims import Claim, chapter, claim_number
from portico.planning.beams import SAD_MM, Beam
from portico.planning.bixels import bixels_for
from portico.planning.influence import dose_at
from portico.planning.kernels import generic_6mv
from portico.planning.pencil_beam import PencilBeam
from portico.planning.ray_depth import depths_mm
from portico.planning.water import DEPTH_MM, box

__all__ = ["dose_engine_claims"]

_BASE: Final = "base data photons_Generic (matRad), calculated by hand"
_HAND: Final = "a box of water, calculated by hand"
_FIELD_MM: Final = 50.0


@chapter("planning")
def dose_engine_claims() -> Iterator[Claim]:
    """Depth in water along oblique rays, depth dose of one bixel, size and flatness of a field, sum of bixels."""
    grid, water = box()
    source = np.array([0.0, -SAD_MM, 0.0])
    for x, y, z in ((0.0, 100.0, 0.0), (60.0, 150.0, -40.0), (-110.0, 20.0, 90.0)):
        way = np.array([x, y, z]) - source
        wanted = float(np.linalg.norm(way)) * (y + DEPTH_MM) / way[1]
        got = float(depths_mm(water, grid, source, np.array([[x, y, z]]))[0])
        yield claim_number(
            "planning", f"radiological depth at {x:g}, {y:g}, {z:g} mm, in mm of water", source=_HAND, expected=round(wanted, 4),
            got=round(got, 4), tolerance=0.001,
        )  # fmt: skip
    engine, base = PencilBeam(water, grid), generic_6mv()
    one = bixels_for((Beam(0.0),), np.zeros((1, 3)), width_mm=5.0, margin_mm=0.0)
    depth = np.array([5.0, 15.0, 50.0, 100.0, 200.0, 280.0])
    axis = np.column_stack([np.zeros(6), depth - DEPTH_MM, np.zeros(6)])
    table = base.bixel_tables(SAD_MM - DEPTH_MM, 5.0, 1.0)
    middle = table.shape[1] // 2
    inverse = (SAD_MM / (SAD_MM - DEPTH_MM + depth)) ** 2
    expected = base.depth_terms(depth) @ table[:, middle, middle] * inverse
    found = dose_at(engine, one, np.ones(1), axis)
    for mm, wanted, dose in zip(depth, expected / expected[1], found / found[1], strict=True):
        yield claim_number(
            "planning", f"depth dose of one 5 mm bixel at {mm:g} mm against 15 mm", source=_BASE, expected=round(float(wanted), 5),
            got=round(float(dose), 5), tolerance=1e-4,
        )  # fmt: skip
    across = np.arange(-0.5 * _FIELD_MM, 0.5 * _FIELD_MM + 1.0)
    target = np.array([[x, 0.0, z] for x in across for z in across])
    for width in (2.5, 5.0):
        field = bixels_for((Beam(0.0),), target, width_mm=width, margin_mm=0.0)
        size = (float(np.ptp(field.x_mm)) + width, float(np.ptp(field.z_mm)) + width)
        for number, name in ((0, "x"), (2, "z")):
            place = np.arange(-45.0, 45.25, 0.25)
            points = np.zeros((len(place), 3))
            points[:, number] = place
            dose = dose_at(engine, field, np.ones(len(field)), points)
            inside = np.flatnonzero(dose >= 0.5 * dose.max())
            yield claim_number(
                "planning", f"width at half dose along {name} of bixels of {width:g} mm, in mm", source=_HAND,
                expected=size[number // 2], got=round(float(place[inside[-1]] - place[inside[0]]), 2), tolerance=1.0,
            )  # fmt: skip
