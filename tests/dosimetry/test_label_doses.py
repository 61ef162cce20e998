"""Histograms of label maps: shapes that can be worked out by hand, and real OpenKBP patients."""

from __future__ import annotations

import json

import numpy as np
import openkbp_files as kbp
import pytest
from scipy.ndimage import maximum_filter, minimum_filter
from typer.testing import CliRunner

from portico.cli import main
from portico.cli.app import app
from portico.dosimetry import NameTable, label_doses, mask_dvh
from portico.errors import InputRefused
from portico.rt import DoseGrid, Grid, Labels

TURNS = [
    np.eye(3),
    np.diag([-1.0, -1.0, 1.0]),
    np.diag([-1.0, 1.0, -1.0]),
    np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
    np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
]


def rising(spacing=2.0, size=41):
    """1 Gy per mm along x from x = -40 mm."""
    grid = Grid((-40, -40, -40), (spacing,) * 3, np.eye(3), (size,) * 3)
    x = grid.points(np.column_stack([np.arange(size), np.zeros((size, 2))]))[:, 0]
    return DoseGrid(grid, np.broadcast_to(x + 40.0, (size,) * 3).copy(), "PLAN")


@pytest.mark.parametrize("axes", TURNS)
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 3.0), (2.5, 2.5, 2.5), (4.0, 1.5, 2.0)])
def test_a_box_in_a_slope_is_exact(axes, spacing):
    grid = Grid((3, -2, 1), spacing, axes, (7, 6, 5))
    mask = np.zeros(grid.shape, bool)
    mask[2:5, 1:4, 1:4] = True
    found = mask_dvh(mask, grid, rising())
    centres = grid.points(np.argwhere(mask)[:, ::-1])
    half = (np.abs(axes) @ np.array(spacing))[0] / 2.0
    low, high = centres[:, 0].min() - half + 40.0, centres[:, 0].max() + half + 40.0
    assert found.volume_cm3 == pytest.approx(27 * np.prod(spacing) / 1000.0)
    off = 1e-6 if spacing[0] == spacing[1] else 0.1  # pixels that are not square are divided nearly squarely
    assert (found.min, found.max) == pytest.approx((low, high), abs=off)
    assert found.mean == pytest.approx((low + high) / 2.0)
    for percent in (2.0, 50.0, 95.0, 99.0):
        assert found.dose_at_percent(percent) == pytest.approx(high - percent / 100.0 * (high - low), abs=0.02 + off)
    assert found.end_cap is None and "voxels" in found.end_cap_text


def test_what_is_no_label_map_is_refused():
    dose = rising()
    table = NameTable.of([{"roi": "SpinalCord", "role": "organ", "synonyms": ["cord"]}])
    grid = Grid((0, 0, 0), (1, 1, 1), np.eye(3), (3, 3, 3))
    angle = np.radians(2.0)
    tilted = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    cases = {
        "no-labels": (Labels(grid, np.zeros((3, 3, 3), np.int32)), {}),
        "no-such-label": (Labels(grid, np.ones((3, 3, 3), np.int32)), {2: "SpinalCord"}),
        "too-many-labels": (Labels(Grid((0, 0, 0), (1, 1, 1), np.eye(3), (11, 10, 10)), np.arange(1100).reshape(11, 10, 10).astype(np.int32)), {}),
        "oblique": (Labels(Grid((0, 0, 0), (1, 1, 1), tilted, (3, 3, 3)), np.ones((3, 3, 3), np.int32)), {}),
    }  # fmt: skip
    for code, (labels, called) in cases.items():
        with pytest.raises(InputRefused) as caught:
            label_doses(labels, dose, table, called)
        assert caught.value.code == code
    with pytest.raises(InputRefused) as caught:
        mask_dvh(np.zeros((3, 3, 3), bool), grid, dose)
    assert caught.value.code == "mask-empty"
    with pytest.raises(InputRefused) as caught:
        mask_dvh(np.zeros((3, 3, 2), bool), grid, dose)
    assert caught.value.code == "mask-shape"


def test_only_a_label_that_is_named_is_matched():
    labels = np.zeros((3, 3, 3), np.int32)
    labels[0], labels[1] = 1, 2
    table = NameTable.of([{"roi": "SpinalCord", "role": "organ", "synonyms": ["cord"]}])
    grid = Grid((0, 0, 0), (1, 1, 1), np.eye(3), (3, 3, 3))
    first, second = label_doses(Labels(grid, labels), rising(), table, {1: "cord"})
    assert (first.name, first.how, first.role) == ("SpinalCord", "synonym", "organ")
    assert (second.name, second.how, second.role) == ("label 2", "none", "other")


def test_a_mask_that_leaves_the_dose_grid_is_not_known():
    grid = Grid((38, 0, 0), (2, 2, 2), np.eye(3), (3, 3, 3))
    found = mask_dvh(np.ones((3, 3, 3), bool), grid, rising())
    assert not found.complete and found.outside_cm3 > 0


