"""Contours into slices."""

from __future__ import annotations

import numpy as np
import pytest

from portico.errors import InputRefused
from portico.geometry import slices_of
from portico.rt.structures import Contour, Structure

SQUARE = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]])


def at(z, ring=SQUARE, kind="CLOSED_PLANAR"):
    return Contour(np.column_stack([ring, np.full(len(ring), float(z))]), kind)


def structure(*contours):
    return Structure(1, "A", tuple(contours))


def test_slices_are_sorted_and_joined():
    found = slices_of(structure(at(4), at(2), at(4.01, SQUARE * 0.5 + 2), at(0)))
    assert found.z.tolist() == [0.0, 2.0, 4.0]
    assert found.areas_mm2.tolist() == pytest.approx([100.0, 100.0, 75.0])
    assert found.step_mm == 2.0 and found.gaps == () and found.rule == "even-odd"


def test_gap_is_named():
    assert slices_of(structure(*(at(z) for z in (0, 2, 4, 10, 12)))).gaps == ((4.0, 10.0),)


def test_points_and_lines_are_counted_not_lost():
    found = slices_of(structure(at(0), at(0, SQUARE[:1], "POINT"), at(0, SQUARE[:2]), at(0, SQUARE, "OPEN_PLANAR")))
    assert found.skipped == 3 and len(found.polygons[0]) == 1


def test_the_same_ring_twice_does_not_cancel_unless_xor():
    assert slices_of(structure(at(0), at(0, SQUARE[::-1]))).duplicates == 1
    assert slices_of(structure(*(at(0, kind="CLOSEDPLANAR_XOR"),) * 2)).areas_mm2[0] == pytest.approx(0.0)


def test_repeated_points_are_cleaned():
    ring = np.vstack([SQUARE, SQUARE[-1:], SQUARE[:1]])
    assert len(slices_of(structure(at(0, ring))).polygons[0][0]) == 4


@pytest.mark.parametrize(
    ("contour", "code"),
    [
        (Contour(np.array([[0, 0, 0], [1, 0, 0], [1, 1, 2.0]]), "CLOSED_PLANAR"), "contour-not-axial"),
        (Contour(np.array([[0, 0, 0], [1, 0, 0], [1, np.nan, 0]]), "CLOSED_PLANAR"), "contour-not-finite"),
        (Contour(np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0.0]]), "OPEN_NONPLANAR"), "contour-not-planar"),
        (Contour(np.array([[0.0, 0, 0]]), "POINT"), "structure-without-area"),
    ],
)
def test_refusals(contour, code):
    with pytest.raises(InputRefused) as caught:
        slices_of(structure(contour))
    assert caught.value.code == code
