"""The file of earlier courses, and the check that takes it."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence

from portico.cli import main
from portico.cli.earlier_courses import read_earlier
from portico.cli.earlier_form import json_schema
from portico.errors import InputRefused
from portico.reading import parse_yaml
from portico.rt import read_study

ROOT = Path(__file__).parents[2]
SPINE = ROOT / "tests" / "data" / "spine-phantom"
AGAIN = ROOT / "examples" / "directives" / "spine-again-24-2.json"

GOOD = """schema: earlier/1
courses:
- dose: dose.dcm
  fractions: 10
  same_frame: true
  end: "2025-02-14"
- maximum: 12 Gy
  defined_on: thecal_sac
  fractions: 4
"""


def registration(own, *entries):
    """A spatial registration; ``entries``: frame of reference and its matrix to ``own``."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    made.SOPClassUID, made.SOPInstanceUID, made.Modality = "1.2.840.10008.5.1.4.1.1.66.1", "1.9.7", "REG"
    made.FrameOfReferenceUID = own
    made.RegistrationSequence = Sequence()
    for frame, matrix in entries:
        item, part, one = Dataset(), Dataset(), Dataset()
        one.FrameOfReferenceTransformationMatrixType = "RIGID"
        one.FrameOfReferenceTransformationMatrix = [f"{v:.12g}" for v in np.ravel(matrix)]
        part.MatrixSequence = Sequence([one])
        item.FrameOfReferenceUID, item.MatrixRegistrationSequence = frame, Sequence([part])
        made.RegistrationSequence.append(item)
    out = io.BytesIO()
    pydicom.dcmwrite(out, made, enforce_file_format=True)
    return out.getvalue()


@pytest.fixture
def folder(tmp_path):
    shutil.copy(SPINE / "dose.dcm", tmp_path / "dose.dcm")
    return tmp_path


def write(folder, text):
    (folder / "courses.yaml").write_text(text, encoding="utf-8")
    return folder / "courses.yaml"


def code_of(call):
    with pytest.raises(InputRefused) as caught:
        call()
    return caught.value.problem


def test_doses_and_reported_maxima(folder):
    first, second = read_earlier(write(folder, GOOD), None)
    assert first.dose.fractions == 10 and first.dose.matrix is None and first.end.year == 2025
    assert second.dose is None and second.reported.dose_gy == 12.0 and second.end is None


def test_json_is_read_too(folder):
    course = {"maximum": "3100 cGy", "defined_on": "prv", "regimen": "30Gy/10"}
    (folder / "courses.json").write_text(json.dumps({"schema": "earlier/1", "courses": [course]}), encoding="utf-8")
    (found,) = read_earlier(folder / "courses.json", None)
    assert (found.reported.dose_gy, found.reported.fractions, found.reported.contour) == (31.0, 10, "prv")


def test_every_field_may_be_unknown(folder):
    text = "schema: earlier/1\ncourses:\n- dose: null\n  same_frame: false\n  fractions: null\n  maximum: null\n  end: null\n"
    (found,) = read_earlier(write(folder, text), None)
    assert found.dose is None and found.end is None and found.reported.fractions is None
    dose = read_earlier(write(folder, GOOD.replace("fractions: 10", "fractions: null")), None)[0].dose
    assert dose.fractions is None


def test_a_declared_transform(folder):
    text = GOOD.replace("same_frame: true", "matrix: [1, 0, 0, 5, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]")
    assert read_earlier(write(folder, text), None)[0].dose.matrix[0, 3] == 5.0


def test_a_registration(folder):
    frame = read_study(SPINE / "dose.dcm").doses[0].frame_uid
    matrix = np.eye(4)
    matrix[2, 3] = 12.0
    (folder / "reg.dcm").write_bytes(registration("1.2.3.99", (frame, matrix)))
    text = GOOD.replace("same_frame: true", "registration: reg.dcm")
    assert read_earlier(write(folder, text), "1.2.3.99")[0].dose.matrix[2, 3] == 12.0
    found = code_of(lambda: read_earlier(write(folder, text), "1.2.3.98"))
    assert (found.code, found.path) == ("frame-not-registered", "courses[0].registration")


def test_a_frame_that_is_not_the_same(folder):
    found = code_of(lambda: read_earlier(write(folder, GOOD), "1.2.3.98"))
    assert (found.code, found.path, found.line) == ("frame-differs", "courses[0].same_frame", 5)


def test_a_folder_with_the_plan_beside_its_dose(folder):
    (folder / "first").mkdir()
    for name in ("dose.dcm", "plan.dcm"):
        shutil.copy(SPINE / name, folder / "first" / name)
    fractions = read_study(SPINE / "plan.dcm").plans[0].fractions
    text = GOOD.replace("dose: dose.dcm", "dose: first").replace("fractions: 10", f"fractions: {fractions}")
    assert read_earlier(write(folder, text), None)[0].dose.fractions == fractions
    found = code_of(lambda: read_earlier(write(folder, GOOD.replace("dose: dose.dcm", "dose: first")), None))
    assert (found.code, found.path) == ("fractions-mismatch", "courses[0].dose")


