"""``portico audit``: what is written, what is said, what is refused, and the data dictionary."""

from __future__ import annotations

import csv
import json

import pytest

from portico.cohort.audit import RESULT, VALIDATION
from portico.cohort.audit_result import AuditResult
from portico.cohort.synthetic import synthetic_registry


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    path = tmp_path_factory.mktemp("registry") / "r.csv"
    path.write_text(synthetic_registry(200, seed=2).write_csv())
    return path


def test_a_synthetic_registry_is_audited_and_marked_on_each_output(run, registry, tmp_path) -> None:
    out = tmp_path / "out"
    ended = run("audit", registry, "--out", out, "--html", tmp_path / "r.html", "--pdf", tmp_path / "r.pdf")
    assert ended.status == 0
    assert "SYNTHETIC" in ended.out and "rows in = " in ended.out and "used + 0 refused" in ended.out
    assert "va-referral-2022; verified: abstract" in ended.out and "73 to 91 %" in ended.out
    assert "SYNTHETIC" in (tmp_path / "r.html").read_text() and (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    found = AuditResult.from_json((out / RESULT).read_text())
    assert found.synthetic and found.rows.read == found.rows.used
    again = run("audit", registry, "--out", out, "--json")
    assert {**json.loads(found.to_json()), "exit_status": 0} == again.json


def test_refused_rows_are_a_finding_and_stand_in_a_file_that_no_spreadsheet_runs(run, registry, tmp_path) -> None:
    rows = list(csv.DictReader(registry.read_text().splitlines()))
    rows[0] |= {"bone": "=HYPERLINK(1)", "start_day": "12.03.2024"}
    rows[1] |= {"local_failure_day": "-4"}
    rows[2] |= {"histology": "brest"}
    rows[3] |= {"course_key": rows[2]["course_key"]}
    rows[4] |= {"start_day": "2024-03-12"}
    path = tmp_path / "bad.csv"
    with path.open("w", newline="") as stream:
        made = csv.DictWriter(stream, list(rows[0]))
        made.writeheader()
        made.writerows(rows)
    ended = run("audit", path, "--out", tmp_path / "out")
    assert ended.status == 1 and f"{len(rows)} rows in = {len(rows) - 5} used + 5 refused" in ended.out
    said = list(csv.DictReader((tmp_path / "out" / VALIDATION).read_text().splitlines()))
    assert [(one["row"], one["column"], one["code"]) for one in said] == [
        ("1", "bone", "formula"), ("1", "start_day", "date-for-days"), ("2", "local_failure_day", "negative"),
        ("3", "histology", "unknown-word"), ("4", "course_key", "course-twice"), ("5", "start_day", "date-for-days"),
    ]  # fmt: skip
    assert "did you mean breast" in said[3]["problem"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for one in said for cell in one.values())


def test_a_map_names_the_headings(run, registry, tmp_path) -> None:
    lines = registry.read_text().splitlines()
    path = tmp_path / "r.csv"
    path.write_text("\n".join([lines[0].replace("course_key", "Fall"), *lines[1:]]))
    assert run("audit", path, "--out", tmp_path / "out").status == 3
    (tmp_path / "map.yaml").write_text("course_key: Fall\n")
    assert run("audit", path, "--out", tmp_path / "out", "--map", tmp_path / "map.yaml").status == 0
    (tmp_path / "map.yaml").write_text("- course_key\n")
    refused = run("audit", path, "--out", tmp_path / "out", "--map", tmp_path / "map.yaml", "--json")
    assert refused.status == 3 and refused.json["error"]["code"] == "bad-map"


def test_no_usable_row_cannot_tell(run, registry, tmp_path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("course_key,patient_key,bone\n1,1,femmur\n")
    ended = run("audit", path, "--out", tmp_path / "out", "--html", tmp_path / "r.html")
    assert ended.status == 4 and "1 rows in = 0 used + 1 refused" in ended.out


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["none.csv"], 3), (["REGISTRY", "--engine", "slurm"], 2), (["REGISTRY", "--redcap"], 2), (["REGISTRY", "--threshold", "0"], 2),
    ],
)  # fmt: skip
def test_refusals(run, registry, tmp_path, words, status) -> None:
    words = [str(registry) if word == "REGISTRY" else word for word in words]
    assert run("audit", *words, "--out", tmp_path / "out").status == status
    assert not (tmp_path / "out" / RESULT).exists()


def test_the_dictionary(run, tmp_path) -> None:
    ended = run("audit", "dictionary")
    assert ended.status == 0 and ended.out.startswith("column,type,unit,low,high,values,meaning,question\n")
    assert run("audit", "dictionary", "--redcap", "--out", tmp_path / "r.csv").status == 0
    assert (tmp_path / "r.csv").read_text().startswith("Variable / Field Name,Form Name")
