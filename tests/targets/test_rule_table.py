"""Each row of the rule table as a whole draft: on phantoms and on every real vertebra, right parts in, others out, left stays left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from portico.directive import read_directive
from portico.knowledge import load_library
from portico.rt import Grid
from portico.targets import (
    PARTS,
    TOTAL_LABELS,
    Involvement,
    SpineInputs,
    SpineWishes,
    canal_from_bone,
    reference_spine,
    spine_draft,
)
from portico.targets.phantom import POSITIONS, UPRIGHT, centred, every_point, part_of, turn

ROWS = load_library().volumes
LEVELS = ("T12", "L1", "L2", "L3", "L4", "L5")
BODY, SPINOUS = "vertebral_body", "spinous_process"


def pair(*names):
    return {f"{name}_{side}" for name in names for side in ("left", "right")}


def table():
    """Row, involved parts, side of the body, parts that the CTV takes; from the words of each row, by hand."""
    wide = {BODY} | pair("pedicle", "transverse_process")
    yield "isrc-table-body", (BODY,), None, {BODY}
    yield "isrc-table-body-diffuse", (BODY,), "diffuse", wide
    yield "isrc-table-body-both-sides", (BODY, "pedicle_left", "pedicle_right"), None, wide | pair("lamina")
    yield "isrc-table-spinous", (SPINOUS,), None, {SPINOUS} | pair("lamina")
    for side in ("left", "right"):
        three = {f"{name}_{side}" for name in ("pedicle", "transverse_process", "lamina")}
        yield "isrc-table-body-lateral", (BODY,), side, {BODY, f"pedicle_{side}", f"transverse_process_{side}"}
        yield "isrc-table-body-pedicle", (BODY, f"pedicle_{side}"), None, {BODY} | three
        yield "isrc-table-pedicle", (f"pedicle_{side}",), None, three
        yield "isrc-table-lamina", (f"lamina_{side}",), None, three | {SPINOUS}


TABLE = list(table())


def intent(*levels):
    made = read_directive("examples/directives/spine-24-2.json")
    return made.model_copy(
        update={"site": made.site.model_copy(update={"levels": levels}), "technique": "conventional"}
    )


def drafted(inputs, levels, row, involved, side):
    wished = SpineWishes(tuple(Involvement(level, involved, side, ()) for level in levels), (row,))
    return spine_draft(inputs, wished, intent(*levels), ROWS)


@pytest.fixture(scope="module")
def real():
    """The reference spine with a margin of air, since its box ends at T12."""
    found, bodies = reference_spine()
    room = 2
    origin = found.grid.points([[-room, -room, -room]])[0]
    grid = Grid(origin, found.grid.spacing, found.grid.axes, tuple(size + 2 * room for size in found.grid.shape))
    labels, bodies = np.pad(found.labels, room), np.pad(bodies, room)
    masks = {TOTAL_LABELS[number]: labels == number for number in range(27, 33)}
    return SpineInputs(grid, masks, canal=canal_from_bone(labels > 0, grid), bodies=bodies)


def test_no_row_of_the_table_is_left_out():
    assert {row for row, *_ in TABLE} == {
        row.id for row in ROWS.values() if row.gtv and row.about == "ctv" and row.site == "spine"
    }


@pytest.mark.parametrize(("row", "involved", "side", "wanted"), TABLE)
def test_on_every_real_vertebra(real, row, involved, side, wanted):
    draft = drafted(real, LEVELS, row, involved, side)
    ctv = draft.volume("CTV").mask
    for level in LEVELS:
        parts = draft.parts[level]
        for part in PARTS:
            own = parts.mask(part)
            assert own.any(), (level, part)
            share = (ctv & own).sum() / own.sum()
            assert share == (1.0 if part in wanted else 0.0), (level, part)
        for name, sign in (("left", 1.0), ("right", -1.0)):
            beside = parts.mask(*(part for part in PARTS if part.endswith(name) and part in wanted))
            if (
                beside.any()
            ):  # in the patient, whatever the parts are called: the middle of what is named left lies left
                points = real.grid.points(np.argwhere(beside)[:, ::-1])
                assert sign * (points[:, 0].mean() - parts.frame.centre[0]) > 5.0, (level, name)
    bone = np.logical_or.reduce([real.vertebrae[level] for level in LEVELS])
    assert not (ctv & ~bone).any()


def spine(axes, rotation):
    """T7 to T9 of the phantom and the known parts of T8."""
    own = np.abs(axes.T) @ np.array([120.0, 150.0, 150.0])
    spacing = (2.0, 2.0, 2.0)
    grid = centred(tuple(int(mm / 2.0) + 1 for mm in own), spacing, axes)
    local = every_point(grid) @ (rotation @ UPRIGHT)
    known = part_of(local).reshape(grid.shape)
    canal = ((local[:, 0] / 11) ** 2 + (local[:, 1] / 7.5) ** 2 <= 1).reshape(grid.shape) & (known == 0)
    return SpineInputs(grid, {"T8": known > 0}, canal=canal), known, local.reshape(*grid.shape, 3)


@pytest.mark.parametrize(
    ("axes", "tilt"),
    [
        *((axes, (0, 0, 0)) for axes in POSITIONS),
        (np.eye(3), (40, 0, 0)),
        (np.eye(3), (-25, 25, 0)),
        (np.eye(3), (0, 0, 40)),
    ],
)
def test_on_phantoms_in_eight_positions_and_under_tilt(axes, tilt):
    inputs, known, local = spine(axes, turn(*tilt))
    for row, involved, side, wanted in TABLE:
        ctv = drafted(inputs, ("T8",), row, involved, side).volume("CTV").mask
        right = np.isin(known, [PARTS.index(part) + 1 for part in wanted])
        assert 2 * (ctv & right).sum() / (ctv.sum() + right.sum()) > 0.85, row
        sides = {part.rsplit("_", 1)[1] for part in wanted if part.endswith(("left", "right"))}
        if sides == {"left"} and BODY not in wanted:
            assert local[ctv & (np.abs(local[..., 0]) > 7.0)][:, 0].min() > 0.0, row
        if sides == {"right"} and BODY not in wanted:
            assert local[ctv & (np.abs(local[..., 0]) > 7.0)][:, 0].max() < 0.0, row


def bent(cobb, twist, missing=()):
    """Five vertebrae on an arc in the coronal plane that also turns about its own axis; known parts by level."""
    grid = centred((76, 76, 101), (2.0, 2.0, 2.0), np.eye(3))
    points = every_point(grid)
    radius = 32.0 * 4.0 / np.radians(cobb)
    known, canal = {}, np.zeros(len(points), bool)
    taken = np.zeros(len(points), bool)
    for number, level in enumerate(("T6", "T7", "T8", "T9", "T10")):
        angle = cobb * (number - 2) / 4.0
        middle = np.array([radius * (1.0 - np.cos(np.radians(angle))) - 6.0, 0.0, -radius * np.sin(np.radians(angle))])
        local = (points - middle) @ (turn(0.0, -angle, twist * (number - 2) / 4.0) @ UPRIGHT)
        parts = part_of(local)
        parts[np.isin(parts, [PARTS.index(part) + 1 for part in missing]) & (level == "T8")] = 0
        parts[taken] = 0
        taken |= parts > 0
        known[level] = parts.reshape(grid.shape)
        canal |= ((local[:, 0] / 11) ** 2 + (local[:, 1] / 7.5) ** 2 <= 1) & (np.abs(local[:, 2]) <= 18)
    inside = canal.reshape(grid.shape) & ~taken.reshape(grid.shape)
    return SpineInputs(grid, {level: one > 0 for level, one in known.items()}, canal=inside), known


@pytest.mark.parametrize(("cobb", "twist"), [(40.0, 0.0), (30.0, 20.0)])
def test_on_a_bent_spine_each_level_has_its_own_sides(cobb, twist):
    inputs, known = bent(cobb, twist)
    levels = ("T7", "T8", "T9")
    for row, involved, side, wanted in TABLE:
        if row not in ("isrc-table-lamina", "isrc-table-body-lateral", "isrc-table-pedicle"):
            continue
        ctv = drafted(inputs, levels, row, involved, side).volume("CTV").mask
        for level in levels:
            own, right = ctv & (known[level] > 0), np.isin(known[level], [PARTS.index(part) + 1 for part in wanted])
            assert 2 * (own & right).sum() / (own.sum() + right.sum()) > 0.85, (row, level)
            other = "right" if side == "left" or any(part.endswith("left") for part in wanted) else "left"
            wrong = np.isin(
                known[level], [PARTS.index(f"{part}_{other}") + 1 for part in ("pedicle", "transverse_process")]
            )
            assert (own & wrong).sum() <= 0.1 * wrong.sum(), (row, level)


def test_after_laminectomy_and_with_screws_the_other_parts_stay():
    gone = ("lamina_left", "lamina_right", SPINOUS)
    whole, known = bent(20.0, 0.0)
    cut, _ = bent(20.0, 0.0, gone)
    row, involved = "isrc-table-body-pedicle", (BODY, "pedicle_left")
    before, after = (drafted(one, ("T8",), row, involved, None) for one in (whole, cut))
    for part in PARTS:
        first, second = (one.parts["T8"].mask(part) for one in (before, after))
        if part in gone:
            assert second.sum() <= 0.1 * first.sum(), part
        else:  # what is left is as near to the known part as it was in the whole vertebra
            right = known["T8"] == PARTS.index(part) + 1
            dice = [2 * (one & right).sum() / (one.sum() + right.sum()) for one in (first, second)]
            assert dice[1] > dice[0] - 0.02, part
    assert any("no bone of the lamina left" in note for note in after.notes)
    screw = np.zeros(whole.grid.shape, bool)
    at = np.argwhere(known["T8"] == PARTS.index("pedicle_left") + 1)
    j, i = at[:, 1].mean(), at[:, 2].mean()
    screw[int(at[:, 0].mean()) - 1 : int(at[:, 0].mean()) + 2, int(j) - 8 : int(j) + 8, int(i) - 1 : int(i) + 2] = True
    holed = replace(whole, vertebrae={level: one & ~screw for level, one in whole.vertebrae.items()}, hardware=screw)
    drilled = drafted(holed, ("T8",), row, involved, None)
    for part in PARTS:
        right = (known["T8"] == PARTS.index(part) + 1) & ~screw
        first, second = before.parts["T8"].mask(part) & ~screw, drilled.parts["T8"].mask(part)
        dice = [2 * (one & right).sum() / (one.sum() + right.sum()) for one in (first, second)]
        assert dice[1] > dice[0] - 0.02, part


@pytest.mark.parametrize("level", ["L3", "T12"])
def test_a_real_vertebra_after_laminectomy(real, level):
    whole = drafted(real, (level,), "isrc-table-body", (BODY,), None).parts[level]
    gone = whole.mask("lamina_left", "lamina_right", SPINOUS)
    open_back = replace(real, vertebrae={**real.vertebrae, level: real.vertebrae[level] & ~gone})
    parts = drafted(open_back, (level,), "isrc-table-body", (BODY,), None).parts[level]
    for part in (
        "vertebral_body",
        "pedicle_left",
        "pedicle_right",
        "transverse_process_left",
        "transverse_process_right",
    ):
        first, second = whole.mask(part), parts.mask(part)
        assert 2 * (first & second).sum() / (first.sum() + second.sum()) > 0.95, part
    for side, other in (("left", "right"), ("right", "left")):
        now = parts.mask(*(part for part in PARTS if part.endswith(side)))
        assert not (now & whole.mask(*(part for part in PARTS if part.endswith(other)))).any()