@pytest.mark.parametrize("patient", ["pt_103", "pt_71"])
def test_openkbp_patients_agree_with_their_voxels(patient):
    """The voxel values themselves, each counted whole, as the OpenKBP challenge does, and what their neighbours allow."""
    dose, labels = kbp.patient_of(patient)
    low, high = minimum_filter(dose.gy, 3), maximum_filter(dose.gy, 3)
    for number, name in kbp.NAMES.items():
        mask = labels.labels == number
        found = mask_dvh(mask, labels.grid, dose)
        assert found.volume_cm3 == pytest.approx(mask.sum() * labels.grid.voxel_cm3)
        assert found.mean == pytest.approx(dose.gy[mask].mean(), abs=0.4), name
        for percent in (2.0, 10.0, 50.0, 90.0, 98.0):
            between = [float(np.percentile(one[mask], 100.0 - percent)) for one in (low, high)]
            assert between[0] - 0.01 <= found.dose_at_percent(percent) <= between[1] + 0.01, (name, percent)
        if name.startswith("PTV"):
            for percent, off in ((2.0, 0.3), (50.0, 0.3), (95.0, 1.3)):
                voxels = float(np.percentile(dose.gy[mask], 100.0 - percent))
                assert found.dose_at_percent(percent) == pytest.approx(voxels, abs=off), (name, percent)
        assert low[mask].min() <= found.min <= dose.gy[mask].min() + 1e-6
        assert dose.gy[mask].max() - 0.6 <= found.max <= high[mask].max()


def test_the_cord_of_openkbp_runs_along_the_slices():
    labels = kbp.patient_of("pt_103")[1]
    extent = np.ptp(np.argwhere(labels.labels == 1), axis=0) * labels.grid.spacing[::-1]
    assert extent[0] > 150.0 and extent[0] > 1.5 * max(extent[1:])


def test_the_verb_reads_masks(tmp_path):
    itk = pytest.importorskip("SimpleITK")
    dose, labels = kbp.patient_of("pt_71")
    paths = []
    for name, values in (("dose.nrrd", dose.gy.astype(np.float32)), ("labels.nii.gz", labels.labels)):
        image = itk.GetImageFromArray(values)
        image.SetSpacing([float(v) for v in dose.grid.spacing])
        itk.WriteImage(image, str(tmp_path / name))
        paths.append(str(tmp_path / name))
    args = ["dvh", paths[0], "--labels", paths[1], "--match", "SpinalCord=1", "--match", "PTV70=3"]
    run = CliRunner().invoke(app, [*args, "--dose-unit", "Gy", "--json", "--html", str(tmp_path / "a.html"), "--csv", str(tmp_path / "a.csv")])  # fmt: skip
    assert run.exit_code == 0, run.output
    data = json.loads(run.stdout)
    assert data["end_cap"] == {"rule": None, "says": "whole voxels of a mask"}
    by_name = {one["name"]: one for one in data["structures"]}
    right = mask_dvh(labels.labels == 1, labels.grid, dose)
    assert by_name["SpinalCord"]["max_gy"] == pytest.approx(right.max, abs=1e-3)
    assert by_name["PTV70"]["role"] == "target" and by_name["label 2"]["matched"] == "none"
    assert any("frame of reference" in note for note in data["notes"])
    assert "SpinalCord" in (tmp_path / "a.html").read_text() and (tmp_path / "a.csv").stat().st_size > 1000
    centi = json.loads(CliRunner().invoke(app, [*args, "--dose-unit", "cGy", "--json"]).stdout)
    assert centi["structures"][0]["max_gy"] == pytest.approx(by_name["SpinalCord"]["max_gy"] / 100.0, abs=1e-5)


@pytest.mark.parametrize(
    ("extra", "code", "status"),
    [
        (["--labels", "L"], "dose-unit-missing", 2),
        (["--labels", "L", "--dose-unit", "gray"], "dose-unit-unknown", 2),
        (["--labels", "L", "--dose-unit", "Gy", "--match", "SpinalCord=cord"], "label-form", 2),
        (["--labels", "L", "--dose-unit", "Gy", "--match", "SpinalCord=1", "--match", "CaudaEquina=1"], "label-twice", 2),
        (["--labels", "L", "--dose-unit", "Gy", "--match", "SpinalCord=9"], "no-such-label", 3),
        (["--dose-unit", "Gy"], "unit-without-labels", 2),
    ],
)  # fmt: skip
def test_what_the_user_must_say_of_masks(tmp_path, capsys, extra, code, status):
    itk = pytest.importorskip("SimpleITK")
    for name in ("dose.nrrd", "labels.nrrd"):
        itk.WriteImage(itk.GetImageFromArray(np.ones((3, 4, 5), np.int16)), str(tmp_path / name))
    words = [str(tmp_path / "labels.nrrd") if word == "L" else word for word in extra]
    assert main(["dvh", str(tmp_path / "dose.nrrd"), *words, "--json"]) == status
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code
