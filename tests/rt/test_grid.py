"""Grids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.errors import InputRefused
from portico.rt import Grid


@given(st.permutations([0, 1, 2]), st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3), st.tuples(*[st.floats(0.1, 9)] * 3))
def test_indices_undo_points(order, signs, spacing):
    grid = Grid((1, 2, 3), spacing, np.diag(signs)[:, order], (4, 5, 6))
    indices = np.array([[0, 0, 0], [5, 4, 3], [2.5, -1, 7]])
    np.testing.assert_allclose(grid.indices(grid.points(indices)), indices, atol=1e-9)
    homogeneous = np.hstack([indices, np.ones((3, 1))])
    np.testing.assert_allclose((homogeneous @ grid.affine.T)[:, :3], grid.points(indices), atol=1e-9)
    assert grid.is_aligned and grid.snapped().same_as(grid)


@pytest.mark.parametrize(
    "change",
    [
        {"spacing": (1, 0, 1)},
        {"spacing": (1, -1, 1)},
        {"origin": (np.nan, 0, 0)},
        {"axes": np.ones((3, 3))},
        {"axes": np.eye(2)},
        {"shape": (0, 1, 1)},
    ],
)
def test_a_grid_that_is_none(change):
    with pytest.raises(InputRefused) as caught:
        Grid(**({"origin": (0, 0, 0), "spacing": (1, 1, 1), "axes": np.eye(3), "shape": (2, 2, 2)} | change))
    assert caught.value.code == "grid-damaged"


def test_a_grid_cannot_be_changed():
    grid = Grid((0, 0, 0), (1, 1, 1), np.eye(3), (2, 2, 2))
    with pytest.raises(ValueError, match="read-only"):
        grid.origin[0] = 5


def test_grids_that_differ():
    grid = Grid((0, 0, 0), (1, 1, 1), np.eye(3), (2, 2, 2))
    assert not grid.same_as(Grid((0, 0, 0.02), (1, 1, 1), np.eye(3), (2, 2, 2)))
    assert not grid.same_as(Grid((0, 0, 0), (1, 1, 1), np.eye(3), (2, 2, 3)))
