"""Fields of a long bone: lengths, what of the hardware they hold and what they spare, in every orientation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from portico.directive import Volume
from portico.dosimetry.field import doses_at
from portico.errors import CannotTell, InputRefused
from portico.geometry import mask_of_structure
from portico.knowledge import load_library
from portico.rt import Grid, read_study
from portico.targets import bone_claims
from portico.targets.bone_axis import bone_axis, extent, main_pieces, stretch_mm
from portico.targets.bone_fields import bone_draft
from portico.targets.bone_phantom import BED_MM, BONE_MM, LEG_MM, NAIL_MM, femur
from portico.targets.margins import StatedMargin
from portico.targets.phantom import POSITIONS, turn

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ("whole_hardware", "surgical_bed", "whole_bone")


def directive(chosen="whole_hardware"):
    """Volumes of a Directive that ships as an example, with another choice."""
    found = json.loads((ROOT / "examples" / "directives" / "femur-30-10.json").read_text(encoding="utf-8"))["volumes"]
    return [Volume.model_validate({**one, "chosen": one["recipe"] == chosen}) for one in found]


def facts(draft, roi):
    return {one.name: one.value for one in draft.volume(roi).facts}


def drawn(made, **more):
    options = {"bed": made.bed, "body": made.body, "hardware": made.hardware, "margin_mm": 10.0} | more
    options.setdefault("directive_volumes", directive())
    return bone_draft(made.grid, options.pop("hu", made.hu), options.pop("bone", made.bone), **options)


@pytest.fixture(scope="module")
def leg():
    return femur()


@pytest.fixture(scope="module")
def plain():
    return femur(screw=False)


# --------------------------------------------------------------------------------------------------------------- the axis


@pytest.mark.parametrize("tilt", [(0, 0, 0), (40, 0, 0), (0, -40, 0), (30, 20, 0), (0, 80, 0), (80, 0, 0)])
@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (1.5, 1.5, 4.0)])
def test_the_axis_follows_the_shaft_and_is_not_bent_by_the_neck(tilt, spacing):
    made = femur(turn(*tilt), spacing=spacing)
    axis = bone_axis(made.bone, made.grid)
    assert axis.length_mm == pytest.approx(BONE_MM[1] - BONE_MM[0], abs=2.5)
    assert np.degrees(np.arccos(min(1.0, abs(axis.direction @ made.shaft)))) < 1.0
    assert not axis.cut
    index = np.argwhere(made.bone)
    place = axis.along(made.grid.points(index[:, ::-1]))
    along = made.local[tuple(index.T)][:, 2] - BONE_MM[0]
    if tilt == (80, 0, 0):  # the knee lies behind, so the place is counted from the hip
        along = BONE_MM[1] - BONE_MM[0] - along
    assert np.abs(place - along).max() < 3.0


@pytest.mark.parametrize(
    ("tilt", "names"),
    [((0, 0, 0), ("inferior", "superior")), ((44, 0, 0), ("inferior", "superior")), ((80, 0, 0), ("anterior", "posterior")),
     ((0, 80, 0), ("right", "left"))],
)  # fmt: skip
def test_ends_are_named_by_the_patient(tilt, names):
    made = femur(turn(*tilt))
    axis = bone_axis(made.bone, made.grid)
    assert (axis.low_end, axis.high_end) == names


def test_a_bow_is_followed():
    grid = Grid((-60, -60, -150), (2, 2, 2), np.eye(3), (151, 61, 61))
    k, j, i = np.indices(grid.shape)
    x, y, z = -60 + 2.0 * i, -60 + 2.0 * j, -150 + 2.0 * k
    bow = 20.0 * (z / 130.0) ** 2
    axis = bone_axis((np.hypot(x, y - bow) <= 12) & (np.abs(z) <= 130), grid)
    middle = axis.points[np.abs(axis.points[:, 2]) < 70]
    assert np.abs(middle[:, 1] - 20.0 * (middle[:, 2] / 130.0) ** 2).max() < 1.5
    assert axis.length_mm == pytest.approx(263, abs=6)


def test_what_is_no_long_bone_is_refused(leg):
    near = np.abs(leg.local[..., 2]) < 20
    for mask in (leg.bone & near, np.zeros_like(leg.bone)):
        with pytest.raises(CannotTell) as caught:
            bone_axis(mask, leg.grid)
        assert caught.value.problem.code == "bone-too-short"
    with pytest.raises(InputRefused) as refused:
        bone_axis(leg.bone[1:], leg.grid)
    assert refused.value.problem.code == "mask-shape"


def test_a_cut_bone_says_which_end_was_not_seen():
    made = femur(beyond_mm=-20.0)
    axis = bone_axis(made.bone, made.grid)
    assert axis.low_cut and axis.high_cut and len(axis.notes) == 2
    short = made.bone.copy()
    short[made.local[..., 2] < -80] = False
    assert [bone_axis(short, made.grid).low_cut, bone_axis(short, made.grid).high_cut] == [False, True]


def test_specks_are_passed_over_and_a_gap_is_bridged(leg):
    mask = leg.bone & ~(np.abs(leg.local[..., 2]) < 5)
    mask[0, 0, 0] = True
    assert main_pieces(mask).sum() == mask.sum() - 1
    assert bone_axis(mask, leg.grid).length_mm == pytest.approx(240, abs=2)


def test_extent_is_finer_than_a_voxel():
    assert extent(np.repeat(np.arange(0.0, 41.0, 4.0), 50), 4.0) == pytest.approx((-2.0, 42.0), abs=0.3)
    assert stretch_mm(np.empty(0), 4.0) == 0.0


# ------------------------------------------------------------------------------------------------------------- the fields


def test_three_fields_side_by_side(leg):
    draft = drawn(leg, ptv_margin_mm=5.0)
    assert [(one.roi, one.role) for one in draft.volumes] == [
        ("CTV", "drawn"), ("PTV", "drawn"), ("CTV_Bed", "alternative"), ("CTV_Bone", "alternative"),
        ("Bone", "input"), ("Hardware", "input"), ("Surgical_Bed", "input"),
    ]  # fmt: skip
    assert draft.choices == ()
    whole, bed, bone = facts(draft, "CTV"), facts(draft, "CTV_Bed"), facts(draft, "CTV_Bone")
    assert whole["hardware covered"] == bone["hardware covered"] == 100.0
    assert bed["length"] == pytest.approx(7.0, abs=0.2)
    assert bed["hardware uncovered at the inferior end"] == pytest.approx(BED_MM[0] - 10 - NAIL_MM[0], abs=2)
    assert bed["bone spared at the inferior end"] == pytest.approx((BED_MM[0] - 10 - BONE_MM[0]) / 10, abs=0.2)
    assert bed["bone spared at the superior end"] == pytest.approx((BONE_MM[1] - BED_MM[1] - 10) / 10, abs=0.2)
    assert bone["length"] == pytest.approx(24.0, abs=0.2)
    assert bone["bone spared at the inferior end"] == bone["bone spared at the superior end"] == 0.0
    assert any("superior joint end of the bone lies within" in one for one in draft.volume("CTV_Bone").notes)
    assert (draft.volume("CTV_Bone").mask | ~leg.bone).all()
    assert (draft.volume("CTV").mask | ~leg.hardware).all()
    assert all(len(one.roi) <= 16 for one in draft.volumes)


def test_the_sentence_names_the_rule_its_sources_and_the_numbers(leg):
    draft = drawn(leg)
    volume = draft.volume("CTV")
    assert "rule volume-whole-hardware (rosen-2021" in volume.says
    assert "hazard ratio for recurrence 0.44" in volume.says
    assert "20.2 cm along the bone" in volume.says and "10 mm along and around (stated by the physician" in volume.says
    assert volume.source_ids[0] == "rosen-2021" and volume.verified == "abstract"
    assert drawn(leg, directive_volumes=[Volume.model_validate({"roi": "CTV", "recipe": "surgical_bed", "says": "A.", "chosen": True})]).volume("CTV").says.startswith("surgical_bed, no rule: A.")  # fmt: skip


@pytest.mark.parametrize("margin", [0.0, 4.0, 15.0])
def test_the_margin_runs_along_and_around(plain, margin):
    draft = drawn(plain, margin_mm=margin)
    assert facts(draft, "CTV")["length"] == pytest.approx((180 + 2 * margin) / 10, abs=0.2)
    middle = np.abs(plain.local[..., 2]) < 20
    widest = np.hypot(plain.local[..., 0], plain.local[..., 1])[draft.volume("CTV").mask & middle].max()
    assert widest == pytest.approx(14 + margin, abs=2)


def test_the_joint_beyond_is_only_taken_when_asked(plain):
    stays = drawn(plain, margin_mm=60.0)
    assert facts(stays, "CTV")["length"] == pytest.approx(24.0, abs=0.2)
    assert any("margin ends at the superior end" in one for one in stays.volume("CTV").notes)
    roomy = femur(screw=False, beyond_mm=40.0)
    goes = drawn(roomy, margin_mm=30.0, beyond_joint=True)
    assert facts(goes, "CTV")["length"] == pytest.approx(24.0, abs=0.3)
    assert facts(goes, "CTV_Bone")["length"] > 28.0


def test_hardware_beyond_the_bone_is_held():
    made = femur(beyond_mm=30.0)
    rod = (np.hypot(made.local[..., 0], made.local[..., 1]) <= 5) & (np.abs(made.local[..., 2] + 110) <= 30)
    draft = drawn(made, hardware=rod, margin_mm=0.0)
    assert facts(draft, "CTV")["hardware covered"] == 100.0


def test_the_soft_tissue_and_the_strip_that_are_spared(plain):
    found = facts(drawn(plain, directive_volumes=directive("surgical_bed")), "CTV")
    area = LEG_MM**2 - 14**2
    assert found["widest strip spared"] == pytest.approx(LEG_MM - 28, abs=2)
    assert found["soft tissue spared"] == pytest.approx(100 * (LEG_MM**2 - 28**2) / area, abs=3)
    bare = drawn(plain, hu=None, body=None)
    assert facts(bare, "CTV")["widest strip spared"] is None and facts(bare, "CTV")["soft tissue spared"] is None
    taken = drawn(plain, body=None)
    assert facts(taken, "CTV")["soft tissue spared"] == pytest.approx(facts(drawn(plain), "CTV")["soft tissue spared"], abs=0.5)  # fmt: skip
    assert any("-300 HU" in one for one in taken.notes)
    everything = drawn(plain, margin_mm=80.0, directive_volumes=directive("surgical_bed"))
    assert facts(everything, "CTV")["widest strip spared"] == 0.0


def test_a_limb_that_the_image_cuts_has_no_strip(plain):
    wide = drawn(plain, body=np.ones_like(plain.body))
    assert facts(wide, "CTV")["widest strip spared"] is None
    assert any("cut by the edge of the image" in one for one in wide.volume("CTV").notes)


# ---------------------------------------------------------------------------------------------------------- orientations


@pytest.mark.parametrize("axes", POSITIONS)
def test_left_stays_left_and_up_stays_up(axes):
    right, made = femur(spacing=(3, 3, 3)), femur(axes=axes, spacing=(3, 3, 3))
    middle = []
    for one in (right, made):
        draft = drawn(one, hardware=None, ptv_margin_mm=6.0)
        index = np.argwhere(draft.volume("PTV").mask)
        middle.append(one.grid.points(index[:, ::-1]).mean(axis=0))
        bed = facts(draft, "CTV_Bed")
        assert bed["hardware uncovered at the superior end"] > 70 > 55 > bed["hardware uncovered at the inferior end"]
        assert facts(draft, "CTV")["hardware covered"] == 100.0
    assert np.abs(middle[0] - middle[1]).max() < 1.0
    assert middle[0][0] < -2.0  # the head of a left femur lies towards the right


# --------------------------------------------------------------------------------------------------------- earlier fields


def test_earlier_fields_are_shown_or_taken_out(leg):
    before = leg.local[..., 2] < -50
    shown = drawn(leg, prior=[before], ptv_margin_mm=5.0)
    overlap = facts(shown, "CTV")["overlap with earlier fields"]
    assert overlap == pytest.approx(float((shown.volume("CTV").mask & before).sum()) * leg.grid.voxel_cm3)
    assert shown.volume("Prior_1").role == "input"
    cut = drawn(leg, prior=[before], prior_use="subtract", ptv_margin_mm=5.0)
    assert facts(cut, "CTV")["removed for earlier fields"] == pytest.approx(overlap)
    assert "Earlier fields are taken out" in cut.volume("CTV").says
    for roi in ("CTV", "PTV", "CTV_Bone"):
        assert not (cut.volume(roi).mask & before).any()
    assert facts(cut, "CTV")["hardware uncovered at the inferior end"] == pytest.approx(50, abs=2)
    nothing = drawn(leg, prior=[np.ones_like(before)], prior_use="subtract")
    assert nothing.volume("CTV").notes[-1] == "Nothing is left of it."


# --------------------------------------------------------------------------------------------------------- what is missing


def test_without_a_margin_nothing_is_drawn(leg):
    draft = drawn(leg, margin_mm=None)
    assert {one.role for one in draft.volumes} == {"input"}
    assert [one.about for one in draft.choices] == ["CTV_Hardware", "CTV_Bed", "CTV_Bone", "PTV"]
    assert "--bone-margin MM" in draft.choices[0].fix


def test_no_ptv_without_a_margin_and_a_named_record_is_named(leg):
    choice = drawn(leg).choices[-1]
    assert (
        choice.about == "PTV" and choice.options[0][0] == "ptv-non-spine-trial" and choice.options[0][2] == "secondary"
    )
    row = load_library().volumes["ptv-non-spine-trial"]
    ptv = drawn(leg, ptv_margin_mm=StatedMargin(3.0, row)).volume("PTV")
    assert (
        ptv.rows == ("ptv-non-spine-trial",) and ptv.verified == "secondary" and "3 mm (ptv-non-spine-trial" in ptv.says
    )


def test_a_missing_bed_or_hardware_is_asked_for(leg):
    draft = drawn(leg, bed=None, directive_volumes=directive("surgical_bed"))
    assert draft.volume("CTV") is None and draft.volume("CTV_Hardware") is not None
    assert draft.choices[0].about == "CTV_Bed"
    soft = np.where(leg.hardware, 900, leg.hu)
    draft = drawn(leg, hu=soft, hardware=None)
    assert draft.volume("CTV") is None and draft.choices[0].about == "CTV_Hardware"
    assert facts(draft, "CTV_Bone")["hardware covered"] is None
    only = [one for one in directive() if one.recipe == "whole_hardware"]
    with pytest.raises(CannotTell) as caught:
        drawn(leg, hu=soft, hardware=None, directive_volumes=only)
    assert caught.value.problem.code == "nothing-to-draw"


def test_a_recipe_of_another_room_and_an_open_choice_are_asked_for(leg):
    other = Volume.model_validate({"roi": "CTV", "recipe": "preoperative_extent", "says": "B.", "chosen": False})
    draft = drawn(leg, directive_volumes=[*directive("none"), other, other])
    assert [one.question[:12] for one in draft.choices[:2]] == ["Which volume", "How is preop"]
    assert {one.roi for one in draft.volumes if one.kind == "CTV"} == {"CTV_Hardware", "CTV_Bed", "CTV_Bone"}


@pytest.mark.parametrize(
    ("more", "code"),
    [({"margin_mm": -1.0}, "bad-margin"), ({"margin_mm": float("nan")}, "bad-margin"), ({"ptv_margin_mm": 500.0}, "bad-margin"),
     ({"prior_use": "hide"}, "prior-use"), ({"bed": np.ones((2, 2, 2), bool)}, "mask-shape")],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(leg, more, code):
    with pytest.raises(InputRefused) as caught:
        drawn(leg, **more)
    assert caught.value.problem.code == code


def test_a_margin_below_a_voxel_is_met_or_refused_and_never_lost():
    made = femur(spacing=(2.0, 2.0, 4.0))
    draft = drawn(made, margin_mm=3.0, ptv_margin_mm=3.0)
    assert facts(draft, "PTV")["length"] > facts(draft, "CTV")["length"] + 0.3
    assert any("met to half a voxel" in one for one in draft.volume("CTV").notes)
    for more in ({"margin_mm": 0.4}, {"ptv_margin_mm": 0.4}):
        with pytest.raises(CannotTell) as caught:
            drawn(made, **more)
        assert caught.value.problem.code == "margin-below-voxel"


def test_metal_is_found_and_metal_elsewhere_is_left_out(leg):
    hu = leg.hu.copy()
    hu[:, 30:33, 53:56] = 8000
    draft = drawn(leg, hu=hu, hardware=None)
    found = draft.volume("Hardware").mask
    assert 2.0 * (found & leg.hardware).sum() / (found.sum() + leg.hardware.sum()) > 0.95
    assert any("1 of 2 pieces of metal lie farther" in one for one in draft.notes)
    clipped = drawn(leg, hu=np.minimum(leg.hu, 3071), hardware=None)
    assert any("edge of metal is blurred" in one for one in clipped.notes)
    short = drawn(leg, hu=np.minimum(leg.hu, 1500), hardware=None)
    assert short.volume("Hardware") is None


# ------------------------------------------------------------------------------------------------------- the DICOM phantom


def test_the_femur_phantom_is_short_of_40_mm_at_the_lower_end():
    plan_set = read_study(ROOT / "tests" / "data" / "femur-phantom").plan_set()
    image = plan_set.image
    named = {one.name: mask_of_structure(one, image.grid) for one in plan_set.structure_set.structures.values()}
    every = image.grid.points(np.argwhere(np.ones(image.grid.shape, bool))[:, ::-1])
    gy = np.nan_to_num(doses_at(plan_set.dose, every)).reshape(image.grid.shape)
    draft = bone_draft(
        image.grid, image.hu, named["Femur_L"], bed=gy >= 28.5, body=named["External"], margin_mm=0.0,
        directive_volumes=directive(), frame_uid=image.frame_uid,
    )  # fmt: skip
    treated, whole = facts(draft, "CTV_Bed"), facts(draft, "CTV")
    assert treated["hardware uncovered at the inferior end"] == pytest.approx(40.0, abs=4.0)
    assert whole["hardware covered"] == 100.0
    assert whole["hardware length"] == pytest.approx(35.2, abs=0.4)
    assert whole["bone spared at the inferior end"] is None  # the image ends in the shaft
    assert any("not the whole bone" in one for one in draft.volume("CTV_Bone").notes)
    assert whole["widest strip spared"] == pytest.approx(82 - 16, abs=3)
    ends = image.grid.points(np.argwhere(draft.volume("Hardware").mask)[:, ::-1])
    assert ends[:, 0].min() > 40.0  # the left femur's, not the other's


def test_the_claims_hold_and_would_notice_a_short_field(monkeypatch):
    monkeypatch.setattr(bone_claims, "TILTS", ((30, 20, 0),))
    assert [one.claim for one in bone_claims.bone_field_claims() if not one.ok] == []
    monkeypatch.setattr(bone_claims, "MARGIN_MM", 10.0)
    original = bone_claims.bone_draft
    monkeypatch.setattr(bone_claims, "bone_draft", lambda *a, **m: original(*a, **{**m, "margin_mm": 5.0}))
    assert sum(not one.ok for one in bone_claims.bone_field_claims()) >= 4
