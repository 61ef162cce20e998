"""Margins, set operations and smoothing of masks: against balls and boxes, and against SlicerRT on the Eclipse prostate case."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "dosimetry"))
import SimpleITK
from surface_contours import read_contours

from portico.errors import InputRefused
from portico.geometry import slices_of
from portico.geometry.masks import Margins, difference, distance_mm, grown, intersection, shrunk, smoothed, union
from portico.geometry.raster import partial_area
from portico.rt import Grid

DATA = Path(__file__).parents[1] / "data" / "rt" / "slicerrt"
#: Grid of SlicerRT's labels: the patient's LPS, pixels of 0.977 mm, slices of 2.5 mm; a window of it.
SPACING = (0.9765625, 0.9765625, 2.5)
FIRST = (150, 150, -30)
PROSTATE = Grid((-250 + SPACING[0] * FIRST[0], -250 + SPACING[1] * FIRST[1], -122.5 + SPACING[2] * FIRST[2]), SPACING, np.eye(3), (100, 200, 200))  # fmt: skip


def reference(name):
    image = SimpleITK.ReadImage(str(DATA / f"EclipseProstate_{name}.seg.nrrd"))
    low_i, high_i, low_j, high_j, low_k, high_k = (int(one) for one in image.GetMetaData("Segmentation_Extent").split())
    mask = np.zeros(PROSTATE.shape, bool)
    window = [slice(low - first, high + 1 - first) for low, high, first in ((low_k, high_k, FIRST[2]), (low_j, high_j, FIRST[1]), (low_i, high_i, FIRST[0]))]  # fmt: skip
    mask[tuple(window)] = SimpleITK.GetArrayFromImage(image)[0].astype(bool)
    return mask


def structure(number):
    found = slices_of(read_contours(DATA / f"structure_{number}.vtp", number, "x"))
    mask = np.zeros(PROSTATE.shape, bool)
    for z, rings in zip(found.z, found.polygons, strict=True):
        level = round((z - PROSTATE.origin[2]) / SPACING[2])
        share = partial_area(
            rings, first_centre=tuple(PROSTATE.origin[:2]), pixel=SPACING[:2], shape=PROSTATE.shape[1:]
        )
        mask[level] = share >= 0.5
    return mask


@pytest.fixture(scope="module")
def organs():
    return {"Bladder": structure(1), "PTV": structure(4), "Rectum": structure(5)}


def dice(one, two):
    return 2.0 * (one & two).sum() / (one.sum() + two.sum())


#: SlicerRT's "5 mm" on these voxels is an ellipsoid of 11 x 11 x 5 voxels: 5.4 mm across and 6.25 mm along the patient.
KERNEL = Margins(*[5.5 * SPACING[0]] * 4, 2.5 * SPACING[2], 2.5 * SPACING[2])


@pytest.mark.parametrize(
    ("name", "organ", "make"),
    [
        ("Expanded_5_5_5_Bladder", "Bladder", grown),
        ("Expanded_5_5_5_Rectum", "Rectum", grown),
        ("Shrunk_5_5_5_Bladder", "Bladder", shrunk),
    ],
)
def test_margins_of_slicerrt(organs, name, organ, make):
    right, ours = reference(name), make(organs[organ], PROSTATE, KERNEL)
    assert ours.sum() == pytest.approx(right.sum(), rel=0.001) and dice(ours, right) > 0.999


@pytest.mark.parametrize(("name", "make"), [("Union", union), ("Intersect", intersection), ("Subtract", difference)])
def test_set_operations_of_slicerrt(organs, name, make):
    right, ours = reference(f"Bladder_{name}_PTV"), make(organs["Bladder"], organs["PTV"])
    apart = int((ours ^ right).sum())
    assert apart <= 2 or (ours.sum() == pytest.approx(right.sum(), rel=0.01) and dice(ours, right) > 0.98)


GRIDS = [
    Grid((-30, -30, -30), (1.0, 1.0, 1.0), np.eye(3), (61, 61, 61)),
    Grid((-30, -30, -30), (1.0, 1.0, 2.0), np.eye(3), (31, 61, 61)),
    Grid((30, -30, 30), (1.5, 1.0, 3.0), np.diag([-1.0, 1.0, -1.0]), (21, 61, 41)),
]


def radius(grid):
    k, j, i = (one.ravel() for one in np.indices(grid.shape))
    return np.linalg.norm(grid.points(np.column_stack([i, j, k])), axis=1).reshape(grid.shape)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("mm", [3.0, 5.0, 7.3])
def test_a_ball_grows_and_shrinks_within_half_a_voxel(grid, mm):
    r = radius(grid)
    ball, half = r <= 15.0, 0.5 * float(np.linalg.norm(grid.spacing))
    for made, right in ((grown(ball, grid, mm), 15.0 + mm), (shrunk(ball, grid, mm), 15.0 - mm)):
        assert r[made].max() <= right + half and r[~made].min() >= right - half
        assert (0.75 * made.sum() * np.prod(grid.spacing) / np.pi) ** (1 / 3) == pytest.approx(right, abs=half)
    assert (grown(ball, grid, Margins.all_round(mm)) == grown(ball, grid, mm)).all()
    assert (shrunk(ball, grid, Margins.all_round(mm)) == shrunk(ball, grid, mm)).all()


@pytest.mark.parametrize(
    "axes", [np.eye(3), np.diag([-1.0, -1.0, 1.0]), np.array([[0.0, 0, 1], [-1, 0, 0], [0, 1, 0]])]
)
def test_each_side_of_the_patient_has_its_margin(axes):
    grid = Grid(-axes @ np.full(3, 20.0), (1, 1, 1), axes, (41, 41, 41))
    mask = np.zeros(grid.shape, bool)
    mask[20, 20, 20] = True
    found = grid.points(np.argwhere(grown(mask, grid, Margins(5, 0, 2, 3, 4, 1)))[:, ::-1])
    assert found.min(axis=0).tolist() == [0.0, -2.0, -1.0] and found.max(axis=0).tolist() == [5.0, 3.0, 4.0]
    assert grown(mask, grid, Margins.all_round(0.0)).sum() == 1


def test_shrinking_from_a_side_takes_from_that_side():
    grid = Grid((0, 0, 0), (1, 1, 1), np.eye(3), (21, 21, 21))
    mask = np.zeros(grid.shape, bool)
    mask[5:16, 5:16, 5:16] = True
    found = np.argwhere(shrunk(mask, grid, Margins(3, 0, 0, 0, 0, 0)))[:, ::-1]
    assert found.min(axis=0).tolist() == [5, 5, 5] and found.max(axis=0).tolist() == [
        12,
        15,
        15,
    ]  # from the left, where x is high


def test_growing_ends_at_the_grid_and_beyond_it_is_outside():
    grid = Grid((0, 0, 0), (1, 1, 1), np.eye(3), (5, 5, 5))
    full = np.ones(grid.shape, bool)
    assert grown(full, grid, 3.0).all() and shrunk(full, grid, 1.0).sum() == 27
    assert not grown(~full, grid, 3.0).any()


def test_distance():
    grid = Grid((0, 0, 0), (1, 2, 3), np.eye(3), (5, 5, 5))
    mask = np.zeros(grid.shape, bool)
    mask[2, 2, 2] = True
    found = distance_mm(mask, grid)
    assert (found[2, 2, 4], found[2, 4, 2], found[4, 2, 2], found[2, 2, 2]) == (2.0, 4.0, 6.0, -1.0)


@pytest.mark.parametrize("sigma", [0.0, 1.0, 3.0])
def test_smoothing_keeps_the_volume(sigma):
    grid = GRIDS[1]
    rough = (radius(grid) <= 14.0) ^ (np.random.default_rng(2).random(grid.shape) < 0.04)
    found = smoothed(rough, grid, sigma)
    assert found.sum() == rough.sum()
    edges = [int((one[1:] != one[:-1]).sum()) for one in (rough, found)]
    assert edges[1] < edges[0] if sigma else edges[0] == edges[1]


def test_what_is_refused():
    grid, other = GRIDS[0], np.zeros((2, 2, 2), bool)
    angle = np.radians(3)
    tilted = Grid((0, 0, 0), (1, 1, 1), np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]), (2, 2, 2))  # fmt: skip
    calls = {
        "mask-shape": [lambda: grown(other, grid, 1.0), lambda: shrunk(other, grid, 1.0), lambda: smoothed(other, grid, 1.0), lambda: union(other, np.zeros((1, 1, 1), bool)), union],
        "bad-margin": [lambda: Margins(-1, 0, 0, 0, 0, 0), lambda: Margins.all_round(float("nan")), lambda: grown(np.zeros(grid.shape, bool), grid, -2.0), lambda: smoothed(np.zeros(grid.shape, bool), grid, -1.0)],
        "mask-empty": [lambda: distance_mm(np.zeros(grid.shape, bool), grid)],
        "oblique": [lambda: grown(np.ones((2, 2, 2), bool), tilted, Margins.all_round(1.0))],
    }  # fmt: skip
    for code, several in calls.items():
        for call in several:
            with pytest.raises(InputRefused) as caught:
                call()
            assert caught.value.code == code
