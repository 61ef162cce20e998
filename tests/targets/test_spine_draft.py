"""The draft of a spine on a phantom of three vertebrae and on real labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from portico.directive import read_directive
from portico.errors import CannotTell, InputRefused
from portico.geometry import distance_mm
from portico.knowledge import load_library
from portico.targets import (
    EPIDURAL_SECTORS,
    TOTAL_LABELS,
    Involvement,
    SpineInputs,
    SpineWishes,
    canal_from_bone,
    reference_spine,
    spine_draft,
    stated_margin,
)
from portico.targets.phantom import POSITIONS, UPRIGHT, centred, every_point, part_of, turn

ROWS = load_library().volumes
DIRECTIVES = "examples/directives"


def directive(name="spine-24-2", levels=("T8",), **more):
    made = read_directive(f"{DIRECTIVES}/{name}.json")
    return made.model_copy(update={"site": made.site.model_copy(update={"levels": levels}), **more})


def spine(axes=None, rotation=None, spacing=(2.0, 2.0, 2.0)):
    """T7 to T9, 32 mm apart along the spine's own axis; parts of T8; inputs with canal and cord."""
    axes, rotation = np.eye(3) if axes is None else axes, np.eye(3) if rotation is None else rotation
    size = np.array([120.0, 150.0, 150.0])
    own = np.abs(axes.T) @ size
    counts = tuple(int(mm / h) + 1 for mm, h in zip(own, spacing, strict=True))
    grid = centred(counts, spacing, axes)
    local = every_point(grid) @ (rotation @ UPRIGHT)
    parts = {
        level: part_of(local - [0, 0, height]).reshape(grid.shape)
        for level, height in (("T7", 32.0), ("T8", 0.0), ("T9", -32.0))
    }
    room = ((local[:, 0] / 11) ** 2 + (local[:, 1] / 7.5) ** 2 <= 1).reshape(grid.shape)
    cord = ((local[:, 0] / 6) ** 2 + (local[:, 1] / 4) ** 2 <= 1).reshape(grid.shape)
    inputs = SpineInputs(
        grid, {level: one > 0 for level, one in parts.items()}, canal=room & (parts["T8"] == 0), cord=cord, cord_source="t2_mri",
        frame_uid="1.2",
    )  # fmt: skip
    return inputs, parts["T8"], local.reshape(*grid.shape, 3)


def wishes(parts=("pedicle_left",), epidural=(), **more):
    stated = {
        "chosen": ("isrc-table-pedicle",), "ptv": stated_margin("ptv-near-rigid", ROWS.values(), "ptv_margin"),
        "prv": stated_margin("cord-prv-rotations", ROWS.values(), "prv_margin"),
    }  # fmt: skip
    stated.update(more)
    return SpineWishes((Involvement("T8", parts, epidural=epidural),), **stated)


@pytest.mark.parametrize("axes", POSITIONS)
def test_left_stays_left_in_all_eight_positions(axes):
    inputs, _, local = spine(axes)
    ctv = spine_draft(inputs, wishes(), directive(), ROWS).volume("CTV").mask
    assert local[ctv][:, 0].min() > 0
    assert ctv.sum() * inputs.grid.voxel_cm3 > 2.0


@pytest.mark.parametrize("tilt", [(0, 0, 0), (40, 0, 0), (0, 25, 0), (-30, 15, 0)])
def test_right_parts_under_tilt(tilt):
    inputs, parts, _ = spine(rotation=turn(*tilt))
    inputs = replace(inputs, vertebrae={"T8": parts > 0})
    ctv = spine_draft(inputs, wishes(), directive(), ROWS).volume("CTV").mask
    right = np.isin(parts, [2, 4, 6])
    assert 2 * (ctv & right).sum() / (ctv.sum() + right.sum()) > 0.9


def test_volumes_name_their_rows_and_margins():
    draft = spine_draft(spine()[0], wishes(chosen=("isrc-table-pedicle", "ptv-evaluation")), directive(), ROWS)
    assert [one.roi for one in draft.volumes] == ["CTV", "PTV", "PTV_Eval", "SpinalCord", "SpinalCord_PRV02"]
    assert draft.choices == ()
    ctv, ptv, evaluated, cord, prv = draft.volumes
    assert ctv.verified == "secondary" and not ctv.unverified
    assert evaluated.verified == "memory" and evaluated.unverified
    assert {"redmond-preoperative-extent", "isrc-table-pedicle", "isrc-no-epidural"} <= set(ctv.rows)
    assert "1.8 mm (ptv-near-rigid, abstract)" in ptv.says
    assert not (evaluated.mask & prv.mask).any()
    assert (evaluated.mask == (ptv.mask & ~prv.mask)).all()
    assert cord.role == "input" and "t2 mri" in cord.says
    assert 2.0 < distance_mm(cord.mask, draft.grid)[prv.mask].max() <= 2.0 + np.sqrt(3.0) + 1e-6
    assert ptv.mask.sum() > ctv.mask.sum()


