"""Reading a case: every problem with file, line and path; units and dates are never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from portico.case import case_from, case_problems, read_case
from portico.errors import CaseRefused

BASE = "schema: case/1\nas_of: 2026-03-02\n"


def refuse(tmp_path: Path, text: str) -> CaseRefused:
    path = tmp_path / "case.yaml"
    path.write_text(BASE + text, encoding="utf-8")
    with pytest.raises(CaseRefused) as caught:
        read_case(path)
    return caught.value


@pytest.mark.parametrize(
    ("text", "code", "place", "line"),
    [
        ("patient: {agee: 3}\n", "unknown-field", "patient.agee", 3),
        ("prior_radiotherapy: {courses: [{dose: 30}]}\n", "dose-without-unit", "prior_radiotherapy.courses[0].dose", 3),
        ("prior_radiotherapy: {courses: [{dose: 800 Gy}]}\n", "dose-implausible", "prior_radiotherapy.courses[0].dose", 3),
        ("prior_radiotherapy: {courses: [{dose: 30 grays}]}\n", "unknown-unit", "prior_radiotherapy.courses[0].dose", 3),
        ("surgeries: [{date: 02/03/2026}]\n", "bad-date", "surgeries[0].date", 3),
        ("surgeries: [{date: 2026-02-30}]\n", "bad-date", "surgeries[0].date", 3),
        ("surgeries: [{date: 0026-02-03}]\n", "bad-date", "surgeries[0].date", 3),
        ("surgeries:\n- procedure: nailing\n", "unknown-value", "surgeries[0].procedure", 4),
        ("status: {pain_worst: 11}\n", "less-than-equal", "status.pain_worst", 3),
        ("status: {mechanically_unstable: maybe}\n", "bool-type", "status.mechanically_unstable", 3),
        ("patient: {age_years: 130}\n", "less-than-equal", "patient.age_years", 3),
        ("label: 12\n", "bad-text", "label", 3),
        ("surgeries: [{hardware: {length: 40}}]\n", "length-without-unit", "surgeries[0].hardware.length", 3),
    ],
)  # fmt: skip
def test_schema_problem(tmp_path: Path, text: str, code: str, place: str, line: int) -> None:
    error = refuse(tmp_path, text)
    assert (code, place, line) in [(p.code, p.path, p.line) for p in error.problems]
    assert all(p.file and p.file.endswith("case.yaml") for p in error.problems)


def test_suggestion(tmp_path: Path) -> None:
    error = refuse(tmp_path, "canser: {histology: breast}\n")
    assert "cancer" in error.problems[0].fix


def test_cgy_is_converted_and_800_gy_names_cgy(tmp_path: Path) -> None:
    case = case_from({"schema": "case/1", "prior_radiotherapy": {"courses": [{"dose": "3000 cGy"}]}})
    assert case.prior_radiotherapy and case.prior_radiotherapy.courses
    dose = case.prior_radiotherapy.courses[0].dose
    assert dose is not None and dose.gy == pytest.approx(30)
    error = refuse(tmp_path, "prior_radiotherapy: {courses: [{dose: 800 Gy}]}\n")
    assert "800 cGy" in str(error.problems[0])


def test_all_problems_are_found_at_once(tmp_path: Path) -> None:
    error = refuse(tmp_path, "label: 1\npatient: {agee: 3, age_years: -1}\n")
    assert len(error.problems) == 3


def test_contradictions_carry_lines(tmp_path: Path) -> None:
    error = refuse(tmp_path, "lesions:\n- {bone: femur, side: left}\nsurgeries:\n- side: right\n  date: 2026-01-01\n")
    assert [(p.code, p.line) for p in error.problems] == [("side-mismatch", 6)]


@pytest.mark.parametrize("value", [None, [], "case", 3])
def test_not_a_mapping(value: object) -> None:
    case, problems = case_problems(value)
    assert case is None
    assert [p.code for p in problems] == ["not-a-mapping"]


def test_schema_is_required() -> None:
    with pytest.raises(CaseRefused) as caught:
        case_from({"label": "x"})
    assert caught.value.code == "missing"


def test_round_trip() -> None:
    data = {
        "schema": "case/1",
        "as_of": "2026-03-02",
        "prior_radiotherapy": {"status": "given", "courses": [{"dose": "30 Gy"}]},
    }
    assert case_from(case_from(data).to_dict()).to_dict() == data
