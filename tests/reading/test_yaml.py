"""YAML: what each word means, where it stands, and what is refused."""

import pytest
import yaml

from portico.errors import ReadingRefused
from portico.reading import Limits, parse_yaml, yaml_text

PARSERS = [yaml.BaseLoader, *([yaml.CBaseLoader] if hasattr(yaml, "CBaseLoader") else [])]


@pytest.fixture(autouse=True, params=PARSERS, ids=lambda parser: parser.__name__)
def event_parser(request, monkeypatch):
    monkeypatch.setattr(yaml_text, "EVENT_PARSER", request.param)


def refusal(text, **kwargs):
    with pytest.raises(ReadingRefused) as caught:
        parse_yaml(text, name="f.yaml", **kwargs)
    problem = caught.value.problem
    assert problem.file == "f.yaml"
    return problem.code, problem.line, problem.path


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("999999999999999999", 999999999999999999),
        ("30.5", 30.5),
        ("-0.5", -0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("0.0", 0.0),
        ("1.0e-3", 0.001),
        ("2024-05-01", "2024-05-01"),
        ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z"),
        ("30 Gy", "30 Gy"),
        ("1,5", "1,5"),
        ("none", "none"),
        ("nobody", "nobody"),
        ("1a", "1a"),
        ("T1-T4", "T1-T4"),
        ("-", None),
        ("10.1200/JCO.2019", "10.1200/JCO.2019"),
        ("1.2.3", "1.2.3"),
        ("+", "+"),
        (".", "."),
        ("<=", "<="),
        ("'no'", "no"),
        ('"012"', "012"),
        ("'.nan'", ".nan"),
        ("'null'", "null"),
        ("''", ""),
        ('"a\\tb"', "a\tb"),
        ("|\n  012", "012"),
        ("no\n  more", "no more"),
    ],
)
def test_what_a_word_means(word, value):
    read = parse_yaml(f"a: {word}").value["a"] if word != "-" else parse_yaml("-").value[0]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "word",
    [
        *(
            "yes",
            "Yes",
            "YES",
            "no",
            "No",
            "nO",
            "on",
            "ON",
            "off",
            "y",
            "Y",
            "n",
            "N",
            "tRUE",
            "fALSE",
            "nULL",
        ),
        *("012", "-012", "00", "08", "01.5", "0o14", "0x1F", "0b101", "1:30", "08:30", "190:20:30.5"),
        *("1_000", "1_000.5", "1e5", "1E5", "1.5e3", "1.0e3", "-.5", "=", "<<"),
    ],
)
def test_words_that_readers_take_differently_are_refused(word):
    assert refusal(f"x: 1\na: {word}") == ("ambiguous-scalar", 2, "a")
    assert parse_yaml(f"a: '{word}'").value == {"a": word}


def test_a_number_with_a_leading_zero_is_not_echoed():
    with pytest.raises(ReadingRefused) as caught:
        parse_yaml("mrn: 00123456")
    assert "123456" not in str(caught.value)


@pytest.mark.parametrize(
    "word", [".nan", ".NaN", "nan", "NaN", ".inf", "-.inf", "+.INF", "inf", "-inf", "Infinity", "-Infinity"]
)
def test_not_a_number(word):
    assert refusal(f"a: {word}") == ("not-a-number", 1, "a")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("empty-document", None, "")),
        ("# only a comment\n", ("empty-document", None, "")),
        ("---\n", ("empty-document", None, "")),
        ("a: 1\nb: 2\na: 3\n", ("duplicate-key", 3, "a")),
        ("x:\n- {a: 1, 'a': 2}\n", ("duplicate-key", 2, "x[0].a")),
        ("a: &x 1\nb: *x\n", ("alias-refused", 1, "a")),
        ("a: &x [1]\n", ("alias-refused", 1, "a")),
        ("b: *x\n", ("alias-refused", 1, "b")),
        ("a: !!str 1\n", ("tag-refused", 1, "a")),
        ("a: !!python/object/apply:os.system [x]\n", ("tag-refused", 1, "a")),
        ("a: ! 1\n", ("tag-refused", 1, "a")),
        ("<<: {a: 1}\n", ("merge-refused", 1, "")),
        ("a: 1\n---\nb: 1\n", ("several-documents", 2, "")),
        ("%YAML 1.1\n---\na: 1\n", ("directive-refused", 1, "")),
        ("1: a\n", ("key-not-text", 1, "")),
        ("true: a\n", ("key-not-text", 1, "")),
        ("~: a\n", ("key-not-text", 1, "")),
        (": a\n", ("syntax", 1, "")),
        ("?\n: a\n", ("key-not-text", 1, "")),
        ("? [a]\n: b\n", ("key-not-text", 1, "")),
        ("? {a: b}\n: b\n", ("key-not-text", 1, "")),
        ("no: a\n", ("ambiguous-scalar", 1, "")),
        ("a:\n\t- b\n", ("syntax", 2, "")),
        ("a: b\n\tc: d\n", ("syntax", 2, "")),
        ("a: b: c\n", ("syntax", 1, "")),
        ("a: [b\n", ("syntax", 1, "")),
        ("a: 'b\n", ("syntax", 1, "")),
        ("a: @b\n", ("syntax", 1, "")),
        ("x: 1\na: \x00\n", ("control-character", 2, "")),
        ("a: \x1b[2J\n", ("control-character", 1, "")),
        ("a: b\u2028c\n", ("control-character", 1, "")),
        ('a: "\\0"\n', ("control-character", 1, "a")),
        ('a: "\\e[2J"\n', ("control-character", 1, "a")),
        (b"x: 1\na: \xff\n", ("encoding", 2, "")),
        ("a: 1\n".encode("utf-16"), ("encoding", 1, "")),
        ("a: \ud800\n", ("encoding", 1, "")),
        ("a: 1234567890123456789\n", ("number-too-long", 1, "a")),
        ("a: 0." + "1" * 50 + "\n", ("number-too-long", 1, "a")),
        ("a: 1.0e+999\n", ("number-out-of-range", 1, "a")),
        ("a: 1.0e-999\n", ("number-out-of-range", 1, "a")),
    ],
)
def test_refusals(text, expected):
    code, line, path = refusal(text)
    if code == "syntax" and text in ("a: [b\n", "a: 'b\n"):
        line = 1  # parsers name the beginning or the end
    assert (code, line, path) == expected


