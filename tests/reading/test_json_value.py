"""The quick way to a value gives what the guarded reader gives, and refuses what it refuses."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.case import read_case
from portico.errors import ReadingRefused
from portico.reading import Limits, json_value, parse_json

CASE = Path(__file__).parents[2] / "examples" / "cases" / "femur-renal.yaml"
TIGHT = Limits(max_bytes=600, max_depth=4, max_nodes=60, max_scalar_chars=40, max_int_digits=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def outcome(read, text, limits):
    try:
        found = read(text, limits=limits)
    except ReadingRefused as error:
        return error.problem
    return repr(found if read is json_value else found.value)


def same(text, limits=Limits()):  # noqa: B008  # frozen
    assert outcome(json_value, text, limits) == outcome(parse_json, text, limits), text


@given(VALUES, st.booleans())
def test_documents(value, ascii_only) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    same(text)
    same(text, TIGHT)


ODD = [
    "", " ", "1", "-0", "0.0", "-0.0", "1E5", "1e999", "1e-999", "01", "+1", ".5", "1.", "0x1", "NaN", "[Infinity]", "-Infinity", '"a', '{"a":1,"a":2}',
    '{"a":{"b":1,"b":1}}', '{"<<":1}', '["<<"]', '"\\u0000"', '"\\ud800"', '"\\ud83d\\ude00"', '{"\\u0007":1}', '"\\u2028"', '"\t"', "[1,]", "{,}", '{"a"}', "[1 2]",
    "1 2", "null x", "tru", "\ufeff1", "[" * 40 + "]" * 40, "[" * 41 + "]" * 41, "[" * 100_000, '{"a":' * 60 + "1" + "}" * 60, "1" * 18, "1" * 19, "-" + "1" * 18,
    "0." + "1" * 38, "0." + "1" * 39, b"\xff", b'"\xc3\xa9"', '"' + "x" * 100_001 + '"', "[" + "1," * 70 + "1]",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_documents(text) -> None:
    same(text)
    same(text, TIGHT)


def test_changed_documents() -> None:
    chance = random.Random(5)
    plain = read_case(CASE).model_dump_json(by_alias=True, exclude_none=True)
    for _ in range(400):
        made = list(plain)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(made))
            made[at : at + chance.randint(0, 3)] = chance.choice(
                ['"', "\\", "{", "]", ",", "NaN", "1e999", "\\u0000", '"label":1,', "é", " "]
            )
        same("".join(made))
