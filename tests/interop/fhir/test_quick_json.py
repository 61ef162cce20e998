"""The fast reading of JSON takes nothing that the guarded reader refuses, and reads what both take the same."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.errors import ReadingRefused
from portico.interop import fhir_import_json as room
from portico.interop.fhir_import_json import quick_json
from portico.reading import Limits, parse_json

SMALL = Limits(max_bytes=400, max_depth=5, max_nodes=30, max_scalar_chars=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True, allow_infinity=True) | st.text(max_size=25),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=22), inner, max_size=4),
    max_leaves=14,
)
PIECES = [
    b"", b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u0000", b"\\ud800", b"\\u0061", b"\\n", b"\\/", b"\\b", b"NaN", b"-Infinity", b"1e999",
    b"01", b"-0", b"1.0", b"1e5", b"123456789012345678901234567890", b"\x00", b"\x85", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\r", b"\t", b" ",
    b"true", b"null", b'"a":1,"a":2', b'"<<":1', "\U0001f600".encode(), b"/**/", b"'",
]  # fmt: skip


def _both(data: bytes, limits: Limits) -> None:
    try:
        wanted: Any = repr(parse_json(data, limits=limits).value)
    except ReadingRefused as error:
        wanted = error.code
    try:
        found: Any = repr(quick_json(data, name="<text>", limits=limits))
    except ReadingRefused as error:
        found = error.code
    assert found == wanted


@settings(max_examples=50)
@given(VALUES, st.booleans())
def test_any_value_is_read_the_same(value: Any, plain: bool) -> None:
    text = json.dumps(value, ensure_ascii=plain)
    _both(text.encode("utf-8", "surrogatepass"), SMALL)
    _both(text.encode("utf-8", "surrogatepass"), Limits())


def test_mutated_text_is_read_or_refused_the_same(example) -> None:
    bundle = example("femur-postop")
    bundle["entry"] = bundle["entry"][:2]
    seed = json.dumps(bundle, ensure_ascii=False).encode()
    fast = 0
    for number in range(200):
        draw, data = random.Random(number), bytearray(seed)
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(data))
            data[at : at + draw.randint(0, 4)] = draw.choice(PIECES)
        _both(bytes(data), Limits())
        try:
            room._read(bytes(data), Limits())
        except (ValueError, RecursionError):
            continue
        fast += 1
    assert fast > 15


@pytest.mark.parametrize(
    "text", ["[" * 3000 + "]" * 3000, "", " ", "7", '"x"', "[1,]", "{} {}", '{"a": 1e400}', '{"a": -0.0}']
)
def test_at_the_edges(text: str) -> None:
    _both(text.encode(), Limits())


def test_an_ordinary_bundle_takes_the_fast_way(example, monkeypatch) -> None:
    text = json.dumps(example("spine-postop"))
    monkeypatch.setattr(room, "parse_json", lambda *a, **k: pytest.fail("the guarded reader was asked"))
    assert quick_json(text, name="x", limits=Limits()) == example("spine-postop")
