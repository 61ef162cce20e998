"""portico case check, schema and row."""

from __future__ import annotations

import pytest


def test_every_example_holds(run, cases) -> None:
    found = sorted(cases.glob("*.yaml"))
    assert len(found) >= 20
    for path in found:
        ended = run("case", "check", path)
        assert (ended.status, ended.err) == (0, ""), path.name


def test_what_is_unknown_is_counted(run, cases) -> None:
    found = run("case", "check", cases / "almost-nothing.yaml", "--json").json
    assert found["ok"] is True
    assert "histology" in found["unknown"]


def test_a_duplicate_dose_is_named_by_file_line_and_path(run, hostile) -> None:
    path = hostile / "duplicate-dose.yaml"
    ended = run("case", "check", path)
    assert ended.status == 3
    lines = path.read_text().splitlines()
    second = max(number for number, line in enumerate(lines, 1) if line.strip(" -").startswith("dose:"))
    assert f"{path}:{second}: prior_radiotherapy.courses[0].dose: " in ended.err
    assert ended.out == ""


def test_every_problem_is_printed(run, tmp_path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(
        "schema: case/1\nas_of: 2026-03-02\nlesions:\n- {bone: femur, levels: [T9]}\nsurgeries:\n- date: 2026-04-01\n"
        "prior_radiotherapy:\n  status: none\n  courses:\n  - {dose: 30 Gy, fractions: 10}\n"
    )
    ended = run("case", "check", path)
    assert ended.status == 3
    assert len(ended.err.splitlines()) == 3
    assert all(line.startswith(str(path)) for line in ended.err.splitlines())
    found = run("case", "check", path, "--json")
    assert (found.status, len(found.json["problems"])) == (3, 3)


HOSTILE = {
    "nan": "schema: case/1\npatient: {age_years: .nan}\n",
    "bare dose": "schema: case/1\nprior_radiotherapy: {courses: [{dose: 30}]}\n",
    "cGy as Gy": "schema: case/1\nprior_radiotherapy: {courses: [{dose: 800 Gy}]}\n",
    "alias bomb": "schema: case/1\na: &a [1, 1]\nb: &b [*a, *a]\nnotes: *b\n",
    "octal": "schema: case/1\npatient: {age_years: 012}\n",
    "yaml no": "schema: case/1\nlabel: no\n",
    "deep": "schema: case/1\nnotes: " + "[" * 5000,
    "no mapping": "- 1\n",
    "empty": "",
    "bytes": "\x00\x01",
    "unknown field": "schema: case/1\nhistolgy: breast\n",
    "no such day": "schema: case/1\nas_of: 2026-02-30\n",
    "wrong side": "schema: case/1\nlesions: [{bone: femur, side: left}]\nsurgeries: [{side: right}]\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_cases_are_refused(run, tmp_path, name) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(HOSTILE[name])
    ended = run("case", "check", path)
    assert ended.status == 3
    assert str(path) in ended.err


def test_an_error_does_not_repeat_what_was_written(run, tmp_path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("schema: case/1\ncancer: {histology: Doe}\npatient: {age_years: Doe}\nas_of: Doe\n")
    ended = run("case", "check", path)
    assert ended.status == 3
    assert "Doe" not in ended.err


@pytest.mark.parametrize("name", ["missing.yaml", "folder", "case.txt"])
def test_what_is_no_case_file(run, tmp_path, name) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "case.txt").write_text("schema: case/1\n")
    assert run("case", "check", tmp_path / name).status == 3


def test_schema(run, cases) -> None:
    import jsonschema
    import yaml

    schema = run("case", "schema").json
    jsonschema.Draft202012Validator.check_schema(schema)
    plain = yaml.load((cases / "femur-renal.yaml").read_text(), Loader=yaml.BaseLoader)
    assert set(plain) <= set(schema["properties"])


def test_row(run, cases) -> None:
    found = run("case", "row", cases / "femur-renal.yaml", "--json").json["row"]
    assert found["bone"] == "femur"
    assert found["escc_postop"] is None
    text = run("case", "row", cases / "femur-renal.yaml").out
    line = next(line for line in text.splitlines() if line.startswith("escc_postop"))
    assert "unknown" in line


def test_row_of_a_refused_case(run, hostile) -> None:
    assert run("case", "row", hostile / "duplicate-dose.yaml").status == 3
