"""Courses added voxel by voxel, each as EQD2 with its own fractions."""

from __future__ import annotations

import doctest
import time
from dataclasses import replace

import check_sample as made
import numpy as np
import pytest

from pace import pace
from portico.biology import eqd2
from portico.claims import run
from portico.dosimetry import EarlierDose, accumulate_eqd2, accumulation, dvh, neural_maximum
from portico.dosimetry.accumulation import around, eqd2_grid, resampled
from portico.errors import CannotTell, InputRefused, QuantityRefused
from portico.rt import DoseGrid, Grid

SAC = made.box(20, "ThecalSac", (-8, 8), (8, 26), (-50, 50), "ORGAN")


def moved(x=0.0, y=0.0, z=0.0):
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


def uniform(gy, **more):
    return made.dose(top=gy, slope=0.0, **more)


def code_of(call, kind=InputRefused):
    with pytest.raises(kind) as caught:
        call()
    return caught.value.code


def test_the_array_formula_is_that_of_the_biology_room():
    doses = np.linspace(0.0, 80.0, 161)
    for fractions in (1, 2, 5, 10, 30):
        for ratio in (0.9, 2.0, 3.0, 10.0):
            assert eqd2_grid(doses, fractions, ratio).tolist() == [eqd2(gy, fractions, ratio) for gy in doses]
    assert code_of(lambda: eqd2_grid(doses, 0, 2.0), QuantityRefused) == "count-out-of-range"
    assert code_of(lambda: eqd2_grid(doses, 5, 0.0), QuantityRefused) == "not-positive"


def test_uniform_doses_add_each_with_its_own_fractions():
    found = accumulate_eqd2(uniform(10.0), 1, [EarlierDose(uniform(30.0), 10), EarlierDose(uniform(20.0), 5)], 2.0)
    right = eqd2(10.0, 1, 2.0) + eqd2(30.0, 10, 2.0) + eqd2(20.0, 5, 2.0)
    assert np.all(found.eqd2.gy == right) and not found.unknown.any()
    assert found.maximum_gy(SAC) == pytest.approx(right) and neural_maximum(found, SAC).bound == "exact"
    assert found.eqd2.dose_type == "EFFECTIVE" and found.eqd2.uid is None
    assert accumulate_eqd2(uniform(10.0), 1, [], 2.0).maximum_gy(SAC) == pytest.approx(eqd2(10.0, 1, 2.0))


def test_a_sum_is_not_summed_again():
    found = accumulate_eqd2(uniform(10.0), 1, [], 2.0)
    assert code_of(lambda: accumulate_eqd2(found.eqd2, 1, [], 2.0)) == "dose-not-physical"
    assert code_of(lambda: EarlierDose(replace(found.eqd2, summation="PLAN"), 5)) == "dose-not-physical"


def test_a_transform_moves_the_earlier_dose():
    current, earlier = uniform(0.0), made.dose(top=40.0, slope=0.5)
    plain = accumulate_eqd2(current, 1, [EarlierDose(earlier, 20)], 2.0)
    shifted = accumulate_eqd2(current, 1, [EarlierDose(earlier, 20, moved(y=10.0))], 2.0)
    # what lay at y lies at y + 10 now
    y = -80 + 2 * np.arange(81)
    at = {mm: int(np.flatnonzero(y == mm)[0]) for mm in (20, 30)}
    assert shifted.eqd2.gy[40, at[30], 40] == pytest.approx(plain.eqd2.gy[40, at[20], 40])
    assert shifted.unknown[:, :4].all() and not shifted.unknown[:, 10:].any()


def test_a_turn_about_z():
    turn = moved()
    turn[:2, :2] = [[0, -1], [1, 0]]  # y to -x
    found = accumulate_eqd2(uniform(0.0), 1, [EarlierDose(made.dose(top=40.0, slope=0.5), 20, turn)], 2.0)
    assert found.eqd2.gy[40, 40, 20] == pytest.approx(eqd2(20.0, 20, 2.0))  # x = -40 was y = 40
    assert found.eqd2.gy[40, 40, 60] == pytest.approx(40.0)


def test_grids_of_any_direction():
    earlier = made.dose(top=40.0, slope=0.5)
    axes = np.array([[0, 0, -1], [-1, 0, 0], [0, 1, 0]], float)  # i along -y, j along z, k along -x
    grid = Grid((20, 40, -40), (4, 5, 10), axes, (5, 17, 21))
    flipped = DoseGrid(grid, np.zeros(grid.shape), "PLAN", made.FRAME, "PHYSICAL")
    gy, unknown = resampled(EarlierDose(earlier, 10), flipped)
    k, j, i = 2, 3, 7
    y = grid.points([[i, j, k]])[0, 1]
    assert gy.gy[k, j, i] == pytest.approx(40.0 - 0.5 * max(0.0, y)) and not unknown.any()


def test_the_physical_dose_is_read_between_voxels_and_then_converted():
    earlier = made.dose(top=40.0, slope=1.0, spacing=4.0, low=(-80, -80, -80), high=(80, 80, 80))
    found = accumulate_eqd2(uniform(0.0), 1, [EarlierDose(earlier, 10)], 2.0)
    y = -80 + 2 * np.arange(81)
    at = int(np.flatnonzero(y == 10)[0])  # between the points 8 and 12
    assert found.eqd2.gy[40, at, 40] == pytest.approx(eqd2(30.0, 10, 2.0))