def test_the_epidural_ctv_has_the_named_sectors_and_not_the_cord():
    inputs, _, local = spine()
    front = spine_draft(inputs, wishes(epidural=("anterior",)), directive(), ROWS).volume("CTV").mask & inputs.canal
    assert front.any() and local[front][:, 1].min() > 0
    assert not (front & inputs.cord).any()
    assert np.abs(local[front][:, 2]).max() < 16
    ring = spine_draft(inputs, wishes(epidural=EPIDURAL_SECTORS), directive(), ROWS).volume("CTV").mask & inputs.canal
    assert local[ring][:, 1].min() < -4
    none = spine_draft(inputs, wishes(epidural=()), directive(), ROWS).volume("CTV").mask
    assert not (none & inputs.canal).any()


def test_reach_of_the_epidural_ctv_is_a_named_memory_rule():
    inputs, _, local = spine()
    rows = ("isrc-table-pedicle", "epidural-craniocaudal")
    waiting = spine_draft(inputs, wishes(epidural=("anterior",), chosen=rows), directive(), ROWS)
    assert waiting.volume("CTV") is None and "--epidural-reach" in waiting.choices[0].fix
    longer = spine_draft(inputs, wishes(epidural=("anterior",), chosen=rows, epidural_reach_mm=6.0), directive(), ROWS)
    ctv = longer.volume("CTV")
    assert ctv.unverified
    assert 16 <= np.abs(local[ctv.mask & inputs.canal][:, 2]).max() <= 21


def test_nothing_is_drawn_without_the_choices_it_needs():
    draft = spine_draft(spine()[0], wishes(chosen=(), ptv=None, prv=None), directive(), ROWS)
    assert [one.roi for one in draft.volumes] == ["SpinalCord"]
    assert {one.about for one in draft.choices} == {"CTV", "SpinalCord_PRV"}
    unsaid = spine_draft(spine()[0], wishes(epidural=None), directive(), ROWS)
    assert unsaid.volume("CTV") is None
    assert "epidural" in unsaid.choices[0].question


def test_hardware_leaves_the_ctv_only_by_a_named_rule():
    inputs = spine()[0]
    metal = np.zeros(inputs.grid.shape, bool)
    ctv = spine_draft(inputs, wishes(), directive(), ROWS).volume("CTV").mask
    metal[tuple(np.argwhere(ctv)[0])] = True
    kept = spine_draft(replace(inputs, hardware=metal), wishes(), directive(), ROWS)
    assert (kept.volume("CTV").mask & metal).any()
    assert any("hardware" in note for note in kept.notes)
    named = wishes(chosen=("isrc-table-pedicle", "redmond-hardware-scar"))
    out = spine_draft(replace(inputs, hardware=metal), named, directive(), ROWS).volume("CTV")
    assert not (out.mask & metal).any() and out.unverified


def test_a_boost_is_the_involved_parts_or_what_is_left_without_prv_and_gap():
    inputs, parts, _ = spine()
    intent = directive("spine-sib-30-20-5")
    plain = spine_draft(inputs, wishes(), intent, ROWS)
    high = plain.volume("CTV_High")
    assert (high.mask == (plain.parts["T8"].mask("pedicle_left"))).all()
    assert plain.volume("PTV_High") is not None and plain.volume("PTV_Low") is not None
    residual = np.isin(parts, [1, 2])
    named = wishes(chosen=("isrc-table-pedicle", "sib-boost-volume"), gap_mm=3.0)
    left = spine_draft(replace(inputs, gtv_residual=residual), named, intent, ROWS)
    boost, prv = left.volume("CTV_High"), left.volume("SpinalCord_PRV02")
    assert boost.unverified
    assert distance_mm(prv.mask, inputs.grid)[boost.mask].min() > 3.0
    waiting = spine_draft(replace(inputs, gtv_residual=residual), replace(named, gap_mm=None), intent, ROWS)
    assert waiting.volume("CTV_High") is None and waiting.choices


def test_disease_before_surgery_is_read_from_its_structure():
    inputs, parts, local = spine()
    gtv = binary_erosion(parts == 2) | (
        inputs.canal & (local[..., 1] > 4) & (np.abs(local[..., 0]) < 2) & (np.abs(local[..., 2]) < 5)
    )
    draft = spine_draft(replace(inputs, gtv_before=gtv), replace(wishes(), involved=()), directive(), ROWS)
    assert (draft.volume("CTV").mask & inputs.canal).any()
    assert draft.volume("GTV_Preop").role == "input"


