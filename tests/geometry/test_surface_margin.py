"""Margins from the outside of voxels: balls and boxes, coarse voxels, edges, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from portico.errors import InputRefused
from portico.geometry import grown, grown_from_surface
from portico.rt import Grid


def ball(spacing, radius=15.0, half=28.0):
    counts = tuple(int(2 * half / h) + 1 for h in spacing)
    grid = Grid(-0.5 * (np.array(counts) - 1) * spacing, np.array(spacing), np.eye(3), counts[::-1])
    k, j, i = (one.ravel() for one in np.indices(grid.shape))
    return (np.linalg.norm(grid.points(np.column_stack([i, j, k])), axis=1) <= radius).reshape(grid.shape), grid


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 2.0), (2.0, 2.0, 2.0), (1.0, 1.5, 3.0)])
@pytest.mark.parametrize("mm", [1.1, 1.8, 3.0, 5.0])
def test_a_ball_grows_by_the_margin_to_half_a_voxel(spacing, mm):
    mask, grid = ball(spacing)
    radius = (0.75 * grown_from_surface(mask, grid, mm).sum() * np.prod(spacing) / np.pi) ** (1 / 3)
    before = (0.75 * mask.sum() * np.prod(spacing) / np.pi) ** (1 / 3)
    assert abs(radius - before - mm) <= 0.5 * np.linalg.norm(spacing)


def test_it_holds_what_the_margin_between_centres_holds():
    mask, grid = ball((1.0, 1.5, 2.0))
    for mm in (0.7, 2.0, 4.4):
        assert not (grown(mask, grid, mm) & ~grown_from_surface(mask, grid, mm)).any()


def test_a_box_grows_by_whole_and_half_voxels():
    mask, grid = np.zeros((11, 11, 11), bool), Grid((0, 0, 0), (2, 2, 2), np.eye(3), (11, 11, 11))
    mask[4:7, 4:7, 4:7] = True
    assert grown_from_surface(mask, grid, 0.99).sum() == 27
    assert grown_from_surface(mask, grid, 1.0).sum() == 27 + 6 * 9
    assert grown_from_surface(mask, grid, 0.0).sum() == 27
    mask[:] = True
    assert grown_from_surface(mask, grid, 3.0).all()
    assert not grown_from_surface(~mask, grid, 3.0).any()


@pytest.mark.parametrize("mm", [-1.0, np.nan, np.inf])
def test_bad_margins(mm):
    mask, grid = ball((2.0, 2.0, 2.0))
    with pytest.raises(InputRefused) as caught:
        grown_from_surface(mask, grid, mm)
    assert caught.value.code == "bad-margin"
    with pytest.raises(InputRefused, match="shape"):
        grown_from_surface(mask[1:], grid, 1.0)
