"""Histograms of known bodies, grid orientations, and what cannot be told."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from portico.dosimetry import dvh
from portico.errors import CannotTell, InputRefused, UsageError
from portico.geometry import Slices
from portico.rt.dose import DoseGrid
from portico.rt.grid import Grid

SQUARE = np.array([[0.0, 0.0], [20.0, 0.0], [20.0, 20.0], [0.0, 20.0]])
BLOCK = Slices(np.arange(1.0, 10.0, 2.0), ((SQUARE,),) * 5)  # 20 x 20 x 10 mm under the rule half


def dose(function, axes=None, spacing=(2.5, 2.0, 3.0), low=(-6.0, -6.0, -6.0), size=(14, 17, 9), dtype=np.float64):
    """A grid over the block whose i, j, k run along the given signed patient axes (1, 2, 3 or negative)."""
    axes = axes or (1, 2, 3)
    columns = np.zeros((3, 3))
    origin, steps, counts = np.zeros(3), np.zeros(3), [0, 0, 0]
    for index, axis in enumerate(axes):
        a = abs(axis) - 1
        columns[a, index] = np.sign(axis)
        steps[index], counts[index] = spacing[a], size[a]
        origin[a] = low[a] if axis > 0 else low[a] + spacing[a] * (size[a] - 1)
    grid = Grid(origin, steps, columns, (counts[2], counts[1], counts[0]))
    k, j, i = np.indices(grid.shape)
    points = grid.points(np.stack([i.ravel(), j.ravel(), k.ravel()], axis=1))
    return DoseGrid(grid, function(*points.T).reshape(grid.shape).astype(dtype), "PLAN")


def slope(x, y, z):
    return 30.0 + 0.5 * x - 0.25 * y + 1.0 * z


@pytest.mark.parametrize(
    "axes",
    [
        tuple(s * a for s, a in zip(signs, order, strict=True))
        for order in itertools.permutations((1, 2, 3))
        for signs in ((1, 1, 1), (-1, 1, -1), (-1, -1, 1), (1, -1, -1))
    ],
)
def test_every_orientation_of_the_grid_gives_the_same(axes):
    found = dvh(BLOCK, dose(slope, axes), end_cap="half")
    assert found.volume_cm3 == pytest.approx(4.0)
    assert found.mean == pytest.approx(30.0 + 5.0 - 2.5 + 5.0, abs=0.001)
    assert found.min == pytest.approx(25.0, abs=0.3) and found.max == pytest.approx(50.0, abs=0.3)
    assert found.dose_at_percent(50.0) == pytest.approx(37.5, abs=0.01)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_plain_slope_is_exact(axis):
    found = dvh(BLOCK, dose(lambda *p: 50.0 + p[axis], dtype=np.float32), end_cap="half")
    length = (20.0, 20.0, 10.0)[axis]
    for percent in (1.0, 2.0, 50.0, 95.0, 99.0, 100.0):
        assert found.dose_at_percent(percent) == pytest.approx(50.0 + length * (1 - percent / 100), abs=0.01)
    assert found.volume_at_dose(50.0 + 0.25 * length) == pytest.approx(3.0, abs=0.003)
    assert found.percent_at_dose(50.0 + 0.25 * length) == pytest.approx(75.0, abs=0.1)
    assert (found.min, found.max) == (pytest.approx(50.0, abs=0.01), pytest.approx(50.0 + length, abs=0.01))


def test_an_even_dose_counts_in_full_at_that_dose():
    found = dvh(BLOCK, dose(lambda x, y, z: 0 * x + 20.0), end_cap="half")
    assert found.volume_at_dose(20.0) == pytest.approx(4.0) and found.volume_at_dose(20.001) == 0.0
    assert found.dose_at_percent(99.0) == 20.0 and found.dose_at_volume_cm3(0.03) == 20.0 and found.mean == 20.0


def test_half_of_the_block_at_exactly_the_dose():
    step = dose(lambda x, y, z: np.where(x > 9.0, 20.0, 10.0), spacing=(20.0, 2.0, 3.0), low=(-10.0, -6.0, -6.0))
    found = dvh(BLOCK, step, end_cap="half")
    assert 0.0 < found.percent_at_dose(20.0) < 51.0  # linear between x = -10 and 10, even beyond
    assert found.percent_at_dose(20.0) == pytest.approx(50.0, abs=1.5)


def test_cumulative_and_differential_agree():
    found = dvh(BLOCK, dose(slope), end_cap="half")
    doses, volume = found.cumulative(100)
    edges, part = found.differential(100)
    assert volume[0] == pytest.approx(4.0) and (np.diff(volume) <= 1e-12).all()
    assert part.sum() == pytest.approx(4.0) and (doses == edges).all()
    assert found.differential(np.array([0.0, 37.5, 60.0]))[1].tolist() == pytest.approx([2.0, 2.0], abs=0.01)


def test_off_the_grid_is_unknown_not_zero():
    short = dose(slope, size=(9, 17, 9))  # ends at x = 14 + half a voxel
    found = dvh(BLOCK, short, end_cap="half")
    assert not found.complete and found.volume_cm3 == pytest.approx(4.0)
    assert found.outside_cm3 == pytest.approx(4.0 * (20.0 - 15.25) / 20.0, abs=0.08)
    for ask in (lambda: found.min, lambda: found.mean, lambda: found.max, lambda: found.dose_at_percent(99.0)):
        with pytest.raises(CannotTell) as caught:
            ask()
        assert caught.value.code == "structure-off-dose-grid"
    assert found.max_on_grid > 40.0
    far = dvh(BLOCK, dose(slope, low=(500.0, 0.0, 0.0)), end_cap="half")
    assert far.outside_cm3 == pytest.approx(4.0)
    with pytest.raises(CannotTell):
        _ = far.max_on_grid


def test_refusals():
    good = dose(slope)
    turned = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    oblique = DoseGrid(Grid(good.grid.origin, good.grid.spacing, turned, good.grid.shape), good.gy, "PLAN")
    with pytest.raises(InputRefused, match="oblique"):
        dvh(BLOCK, oblique)
    broken = good.gy.copy()
    broken[4, 5, 6] = np.nan
    with pytest.raises(InputRefused) as caught:
        dvh(BLOCK, DoseGrid(good.grid, broken, "PLAN"))
    assert caught.value.code == "dose-not-finite"
    with pytest.raises(UsageError):
        dvh(BLOCK, good, end_cap="quarter")
    found = dvh(BLOCK, good)
    for ask in (
        lambda: found.dose_at_percent(0),
        lambda: found.dose_at_volume_cm3(-1),
        lambda: found.volume_at_dose(-1),
    ):
        with pytest.raises(UsageError):
            ask()
    with pytest.raises(CannotTell):
        found.dose_at_volume_cm3(5.0)


def test_the_rule_is_part_of_the_result():
    assert dvh(BLOCK, dose(slope), end_cap="full").end_cap == "full"
    assert "full slice" in dvh(BLOCK, dose(slope), end_cap="full").end_cap_text
    assert dvh(BLOCK, dose(slope), end_cap="none").volume_cm3 == pytest.approx(3.2)


def test_a_single_slice_without_caps_has_no_volume():
    flat = Slices(np.array([5.0]), ((SQUARE,),))
    with pytest.raises(CannotTell) as caught:
        dvh(flat, dose(slope), end_cap="none", slice_mm=2.0)
    assert caught.value.code == "structure-without-volume"
    assert dvh(flat, dose(slope), slice_mm=2.0).volume_cm3 == pytest.approx(0.8)
