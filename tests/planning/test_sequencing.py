"""Leaves and segments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from portico.errors import CannotTell, UsageError
from portico.planning import Aims, Beam, PlanSettings, bixels_for, lines_of, prepare
from portico.planning.leaves import LIKE_MILLENNIUM, Collimator
from portico.planning.sequencing import segments_of, sequenced, sweep

ALIGNED = Collimator("rows of 5 mm", np.arange(-102.5, 103.0, 5.0), 200.0, 150.0)
FIELD = np.array([[x, 0.0, z] for x in range(-25, 26) for z in range(-25, 26)], float)


def test_the_collimator_has_sixty_pairs():
    assert LIKE_MILLENNIUM.pairs == 60
    widths = np.diff(LIKE_MILLENNIUM.edges_mm)
    assert (widths[:10] == 10).all() and (widths[10:50] == 5).all() and (widths[50:] == 10).all()
    assert LIKE_MILLENNIUM.edges_mm[0] == -200 and LIKE_MILLENNIUM.edges_mm[-1] == 200


@pytest.mark.parametrize("seed", range(20))
def test_a_sweep_gives_back_its_profile_with_the_least_weight(seed):
    profile = np.random.default_rng(seed).integers(0, 9, 12)
    rises, falls = sweep(profile)
    assert rises == sorted(rises) and falls == sorted(falls)
    assert all(a < b for a, b in zip(rises, falls, strict=True))
    made = np.zeros(len(profile), int)
    for a, b in zip(rises, falls, strict=True):
        made[a:b] += 1
    assert (made == profile).all()
    assert len(rises) == np.maximum(np.diff(np.concatenate([[0], profile])), 0).sum()


@pytest.mark.parametrize("seed", range(5))
def test_segments_give_back_a_fluence_of_whole_steps(seed):
    bixels = bixels_for((Beam(0.0), Beam(90.0)), FIELD, width_mm=5.0)
    rng = np.random.default_rng(seed)
    weights = rng.integers(0, 11, len(bixels)).astype(float)
    for beam in (0, 1):
        weights[np.flatnonzero(bixels.beam == beam)[0]] = 10.0  # so that a step is 1
    made = segments_of(bixels, weights, levels=10, collimator=ALIGNED)
    assert np.allclose(made.fluence(bixels) @ made.weight, weights)
    assert (made.right_mm >= made.left_mm).all()
    for beam in (0, 1):
        own = made.beam == beam
        moving = made.right_mm[own] > made.left_mm[own]
        assert moving.any(axis=1).all()


def test_leaves_that_cut_bixels_share_them_by_area():
    bixels = bixels_for((Beam(0.0),), FIELD, width_mm=5.0)
    made = segments_of(bixels, np.ones(len(bixels)), levels=2)
    inner = (np.abs(bixels.x_mm) < 25) & (np.abs(bixels.z_mm) < 25)
    fluence = made.fluence(bixels) @ made.weight
    assert np.allclose(fluence[inner], 1.0)
    assert len(made) == 1
    assert segments_of(bixels, np.zeros(len(bixels))).weight.sum() == 0.0


def test_what_leaves_cannot_do():
    bixels = bixels_for((Beam(0.0),), FIELD, width_mm=5.0)
    for levels in (1, 101):
        with pytest.raises(UsageError):
            segments_of(bixels, np.ones(len(bixels)), levels=levels)
    far = replace(bixels, x_mm=bixels.x_mm + 190.0)
    with pytest.raises(CannotTell) as error:
        segments_of(far, np.ones(len(far)))
    assert error.value.problem.code == "leaf-limits"
    with pytest.raises(CannotTell):
        LIKE_MILLENNIUM.check(np.zeros((1, 60)), np.full((1, 60), -1.0))


def test_a_sequenced_plan_keeps_the_cord(spine, directive, table):
    prepared = prepare(spine, directive, table, PlanSettings(beams=5, bixel_mm=10.0, grid_mm=5.0))
    quick = Aims(tolerance=0.05, rounds=2)
    ideal = prepared.plan(aims=quick)
    made = sequenced(prepared, ideal, aims=quick)
    assert 0.0 < made.fluence_rms < made.fluence_max < 1.0
    assert len(made.plan.weights) == len(made.segments) and (made.segments.weight >= 0).all()
    own = made.segments.fluence(prepared.bixels) @ made.segments.weight
    assert np.allclose(prepared.influence.dose(own), made.plan.doses_gy, atol=0.02)
    cord = next(one for one in lines_of(prepared, made.plan) if one.roi == "SpinalCord" and one.strength == "hard")
    assert cord.met
    with pytest.raises(UsageError):
        sequenced(prepared, replace(ideal, weights=np.zeros_like(ideal.weights)))
