"""The body between slices."""

from __future__ import annotations

import numpy as np
import pytest

from portico.errors import CannotTell
from portico.geometry import Slices, boxes_of, pieces_of

SQUARE = np.array([[0.0, 0.0], [20.0, 0.0], [20.0, 20.0], [0.0, 20.0]])


def slices(*levels, step=2.0):
    return Slices(step * np.arange(len(levels)), tuple(tuple(level) for level in levels))


def volume(body, end_cap, **more):
    made = sum(boxes[:, 3].sum() for boxes in boxes_of(body, end_cap=end_cap, **more))
    assert made == pytest.approx(sum(p.span.volume_mm3 for p in pieces_of(body, end_cap=end_cap, **more)), rel=1e-6)
    return made


@pytest.mark.parametrize(("end_cap", "height"), [("none", 8), ("half", 10), ("full", 12), ("tapered", 10)])
def test_rules_on_a_block(end_cap, height):
    assert volume(slices(*[[SQUARE]] * 5), end_cap) == pytest.approx(400.0 * height)


@pytest.mark.parametrize("phase", np.arange(0.025, 1.0, 0.1))
def test_tapered_ball_is_the_ball_at_every_phase(phase):
    turn = 2.0 * np.pi * np.arange(300) / 300
    circle = np.column_stack([np.cos(turn), np.sin(turn)])
    z = np.arange(-12.0 + 2.0 * phase, 12.0, 2.0)
    body = Slices(z, tuple((np.sqrt(144.0 - h * h) * circle,) for h in z))
    assert volume(body, "tapered") == pytest.approx(4.0 / 3.0 * np.pi * 12.0**3, rel=5e-4)


def test_single_slice_needs_its_thickness():
    with pytest.raises(CannotTell) as caught:
        pieces_of(slices([SQUARE]), end_cap="half")
    assert caught.value.code == "single-slice"
    assert volume(slices([SQUARE]), "half", slice_mm=3.0) == pytest.approx(1200.0)


def test_a_part_that_ends_gets_its_own_cap_and_does_not_feed_the_other():
    small = SQUARE * 0.2 + [40.0, 0.0]  # 16 mm², on the first two slices only
    body = slices([SQUARE, small], [SQUARE, small], [SQUARE], [SQUARE])
    assert volume(body, "half") == pytest.approx(400.0 * 8.0 + 16.0 * 4.0)
    boxes = np.vstack(list(boxes_of(body, end_cap="half")))
    assert boxes[boxes[:, 0] > 30.0, 3].sum() == pytest.approx(16.0 * 4.0)


def test_a_gap_is_not_filled():
    body = Slices(np.array([0.0, 2.0, 4.0, 10.0, 12.0]), ((SQUARE,),) * 5)
    assert volume(body, "half") == pytest.approx(400.0 * (6.0 + 4.0))


def test_a_branching_body_keeps_the_sum_of_its_areas():
    left, right = SQUARE * [0.4, 1.0], SQUARE * [0.4, 1.0] + [12.0, 0.0]
    body = slices([SQUARE], [SQUARE], [left, right], [left, right])
    assert volume(body, "half") == pytest.approx(400.0 * 3.0 + 360.0 * 2.0 + 320.0 * 3.0)


def test_an_oblique_thin_body_is_followed():
    small = SQUARE * 0.1  # 2 mm wide, moves 3 mm per slice
    body = slices(*[[small + np.array([3.0 * k, 0.0])] for k in range(5)])
    boxes = np.vstack(list(boxes_of(body, end_cap="none")))
    assert boxes[:, 3].sum() == pytest.approx(4.0 * 8.0)
    middle = boxes[np.abs(boxes[:, 2] - 3.0) < 0.3]
    assert np.average(middle[:, 0], weights=middle[:, 3]) == pytest.approx(1.0 + 4.5, abs=0.5)


def test_a_hole_stays_open():
    body = slices(*[[SQUARE, SQUARE * 0.5 + 5.0]] * 4)
    boxes = np.vstack(list(boxes_of(body, end_cap="half")))
    inside = (np.abs(boxes[:, 0] - 10.0) < 4.5) & (np.abs(boxes[:, 1] - 10.0) < 4.5)
    assert boxes[:, 3].sum() == pytest.approx(300.0 * 8.0) and not inside.any()
