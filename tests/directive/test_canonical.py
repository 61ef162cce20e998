"""Canonical JSON: RFC 8785's own samples, one form for equal data, refusals."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.directive import canonical_json, sha256_of
from portico.errors import DirectiveRefused


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        # RFC 8785, appendix B
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555555", "333333333.3333333"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_numbers_of_the_standard(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical_json(number).decode() == text


def test_example_of_the_standard() -> None:
    # RFC 8785, section 3.2.2 to 3.2.4
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert (
        canonical_json(value)
        == (
            '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        ).encode()
    )


def test_order_of_keys_is_by_utf16_units() -> None:
    # RFC 8785, section 3.2.3
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = json.loads(canonical_json(dict.fromkeys(keys, 0)), object_pairs_hook=lambda pairs: [k for k, _ in pairs])
    assert written == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_whole_numbers_have_one_form() -> None:
    assert canonical_json([24, 24.0, -0.0, True]) == b"[24,24,0,true]"
    assert canonical_json(10**17) == canonical_json(1e17) == b"100000000000000000"
    assert canonical_json((1, [2])) == canonical_json([1, (2,)])


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (math.nan, "not-a-number"),
        (math.inf, "not-a-number"),
        ([-math.inf], "not-a-number"),
        (10**400, "not-a-number"),
        (2**53 + 1, "number-not-exact"),
        ({1: 2}, "not-json"),
        ({None: 2}, "not-json"),
        ({"day": dt.date(2026, 1, 1)}, "not-json"),
        ({"set": {1}}, "not-json"),
        (b"bytes", "not-json"),
        ("\ud800", "bad-text"),
        ({"\udfff": 1}, "bad-text"),
    ],
)
def test_refused(value: Any, code: str) -> None:
    with pytest.raises(DirectiveRefused) as caught:
        canonical_json(value)
    assert caught.value.code == code


def test_depth_is_bounded() -> None:
    value: Any = 1
    for _ in range(100):
        value = [value]
    assert canonical_json(value) == b"[" * 100 + b"1" + b"]" * 100
    with pytest.raises(DirectiveRefused) as caught:
        canonical_json([value])
    assert caught.value.code == "too-deep"
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(DirectiveRefused):
        canonical_json(endless)


_PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=8),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)),
    max_leaves=20,
)


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(list(value))}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


@given(_PLAIN)
def test_round_trip_and_one_form(value: Any) -> None:
    written = canonical_json(value)
    again = json.loads(written, parse_int=float)  # every number is a 64-bit float, as the standard has it
    assert again == value
    assert canonical_json(again) == written
    assert canonical_json(_reversed(value)) == written
    assert sha256_of(value) == hashlib.sha256(written).hexdigest()


@given(_PLAIN, _PLAIN)
def test_different_data_have_different_bytes(one: Any, other: Any) -> None:
    same = canonical_json(one) == canonical_json(other)
    # Python calls True and 1 equal, JSON does not
    assert same == (repr(_typed(one)) == repr(_typed(other)))


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return [*sorted((key, _typed(item)) for key, item in value.items()), "mapping"]
    if isinstance(value, list):
        return [_typed(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return (type(value).__name__, value)
    return ("number", float(value) + 0.0)
