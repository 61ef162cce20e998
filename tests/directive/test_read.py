"""Reading and writing: hostile files end as typed errors that name file, line and path."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.directive import (
    Directive,
    directive_from,
    directive_problems,
    read_directive,
    seal,
    write_directive,
)
from portico.errors import DirectiveRefused, Exit, InputRefused, ReadingRefused
from portico.reading import parse_yaml

Data = dict[str, Any]
Sample = Callable[[str], Data]


def write(path: Path, data: Data) -> str:
    text = json.dumps(data, indent=1)
    path.write_text(text, encoding="utf-8")
    return text


@pytest.mark.parametrize("kind", ["femur", "spine", "sib", "again"])
def test_write_and_read(sample: Sample, tmp_path: Path, kind: str) -> None:
    directive = seal(directive_from(sample(kind)))
    path = tmp_path / "directive.json"
    write_directive(path, directive)
    assert read_directive(path) == directive
    text = path.read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert ".0," not in text
    assert list(json.loads(text)) == list(directive.to_dict())
    assert [entry.name for entry in tmp_path.iterdir()] == ["directive.json"]


def test_yaml_is_read_too(sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / "directive.yaml"
    write(path, sample("femur"))  # JSON is YAML
    assert read_directive(path) == directive_from(sample("femur"))


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ('"dose_gy": 30', '"dose_gy": "30 Gy"', "bad-number", "levels[0].dose_gy"),
        ('"dose_gy": 30', '"dose_gy": true', "bad-number", "levels[0].dose_gy"),
        ('"dose_gy": 30', '"dose_gy": [30]', "bad-number", "levels[0].dose_gy"),
        ('"dose_gy": 30', '"dose_gy": 3000', "out-of-range", "levels[0].dose_gy"),
        ('"dose_gy": 30', '"dose_gy": 0', "out-of-range", "levels[0].dose_gy"),
        ('"dose_gy": 30', '"dose_gy": -30', "out-of-range", "levels[0].dose_gy"),
        ('"dose_gy": 30', '"dose_gy": 1e300', "out-of-range", "levels[0].dose_gy"),
        ('"fractions": 10', '"fractions": 10.0', "int-type", "levels[0].fractions"),
        ('"fractions": 10', '"fractions": "10"', "int-type", "levels[0].fractions"),
        ('"fractions": 10', '"fractions": true', "int-type", "levels[0].fractions"),
        ('"fractions": 10', '"fractions": 0', "greater-than-equal", "levels[0].fractions"),
        ('"fractions": 10', '"fractions": 61', "less-than-equal", "levels[0].fractions"),
        ('"name": "target"', '"name": "Target"', "unknown-value", "levels[0].name"),
        ('"roi": "PTV"', '"roi": "PTV of the left femur"', "bad-name", "levels[0].roi"),
        ('"roi": "PTV"', '"roi": 7', "bad-name", "levels[0].roi"),
        ('"goals": []', '"goals": {}', "tuple-type", "levels[0].goals"),
        ('"goals": []', '"goal": []', "unknown-field", "levels[0].goal"),
        ('"for_planning": true', '"for_planning": "yes"', "bool-type", "for_planning"),
        ('"for_planning": true', '"for_planning": 1', "bool-type", "for_planning"),
        ('"chosen": true', '"chosen": null', "bool-type", "volumes[0].chosen"),
        ('"from": [\n    "Nail"\n   ]', '"from": "Nail"', "tuple-type", "volumes[0].from"),
        ('"schema": "directive/1"', '"schema": "directive/2"', "unknown-value", "schema"),
        ('"schema": "directive/1"', '"schema_": "directive/1"', "missing", "schema"),
        ('"surgery_date": "2026-01-10"', '"surgery_date": "10/01/2026"', "bad-date", "timing.surgery_date"),
        ('"surgery_date": "2026-01-10"', '"surgery_date": "2026-02-30"', "bad-date", "timing.surgery_date"),
        ('"surgery_date": "2026-01-10"', '"surgery_date": 20260110', "bad-date", "timing.surgery_date"),
        ('"energy": "6 MV"', '"energy": ""', "bad-text", "plain_field.energy"),
        ('"energy": "6 MV"', '"energy": " \\t"', "bad-text", "plain_field.energy"),
        ('"energy": "6 MV"', '"energy": 6', "bad-text", "plain_field.energy"),
        ('"energy": "6 MV"', '"energy": "6\\u202eVM"', "bad-text", "plain_field.energy"),
        ('"energy": "6 MV"', '"energy": "' + "6" * 4001 + '"', "bad-text", "plain_field.energy"),
        ('"energy": "6 MV"', '"enrgy": "6 MV"', "unknown-field", "plain_field.enrgy"),
        ('"hash": null', '"hash": "ABCDEF"', "bad-name", "hash"),
        ('"hash": null', '"hash": "' + "0" * 64 + '"', "seal-broken", "hash"),
        ('"hash": null', '"hashes": null', "unknown-field", "hashes"),
        ('"id": "sample-1"', '"id": "../../etc"', "bad-name", "id"),
        ('"id": "sample-1",', "", "missing", "id"),
        ('"late_after": "2026-03-01"', '"late_after": "2025-03-01"', "date-order", "timing"),
    ],
)
def test_problem_has_code_path_and_line(
    sample: Sample, tmp_path: Path, old: str, new: str, code: str, place: str
) -> None:
    path = tmp_path / "directive.json"
    text = write(path, sample("femur"))
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DirectiveRefused) as caught:
        read_directive(path)
    error = caught.value
    assert (code, place) in [(problem.code, problem.path) for problem in error.problems]
    assert error.exit_status == Exit.REFUSED
    assert all(problem.file == str(path) and problem.line for problem in error.problems)
    if code not in ("missing", "date-order"):
        wanted = text[: text.index(old)].count("\n") + 1
        assert wanted in [problem.line for problem in error.problems if problem.path == place]


@pytest.mark.parametrize(
    ("word", "guess"), [("levls", "levels"), ("no_limits", "no_limit"), ("x" * 50, None), ("{", None)]
)
def test_unknown_field_suggests(sample: Sample, word: str, guess: str | None) -> None:
    _, problems = directive_problems({**sample("femur"), word: []})
    (problem,) = problems
    assert problem.code == "unknown-field"
    assert (guess in problem.fix) if guess else ("Did you mean" not in problem.fix)
    assert len(problem.path) < 60


def test_unknown_field_deep_inside_suggests(sample: Sample) -> None:
    data = sample("again")
    data["reirradiation"]["factors"][0]["verdit"] = "met"
    data["limits"][0]["define_on"] = "organ"
    data["volumes"][0]["form"] = []
    _, problems = directive_problems(data)
    assert {problem.path: problem.fix for problem in problems if problem.code == "unknown-field"} == {
        "reirradiation.factors[0].verdit": "Did you mean verdict?",
        "limits[0].define_on": "Did you mean defined_on?",
        "volumes[0].form": "Did you mean from?",
    }


def test_all_problems_at_once(sample: Sample) -> None:
    data = sample("femur")
    data["levels"][0].update(dose_gy="30 Gy", fractions=0, extra=1)
    data["status"] = "done"
    directive, problems = directive_problems(data, parse_yaml("a: 1\n", name="made.yaml"))
    assert directive is None
    assert len(problems) == 4
    assert {problem.file for problem in problems} == {"made.yaml"}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"status": "proposed"', '"status": "proposed", "status": "signed"', "duplicate-key"),
        ('"dose_gy": 30', '"dose_gy": 30, "dose_gy": 60', "duplicate-key"),
        ('"dose_gy": 30', '"dose_gy": NaN', "not-a-number"),
        ('"dose_gy": 30', '"dose_gy": Infinity', "not-a-number"),
        ('"dose_gy": 30', '"dose_gy": 1e400', "number-out-of-range"),
        ('"dose_gy": 30', '"dose_gy": 1' + "0" * 400, "number-too-long"),
        ('"dose_gy": 30', '"dose_gy": 030', "ambiguous-scalar"),
        ('"goals": []', '"goals": ' + "[" * 5000 + "]" * 5000, "too-deep"),
        ('"energy": "6 MV"', '"energy": "6\\u0000MV"', "control-character"),
        ('"energy": "6 MV"', '"energy": "\\ud800"', "encoding"),
        ('"hash": null', '"hash": null,', "syntax"),
    ],
)
def test_hostile_file(sample: Sample, tmp_path: Path, old: str, new: str, code: str) -> None:
    path = tmp_path / "directive.json"
    text = write(path, sample("femur"))
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ReadingRefused) as caught:
        read_directive(path)
    assert (caught.value.code, caught.value.problem.file) == (code, str(path))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 10**400, -(10**400)])
@pytest.mark.parametrize("place", ["dose_gy", "value"])
def test_number_that_is_none_in_data(sample: Sample, place: str, number: float) -> None:
    data = sample("spine")
    (data["levels"] if place == "dose_gy" else data["limits"])[0][place] = number
    directive, problems = directive_problems(data)
    assert directive is None
    assert [problem.code for problem in problems] == ["bad-number"]


def test_negative_zero_is_zero(sample: Sample) -> None:
    data = sample("spine")
    data["limits"][0]["value"] = -0.0
    other = sample("spine")
    other["limits"][0]["value"] = 0
    assert seal(directive_from(data)).hash == seal(directive_from(other)).hash


@pytest.mark.parametrize("contour", ["prv+0", "prv+02", "prv+", "prv-2", "prv+2mm", "cord", "", "PRV+2", "prv+100"])
def test_contour_refused(sample: Sample, contour: str) -> None:
    data = sample("spine")
    data["limits"][0]["defined_on"] = contour
    _, problems = directive_problems(data)
    assert [(problem.code, problem.path) for problem in problems] == [("bad-name", "limits[0].defined_on")]


def test_metric_of_the_grammar_only(sample: Sample) -> None:
    data = sample("spine")
    data["limits"][0]["metric"] = "D95"
    _, problems = directive_problems(data)
    assert [(problem.code, problem.path) for problem in problems] == [("metric-unknown", "limits[0].metric")]
    assert "D95% or D95cc" in problems[0].message
    data["limits"][0]["metric"] = "D0.030cc"
    assert directive_from(data).limits[0].metric == "D0.03cc"


@pytest.mark.parametrize("char", ["\u2028", "\u2029", "\u0000", "\r", "\u0085", "\u202e", "\u200b", "\ud800", "\ufeff"])
def test_text_that_cannot_be_shown(sample: Sample, char: str) -> None:
    data = sample("femur")
    data["notices"] = [f"a{char}b"]
    _, problems = directive_problems(data)
    assert [(problem.code, problem.path) for problem in problems] == [("bad-text", "notices[0]")]
    data["notices"] = ["line\n\tnext é 骨 α/β"]
    assert directive_from(data).notices == ("line\n\tnext é 骨 α/β",)


def test_errors_do_not_echo_values(sample: Sample) -> None:
    data = sample("femur")
    data["site"]["side"] = "JOHN DOE"
    data["site"]["region"] = ["JOHN DOE"]
    data["levels"][0]["dose_gy"] = "JOHN DOE"
    data["levels"][0]["roi"] = "JOHN DOE JOHN DOE JOHN DOE"
    data["timing"]["surgery_date"] = "JOHN DOE"
    _, problems = directive_problems(data)
    assert len(problems) == 5
    assert not any("DOE" in str(problem) for problem in problems)


@pytest.mark.parametrize("text", ["[]", "3", '"directive/1"', "null"])
def test_not_a_mapping(tmp_path: Path, text: str) -> None:
    path = tmp_path / "directive.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DirectiveRefused) as caught:
        read_directive(path)
    assert (caught.value.code, caught.value.problem.file) == ("not-a-mapping", str(path))


# --- writing ----------------------------------------------------------------------------------------------------


def test_contradiction_is_not_written(sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / "directive.json"
    path.write_text("before", encoding="utf-8")
    broken = Directive.model_validate({**sample("femur"), "hash": "0" * 64})
    with pytest.raises(DirectiveRefused) as caught:
        write_directive(path, broken)
    assert (caught.value.code, caught.value.problem.file) == ("seal-broken", str(path))
    assert path.read_text(encoding="utf-8") == "before"


def test_only_json_is_written(sample: Sample, tmp_path: Path) -> None:
    with pytest.raises(DirectiveRefused) as caught:
        write_directive(tmp_path / "directive.yaml", directive_from(sample("femur")))
    assert caught.value.code == "unknown-suffix"
    assert list(tmp_path.iterdir()) == []


def test_missing_directory(sample: Sample, tmp_path: Path) -> None:
    with pytest.raises(ReadingRefused) as caught:
        write_directive(tmp_path / "no" / "directive.json", directive_from(sample("femur")))
    assert caught.value.code == "cannot-write"


# --- any data at all --------------------------------------------------------------------------------------------

_ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.binary(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)


@given(
    kind=st.sampled_from(["femur", "spine", "sib", "again"]),
    path=st.lists(st.integers(0, 12), min_size=1, max_size=5),
    value=_ANY,
)
def test_any_value_anywhere_is_taken_or_refused(sample: Sample, kind: str, path: list[int], value: Any) -> None:
    data = sample(kind)
    spot: Any = data
    for number, step in enumerate(path):
        keys = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
        key = keys[step % len(keys)]
        inner = spot[key]
        if number == len(path) - 1 or not isinstance(inner, dict | list) or not inner:
            spot[key] = value
            break
        spot = inner
    try:
        directive = directive_from(data)
    except InputRefused as error:
        assert error.problems
    else:
        assert directive_from(directive.to_dict()) == directive
