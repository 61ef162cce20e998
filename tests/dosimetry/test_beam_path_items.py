"""Beams through hardware, against cases worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import check_sample as made
import numpy as np
import pytest

from portico.dosimetry import CheckOptions, check_plan
from portico.dosimetry.beam_path_items import passes
from portico.knowledge import load_library
from portico.rt import ControlPoints, LimitingDevice, read_study

ROOT = Path(__file__).parents[2]


def beam(gantry=0.0, collimator=0.0, x=(-20, 20), y=(-50, 50)):
    point = ControlPoints(
        np.array([0.0]),
        np.array([gantry]),
        np.array([collimator]),
        np.zeros(1),
        np.zeros((1, 3)),
        np.array([6.0]),
        None,
    )
    jaws = {kind: LimitingDevice(kind, 1, None, np.array([pair], float)) for kind, pair in (("ASYMX", x), ("ASYMY", y))}
    return replace(made.plan().beams[1], control_points=point, devices=jaws, sad_mm=1000.0)


@pytest.mark.parametrize(
    ("gantry", "point", "inside"),
    [
        (0, (0, -50, 0), True),  # from the front: what lies in front is in the way
        (0, (0, 50, 0), False),  # behind the isocentre
        (180, (0, 50, 0), True),
        (90, (50, 0, 0), True),  # from the patient's left
        (270, (50, 0, 0), False),
        (0, (19.5, -50, 0), False),  # 19.5 x 1000 / 950 = 20.5 mm at the isocentre
        (0, (18.5, -50, 0), True),
        (0, (0, -50, 48), False),
        (0, (0, -50, 47), True),
    ],
)
def test_points_in_the_open_beam(gantry, point, inside):
    assert passes(beam(gantry), np.array([point], float)) == float(inside)


def test_the_collimator_turns_the_jaws():
    point = np.array([[0.0, -10.0, 45.0]])
    assert passes(beam(0, 0), point) == 1.0 and passes(beam(0, 90), point) == 0.0


def test_leaves_close_the_beam():
    edges = np.array([-50.0, 0.0, 50.0])
    leaves = LimitingDevice("MLCX", 2, edges, np.array([[-20.0, 0.0, 20.0, 0.0]]))
    shut = replace(beam(), devices={**beam().devices, "MLCX": leaves})
    points = np.array([[5.0, -10.0, -20.0], [5.0, -10.0, 20.0]])
    assert passes(shut, points) == 0.5


def test_the_rods_of_the_spine_phantom_are_in_the_way_of_beams_from_behind():
    found = read_study(ROOT / "tests" / "data" / "spine-phantom").plan_set()
    check = check_plan(found, made.directive(), load_library(), CheckOptions())
    items = made.items(check, code="beam-path")
    assert len(items) == 6 and {one.verdict for one in items} == {"info"} and "pass through it" in items[0].why
    prone = replace(found, plan=replace(found.plan, patient_positions=("HFP",)))
    check = check_plan(prone, made.directive(), load_library(), CheckOptions())
    assert [one.verdict for one in made.items(check, code="beam-path")] == ["cannot_tell"]
