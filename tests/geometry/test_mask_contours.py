"""From a mask to contours and back: the same voxels, the same volume, holes and touching corners."""

from __future__ import annotations

import numpy as np
import pytest

from portico.errors import InputRefused
from portico.geometry import even_odd_area, slices_of
from portico.geometry.mask_contours import contours_of_mask, rings_of_slice
from portico.geometry.raster import partial_area
from portico.rt import Grid, Structure


def blob(seed, size=48):
    """A random smooth body with holes and islands."""
    from scipy.ndimage import gaussian_filter

    field = gaussian_filter(np.random.default_rng(seed).normal(size=(12, size, size)), (1.5, 3, 3))
    mask = field > np.quantile(field, 0.8)
    mask[:, :2] = mask[:, -2:] = False
    mask[:, :, :2] = mask[:, :, -2:] = False
    return mask


def back(contours, grid):
    mask = np.zeros(grid.shape, bool)
    found = slices_of(Structure(1, "x", contours))
    for z, rings in zip(found.z, found.polygons, strict=True):
        level = round((z - grid.origin[2]) / (grid.spacing[2] * grid.axes[2, 2]))
        low = min(grid.origin[0], grid.points([[grid.shape[2] - 1, 0, 0]])[0, 0])
        front = min(grid.origin[1], grid.points([[0, grid.shape[1] - 1, 0]])[0, 1])
        share = partial_area(rings, first_centre=(low, front), pixel=tuple(grid.spacing[:2]), shape=grid.shape[1:])
        share = share[:, ::-1] if grid.axes[0, 0] < 0 else share
        mask[level] = (share[::-1] if grid.axes[1, 1] < 0 else share) >= 0.5
    return mask


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("axes", [np.eye(3), np.diag([-1.0, -1.0, 1.0]), np.diag([1.0, -1.0, -1.0])])
@pytest.mark.parametrize("smooth", [True, False])
def test_round_trip(seed, axes, smooth):
    mask = blob(seed)
    grid = Grid((3, -7, 11), (1.2, 0.9, 2.5), axes, mask.shape)
    contours = contours_of_mask(mask, grid, smooth=smooth)
    got = back(contours, grid)
    area = sum(
        even_odd_area([one.points[:, :2] for one in contours if one.z == z]) for z in {one.z for one in contours}
    )
    assert area == pytest.approx(mask.sum() * 1.2 * 0.9, rel=0.003 if smooth else 1e-9)
    assert 2 * (got & mask).sum() / (got.sum() + mask.sum()) >= (0.99 if smooth else 1.0)
    heights = [one.z for one in contours]
    assert heights == sorted(heights)


def test_a_hole_is_a_ring_within_a_ring():
    mask = np.zeros((12, 12), bool)
    mask[2:10, 2:10] = True
    mask[5:7, 5:7] = False
    for smooth in (True, False):
        rings = rings_of_slice(mask, smooth=smooth)
        assert len(rings) == 2 and even_odd_area(rings) == pytest.approx(60.0, rel=0.002)


def test_voxels_that_touch_at_a_corner_are_two_rings():
    mask = np.zeros((6, 6), bool)
    mask[2, 2] = mask[3, 3] = True
    rings = rings_of_slice(mask)
    assert [len(one) for one in rings] == [4, 4] and even_odd_area(rings) == 2.0
    mask = ~mask
    assert even_odd_area(rings_of_slice(mask, smooth=False)) == pytest.approx(34.0)


def test_one_voxel_and_none():
    mask = np.zeros((3, 3), bool)
    assert rings_of_slice(mask) == []
    mask[0, 0] = True
    assert rings_of_slice(mask)[0].tolist() == [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]


def test_what_is_refused():
    mask = np.ones((2, 2, 2), bool)
    for grid, code in (
        (Grid((0, 0, 0), (1, 1, 1), np.eye(3), (3, 2, 2)), "mask-shape"),
        (Grid((0, 0, 0), (1, 1, 1), np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]), (2, 2, 2)), "not-transverse"),
    ):
        with pytest.raises(InputRefused) as caught:
            contours_of_mask(mask, grid)
        assert caught.value.code == code
