"""``portico fhir``: import writes a case that is read back, and the report never repeats who it is about."""

from __future__ import annotations

import json
from pathlib import Path

from portico.case import read_case
from portico.directive import read_directive
from portico.interop.fhir_directive import directive_bundle, read_directive_bundle

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


def test_export_is_read_back(run, tmp_path) -> None:
    out = tmp_path / "bundle.json"
    source = FHIR.parent / "directives" / "spine-sib-40-30-10.json"
    assert run("fhir", "export", source, "--patient", "Patient/1", "--out", out).status == 0
    assert read_directive_bundle(json.loads(out.read_text())) == read_directive(source)
    assert run("fhir", "export", source).json == directive_bundle(read_directive(source))
    for wrong in ("123", "Patient/", "Patient/a b", "javascript:Patient/1"):
        assert run("fhir", "export", source, "--patient", wrong).status == 2
    changed = json.loads(source.read_text())
    changed["decision"]["reason"] = "another"
    (tmp_path / "changed.json").write_text(json.dumps(changed))
    assert run("fhir", "export", tmp_path / "changed.json").status == 3


def test_options_and_apply_end_with_what_is_urgent(run) -> None:
    cases, directive = FHIR.parent / "cases", FHIR.parent / "directives" / "femur-30-10.json"
    calm, urgent = cases / "femur-renal.yaml", cases / "spine-escc-3-new-deficit.yaml"
    assert run("fhir", "apply", calm).status == run("fhir", "options", calm, "--directive", directive).status == 0
    assert run("fhir", "apply", urgent).status == run("fhir", "options", urgent).status == 1
    assert run("fhir", "apply", calm).json["resourceType"] == "CarePlan"
    assert run("fhir", "options", urgent, "--directive", directive).status == 2


def test_registry_accounts_for_every_line(run, tmp_path) -> None:
    lines = [
        json.dumps(entry["resource"]) for entry in json.loads((FHIR / "femur-postop.json").read_text("utf-8"))["entry"]
    ]
    (tmp_path / "all.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ended = run("fhir", "registry", tmp_path, "--out", tmp_path / "r.csv", "--json")
    assert ended.status == 0, ended.err
    assert ended.json["lines"] == ended.json["sorted_in"] == len(lines)
    assert ended.json["rows"] == 1
    assert run("fhir", "registry", tmp_path, "--out", tmp_path / "r.csv").status == 2  # it is there already
    assert run("fhir", "registry", tmp_path, "--out", tmp_path / "r.txt").status == 2
    (tmp_path / "all.ndjson").write_text("\n".join([*lines, "{"]) + "\n", encoding="utf-8")
    ended = run("fhir", "registry", tmp_path, "--out", tmp_path / "s.csv", "--refused", tmp_path / "no.csv")
    assert ended.status == 1
    assert f"Lines: {len(lines) + 1} = {len(lines)} of a patient + 0 of none + 1 refused." in ended.out
    assert "line refused" in ended.out
    assert (tmp_path / "no.csv").read_text().splitlines()[1].startswith(f"all.ndjson,{len(lines) + 1},")