def test_what_an_earlier_grid_does_not_reach_is_unknown_and_a_lower_bound():
    short = uniform(30.0, high=(80, 80, 20))
    found = accumulate_eqd2(uniform(10.0), 2, [EarlierDose(short, 10)], 2.0)
    assert found.unknown.any() and not found.unknown.all()
    assert code_of(lambda: found.maximum_gy(SAC), CannotTell) == "earlier-dose-unknown"
    bound = neural_maximum(found, SAC)
    assert (bound.bound, bound.code) == ("at_least", "earlier-dose-unknown")
    assert bound.gy == pytest.approx(eqd2(10.0, 2, 2.0) + 37.5)
    below = made.box(21, "below", (-8, 8), (8, 26), (-50, 0), "ORGAN")
    assert neural_maximum(found, below).bound == "exact"


def test_an_earlier_grid_far_away_is_unknown_everywhere():
    for far in (moved(x=1000.0), moved(z=-1e6)):
        found = accumulate_eqd2(uniform(10.0), 2, [EarlierDose(uniform(30.0), 10, far)], 2.0)
        assert found.unknown.all() and np.all(found.eqd2.gy == eqd2(10.0, 2, 2.0))


def test_a_structure_off_the_current_grid():
    found = accumulate_eqd2(uniform(10.0, high=(80, 80, 20)), 2, [EarlierDose(uniform(30.0), 10)], 2.0)
    assert neural_maximum(found, SAC).code == "structure-off-dose-grid"
    outside = made.box(22, "out", (-8, 8), (8, 26), (40, 50), "ORGAN")
    assert code_of(lambda: neural_maximum(found, outside), CannotTell) == "structure-off-dose-grid"


def test_frames_of_reference():
    other = replace(made.dose(), frame_uid="9.9")
    nowhere = replace(made.dose(), frame_uid=None)
    for current, earlier in ((made.dose(), other), (made.dose(), nowhere), (nowhere, nowhere)):
        code = code_of(
            lambda current=current, earlier=earlier: accumulate_eqd2(current, 2, [EarlierDose(earlier, 10)], 2.0)
        )
        assert code == "frame-differs"
    assert accumulate_eqd2(made.dose(), 2, [EarlierDose(other, 10, np.eye(4))], 2.0).unknown.sum() == 0


def test_transforms_that_are_none():
    for matrix in (np.eye(3), 2 * np.eye(4), np.diag([1.0, 1.0, -1.0, 1.0]), np.full((4, 4), np.nan)):
        assert code_of(lambda matrix=matrix: EarlierDose(made.dose(), 10, matrix)) == "not-rigid"


@pytest.mark.parametrize("summation", ["BEAM", "FRACTION", "MULTI_PLAN"])
def test_a_dose_that_is_not_one_whole_course(summation):
    assert code_of(lambda: EarlierDose(replace(made.dose(), summation=summation), 10)) == "not-whole-dose"


def test_fractions():
    for fractions in (0, -1, 2.0, True):
        assert code_of(lambda fractions=fractions: EarlierDose(made.dose(), fractions)) == "fractions-implausible"
    unknown = EarlierDose(made.dose(), None)
    assert code_of(lambda: accumulate_eqd2(made.dose(), 2, [unknown], 2.0), CannotTell) == "fractions-unknown"


def test_values_that_are_no_dose():
    for value in (np.nan, np.inf, -1.0):
        bad = made.dose()
        gy = bad.gy.copy()
        gy[40, 40, 40] = value
        bad = replace(bad, gy=gy)
        assert code_of(lambda bad=bad: accumulate_eqd2(bad, 2, [], 2.0)) == "dose-not-finite"
        assert code_of(lambda bad=bad: accumulate_eqd2(made.dose(), 2, [EarlierDose(bad, 5)], 2.0)) == "dose-not-finite"


def test_a_part_around_a_structure_gives_the_same_maximum():
    current, earlier = made.dose(top=24.5, slope=0.9), EarlierDose(made.dose(top=40.0, slope=0.5), 10, moved(y=3.3))
    whole = accumulate_eqd2(current, 2, [earlier], 2.0)
    part = around(current, SAC)
    assert part.gy.size < 0.1 * current.gy.size
    assert accumulate_eqd2(part, 2, [earlier], 2.0).maximum_gy(SAC) == pytest.approx(whole.maximum_gy(SAC), abs=1e-9)
    assert dvh(SAC, part).volume_cm3 == pytest.approx(dvh(SAC, current).volume_cm3) and dvh(SAC, part).complete


def test_three_courses_take_less_than_a_second():
    shape, spacing = (120, 150, 150), np.array([2.0, 2.0, 2.5])
    grid = Grid(np.zeros(3), spacing, np.eye(3), shape)
    dose = DoseGrid(grid, np.full(shape, 20.0, np.float32), "PLAN", made.FRAME, "PHYSICAL")
    turn = moved(x=5.0, z=-3.0)
    turn[:2, :2] = [[0.8, -0.6], [0.6, 0.8]]
    earlier = [EarlierDose(dose, 10, turn), EarlierDose(dose, 5)]
    seconds = []
    for _ in range(4):  # the first one compiles
        start = time.process_time()
        accumulate_eqd2(dose, 2, earlier, 2.0)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 1.0 * pace()


def test_the_chapter_holds():
    claims = list(run(["accumulation"]))
    assert 10 <= len(claims) <= 30 and [one.claim for one in claims if not one.ok] == []


def test_examples_in_docstrings():
    assert doctest.testmod(accumulation).failed == 0
