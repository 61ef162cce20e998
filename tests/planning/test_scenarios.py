"""Scenarios of the cord."""

from __future__ import annotations

import numpy as np
import pytest

from portico.errors import UsageError
from portico.planning.scenarios import cord_scenarios
from portico.rt import Grid

AXES = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def cord(axes):
    grid = Grid(axes @ (-30.0, -30.0, -50.0), (1.25, 1.25, 1.25), axes, (81, 49, 49))
    points = grid.points(np.argwhere(np.ones(grid.shape, bool))[:, ::-1]).reshape(*grid.shape, 3)
    return grid, ((points[..., 0] / 6) ** 2 + (points[..., 1] / 4) ** 2 <= 1) & (np.abs(points[..., 2]) < 40), points


@pytest.mark.parametrize("axes", [np.eye(3), AXES])
def test_each_scenario_is_the_cord_moved(axes):
    grid, mask, points = cord(axes)
    made = cord_scenarios(mask, grid, shift_mm=1.0, turn_deg=1.0)
    assert len(made) == 13 and (made["as planned"] == mask).all()
    middle = points[mask].mean(axis=0)
    for name, one in made.items():
        assert one.sum() == pytest.approx(mask.sum(), rel=0.04)
        moved = points[one].mean(axis=0) - middle
        wanted = np.zeros(3)
        if "mm" in name:
            wanted["xyz".index(name[1])] = 1.0 if name[0] == "+" else -1.0
        assert np.abs(moved - wanted).max() < 0.63, name  # half a voxel
    tipped = points[made["+x 1 deg"]]
    ends = [tipped[np.abs(tipped[:, 2] - z) < 3][:, 1].mean() for z in (-37, 37)]
    assert ends[0] - ends[1] == pytest.approx(74 * np.sin(np.radians(1.0)), abs=0.63)


def test_what_is_no_scenario():
    grid, mask, _ = cord(np.eye(3))
    assert list(cord_scenarios(mask, grid, shift_mm=0.0, turn_deg=0.0)) == ["as planned"]
    assert not cord_scenarios(mask & ~mask, grid, shift_mm=1.0, turn_deg=0.0)["+x 1 mm"].any()
    for wrong in ({"shift_mm": -1.0, "turn_deg": 0.0}, {"shift_mm": 1.0, "turn_deg": float("nan")}):
        with pytest.raises(UsageError) as error:
            cord_scenarios(mask, grid, **wrong)
        assert error.value.problem.code == "scenario-size"
