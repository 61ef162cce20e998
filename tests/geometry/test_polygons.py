"""Even-odd areas and exact partial areas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.geometry import edges_of, even_odd_area, partial_area, point_inside, signed_distance

SQUARE = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]])


def test_hole_island_overlap_and_touching_rings():
    hole, island = SQUARE * 0.5 + 2.5, SQUARE * 0.1 + 4.5
    assert even_odd_area([SQUARE, hole]) == pytest.approx(75.0)
    assert even_odd_area([SQUARE, hole[::-1]]) == pytest.approx(75.0)  # the turn of a ring does not matter
    assert even_odd_area([SQUARE, hole, island]) == pytest.approx(76.0)
    assert even_odd_area([SQUARE, SQUARE + 5.0]) == pytest.approx(150.0)
    assert even_odd_area([SQUARE, SQUARE + np.array([10.0, 0.0])]) == pytest.approx(200.0)
    assert even_odd_area([SQUARE, SQUARE]) == pytest.approx(0.0)


def test_keyhole_has_a_seam_without_width():
    keyhole = np.array(
        [[0, 0], [10, 0], [10, 5], [7, 5.1], [7, 3], [3, 3], [3, 7], [7, 7], [7, 5.1], [10, 5], [10, 10], [0, 10.0]]
    )
    assert even_odd_area([keyhole]) == pytest.approx(84.0)
    cover = partial_area([keyhole], first_centre=(0.5, 0.5), pixel=(1.0, 1.0), shape=(10, 10))
    assert cover.sum() == pytest.approx(84.0)
    assert cover[5, 5] == 0.0 and cover[5, 8] == pytest.approx(1.0)


def test_partial_area_is_cut_at_the_border_and_may_have_other_pixels():
    cover = partial_area([SQUARE], first_centre=(-0.5, 3.0), pixel=(3.0, 2.0), shape=(2, 3))
    assert cover.tolist() == [pytest.approx([1 / 3, 1, 1])] * 2


@settings(deadline=None, max_examples=60)
@given(st.integers(3, 14), st.integers(0, 2**32 - 1))
def test_sum_of_pixels_is_the_area_for_rings_that_cross_themselves(corners, seed):
    rings = [np.random.default_rng(seed).uniform(0.0, 10.0, (corners, 2)) for _ in range(2)]
    cover = partial_area(rings, first_centre=(-0.5, -0.5), pixel=(0.7, 0.9), shape=(14, 17))
    assert cover.sum() * 0.63 == pytest.approx(even_odd_area(rings), abs=1e-6)
    fine = partial_area(rings, first_centre=(0.025, 0.025), pixel=(0.05, 0.05), shape=(200, 200))
    edges = edges_of(rings)
    for row, column in ((40, 50), (100, 100), (130, 77), (77, 160)):
        if fine[row, column] in (0.0, 1.0):
            assert point_inside(edges, 0.025 + 0.05 * column, 0.025 + 0.05 * row) == (fine[row, column] == 1.0)


def test_signed_distance_of_a_circle():
    turn = np.linspace(0.0, 2.0 * np.pi, 400, endpoint=False)
    edges = edges_of([8.0 * np.column_stack([np.cos(turn), np.sin(turn)])])
    found = signed_distance(edges, first_centre=(-12.0, -12.0), pixel_mm=0.5, shape=(49, 49))
    axis = -12.0 + 0.5 * np.arange(49)
    right = np.hypot(axis[None, :], axis[:, None]) - 8.0
    assert np.abs(found - right).max() < 0.05
    assert np.abs(found - right)[np.abs(right) < 0.7].max() < 0.002
