"""What a plan is made on: grids of the dose and structures on them."""

from __future__ import annotations

import numpy as np
import pytest

from portico.errors import InputRefused
from portico.planning.case import PlanCase, dose_grid, on_dose_grid
from portico.rt import Grid

TURNED = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def sphere(grid, radius, centre=(0.0, 0.0, 0.0)):
    index = np.argwhere(np.ones(grid.shape, bool))[:, ::-1]
    return (np.linalg.norm(grid.points(index) - centre, axis=1) <= radius).reshape(grid.shape)


@pytest.mark.parametrize("axes", [np.eye(3), TURNED, np.diag([-1.0, -1.0, 1.0])])
@pytest.mark.parametrize("spacing", [1.25, 3.0, 4.1])
def test_a_sphere_keeps_place_and_volume(axes, spacing):
    ct = Grid(-axes @ (29.0, 29.0, 29.0), (1.0, 1.0, 2.0), axes, (30, 59, 59))
    dose = dose_grid(ct, spacing)
    centre = (3.0, -4.0, 5.0)
    mask = on_dose_grid(sphere(ct, 18.0, centre), ct, dose)
    assert mask.sum() * dose.voxel_cm3 == pytest.approx(4.0 / 3.0 * np.pi * 1.8**3, rel=0.03)
    middle = dose.points(np.argwhere(mask)[:, ::-1]).mean(axis=0)
    assert np.abs(middle - centre).max() < 0.3


def test_the_dose_grid_covers_the_ct_evenly():
    ct = Grid((0, 0, 0), (0.9, 0.9, 3.0), np.eye(3), (40, 100, 100))
    dose = dose_grid(ct, 2.5)
    low, high = dose.origin - 1.25, dose.points([np.array(dose.shape[::-1]) - 1])[0] + 1.25
    assert np.abs((low - (-0.45, -0.45, -1.5)) + (high - (89.55, 89.55, 118.5))).max() < 1e-9
    assert np.abs(low - (-0.45, -0.45, -1.5)).max() <= 1.25


def test_what_lies_beyond_the_ct_is_in_no_structure():
    ct = Grid((0, 0, 0), (1, 1, 1), np.eye(3), (3, 3, 3))
    dose = Grid((-4, 0, 0), (1, 1, 1), np.eye(3), (3, 3, 12))
    mask = on_dose_grid(np.ones(ct.shape, bool), ct, dose)
    assert mask[0, 0].tolist() == [False] * 4 + [True] * 3 + [False] * 5


@pytest.mark.parametrize("spacing", [0.1, 12.0, float("nan")])
def test_a_dose_grid_out_of_range(spacing):
    with pytest.raises(InputRefused) as error:
        dose_grid(Grid((0, 0, 0), (1, 1, 1), np.eye(3), (3, 3, 3)), spacing)
    assert error.value.problem.code == "dose-grid"


def test_what_a_case_refuses():
    grid = Grid((0, 0, 0), (1, 1, 1), np.eye(3), (3, 3, 3))
    hu, mask = np.zeros(grid.shape), np.ones(grid.shape, bool)
    with pytest.raises(InputRefused) as error:
        PlanCase(grid, hu, {"PTV": mask[:2]})
    assert error.value.problem.code == "mask-shape"
    hu[1, 1, 1] = np.nan
    with pytest.raises(InputRefused) as error:
        PlanCase(grid, hu, {"PTV": mask})
    assert error.value.problem.code == "ct-damaged"
    case = PlanCase(grid, np.zeros(grid.shape), {"PTV": mask, "Empty": ~mask})
    assert case.mask("PTV").all()
    for name in ("Empty", "SpinalCord"):
        with pytest.raises(InputRefused) as error:
            case.mask(name)
        assert (error.value.problem.code, error.value.problem.path) == ("structure-missing", name)
