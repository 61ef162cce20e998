"""JSON: same meanings, same refusals, own line numbers."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.errors import ReadingRefused
from portico.reading import Limits, parse_json, parse_yaml


def refusal(text, **kwargs):
    with pytest.raises(ReadingRefused) as caught:
        parse_json(text, name="f.json", **kwargs)
    return caught.value.code, caught.value.problem.line, caught.value.problem.path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("empty-document", None, "")),
        (" \n ", ("empty-document", None, "")),
        ('{"a": 1,\n "a": 2}', ("duplicate-key", 2, "a")),
        ('[{"x": {"a": 1, "\\u0061": 2}}]', ("duplicate-key", 1, "[0].x.a")),
        ('{"<<": 1}', ("merge-refused", 1, "")),
        ('{"a": NaN}', ("not-a-number", 1, "a")),
        ("[1, Infinity]", ("not-a-number", 1, "[1]")),
        ("-Infinity", ("not-a-number", 1, "")),
        ("[\n012]", ("ambiguous-scalar", 2, "[0]")),
        ("-01.5", ("ambiguous-scalar", 1, "")),
        ("1234567890123456789", ("number-too-long", 1, "")),
        ("1e999", ("number-out-of-range", 1, "")),
        ("1e-999", ("number-out-of-range", 1, "")),
        ("[1] x", ("syntax", 1, "")),
        ("[1]\n[2]", ("syntax", 2, "")),
        ("[1,]", ("syntax", 1, "[1]")),
        ('{"a": 1,}', ("syntax", 1, "")),
        ('{"a" 1}', ("syntax", 1, "a")),
        ("{a: 1}", ("syntax", 1, "")),
        ("{1: 1}", ("syntax", 1, "")),
        ("['a']", ("syntax", 1, "[0]")),
        ("[1 2]", ("syntax", 1, "[1]")),
        ("[1", ("syntax", 1, "[1]")),
        ('{"a":', ("syntax", 1, "a")),
        ("[1}", ("syntax", 1, "[1]")),
        ("]", ("syntax", 1, "")),
        ("tru", ("syntax", 1, "")),
        ("True", ("syntax", 1, "")),
        ("+1", ("syntax", 1, "")),
        (".5", ("syntax", 1, "")),
        ("5.", ("syntax", 1, "")),
        ("1_0", ("syntax", 1, "")),
        ("// c\n1", ("syntax", 1, "")),
        ('"a\nb"', ("syntax", 1, "")),
        ('"abc', ("syntax", 1, "")),
        ('"\\x41"', ("syntax", 1, "")),
        ('{"a": "\\ud800"}', ("encoding", 1, "a")),
        ('{"a": "\\u0000"}', ("control-character", 1, "a")),
        ("[\x00]", ("control-character", 1, "")),
        (b"[\xff]", ("encoding", 1, "")),
    ],
)
def test_refusals(text, expected):
    assert refusal(text) == expected


@pytest.mark.parametrize(
    ("text", "limits", "code"),
    [
        ("[[1]]", Limits(max_depth=1), "too-deep"),
        ('{"a": {}}', Limits(max_depth=1), "too-deep"),
        ("[1, 2]", Limits(max_nodes=2), "too-many-nodes"),
        ("1234", Limits(max_bytes=3), "too-large"),
        ('"abcd"', Limits(max_scalar_chars=3), "too-large"),
    ],
)
def test_limits(text, limits, code):
    assert refusal(text, limits=limits)[0] == code


def test_lines():
    document = parse_json('{\n "a": [\n  1,\r\n  {"b":\n   2}]\n}')
    assert document.value == {"a": [1, {"b": 2}]}
    assert [document.line(place) for place in [(), ("a",), ("a", 0), ("a", 1), ("a", 1, "b"), ("z",)]] == [
        1,
        2,
        3,
        4,
        4,
        1,
    ]


def test_tabs_and_byte_order_mark():
    assert parse_json(b'\xef\xbb\xbf{\t"a":\t1}').value == {"a": 1}


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18) + 1, 10**18 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Cf", "Zl", "Zp"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcé 1", min_size=1), inner, max_size=4),
    max_leaves=20,
)


@given(values, st.sampled_from([None, 1]), st.booleans())
def test_what_the_standard_library_writes_is_read_back(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    read = parse_json(text).value
    assert read == value
    assert json.dumps(read) == json.dumps(value)


@given(values)
def test_yaml_reads_json_texts_alike(value):
    """Of what both accept; YAML refuses exponents such as 1e5."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        read = parse_yaml(text).value
    except ReadingRefused as error:
        # JSON numbers with exponents, and escapes that only JSON has, are the known differences.
        assert error.code in ("ambiguous-scalar", "empty-document") or "\\" in text, text
    else:
        assert json.dumps(read) == json.dumps(value)


def test_no_float_is_infinite():
    assert math.isfinite(parse_json("1.7976931348623157e308").value)
