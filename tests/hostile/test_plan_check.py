"""The plan check on files that lie or name a patient: a typed refusal, nothing written, nobody named."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path

import pytest
from pydicom import dcmread

from portico.cli import main

ROOT = Path(__file__).parents[2]
SPINE = ROOT / "tests" / "data" / "spine-phantom"
DIRECTIVE = ROOT / "examples" / "directives" / "spine-24-2.json"
PLANTED = ("PLANTED", "DOE", "4711")

sys.path.insert(0, str(ROOT / "tests" / "rt"))

import phantom_files as phantoms  # noqa: E402  stands in tests/rt


def changed(name, change):
    """A file of the phantom after a change."""
    found = dcmread(SPINE / f"{name}.dcm")
    change(found)
    out = io.BytesIO()
    found.save_as(out, enforce_file_format=True)
    return out.getvalue()


@pytest.fixture(scope="module")
def phantom():
    return phantoms.spine_phantom()


def run(capsys, folder, *words):
    status = main(["check", str(folder), "--directive", str(DIRECTIVE), "--no-hardware", *words])
    return status, capsys.readouterr()


def other_frame(found):
    found.FrameOfReferenceUID = "1.2.3.4711"


def other_patient(found):
    found.PatientID, found.PatientName = "PLANTED-4711", "DOE^PLANTED"


def no_scaling(found):
    del found.DoseGridScaling


def relative(found):
    found.DoseUnits = "RELATIVE"


def lying_rows(found):
    found.Rows = 60_000


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("dose", other_frame, "frame-differs"),
        ("dose", other_patient, "several-patients"),
        ("plan", other_frame, "frame-differs"),
    ],
)
def test_objects_that_do_not_belong_together(tmp_path, capsys, phantom, name, change, code):
    folder = phantoms.put(phantom, tmp_path / "DOE PLANTED", **{name: changed(name, change)})
    status, out = run(capsys, folder, "--json", "--html", str(tmp_path / "out.html"))
    assert status == 3 and json.loads(out.out)["error"]["code"] == code
    assert not (tmp_path / "out.html").exists()
    assert not any(word in out.out + out.err for word in PLANTED)


@pytest.mark.parametrize("change", [no_scaling, relative, lying_rows])
def test_a_dose_that_cannot_be_used_is_never_taken_as_none(tmp_path, capsys, phantom, change):
    folder = phantoms.put(phantom, tmp_path / "plan", dose=changed("dose", change))
    status, out = run(capsys, folder, "--json")
    found = json.loads(out.out)
    assert status in (1, 4)
    limits = [one for one in found["items"] if one["code"] == "limit"]
    assert limits and {one["verdict"] for one in limits} == {"cannot_tell"}
    refused = [one for one in found["items"] if one["code"] == "object-refused"]
    assert len(refused) == 1 and refused[0]["verdict"] == "cannot_tell" and len(refused[0]["why"]) > 50


def test_a_dose_grid_that_misses_the_target(tmp_path, capsys, phantom):
    def away(found):
        found.ImagePositionPatient = ["2000", "2000", "2000"]

    folder = phantoms.put(phantom, tmp_path / "plan", dose=changed("dose", away))
    status, out = run(capsys, folder, "--json")
    verdicts = {one["verdict"] for one in json.loads(out.out)["items"] if one["kind"] in ("limit", "goal")}
    assert status in (1, 4) and "met" not in verdicts


def test_identifiers_are_in_no_output(tmp_path, capsys, phantom):
    def plant(found):
        other_patient(found)
        found.StudyDescription = found.SeriesDescription = "DOE PLANTED"

    folder = tmp_path / "DOE PLANTED 4711"
    phantoms.put(phantom, folder)
    for path in folder.glob("*.dcm"):
        found = dcmread(path)
        plant(found)
        found.save_as(path, enforce_file_format=True)
    words = ["--html", str(tmp_path / "out.html"), "--pdf", str(tmp_path / "out.pdf")]
    status, out = run(capsys, folder, "--json", *words)
    assert status in (1, 4)
    shown = out.out + (tmp_path / "out.html").read_text(encoding="utf-8")
    assert not any(word in shown for word in PLANTED)
    assert b"PLANTED" not in (tmp_path / "out.pdf").read_bytes()


def test_an_archive_that_climbs_and_one_that_swells(tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../DOE.dcm", b"x")
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.dcm", bytes(50_000_000))
    for name, code in (("a", "unsafe-name"), ("b", "archive-bomb")):
        status, out = run(capsys, tmp_path / f"{name}.zip", "--json")
        assert status == 3 and json.loads(out.out)["error"]["code"] == code
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "b.zip"]
