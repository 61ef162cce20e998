"""The file of earlier courses, and the check that takes it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from portico.cli import main
from portico.cli.earlier_courses import read_earlier
from portico.errors import InputRefused

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


@pytest.fixture
def folder(tmp_path):
    shutil.copy(SPINE / "dose.dcm", tmp_path / "dose.dcm")
    return tmp_path


def write(folder, text):
    (folder / "courses.yaml").write_text(text, encoding="utf-8")
    return folder / "courses.yaml"


def test_doses_and_reported_maxima(folder):
    first, second = read_earlier(write(folder, GOOD), None)
    assert first.dose.fractions == 10 and first.dose.matrix is None and first.end.year == 2025
    assert second.dose is None and second.reported.dose_gy == 12.0 and second.end is None


def test_a_declared_transform(folder):
    text = GOOD.replace("same_frame: true", "matrix: [1, 0, 0, 5, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]")
    assert read_earlier(write(folder, text), None)[0].dose.matrix[0, 3] == 5.0


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("earlier/1", "earlier/2", "earlier-form"),
        ("maximum: 12 Gy", "maximum: 12", "dose-without-unit"),
        ("fractions: 4", "fractions: 0", "fractions-implausible"),
        ("same_frame: true", "matrix: [1, 2]", "not-rigid"),
        ("same_frame: true", "matrix: [2, 0, 0, 5, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]", "not-rigid"),
        ("  same_frame: true\n", "", "earlier-form"),
        ("defined_on: thecal_sac", "defined_on: spine", "contour-unknown"),
        ('end: "2025-02-14"', 'end: "14.2.2025"', "bad-date"),
        ("dose: dose.dcm", "dose: nothing.dcm", "no-such-file"),
        ("maximum: 12 Gy", "maximal: 12 Gy", "earlier-form"),
        ("same_frame: true", "registration: dose.dcm", "frame-unknown"),
    ],
)
def test_what_is_refused(folder, old, new, code):
    with pytest.raises(InputRefused) as caught:
        read_earlier(write(folder, GOOD.replace(old, new)), None)
    assert caught.value.code == code


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
