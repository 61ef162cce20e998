"""A bulk export becomes a registry: courses after an operation as rows, every line and patient accounted for, no identifier in it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from portico.cohort.registry_file import RegistryFile
from portico.errors import InputRefused
from portico.interop import fhir_bulk as room
from portico.interop.fhir_bulk import fhir_bulk
from portico.interop.fhir_import import import_bundle
from portico.interop.fhir_import_bundle import day_of

HERE = Path(__file__).resolve()
EXAMPLES = HERE.parents[3] / "examples" / "fhir"
DATA = HERE.parents[2] / "data" / "fhir"
UCUM = "http://unitsofmeasure.org"
MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/"
CODEX = "http://hl7.org/fhir/us/codex-radiation-therapy/StructureDefinition/"
WHO = {"reference": "Patient/femur-postop-patient"}


def resources(path: Path) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in json.loads(path.read_text("utf-8"))["entry"]]


def course(number: int, start: str, end: str | None, **more: Any) -> dict[str, Any]:
    volume = [
        {"url": "totalDoseDelivered", "valueQuantity": {"value": 3000, "system": UCUM, "code": "cGy"}},
        {"url": "fractionsDelivered", "valueUnsignedInt": 10},
    ]
    return {
        "resourceType": "Procedure", "id": f"c{number}", "status": "completed", "subject": WHO,
        "extension": [{"url": f"{MCODE}mcode-radiotherapy-dose-delivered-to-volume", "extension": volume}],
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "1217123003", "display": "Radiotherapy course of treatment (regime/therapy)"}]},
        "bodySite": [{"coding": [{"system": "http://snomed.info/sct", "code": "71341001", "display": "Bone structure of femur"}]}],
        "performedPeriod": {"start": start} | ({"end": end} if end else {}),
        **more,
    }  # fmt: skip


def export(folder: Path, found: Iterable[Mapping[str, Any]]) -> Path:
    """The resources as a bulk export: a file for each type."""
    folder.mkdir()
    kinds: dict[str, list[str]] = {}
    for one in found:
        kinds.setdefault(str(one["resourceType"]), []).append(json.dumps(one))
    for kind, lines in kinds.items():
        (folder / f"{kind}.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_course_after_an_operation_is_a_row_seen_from_its_first_day(tmp_path: Path) -> None:
    own = resources(EXAMPLES / "femur-postop.json")
    patient = next(one for one in own if one["resourceType"] == "Patient")
    patient["deceasedDateTime"] = "2026-11-10"
    late = {
        "resourceType": "Observation", "id": "late", "status": "final", "subject": WHO, "effectiveDateTime": "2026-06-01",
        "code": {"coding": [{"system": "http://loinc.org", "code": "89247-1", "display": "ECOG Performance Status score"}]}, "valueInteger": 4,
    }  # fmt: skip
    folder = export(tmp_path / "in", [*own, course(1, "2026-03-10", "2026-03-23"), course(2, "2026-08-03", None), late])
    made = fhir_bulk(folder, tmp_path / "registry.csv")
    first, second = sorted(read(tmp_path / "registry.csv"), key=lambda row: row["course_key"])
    surgery = next(day_of(one["performedDateTime"]) for one in own if one["resourceType"] == "Procedure")
    start = day_of("2026-03-10")
    assert surgery is not None and start is not None
    gap = (start - surgery).days
    assert (first["start_day"], first["days_since_surgery"]) == (str(gap), str(gap))
    assert (first["end_day"], first["delivered_dose_gy"], first["delivered_fractions"]) == (str(gap + 13), "30", "10")
    assert first["surgery_year"] == str(surgery.year)
    assert first["ecog"] == "1"  # grade 4 was recorded in June
    assert second["ecog"] == "4"
    assert (first["dead"], first["follow_up_day"]) == ("true", str((day_of("2026-11-10") - surgery).days))  # type: ignore[operator]
    assert first["prior_rt_at_site"] == "false"
    assert second["prior_rt_at_site"] != "false"
    assert first["prescribed_option"] == first["prescribed_dose_gy"] == ""
    assert second["end_day"] == ""
    assert first["patient_key"] == second["patient_key"]
    assert (made.patients, made.patients_used, made.rows, made.lines) == (1, 1, 2, made.sorted_in)
    expected = import_bundle(
        {"resourceType": "Bundle", "entry": [{"resource": one} for one in own]}, as_of=start
    ).case.row()  # fmt: skip
    same = ("histology", "bone", "procedure", "hardware_material", "pain_worst", "ambulatory")
    assert {name: first[name] for name in same} == {name: str(expected[name]) for name in same}


def test_the_registry_is_read_by_the_audit_and_holds_no_identifier(tmp_path: Path) -> None:
    found = [one for path in sorted(EXAMPLES.glob("*.json")) for one in resources(path)]
    found.append(course(1, "2026-03-10", "2026-03-23"))
    fhir_bulk(export(tmp_path / "in", found), tmp_path / "registry.csv")
    file = RegistryFile(tmp_path / "registry.csv")
    parts = list(file.parts())
    assert (file.rows_in, file.rows_refused) == (3, 0), [one.problems for one in parts]
    text = (tmp_path / "registry.csv").read_text("utf-8")
    assert not any(one["id"] in text for one in found if len(one["id"]) > 4)
    assert "2026-0" not in text
    again = tmp_path / "again.csv"
    fhir_bulk(tmp_path / "in", again)
    assert {row["patient_key"] for row in read(again)}.isdisjoint(
        {row["patient_key"] for row in read(tmp_path / "registry.csv")}
    )


def test_a_patient_without_a_course_is_seen_from_six_weeks_after_the_operation(tmp_path: Path) -> None:
    own = resources(EXAMPLES / "spine-postop.json")
    fhir_bulk(export(tmp_path / "in", own), tmp_path / "registry.csv")
    (row,) = read(tmp_path / "registry.csv")
    assert 0 < int(row["days_since_surgery"]) <= 42
    assert row["escc_postop"]
    assert row["start_day"] == row["dead"] == row["prescribed_option"] == ""


def test_a_prescription_that_the_course_names_is_read(tmp_path: Path) -> None:
    own = resources(EXAMPLES / "femur-postop.json")
    dose = [
        {"url": "totalDose", "valueQuantity": {"value": 20, "system": UCUM, "code": "Gy"}},
        {"url": "fractions", "valuePositiveInt": 5},
    ]
    request = {
        "resourceType": "ServiceRequest", "id": "r1", "status": "active", "intent": "order", "subject": WHO, "authoredOn": "2026-03-01",
        "extension": [{"url": f"{CODEX}codexrt-radiotherapy-dose-prescribed-to-volume", "extension": dose}],
    }  # fmt: skip
    given = course(1, "2026-03-10", "2026-03-23", basedOn=[{"reference": "ServiceRequest/r1"}])
    fhir_bulk(export(tmp_path / "in", [*own, given, request]), tmp_path / "registry.csv")
    (row,) = read(tmp_path / "registry.csv")
    assert (row["prescribed_dose_gy"], row["prescribed_fractions"]) == ("20", "5")
    assert (row["delivered_dose_gy"], row["delivered_fractions"]) == ("30", "10")


def test_published_examples_are_of_no_bone_that_was_operated_on(tmp_path: Path) -> None:
    found = [one for path in sorted(DATA.glob("Bundle-*.json")) for one in resources(path)]
    made = fhir_bulk(export(tmp_path / "in", found), tmp_path / "registry.csv")
    assert made.patients == made.patients_used == 4
    assert made.rows == 0
    assert made.without_row == 4
    assert sum(made.courses_left_out.values()) >= 4


def test_every_line_and_every_patient_is_accounted_for(tmp_path: Path) -> None:
    own = resources(EXAMPLES / "femur-postop.json")
    folder = export(tmp_path / "in", [*own, {"resourceType": "Organization", "id": "o"}])
    lines = [
        b'{"resourceType": "Observation", "subject": {"reference": "Patient/nobody"}}',  # a patient who is not there
        b"{not json",
        b"[1, 2]",
        b'{"resourceType": "Patient"}',
        b'{"resourceType": "Patient", "id": "twice"}',
        b'{"resourceType": "Patient", "id": "twice"}',
        b'{"a": ' + b"[" * 60 + b"]" * 60 + b"}",
        b'{"resourceType": "Observation", "note": "' + b"x" * (1024 * 1024) + b'"}',
        b"\xff\xfe broken",
        b'{"resourceType": "Observation", "resourceType": "Condition"}',
        b'{"resourceType": "Observation", "valueQuantity": NaN}',
        b'{"resourceType": "Observation", "a": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"",
    ]
    (folder / "odd.ndjson").write_bytes(b"\n".join(lines))
    made = fhir_bulk(folder, tmp_path / "registry.csv", refused=tmp_path / "refused.csv")
    assert made.lines == made.sorted_in + made.of_no_patient + sum(made.lines_refused.values()) == len(own) + 1 + 12
    assert made.patients == made.patients_used + sum(made.patients_refused.values()) == 3
    assert made.patients_refused == {"not-one-patient": 2}
    assert made.of_no_patient == 1
    log = read(tmp_path / "refused.csv")
    assert {row["file"] for row in log} == {"odd.ndjson"}
    assert {row["line"] for row in log if row["code"] != "not-one-patient"} == {
        "2",
        "3",
        "4",
        "7",
        "8",
        "9",
        "10",
        "11",
        "12",
    }
    assert made.lines_refused == {"bad-json": 3, "not-a-resource": 3, "too-large": 1, "duplicate-key": 1, "too-deep": 1}
    assert "twice" not in (tmp_path / "refused.csv").read_text()
    assert made.rows == 1


def test_many_buckets_give_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [one for path in sorted(EXAMPLES.glob("*.json")) for one in resources(path)]
    folder = export(tmp_path / "in", found)
    one = fhir_bulk(folder, tmp_path / "one.csv")
    monkeypatch.setattr(room, "_BUCKET_BYTES", 2000)
    many = fhir_bulk(folder, tmp_path / "many.csv")

    def plain(path: Path) -> list[list[tuple[str, str]]]:
        return sorted(sorted((k, v) for k, v in row.items() if not k.endswith("_key")) for row in read(path))

    assert plain(tmp_path / "one.csv") == plain(tmp_path / "many.csv")
    assert one == many
    monkeypatch.setattr(room, "_PATIENT_BYTES", 100)
    assert fhir_bulk(folder, tmp_path / "none.csv").patients_refused == {"patient-too-large": 3}


def test_nothing_is_left_behind_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = export(tmp_path / "in", resources(EXAMPLES / "femur-postop.json"))
    (tmp_path / "registry.csv").write_text("kept")

    def broken(*_: object) -> None:
        raise OSError("full")

    monkeypatch.setattr(room, "patient_rows", broken)
    with pytest.raises(OSError, match="full"):
        fhir_bulk(folder, tmp_path / "registry.csv")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in", "registry.csv"]
    assert (tmp_path / "registry.csv").read_text() == "kept"
    for source, code in ((tmp_path / "absent", "file-missing"), (tmp_path, "no-ndjson")):
        with pytest.raises(InputRefused) as refused:
            fhir_bulk(source, tmp_path / "registry.csv")
        assert refused.value.code == code
