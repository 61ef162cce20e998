"""Implants: found, measured, and covered or not; what is not known stays unknown."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import check_sample as made
import numpy as np
import pytest

from portico.dosimetry import CheckOptions, check_plan
from portico.dosimetry.hardware import find_implants
from portico.dosimetry.hardware_claims import SETTINGS, hardware_claims, rod_plan
from portico.dosimetry.hardware_items import override_text
from portico.knowledge import load_library
from portico.rt import Grid, Image, PhysicalProperty, read_study

ROOT = Path(__file__).parents[2]
LIBRARY = load_library()
sys.path.insert(0, str(ROOT / "tests" / "rt"))

import phantom_files as phantoms  # noqa: E402  stands in tests/rt


def test_every_claim_holds():
    found = list(hardware_claims())
    assert len(found) == 36 and all(claim.ok for claim in found), [c.claim for c in found if not c.ok]


def test_a_clipped_rod_is_found_and_said_to_be_blurred():
    found = find_implants(rod_plan((1.0, 1.0, 2.0), 0.0, clip_hu=3071.0), (), 20.0, SETTINGS)
    assert found.clipped is True and len(found.implants) == 1
    assert found.implants[0].length_mm == pytest.approx(120, abs=3) and "blurred" in found.implants[0].note


def test_values_that_end_below_metal_cannot_be_searched():
    found = find_implants(rod_plan((2.0, 2.0, 2.0), 0.0, clip_hu=1500.0), (), 20.0, SETTINGS)
    assert found.implants == () and "end below" in found.why_not


def test_bone_is_no_metal():
    plan = rod_plan((2.0, 2.0, 2.0), 0.0)
    bone = np.minimum(plan.image.hu, 1500).astype(np.int16)
    assert find_implants(replace(plan, image=replace(plan.image, hu=bone)), (), 20.0, SETTINGS).implants == ()


def test_an_implant_at_the_edge_gives_bounds():
    plan = rod_plan((2.0, 2.0, 2.0), 0.0)
    cut = plan.image.hu[30:]
    low = plan.image.grid.origin + np.array([0, 0, 60.0])
    image = Image(Grid(low, plan.image.grid.spacing, np.eye(3), cut.shape), cut)
    found = find_implants(replace(plan, image=image), (), 20.0, SETTINGS).implants[0]
    assert found.at_edge and "lower bound" in found.note


def test_a_dose_grid_that_ends_leaves_the_share_unknown():
    plan = rod_plan((2.0, 2.0, 2.0), 0.0)
    grid = plan.dose.grid
    short = replace(
        plan.dose, gy=plan.dose.gy[:60], grid=Grid(grid.origin, grid.spacing, np.eye(3), (60, *grid.shape[1:]))
    )
    found = find_implants(replace(plan, dose=short), (), 20.0, SETTINGS).implants[0]
    assert found.covered == {50.0: None, 90.0: None, 95.0: None} and found.uncovered_proximal_mm is None
    assert found.uncovered_distal_mm == pytest.approx(30.0, abs=2.0) and "not known" in found.note


def test_without_dose_or_image():
    plan = rod_plan((2.0, 2.0, 2.0), 0.0)
    assert find_implants(replace(plan, dose=None), (), 20.0, SETTINGS).implants[0].covered[50.0] is None
    assert "no CT" in find_implants(replace(plan, image=None), (), 20.0, SETTINGS).why_not


def spine():
    return read_study(ROOT / "tests" / "data" / "spine-phantom").plan_set()


def test_the_rods_and_screws_of_the_spine_phantom():
    check = check_plan(spine(), made.directive(), LIBRARY, CheckOptions())
    assert len(check.implants) == 6 and {one.origin for one in check.implants} == {"threshold"}
    screws = [one for one in check.implants if 50 < one.length_mm < 58]
    assert len(screws) == 4  # 51 mm from axis to tip, with round ends
    items = made.items(check, kind="hardware")
    assert {one.verdict for one in items} == {"info"} and "In the spine this is information" in items[0].why


def femur(tmp_path, **options):
    phantom = phantoms.femur_phantom(**options)
    return read_study(phantoms.put(phantom, tmp_path / "femur")).plan_set()


def test_a_nail_that_leaves_the_field_is_not_met(tmp_path):
    check = check_plan(femur(tmp_path), made.directive("femur-30-10"), LIBRARY, CheckOptions())
    found = made.items(check, code="hardware-coverage")
    assert [one.verdict for one in found] == ["not_met", "met"]
    assert check.implants[0].uncovered_distal_mm == pytest.approx(
        40.0, abs=4.0
    )  # the nail ends at -185, the field at -145
    bed = check_plan(femur(tmp_path), made.directive("femur-bed-20-5"), LIBRARY, CheckOptions())
    assert {one.verdict for one in made.items(bed, code="hardware-coverage")} == {"info"}


def test_a_nail_inside_the_field_is_met(tmp_path):
    check = check_plan(femur(tmp_path, low_mm=-200.0), made.directive("femur-30-10"), LIBRARY, CheckOptions())
    assert {one.verdict for one in made.items(check, code="hardware-coverage")} == {"met"}


def test_cement_needs_a_contour_and_tells_its_density(tmp_path):
    check = check_plan(femur(tmp_path, cement=True), made.directive("femur-30-10"), LIBRARY, CheckOptions())
    contoured = [one for one in check.implants if one.origin == "contour"]
    assert [one.label for one in contoured] == ["Cement"]
    assert "REL_ELEC_DENSITY 1.1" in made.items(check, code="density-override")[0].why
    assert "cannot be told" in override_text(None) and "not overridden" in override_text(())
    assert override_text((PhysicalProperty("REL_MASS_DENSITY", 4.4),)).endswith("REL_MASS_DENSITY 4.4")


def test_hardware_can_be_left_alone():
    check = check_plan(spine(), made.directive(), LIBRARY, CheckOptions(hardware=False))
    assert check.implants == () and not made.items(check, kind="hardware")