def test_marks_inside_brackets_that_the_two_parsers_take_differently():
    for text in ("a: [b?, c]", "a: [b?]", "a: {b?: c}"):
        assert refusal(text)[0] in ("ambiguous-scalar", "syntax")
    assert parse_yaml("a: b?").value == {"a": "b?"}
    assert parse_yaml("a: ['b?', [c]]\nd: e?").value == {"a": ["b?", ["c"]], "d": "e?"}


def test_a_lone_surrogate_written_as_an_escape_is_refused():
    assert refusal('a: "\\ud800"')[0] in ("encoding", "syntax")
    assert refusal('a: "\\U99999999"')[0] in ("control-character", "syntax")


def test_a_duplicate_key_names_both_lines():
    with pytest.raises(ReadingRefused, match="The key on line 3 stands on line 1 already"):
        parse_yaml("a: 1\nb: 2\na: 3\n")


def test_keys_n_and_y_are_text():
    assert parse_yaml("n: 120\ny: 1\n").value == {"n": 120, "y": 1}


def test_a_byte_order_mark_is_accepted_at_the_start_only():
    assert parse_yaml(b"\xef\xbb\xbfa: 1").value == {"a": 1}
    assert refusal("a: \ufeff1")[0] == "control-character"


def test_explicit_null_is_a_document():
    assert parse_yaml("null").value is None


def test_windows_lines():
    document = parse_yaml("a: 1\r\nb:\r\n  - 2\r\n")
    assert document.value == {"a": 1, "b": [2]}
    assert document.line(("b", 0)) == 3


TEXT = """\
a: 1
b:
  - c: x
    d: [1,
        2]
  -
    e: {f: 1}
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ((), 1),
        (("a",), 1),
        (("b",), 2),
        (("b", 0), 3),
        (("b", 0, "c"), 3),
        (("b", 0, "d", 0), 4),
        (("b", 0, "d", 1), 5),
        (("b", 1, "e", "f"), 7),
        (("b", 0, "missing"), 3),
        (("b", 0, "missing", 4, "deeper"), 3),
        (("missing",), 1),
    ],
)
def test_lines(place, line):
    assert parse_yaml(TEXT).line(place) == line


@pytest.mark.parametrize(
    ("text", "limits", "code"),
    [
        ("[[1]]", Limits(max_depth=1), "too-deep"),
        ("[1, 2]", Limits(max_nodes=2), "too-many-nodes"),
        ("{a: b}", Limits(max_nodes=2), "too-many-nodes"),
        ("abcd", Limits(max_bytes=3), "too-large"),
        ("éé", Limits(max_bytes=3), "too-large"),
        ("abcd", Limits(max_scalar_chars=3), "too-large"),
        ("abcd: 1", Limits(max_scalar_chars=3), "too-large"),
        ("1234", Limits(max_int_digits=3), "number-too-long"),
    ],
)
def test_limits(text, limits, code):
    assert refusal(text, limits=limits)[0] == code


def test_what_just_fits_is_read():
    assert parse_yaml("[[1]]", limits=Limits(max_depth=2, max_nodes=3, max_bytes=5)).value == [[1]]
    assert parse_yaml("-123", limits=Limits(max_int_digits=3)).value == -123