TURNED = "matrix: [2, 0, 0, 5, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]"


@pytest.mark.parametrize(
    ("old", "new", "code", "path", "line"),
    [
        ("earlier/1", "earlier/2", "unknown-value", "schema", 1),
        ("maximum: 12 Gy", "maximum: 12", "dose-without-unit", "courses[1].maximum", 7),
        ("maximum: 12 Gy", "maximum: 1200 Gy", "dose-implausible", "courses[1].maximum", 7),
        ("maximum: 12 Gy", "maximal: 12 Gy", "unknown-field", "courses[1].maximal", 7),
        ("fractions: 4", "fractions: 0", "greater-than-equal", "courses[1].fractions", 9),
        ("fractions: 4", "fractions: 4.0", "int-type", "courses[1].fractions", 9),
        ("fractions: 4", "fractions: 4\n  regimen: 30Gy/10", "fractions-mismatch", "courses[1]", 7),
        ("fractions: 4", "regimen: 30/10", "dose-without-unit", "courses[1].regimen", 9),
        ("defined_on: thecal_sac", "defined_on: spine", "unknown-value", "courses[1].defined_on", 8),
        ('end: "2025-02-14"', 'end: "14.2.2025"', "bad-date", "courses[0].end", 6),
        ("same_frame: true", "matrix: [1, 2]", "bad-matrix", "courses[0].matrix", 5),
        ("same_frame: true", "matrix: [a, 2]", "bad-matrix", "courses[0].matrix", 5),
        ("same_frame: true", TURNED, "not-rigid", "courses[0].matrix", 5),
        ("  same_frame: true\n", "", "tie-missing", "courses[0]", 3),
        ("same_frame: true", "same_frame: true\n  registration: dose.dcm", "tie-missing", "courses[0]", 3),
        ("dose: dose.dcm", "dose: null", "tie-without-dose", "courses[0]", 3),
        ("dose: dose.dcm", "dose: nothing.dcm", "no-such-file", "courses[0].dose", 3),
        ("dose: dose.dcm", "dose: courses.yaml", "nothing-to-read", "courses[0].dose", 3),
        ("dose: dose.dcm", "dose: structures.dcm", "not-one-dose", "courses[0].dose", 3),
        ("dose: dose.dcm", "dose: parts.dcm", "not-whole-dose", "courses[0].dose", 3),
        ("same_frame: true", "registration: dose.dcm", "frame-unknown", "courses[0].registration", 5),
    ],
)
def test_what_is_refused(folder, old, new, code, path, line):
    shutil.copy(SPINE / "structures.dcm", folder / "structures.dcm")
    (folder / "parts.dcm").write_bytes(several_plans())
    assert old in GOOD
    found = code_of(lambda: read_earlier(write(folder, GOOD.replace(old, new)), None))
    assert (found.code, found.path, found.line) == (code, path, line)
    assert found.file.endswith("courses.yaml") and "dose.dcm" not in f"{found.message}{found.fix}"


def several_plans():
    """The dose of the phantom, called a sum of several plans."""
    made = pydicom.dcmread(SPINE / "dose.dcm")
    made.DoseSummationType = "MULTI_PLAN"
    out = io.BytesIO()
    made.save_as(out)
    return out.getvalue()


def test_what_is_no_list(folder):
    assert code_of(lambda: read_earlier(write(folder, "- a\n"), None)).code == "not-a-mapping"
    assert code_of(lambda: read_earlier(write(folder, "schema: earlier/1\ncourses: []\n"), None)).code == "too-short"


def test_all_problems_are_told_at_once(folder):
    text = GOOD.replace("dose: dose.dcm", "dose: nothing.dcm") + "- dose: none.dcm\n  same_frame: true\n"
    with pytest.raises(InputRefused) as caught:
        read_earlier(write(folder, text), None)
    assert [one.path for one in caught.value.problems] == ["courses[0].dose", "courses[2].dose"]


def test_the_schema_accepts_what_is_read_and_refuses_what_is_not(folder):
    validator = jsonschema.Draft202012Validator(json_schema())
    jsonschema.Draft202012Validator.check_schema(json_schema())
    good = parse_yaml(GOOD).value
    validator.validate(good)
    assert not validator.is_valid({**good, "schema": "earlier/2"})
    assert not validator.is_valid({**good, "courses": [{"maximum": 12}]})


def test_the_check_adds_the_courses(folder, capsys):
    courses = write(folder, GOOD.rpartition("- maximum")[0])
    status = main(
        ["check", str(SPINE), "--directive", str(AGAIN), "--earlier", str(courses), "--start", "2026-04-27", "--json"]
    )
    found = json.loads(capsys.readouterr().out)
    factors = {one["code"]: one for one in found["items"] if one["kind"] == "earlier_dose"}
    assert status in (1, 4) and len(factors) == 4
    assert "voxel by voxel" in factors["cumulative_eqd2"]["why"]
    limit = next(one for one in found["items"] if one["code"] == "cumulative-limit")
    assert 20 < limit["value"] < 200
