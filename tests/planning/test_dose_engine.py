"""Radiological depth, kernels, pencil beam and the matrix, against what is known of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.sparse import csr_array

from portico.errors import CannotTell, InputRefused, UsageError
from portico.planning.beams import Beam, coplanar
from portico.planning.bixels import bixels_for
from portico.planning.density import DensityTable, densities
from portico.planning.influence import dose_at, imported_influence, influence, predicted_bytes
from portico.planning.kernels import generic_6mv
from portico.planning.pencil_beam import PencilBeam
from portico.planning.ray_depth import depths_mm, surface_mm
from portico.planning.rows import rows_for
from portico.planning.water import DEPTH_MM, box
from portico.rt import Grid

TURNED = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
GRID, WATER = box()
TARGET = np.array([[x, 0.0, z] for x in (-20.0, 0.0, 20.0) for z in (-20.0, 0.0, 20.0)])


def field(width=5.0, **more):
    """A square field of 50 x 50 mm from the front."""
    engine = PencilBeam(WATER, GRID, **more)
    bixels = bixels_for((Beam(0.0),), np.array([[x, 0.0, z] for x in np.arange(-20, 21, 2.5) for z in np.arange(-20, 21, 2.5)]),
                        width_mm=width, margin_mm=0.0)  # fmt: skip
    return engine, bixels


@pytest.mark.parametrize("axes", [np.eye(3), TURNED, np.diag([-1.0, 1.0, -1.0])])
def test_depth_is_the_way_through_water(axes):
    grid, water = box(axes=axes)
    rng = np.random.default_rng(1)
    points = rng.uniform((-120, -90, -120), (120, 190, 120), (400, 3))
    source = np.array([0.0, -1000.0, 0.0])
    way = points - source
    length = np.linalg.norm(way, axis=1)
    wanted = length * (points[:, 1] + DEPTH_MM) / way[:, 1]  # every ray enters through the front
    assert np.abs(depths_mm(water, grid, source, points) - wanted).max() < 1e-6
    assert surface_mm(water, grid, source, np.zeros(3), 0.05) == pytest.approx(900.0)


def test_depth_of_rays_that_run_beside_along_and_within():
    grid, water = box()
    heavy = water * 2.0
    source = np.array([0.0, -1000.0, 0.0])
    points = np.array([[0.0, -500.0, 0.0], [900.0, 0.0, 0.0], [0.0, 500.0, 0.0], [0.0, -1000.0, 0.0]])
    assert depths_mm(heavy, grid, source, points).tolist() == pytest.approx([0.0, 0.0, 600.0, 0.0])
    inside = np.array([0.0, 0.0, 0.0])
    assert depths_mm(water, grid, inside, np.array([[0.0, 50.0, 0.0]]))[0] == pytest.approx(50.0)
    assert surface_mm(np.zeros_like(water), grid, source, np.zeros(3), 0.05) is None


def test_kernels_grow_to_a_maximum_and_fall():
    base = generic_6mv()
    terms = base.depth_terms(np.array([0.0, 5.0, 15.0, 50.0, 100.0, 200.0, 300.0]))
    assert (terms[0] == 0.0).all() and (terms[1:] > 0.0).all()
    table = base.bixel_tables(900.0, 5.0, 50.0)
    assert table.shape == (3, 203, 203)
    for one in table:
        assert np.allclose(one, one[::-1], rtol=1e-5, atol=1e-6 * np.abs(one).max())
        assert np.allclose(one, one.T, rtol=1e-5, atol=1e-6 * np.abs(one).max())
    assert table[0].argmax() == 101 * 203 + 101
    with pytest.raises(CannotTell) as error:
        base.kernel(650.0)
    assert error.value.problem.code == "ssd-out-of-range"


def test_a_wide_bixel_is_the_sum_of_narrow_ones():
    base = generic_6mv()
    narrow, wide = (base.bixel_tables(900.0, width, 60.0) for width in (5.0, 10.0))
    summed = np.zeros_like(narrow)
    for dz in (-5, 5):
        for dx in (-5, 5):
            summed += np.roll(narrow, (dz, dx), axis=(1, 2))
    inner = np.s_[:, 30:-30, 30:-30]
    assert np.abs(summed[inner] - wide[inner]).max() < 1e-4 * wide[0].max()


def test_depth_dose_is_that_of_the_base_data_and_the_inverse_square():
    engine, bixels = field()
    base = generic_6mv()
    depth = np.array([5.0, 15.0, 50.0, 100.0, 200.0, 280.0])
    points = np.column_stack([np.zeros(6), depth - DEPTH_MM, np.zeros(6)])
    single = np.zeros(len(bixels))
    single[np.flatnonzero((bixels.x_mm == 0) & (bixels.z_mm == 0))] = 1.0
    found = dose_at(engine, bixels, single, points)
    tables = base.bixel_tables(900.0, 5.0, 60.0)
    middle = tables.shape[1] // 2
    wanted = (base.depth_terms(depth) @ tables[:, middle, middle]) * (1000.0 / (900.0 + depth)) ** 2
    assert np.abs(found / wanted - 1.0).max() < 1e-5
    whole = dose_at(engine, bixels, np.ones(len(bixels)), points)
    assert 10.0 <= depth[whole.argmax()] <= 20.0  # 6 MV
    assert 0.5 < whole[3] / whole.max() < 0.75


def test_profile_falls_to_half_at_the_edge_of_the_field():
    engine, bixels = field()
    x = np.arange(-60.0, 61.0, 1.0)
    points = np.column_stack([x, np.zeros_like(x), np.zeros_like(x)])
    profile = dose_at(engine, bixels, np.ones(len(bixels)), points)
    profile /= profile[60]
    edge = np.interp(0.5, profile[60:][::-1], x[60:][::-1])
    assert edge == pytest.approx(22.5, abs=0.5)
    assert np.allclose(profile, profile[::-1], atol=1e-5)
    assert (profile[:11] < 0.1).all()


def test_dose_turns_with_beam_and_patient():
    engine, bixels = field()
    turned = dataclasses.replace(bixels, beams=(Beam(90.0),))
    axes = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # front to left
    grid = Grid(axes @ GRID.origin, GRID.spacing, axes, GRID.shape)
    points = np.array([[7.0, -40.0, 3.0], [11.0, 20.0, -9.0]])
    weights = np.random.default_rng(3).uniform(size=len(bixels))
    here = dose_at(engine, bixels, weights, points)
    there = dose_at(PencilBeam(WATER, grid), turned, weights, points @ axes.T)
    assert np.allclose(here, there, rtol=1e-5)


def test_rows_and_columns_of_the_matrix_are_the_doses():
    engine, bixels = field()
    dose = Grid((-60, -80, -60), (6.0, 6.0, 6.0), np.eye(3), (20, 25, 20))
    target, body = np.zeros(dose.shape, bool), np.ones(dose.shape, bool)
    target[8:12, 10:14, 8:12] = True
    rows_taken = rows_for([(target, 1), (body, 3)])
    voxels = rows_taken.voxels
    done = []
    made = influence(engine, bixels, dose, voxels[::-1], progress=lambda *one: done.append(one))
    assert done == [(1, 1)] and made.says == "generic 6 MV, fluence only"
    assert made.matrix.dtype == np.float32 and made.matrix.indices.dtype == np.int32
    rows = made.rows_of(target)
    assert len(rows) == target.sum() and (made.voxels[rows] == np.flatnonzero(target)).all()
    weights = np.random.default_rng(2).uniform(size=len(bixels))
    points = dose.points(np.argwhere(np.ones(dose.shape, bool))[:, ::-1])
    assert np.allclose(made.dose(weights), dose_at(engine, bixels, weights, points[made.voxels]), rtol=1e-5)
    assert predicted_bytes(engine, bixels, dose, voxels) == pytest.approx(made.bytes, rel=0.15)
    one = influence(dataclasses.replace(engine, threads=1), bixels, dose, voxels)
    assert (one.matrix.data == made.matrix.data).all() and (one.matrix.indices == made.matrix.indices).all()
    with pytest.raises(InputRefused, match="shape"):
        made.rows_of(target[:3])


def test_what_would_need_too_much_memory_is_refused_with_the_figure():
    engine, bixels = field()
    fine = Grid((-150, -100, -150), (0.5, 0.5, 0.5), np.eye(3), (600, 600, 600))
    whole = np.arange(0, 600**3, 2000)
    expected = predicted_bytes(engine, bixels, fine, whole)
    with pytest.raises(CannotTell, match="GB") as error:
        influence(engine, bixels, fine, whole, most_bytes=expected // 2)
    assert error.value.problem.code == "too-much-memory"
    assert predicted_bytes(engine, bixels, fine, whole[:0]) == 0


def test_a_beam_beside_the_patient_is_refused():
    engine, bixels = field()
    beside = dataclasses.replace(bixels, beams=(Beam(0.0, isocentre=(600.0, 0.0, 0.0)),))
    with pytest.raises(InputRefused) as error:
        dose_at(engine, beside, np.ones(len(bixels)), np.zeros((1, 3)))
    assert (error.value.problem.code, error.value.problem.path) == ("beam-misses-body", "beam 1")


def test_a_matrix_of_another_program():
    grid = Grid((0, 0, 0), (1, 1, 1), np.eye(3), (2, 2, 2))
    matrix = csr_array(np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]]))
    made = imported_influence(matrix, np.array([5, 0, 3]), grid, says="another program")
    assert made.voxels.tolist() == [0, 3, 5] and made.dose([1.0, 1.0]).tolist() == [2.0, 3.0, 1.0]
    two = bixels_for((Beam(0.0),), np.zeros((1, 3)), width_mm=5.0, margin_mm=0.0)
    for wrong in (
        lambda: imported_influence(matrix, np.array([5, 0]), grid, says="x"),
        lambda: imported_influence(matrix, np.array([5, 5, 3]), grid, says="x"),
        lambda: imported_influence(matrix, np.array([5, 0, 8]), grid, says="x"),
        lambda: imported_influence(matrix, np.array([5, 0, 3]), grid, two, says="x"),
        lambda: imported_influence(-1.0 * matrix, np.array([5, 0, 3]), grid, says="x"),
        lambda: imported_influence(matrix * np.nan, np.array([5, 0, 3]), grid, says="x"),
        lambda: imported_influence(matrix.toarray(), np.array([5, 0, 3]), grid, says="x"),
        lambda: imported_influence(matrix, np.array([5, 0, 3]), grid, says=""),
    ):
        with pytest.raises(InputRefused) as error:
            wrong()
        assert error.value.problem.code == "matrix-invalid"


def test_densities():
    table = DensityTable((-1000.0, 0.0, 2000.0), (0.0, 1.0, 2.0), "test")
    hu = np.full((2, 2, 2), 1000.0)
    metal, body = np.zeros(hu.shape, bool), np.ones(hu.shape, bool)
    metal[0, 0, 0], body[1, 1, 1] = True, False
    made = densities(hu, table, body=body, overrides=[(metal, 4.5)])
    assert made[0, 0, 0] == 4.5 and made[1, 1, 1] == 0.0 and made[0, 1, 0] == 1.5
    cases = [
        ("no-density-table", InputRefused, lambda: densities(hu, None)),
        ("ct-damaged", InputRefused, lambda: densities(hu * np.nan, table)),
        ("mask-shape", InputRefused, lambda: densities(hu, table, body=body[:1])),
        ("density-override", UsageError, lambda: densities(hu, table, overrides=[(metal, 40.0)])),
        ("density-table", UsageError, lambda: DensityTable((0.0, 0.0), (1.0, 1.0), "x")),
        ("density-table", UsageError, lambda: DensityTable((0.0, 1.0), (1.0, float("nan")), "x")),
        ("density-table", UsageError, lambda: DensityTable((0.0, 1.0), (1.0, 1.0), " ")),
        ("density-table", UsageError, lambda: DensityTable((0.0,), (1.0,), "x")),
    ]
    for code, kind, call in cases:
        with pytest.raises(kind) as error:
            call()
        assert error.value.problem.code == code


def test_rows_stand_for_the_voxels_of_their_part():
    target, organ, body = np.zeros((9, 9, 9), bool), np.zeros((9, 9, 9), bool), np.ones((9, 9, 9), bool)
    target[2:4, 2:4, 2:4], organ[:, :, 3:8] = True, True
    rows = rows_for([(target, 1), (organ, 2), (body, 3)])
    assert (np.diff(rows.voxels) > 0).all()
    for mask in (target, organ, body, organ & ~target):
        numbers, voxels = rows.of(mask)
        assert mask.ravel()[rows.voxels[numbers]].all()
        assert voxels.sum() == pytest.approx(mask.sum())
    numbers, voxels = rows.of(target)
    assert len(numbers) == target.sum() and (voxels == 1.0).all()
    assert rows.of(organ)[1].min() == pytest.approx(1.0)  # inside the target each voxel is a row
    corner = np.zeros_like(body)
    corner[0, 0, 0] = True
    assert len(rows.of(corner)[0]) == 0


def test_a_part_that_its_stride_would_miss_is_taken_whole():
    target, small = np.zeros((6, 6, 6), bool), np.zeros((6, 6, 6), bool)
    target[2, 2, 2], small[0, 0, :2] = True, True
    assert len(rows_for([(target, 1), (small, 3)])) == 3
    assert len(rows_for([(target, 1), (target, 2)])) == 1
    for code, kind, call in (
        ("target-empty", InputRefused, lambda: rows_for([])),
        ("target-empty", InputRefused, lambda: rows_for([(target & ~target, 1)])),
        ("mask-shape", InputRefused, lambda: rows_for([(target, 1), (small[:2], 1)])),
        ("row-stride", UsageError, lambda: rows_for([(target, 0)])),
    ):
        with pytest.raises(kind) as error:
            call()
        assert error.value.problem.code == code


def test_nine_beams_meet_in_the_middle():
    engine = PencilBeam(WATER, GRID)
    bixels = bixels_for(coplanar(9, (0.0, 50.0, 0.0)), TARGET + np.array([0.0, 50.0, 0.0]), width_mm=10.0)
    points = np.array([[0.0, 50.0, 0.0], [0.0, -50.0, 0.0], [100.0, 50.0, 0.0]])
    dose = dose_at(engine, bixels, np.ones(len(bixels)), points)
    assert dose[0] > 1.5 * dose[1:].max()