def test_the_side_of_a_body_read_from_a_structure_is_the_physicians_to_say():
    inputs, parts, local = spine()
    gtv = (parts == 1) & (local[..., 0] > 2)
    given = replace(inputs, gtv_before=gtv)
    rows = ("isrc-table-body-lateral",)
    side = Involvement("T8", (), body_side="left")
    draft = spine_draft(given, replace(wishes(chosen=rows), involved=(side,)), directive(), ROWS)
    ctv = draft.volume("CTV").mask
    own = draft.parts["T8"]
    assert (ctv == own.mask("vertebral_body", "pedicle_left", "transverse_process_left")).all()
    assert any("100 % of the disease in the body lies left" in one for one in draft.notes)
    with pytest.raises(InputRefused, match="body-side") as error:
        spine_draft(given, replace(wishes(chosen=rows), involved=()), directive(), ROWS)
    assert error.value.problem.code == "row-does-not-fit"
    lamina = replace(inputs, gtv_before=parts == 6)
    with pytest.raises(InputRefused) as error:
        spine_draft(lamina, replace(wishes(chosen=("isrc-table-lamina",)), involved=(side,)), directive(), ROWS)
    assert error.value.problem.code == "body-side"


def test_what_is_stated_and_what_a_structure_tells_are_put_together():
    inputs, parts, _ = spine()
    given = replace(inputs, gtv_before=binary_erosion(parts == 2))
    stated = replace(wishes(), involved=(Involvement("T8", (), epidural=("anterior",)),))
    draft = spine_draft(given, stated, directive(), ROWS)
    ctv = draft.volume("CTV").mask
    assert ctv[draft.parts["T8"].mask("pedicle_left")].all() and (ctv & inputs.canal).any()
    assert "T8: parts read from the structure of the disease before surgery." in draft.notes


def test_evaluation_volume_without_cord_asks_for_it():
    inputs, _, _ = spine()
    named = wishes(chosen=("isrc-table-pedicle", "ptv-evaluation"), prv=None)
    intent = directive(technique="conventional")
    draft = spine_draft(replace(inputs, cord=None, cord_source=None), named, intent, ROWS)
    assert draft.volume("PTV_Eval") is None
    assert [one.about for one in draft.choices] == ["PTV_Eval"]


def test_a_named_row_that_fits_nothing_is_refused_while_something_else_is_open():
    named = wishes(chosen=("isrc-table-pedicle", "isrc-table-spinous"), ptv=None)
    with pytest.raises(InputRefused) as error:
        spine_draft(spine()[0], named, directive(), ROWS)
    assert (error.value.problem.code, error.value.problem.path) == ("row-does-not-fit", "isrc-table-spinous")
    waiting = wishes(chosen=("isrc-table-pedicle", "epidural-craniocaudal"), epidural=None)
    assert any(
        "epidural sectors" in one.question for one in spine_draft(spine()[0], waiting, directive(), ROWS).choices
    )


def test_rows_on_neighbours_stand_only_where_neighbours_were_taken():
    alone = replace(wishes(chosen=()), involved=(Involvement("T8", ("pedicle_left",), epidural=(), add=()),))
    rows = spine_draft(spine()[0], alone, directive(), ROWS).volume("CTV").rows
    assert "redmond-preoperative-extent" in rows and "redmond-adjacent-compartments" not in rows
    assert "redmond-adjacent-compartments" in spine_draft(spine()[0], wishes(), directive(), ROWS).volume("CTV").rows


REFUSED = [
    ("no-preoperative-extent", {}, {"involved": ()}, {}, CannotTell),
    ("cord-source-missing", {"cord_source": None}, {}, {}, CannotTell),
    ("cord-incomplete", {"cord": None}, {}, {}, CannotTell),
    ("no-rule-for-level", {}, {"involved": ()}, {"levels": ("S1",)}, CannotTell),
    ("no-rule-for-level", {}, {"involved": ()}, {"levels": ("C2",)}, CannotTell),
    ("level-missing", {}, {"involved": ()}, {"levels": ("T4",)}, CannotTell),
    ("no-such-row", {}, {"chosen": ("isrc",)}, {}, InputRefused),
    ("no-such-row", {}, {"chosen": ("isrc-table-pedicle+rib",)}, {}, InputRefused),
    ("row-does-not-fit", {}, {"chosen": ("isrc-table-pedicle", "isrc-table-spinous")}, {}, InputRefused),
    ("level-not-in-directive", {}, {"involved": (Involvement("T7", ("lamina_left",)),)}, {}, InputRefused),
    ("level-twice", {}, {"involved": (Involvement("T8", ("lamina_left",)),) * 2}, {}, InputRefused),
]


