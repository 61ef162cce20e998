"""Beams by IEC 61217 and bixels in their view."""

from __future__ import annotations

import numpy as np
import pytest

from portico.errors import InputRefused, UsageError
from portico.planning.beams import Beam, coplanar
from portico.planning.bixels import bixels_for

LEFT, BACK, HEAD = np.eye(3)


@pytest.mark.parametrize(
    ("gantry", "couch", "comes_from"),
    [
        (0, 0, -BACK), (90, 0, LEFT), (180, 0, BACK), (270, 0, -LEFT), (90, 90, -HEAD), (270, 90, HEAD), (0, 90, -BACK),
        (45, 0, (LEFT - BACK) / np.sqrt(2)),
    ],
)  # fmt: skip
def test_where_a_beam_comes_from(gantry, couch, comes_from):
    beam = Beam(gantry, couch, isocentre=(1.0, 2.0, 3.0))
    assert np.allclose(beam.source, np.array([1, 2, 3]) + 1000.0 * np.asarray(comes_from))


@pytest.mark.parametrize("angles", [(0, 0, 0), (37, 12, 80), (211, 300, 5)])
def test_the_view_is_a_right_frame_and_the_source_is_seen_behind(angles):
    beam = Beam(*angles, isocentre=(5.0, -7.0, 11.0))
    axes = beam.axes
    assert np.allclose(axes @ axes.T, np.eye(3)) and np.linalg.det(axes) == pytest.approx(1.0)
    assert np.allclose(beam.seen(beam.source[None]), [[0.0, -1000.0, 0.0]])


def test_the_collimator_turns_the_view_about_the_ray():
    point = np.array([[10.0, 0.0, 0.0]])
    assert np.allclose(Beam(0, 0, 90).seen(point), [[0.0, 0.0, -10.0]])


def test_points_are_projected_from_the_source():
    beam = Beam(0.0)
    assert np.allclose(beam.projected(np.array([[10.0, 250.0, 20.0]])), [[8.0, 16.0]])


def test_beams_round_the_patient():
    assert [one.gantry_deg for one in coplanar(4, (0, 0, 0), 30.0)] == [30.0, 120.0, 210.0, 300.0]
    for wrong in (
        lambda: coplanar(0, (0, 0, 0)),
        lambda: Beam(float("nan")),
        lambda: bixels_for((), np.zeros((1, 3)), width_mm=5.0),
    ):
        with pytest.raises(UsageError) as error:
            wrong()
        assert error.value.problem.code == "beam-invalid"


def test_bixels_cover_the_shadow_with_a_margin():
    rng = np.random.default_rng(4)
    target = rng.uniform(-30, 30, (500, 3))
    beams = coplanar(3, (0, 0, 0))
    bixels = bixels_for(beams, target, width_mm=2.5, margin_mm=2.5)
    for number, beam in enumerate(beams):
        own = bixels.beam == number
        cells = np.column_stack([bixels.x_mm[own], bixels.z_mm[own]])
        shadow = beam.projected(target)
        away = np.abs(shadow[:, None] - cells[None]).max(axis=2)
        assert away.min(axis=1).max() <= 1.25 + 1e-9
        for step in (-2.5, 2.5):
            assert np.abs(shadow[:, None] + (step, 0.0) - cells[None]).max(axis=2).min(axis=1).max() <= 1.25 + 1e-9
        assert away.min(axis=0).max() <= 1.25 + 2.5 + 1e-9
    assert (np.diff(bixels.beam) >= 0).all()


def test_the_lattice_holds_each_bixel_once_and_a_fluence_its_weight():
    bixels = bixels_for(coplanar(2, (0, 0, 0)), np.array([[0.0, 0, 0], [20.0, 5, 12]]), width_mm=5.0)
    weights = np.arange(len(bixels), dtype=float)
    for number in (0, 1):
        lattice, z0, x0 = bixels.lattice(number)
        z, x = np.nonzero(lattice >= 0)
        assert np.allclose(bixels.x_mm[lattice[z, x]], (x + x0) * 5.0)
        assert np.allclose(bixels.z_mm[lattice[z, x]], (z + z0) * 5.0)
        fluence = bixels.fluence(number, weights)
        assert sorted(fluence[np.isfinite(fluence)]) == sorted(weights[bixels.beam == number])
    assert bixels.lattice(7)[0].tolist() == [[-1]]


@pytest.mark.parametrize(
    ("points", "width", "margin", "code", "kind"),
    [
        (np.zeros((0, 3)), 5.0, None, "target-empty", InputRefused),
        (np.zeros((1, 3)), 0.2, None, "bixel-width", UsageError),
        (np.zeros((1, 3)), float("nan"), None, "bixel-width", UsageError),
        (np.zeros((1, 3)), 5.0, -1.0, "bixel-margin", UsageError),
    ],
)
def test_what_makes_no_bixels(points, width, margin, code, kind):
    with pytest.raises(kind) as error:
        bixels_for((Beam(0.0),), points, width_mm=width, margin_mm=margin)
    assert error.value.problem.code == code
