"""Prescription and integrity, each item both ways, on the sample plan."""

from __future__ import annotations

from dataclasses import replace

import check_sample as made
import numpy as np
import pytest

from portico.dosimetry import CheckOptions, check_plan
from portico.errors import Problem
from portico.knowledge import load_library
from portico.rt import BeamDelivery, FractionGroup, Grid, Image

LIBRARY = load_library()


def image(step=2.0, thickness=2.0, position="HFS"):
    grid = Grid((-80, -80, -80), (2, 2, step), np.eye(3), (int(160 / step) + 1, 81, 81))
    return Image(grid, np.zeros(grid.shape, np.int16), made.FRAME, "1.9.4", (), position, 3071, -1024, thickness, 120.0)


def checked(plan=None, directive=None, structures=None, gy=None, ct=None, findings=(), refused=None, **options):
    found = made.plan_set(structures, gy, plan, refused)
    found = replace(found, image=image() if ct is None else ct, findings=findings)
    return check_plan(found, directive or made.directive(), LIBRARY, CheckOptions(hardware=False, **options))


def verdicts(check, code):
    return [one.verdict for one in made.items(check, code=code)]


def changed(**parts):
    return replace(made.plan(), **parts)


def beam(**parts):
    plan = made.plan()
    return replace(plan, beams={1: replace(plan.beams[1], **parts)})


def points(**parts):
    return beam(control_points=replace(made.plan().beams[1].control_points, **parts))


def test_a_sound_plan():
    found = checked()
    for code in (
        "fractions", "prescribed-dose", "fraction-dose", "dose-units", "dose-summation", "dose-type", "dose-scale", "references",
        "approval", "plan-geometry", "patient-position", "external", "isocentre-in-body", "dose-grid", "ct-slices", "ct-gaps",
        "contour-gaps", "prv-margin", "mu-per-gy", "control-points",
    ):  # fmt: skip
        assert set(verdicts(found, code)) == {"met"}, code
    assert verdicts(found, "algorithm") == verdicts(found, "density-curve") == ["cannot_tell"]


@pytest.mark.parametrize(
    ("code", "verdict", "parts"),
    [
        ("fractions", "not_met", {"plan": made.plan(fractions=3)}),
        ("fractions", "cannot_tell", {"plan": made.plan(fractions=None)}),
        ("prescribed-dose", "not_met", {"plan": made.plan(prescribed=20.0)}),
        ("prescribed-dose", "cannot_tell", {"plan": made.plan(references=())}),
        ("dose-type", "cannot_tell", {"gy": replace(made.dose(), dose_type="EFFECTIVE")}),
        ("dose-scale", "not_met", {"gy": made.dose(top=12.2, slope=0.6)}),
        ("approval", "not_met", {"plan": changed(approval="UNAPPROVED")}),
        ("approval", "cannot_tell", {"plan": changed(approval=None)}),
        ("plan-intent", "not_met", {"plan": changed(intent="VERIFICATION")}),
        ("plan-geometry", "not_met", {"plan": changed(geometry="TREATMENT_DEVICE")}),
        ("patient-position", "not_met", {"ct": image(position="FFS")}),
        ("patient-position", "cannot_tell", {"plan": changed(patient_positions=())}),
        ("external", "not_met", {"structures": made.structures(External=None)}),
        ("isocentre-in-body", "not_met", {"plan": points(isocentre_mm=np.full((2, 3), 500.0))}),
        ("dose-grid", "not_met", {"gy": made.dose(spacing=2.5)}),
        ("dose-grid-cover", "not_met", {"gy": made.dose(low=(-80, -80, -30), high=(80, 80, 30))}),
        ("ct-slices", "not_met", {"ct": image(step=5.0, thickness=5.0)}),
        ("mu-per-gy", "not_met", {"plan": made.plan(beams=(BeamDelivery(1, 12.0, 20.0, None),))}),
        ("control-points", "not_met", {"plan": points(weight=np.array([0.5, 0.2]))}),
        ("couch", "cannot_tell", {"plan": points(gantry_deg=np.full(2, 180.0))}),
        ("algorithm", "info", {"stated": {"algorithm": "AAA"}}),
        ("frame-unknown", "cannot_tell", {"findings": (Problem("frame-unknown", "The frame is unknown."),)}),
    ],
)  # fmt: skip
def test_each_item(code, verdict, parts):
    found = verdicts(checked(**parts), code)
    assert verdict in found or (verdict == "not_met" and "cannot_tell" in found), (code, found)


def test_a_margin_that_is_not_what_its_name_says():
    wide = made.box(4, "SpinalCord_PRV02", (-10, 10), (7, 27), (-50, 50), "ORGAN")
    found = checked(structures=made.structures(SpinalCord_PRV=wide))
    assert (
        verdicts(found, "prv-margin") == ["not_met"] and "median 5.0 mm" in made.items(found, code="prv-margin")[0].why
    )
    nameless = made.box(4, "SpinalCord_PRV", (-7, 7), (10, 24), (-50, 50), "ORGAN")
    assert "not_met" not in verdicts(checked(structures=made.structures(SpinalCord_PRV=nameless)), "prv-margin")


def test_a_gap_in_a_target():
    whole = made.box(2, "PTV", (-20, 20), (-20, 0), (-20, 20), "PTV")
    holed = replace(whole, contours=whole.contours[:8] + whole.contours[12:])
    assert "not_met" in verdicts(checked(structures=made.structures(PTV=holed)), "contour-gaps")


def test_structures_that_the_reader_refused_are_not_passed_over():
    found = checked(refused={77: Problem("not-planar", "A contour is not in one plane.")})
    assert verdicts(found, "structures-refused") == ["cannot_tell"]


def test_several_fraction_groups_cannot_be_told():
    group = made.plan().fraction_groups[1]
    two = changed(fraction_groups={1: group, 2: FractionGroup(2, 2, group.beams)})
    assert "cannot_tell" in verdicts(checked(two), "fractions")


def test_without_plan_dose_or_structures():
    found = made.plan_set()
    for lost in ("plan", "dose", "structure_set"):
        check = check_plan(replace(found, **{lost: None}), made.directive(), LIBRARY, CheckOptions(hardware=False))
        assert check.result.exit_status in (1, 4)
        assert "met" not in {one.verdict for one in made.items(check, code="limit")}
