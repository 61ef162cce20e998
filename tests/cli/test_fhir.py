"""``portico fhir``: import writes a case that is read back, and the report never repeats who it is about."""

from __future__ import annotations

from pathlib import Path

from portico.case import read_case

FHIR = Path(__file__).parents[2] / "examples" / "fhir"


def test_import_writes_the_draft(run, tmp_path) -> None:
    out = tmp_path / "case.yaml"
    ended = run("fhir", "import", FHIR / "femur-postop.json", "--as-of", "2026-03-02", "--out", out)
    assert ended.status == 0, ended.err
    assert read_case(out).row()["days_since_surgery"] == 21
    assert "0 doubtful" in ended.err
    assert "Invented" not in ended.out + ended.err


def test_doubts_are_findings(run) -> None:
    ended = run("fhir", "import", FHIR / "spine-postop.json", "--json")
    assert ended.status == 1
    assert ended.json["schema"] == "fhir-import/1"
    assert (
        ended.json["counts"]["doubtful"] == len([one for one in ended.json["lines"] if one["state"] == "doubtful"]) > 0
    )


def test_wrong_calls_are_told(run, tmp_path) -> None:
    for day in ("2026", "20260302", "2026-02-30"):
        assert run("fhir", "import", FHIR / "femur-postop.json", "--as-of", day).status == 2
    assert run("fhir", "import", FHIR / "femur-postop.json", "--out", tmp_path / "x.txt").status == 2
    assert run("fhir", "import", tmp_path / "none.json").status == 3
    (tmp_path / "own.yaml").write_text("schema: fhir-codes/1\n")
    assert run("fhir", "import", FHIR / "femur-postop.json", "--codes", tmp_path / "own.yaml").status == 3