@pytest.mark.parametrize(("code", "inputs", "wished", "intent", "kind"), REFUSED)
def test_what_is_refused(code, inputs, wished, intent, kind):
    with pytest.raises(kind) as caught:
        spine_draft(replace(spine()[0], **inputs), replace(wishes(), **wished), directive(**intent), ROWS)
    assert caught.value.code == code


def test_a_cord_with_a_gap_or_too_short_is_no_cord():
    inputs, _, local = spine()
    for there in (np.abs(local[..., 2]) < 20, np.abs(local[..., 2] - 8) > 5):
        with pytest.raises(CannotTell) as caught:
            spine_draft(replace(inputs, cord=inputs.cord & there), wishes(), directive(), ROWS)
        assert caught.value.code == "cord-incomplete"


def test_mirrored_and_upside_down_labels_are_caught_by_anatomy():
    inputs, parts, local = spine()
    left = np.zeros(inputs.grid.shape, bool)
    left[local[..., 0] < -40] = True
    with pytest.raises(InputRefused, match="mirrored"):
        spine_draft(replace(inputs, organs={"Kidney_L": left}), wishes(), directive(), ROWS)
    swapped = {"T7": inputs.vertebrae["T9"], "T8": parts > 0, "T9": inputs.vertebrae["T7"]}
    with pytest.raises(InputRefused, match="above"):
        spine_draft(replace(inputs, vertebrae=swapped), wishes(), directive(), ROWS)


def test_a_cut_vertebra_and_thick_slices():
    inputs, parts, _ = spine()
    cut = parts > 0
    cut[0, 0, 0] = True
    with pytest.raises(CannotTell, match="edge"):
        spine_draft(replace(inputs, vertebrae={"T8": cut}), wishes(), directive(), ROWS)
    thick = spine_draft(spine(spacing=(2.0, 2.0, 5.0))[0], wishes(), directive(), ROWS)
    assert any("5 mm apart" in note for note in thick.notes)


def test_a_margin_that_voxels_cannot_show_is_refused_not_lost():
    with pytest.raises(CannotTell) as caught:
        spine_draft(spine()[0], wishes(ptv=stated_margin("0.5mm", (), "ptv_margin")), directive(), ROWS)
    assert caught.value.code == "margin-below-voxel"
    none = spine_draft(spine()[0], wishes(ptv=stated_margin("0mm", (), "ptv_margin")), directive(), ROWS)
    assert (none.volume("PTV").mask == none.volume("CTV").mask).all()


def test_not_a_spine():
    with pytest.raises(InputRefused, match="spine"):
        spine_draft(spine()[0], wishes(), read_directive(f"{DIRECTIVES}/femur-30-10.json"), ROWS)


@pytest.mark.parametrize(("text", "code"), [("2", "margin-form"), ("-1mm", "bad-margin"), ("30mm", "bad-margin"), ("x", "no-such-row"),
                                            ("ptv-less-rigid", "margin-needed"), ("ptv-less-rigid=5mm", "margin-range"),
                                            ("ptv-post-operative", "margin-needed"), ("xmm", "no-such-row"), ("2xmm", "margin-form")])  # fmt: skip
def test_a_margin_is_stated_with_its_unit(text, code):
    with pytest.raises(InputRefused) as caught:
        stated_margin(text, ROWS.values(), "ptv_margin")
    assert caught.value.code == code
    assert stated_margin("ptv-less-rigid=2mm", ROWS.values(), "ptv_margin").mm == 2.0


def test_real_vertebrae():
    real, bodies = reference_spine()
    masks = {TOTAL_LABELS[number]: real.labels == number for number in range(27, 33)}
    canal = canal_from_bone(real.labels > 0, real.grid)
    inputs = SpineInputs(real.grid, masks, canal=canal, bodies=bodies)
    body = ("vertebral_body",)
    intent = directive(levels=("L3",), technique="conventional")
    for side, sign in (("left", 1), ("right", -1)):
        wished = SpineWishes((Involvement("L3", body, side, ()),), ("isrc-table-body-lateral",))
        draft = spine_draft(inputs, wished, intent, ROWS)
        ctv, parts = draft.volume("CTV"), draft.parts["L3"]
        extra = ctv.mask & ~parts.mask("vertebral_body")
        points = real.grid.points(np.argwhere(extra)[:, ::-1])
        assert (sign * (points[:, 0] - parts.frame.centre[0]) > -3.0).all()  # within a voxel of the midline
        assert len(points) > 50
        assert not (ctv.mask & ~masks["L3"]).any()
        assert ctv.unverified
