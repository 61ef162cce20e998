"""Structures laid on an image, in every orientation of its axes."""

from __future__ import annotations

import numpy as np
import pytest

from portico.errors import CannotTell, InputRefused
from portico.geometry import mask_of_structure
from portico.rt import Contour, Grid, Structure

TURN = np.linspace(0, 2 * np.pi, 200, endpoint=False)
HEIGHTS = np.arange(-12.0, 13.0, 3.0)


def structure(heights=HEIGHTS):
    """An ellipse off the middle: 18 mm to the left, 6 mm to the back."""
    ring = np.column_stack([18 + 20.3 * np.cos(TURN), 6 + 14.6 * np.sin(TURN)])
    return Structure(
        1, "one", tuple(Contour(np.column_stack([ring, np.full(len(ring), z)]), "CLOSED_PLANAR") for z in heights)
    )


def grid(i, j, k, spacing=(1.0, 1.5, 3.0)):
    axes = np.array([i, j, k], float).T
    counts = (81, 61, 13)
    return Grid(-axes @ (0.5 * (np.array(counts) - 1) * spacing), np.array(spacing), axes, counts[::-1])


@pytest.mark.parametrize("head", [1, -1])
@pytest.mark.parametrize(
    ("i", "j"),
    [((1, 0, 0), (0, 1, 0)), ((-1, 0, 0), (0, -1, 0)), ((-1, 0, 0), (0, 1, 0)), ((1, 0, 0), (0, -1, 0)),
     ((0, 1, 0), (1, 0, 0)), ((0, -1, 0), (1, 0, 0)), ((0, 1, 0), (-1, 0, 0)), ((0, -1, 0), (-1, 0, 0))],
)  # fmt: skip
def test_left_and_back_stay_there(i, j, head):
    image = grid(i, j, (0, 0, head))
    mask = mask_of_structure(structure(), image)
    points = image.points(np.argwhere(mask)[:, ::-1])
    assert points.mean(axis=0) == pytest.approx([18, 6, 0], abs=0.1)
    assert mask.sum() * image.voxel_cm3 == pytest.approx(np.pi * 20.3 * 14.6 * 3 * len(HEIGHTS) / 1000, rel=0.02)


def test_contours_between_or_without_slices_are_refused():
    image = grid((1, 0, 0), (0, 1, 0), (0, 0, 1))
    for heights in (HEIGHTS + 1.5, HEIGHTS[::2]):
        with pytest.raises(CannotTell) as caught:
            mask_of_structure(structure(heights), image)
        assert caught.value.code == "slices-differ"
    turned = grid((1, 0, 0), (0, 0, 1), (0, -1, 0))
    with pytest.raises(InputRefused, match="axial"):
        mask_of_structure(structure(), turned)
    assert not mask_of_structure(structure(HEIGHTS + 300), image).any()


def test_two_pieces_are_one_structure_and_left_out_slices_are_not():
    image = Grid((-40.0, -30.0, 0.0), (1.0, 1.0, 3.0), np.eye(3), (50, 61, 81))
    pieces = [*range(5, 15), *range(35, 45)]
    mask = mask_of_structure(structure([3.0 * k for k in pieces]), image)
    assert np.flatnonzero(mask.any(axis=(1, 2))).tolist() == pieces
    for left_out in (range(5, 45, 2), range(5, 45, 5), [k for k in range(5, 45) if k % 3]):
        with pytest.raises(CannotTell) as caught:
            mask_of_structure(structure([3.0 * k for k in left_out]), image)
        assert caught.value.code == "slices-differ"
