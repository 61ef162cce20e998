"""A small spine to plan on: a body of water, a target round a cord."""

from __future__ import annotations

import numpy as np
import pytest

from portico.directive import read_directive
from portico.planning import DensityTable, PlanCase
from portico.rt import Grid

TABLE = DensityTable((-1000.0, 0.0, 1000.0), (0.0, 1.0, 1.5), "a made-up scanner")


def spine_case(spacing=4.0):
    """120 x 100 x 80 mm of body in air, a C-shaped target of 40 mm, a cord of 12 mm behind it and an oesophagus."""
    low, high = np.array([-80.0, -70.0, -50.0]), np.array([80.0, 70.0, 50.0])
    counts = np.rint((high - low) / spacing).astype(int)
    grid = Grid(low + 0.5 * spacing, (spacing,) * 3, np.eye(3), tuple(counts[::-1]))
    points = grid.points(np.argwhere(np.ones(grid.shape, bool))[:, ::-1]).reshape(*grid.shape, 3)
    x, y, z = np.moveaxis(points, -1, 0)
    body = (x / 65) ** 2 + (y / 52) ** 2 <= 1
    cord = x**2 + (y - 14) ** 2 <= 36
    target = (x**2 + y**2 <= 22**2) & (np.abs(z) < 20) & (x**2 + (y - 14) ** 2 > 9**2)
    gullet = (x**2 + (y + 34) ** 2 <= 49) & (np.abs(z) < 40)
    hu = np.where(body, 0.0, -1000.0)
    return PlanCase(
        grid, hu, {"External": body, "SpinalCord": cord, "PTV": target, "Esophagus": gullet}, says="made up"
    )


@pytest.fixture(scope="session")
def spine():
    return spine_case()


@pytest.fixture(scope="session")
def table():
    return TABLE


@pytest.fixture(scope="session")
def directive():
    return read_directive("examples/directives/spine-24-2.json")
