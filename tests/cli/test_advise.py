"""portico advise: statuses, streams and files; what the pages look like is tested with the report."""

from __future__ import annotations

import sys
import types

import pytest


@pytest.fixture
def report(monkeypatch):
    """A report that says what it was asked for."""
    fake = types.ModuleType("portico.report")
    fake.render_html = lambda advice, library: f"<p>{advice.case_sha256}</p>"
    fake.render_pdf = lambda advice, library: b"%PDF"
    fake.print_advice = lambda advice, library, console, all_options=False: console.print(f"table all={all_options}")
    monkeypatch.setitem(sys.modules, "portico.report", fake)
    return fake


def test_json_carries_records_with_every_statement(run, cases) -> None:
    ended = run("advise", cases / "femur-renal.yaml", "--json")
    assert (ended.status, ended.err) == (0, "")
    found = ended.json
    assert found["schema"] == "advice/1"
    statements = [s for o in found["options"] for s in (*o["why"], *o["reasons_for"], *o["reasons_against"])]
    assert statements
    assert all(statement["records"] for statement in statements)


def test_an_open_urgent_state_is_status_1(run, cases) -> None:
    ended = run("advise", cases / "unknown-deficit.yaml", "--json")
    assert ended.status == 1
    assert ended.json["exit_status"] == 1
    assert [n["state"] for n in ended.json["notices"]] == ["unknown"]


def test_the_table_is_printed(run, cases, report) -> None:
    ended = run("advise", cases / "femur-renal.yaml", "--all")
    assert (ended.status, ended.out, ended.err) == (0, "table all=True\n", "")
    assert run("advise", cases / "femur-renal.yaml").out == "table all=False\n"


def test_files_are_written_beside_the_table(run, cases, report, tmp_path) -> None:
    html, pdf = tmp_path / "a" / "b" / "x.html", tmp_path / "x.pdf"
    ended = run("advise", cases / "femur-renal.yaml", "--html", html, "--pdf", pdf)
    assert ended.status == 0
    assert ended.out == "table all=False\n"
    assert ended.err == f"Written: {html}\nWritten: {pdf}\n"
    assert html.read_text().startswith("<p>") and pdf.read_bytes() == b"%PDF"


def test_files_beside_json_leave_the_json_whole(run, cases, report, tmp_path) -> None:
    ended = run("advise", cases / "femur-renal.yaml", "--json", "--html", tmp_path / "x.html")
    assert ended.json["schema"] == "advice/1"


def test_a_refused_case_writes_nothing(run, hostile, report, tmp_path) -> None:
    ended = run(
        "advise", hostile / "duplicate-dose.yaml", "--html", tmp_path / "new" / "x.html", "--pdf", tmp_path / "x.pdf"
    )
    assert (ended.status, ended.out) == (3, "")
    assert list(tmp_path.iterdir()) == []


def test_a_report_that_fails_leaves_no_other_file(run, cases, report, tmp_path) -> None:
    def broken(advice, library):
        raise RuntimeError("femur-renal")

    report.render_pdf = broken
    ended = run("advise", cases / "femur-renal.yaml", "--html", tmp_path / "x.html", "--pdf", tmp_path / "x.pdf")
    assert ended.status == 70
    assert "femur-renal" not in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(run, cases, report, tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    ended = run("advise", cases / "femur-renal.yaml", "--html", tmp_path / "file" / "x.html")
    assert (ended.status, ended.out) == (3, "")
    assert "cannot be made" in ended.err


@pytest.mark.parametrize("other", ["x.html", "sub/../x.html"])
def test_two_reports_need_two_names(run, cases, report, tmp_path, other) -> None:
    (tmp_path / "sub").mkdir()
    ended = run("advise", cases / "femur-renal.yaml", "--html", tmp_path / "x.html", "--pdf", tmp_path / other)
    assert ended.status == 2


def test_a_report_never_replaces_its_case(run, cases, report, tmp_path) -> None:
    case = tmp_path / "case.yaml"
    case.write_bytes((cases / "femur-renal.yaml").read_bytes())
    assert run("advise", case, "--html", case).status == 2
    assert case.read_bytes() == (cases / "femur-renal.yaml").read_bytes()


def test_a_signature_file_that_does_not_hold(run, cases, tmp_path) -> None:
    path = tmp_path / "signatures.yaml"
    path.write_text("schema: signature/1\n")
    assert run("advise", cases / "femur-renal.yaml", "--json", "--signatures", path).status == 3


@pytest.mark.parametrize("name", ["femur-renal", "thoracic-separation"])
def test_the_whole_way_to_paper(run, cases, tmp_path, name) -> None:
    ended = run("advise", cases / f"{name}.yaml", "--html", tmp_path / "x.html", "--pdf", tmp_path / "x.pdf")
    assert ended.status == 0
    assert "30 Gy in 10" in ended.out or "24 Gy in 2" in ended.out
    assert (tmp_path / "x.html").read_text().lower().startswith("<!doctype html>")
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


def test_not_excluded_stands_ahead_of_any_option(run, cases) -> None:
    ended = run("advise", cases / "unknown-deficit.yaml")
    assert ended.status == 1
    assert 0 <= ended.out.find("NOT EXCLUDED") < ended.out.find("Gy in")
