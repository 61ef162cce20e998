"""Each row of the table on the phantom: the right parts in, the others out; what is not read in a paper is never the default."""

from __future__ import annotations

import pytest

from portico.errors import InputRefused
from portico.knowledge import load_library
from portico.targets import EPIDURAL_SECTORS, PARTS, Involvement, adjacent_parts

ROWS = [row for row in load_library().volumes.values() if row.about == "ctv" and row.site == "spine"]
BODY, PEDICLES = "vertebral_body", {"pedicle_left", "pedicle_right"}
PROCESSES = {"transverse_process_left", "transverse_process_right"}
LAMINAE, SPINE = {"lamina_left", "lamina_right"}, "spinous_process"


def side(name, *parts):
    return {f"{part}_{name}" for part in parts}


TABLE = [
    ("isrc-table-body", (BODY,), None, {BODY}),
    ("isrc-table-body-diffuse", (BODY,), "diffuse", {BODY, *PEDICLES, *PROCESSES}),
    ("isrc-table-body-both-sides", (BODY, *sorted(PEDICLES)), None, {BODY, *PEDICLES, *PROCESSES, *LAMINAE}),
    ("isrc-table-body-both-sides", (BODY, *sorted(PROCESSES)), None, {BODY, *PEDICLES, *PROCESSES, *LAMINAE}),
    ("isrc-table-spinous", (SPINE,), None, {SPINE, *LAMINAE}),
]
for one in ("left", "right"):
    three = side(one, "pedicle", "transverse_process", "lamina")
    TABLE += [
        ("isrc-table-body-lateral", (BODY,), one, {BODY, *side(one, "pedicle", "transverse_process")}),
        ("isrc-table-body-pedicle", (BODY, f"pedicle_{one}"), None, {BODY, *three}),
        ("isrc-table-pedicle", (f"pedicle_{one}",), None, three),
        ("isrc-table-lamina", (f"lamina_{one}",), None, {*three, SPINE}),
    ]


def test_every_row_of_the_table_is_here():
    assert {row for row, *_ in TABLE} == {row.id for row in ROWS if row.gtv}


@pytest.mark.parametrize(("row", "parts", "body_side", "wanted"), TABLE)
def test_a_row_takes_its_parts_and_no_other(row, parts, body_side, wanted):
    before = Involvement("L3", parts, body_side, ())
    assert adjacent_parts(before, ROWS, ()).parts is None
    found = adjacent_parts(before, ROWS, (row,))
    assert set(found.parts) == wanted
    assert [one.id for one in found.rows] == [row]
    assert found.verified in ("secondary", "memory")
    assert row in found.says


def test_without_a_choice_the_question_lists_every_row_that_fits():
    choice = adjacent_parts(Involvement("L3", (BODY,), "left", ()), ROWS, ()).choices[0]
    assert [(name, level) for name, _, level in choice.options] == [
        ("isrc-table-body", "memory"),
        ("isrc-table-body-lateral", "memory"),
    ]


def test_a_conflict_is_shown_beside_the_row_that_was_chosen():
    found = adjacent_parts(Involvement("L3", (BODY,), "left", ()), ROWS, ("isrc-table-body-lateral",))
    assert [one.split(":")[0] for one in found.conflicts] == ["isrc-table-body"]


def test_a_ring_of_bone_needs_its_condition():
    pedicles = (BODY, "pedicle_left", "pedicle_right")
    row = "isrc-table-body-both-sides+spinous_process"
    refused = adjacent_parts(Involvement("L3", pedicles, None, ()), ROWS, (row,))
    assert refused.parts is None
    assert "ring" in refused.choices[0].question
    assert set(adjacent_parts(Involvement("L3", pedicles, None, (), None, True), ROWS, (row,)).parts) == set(PARTS)
    all_three = adjacent_parts(
        Involvement("L3", (*pedicles, SPINE), None, (), ()), ROWS, ("isrc-table-body-both-sides",)
    )
    assert {SPINE, *LAMINAE} <= set(all_three.parts)


def test_a_part_without_rule_needs_the_physicians_word():
    before = Involvement("L3", ("transverse_process_left",), None, ())
    assert adjacent_parts(before, ROWS, ()).parts is None
    stated = adjacent_parts(Involvement("L3", ("transverse_process_left",), None, (), ("pedicle_left",)), ROWS, ())
    assert stated.parts == ("pedicle_left", "transverse_process_left")
    assert stated.verified is None


def test_a_row_that_speaks_of_a_part_only_leaves_the_other_open():
    before = Involvement("L3", (BODY, "lamina_left"), None, ())
    found = adjacent_parts(before, ROWS, ("isrc-table-body",))
    assert found.parts is None
    assert "lamina left" in found.choices[0].question
    both = adjacent_parts(before, ROWS, ("isrc-table-body", "isrc-table-lamina"))
    assert {BODY, SPINE, "lamina_left"} <= set(both.parts)
    assert "lamina_right" not in both.parts


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("L3", ("corpus",)), "no-such-part"),
        (("L3", (BODY,), "middle"), "body-side"),
        (("L3", (SPINE,), "left"), "body-side"),
        (("L3", (BODY,), None, ("front",)), "no-such-sector"),
        (("L3", (BODY,), None, (), ("rib",)), "no-such-part"),
    ],
)
def test_words_that_are_none(arguments, code):
    with pytest.raises(InputRefused) as caught:
        Involvement(*arguments)
    assert caught.value.code == code


def test_an_abstract_row_would_run_by_itself():
    from dataclasses import replace

    read = [replace(row, verified="abstract") if row.id == "isrc-table-spinous" else row for row in ROWS]
    assert set(adjacent_parts(Involvement("L3", (SPINE,), None, ()), read, ()).parts) == {SPINE, *LAMINAE}
    assert len(EPIDURAL_SECTORS) == 6
