"""``portico plan`` on a small made-up spine: what is planned, written, refused."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from portico.cli.app import main
from portico.planning import write_case_file

ROOT = Path(__file__).parents[2]
DIRECTIVE = ["--directive", "examples/directives/spine-24-2.json"]
SMALL = ["--cord-source", "t2_mri", "--beams", "5", "--bixel", "10mm", "--grid", "5mm", "--coarse"]


def made_up():
    """The case of tests/planning."""
    spec = importlib.util.spec_from_file_location("plan_case_sample", ROOT / "tests" / "planning" / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.spine_case(5.0), module.TABLE


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("case")
    write_case_file(folder / "case.npz", *made_up())
    return folder


def call(capsys, case, *words):
    status = main(["plan", str(case), *words])
    out = capsys.readouterr()
    return status, out.out, out.err


def test_a_plan_is_printed_and_written(capsys, case, tmp_path):
    page = tmp_path / "plan.html"
    status, text, err = call(
        capsys, case, *DIRECTIVE, *SMALL, "--first", "10", "--most-memory", "1GB", "--html", str(page), "--json"
    )
    assert status in (0, 1), err
    data = json.loads(text)
    assert data["schema"] == "made-plan/1" and data["hard_limits_kept"] and "fluence only" in data["engine"]
    assert (status == 0) == data["converged"]
    assert [one["gantry_deg"] for one in data["beams"]] == [10.0, 82.0, 154.0, 226.0, 298.0]
    cord = next(one for one in data["lines"] if one["roi"] == "SpinalCord" and one["strength"] == "hard")
    assert cord["met"] and cord["value"] <= cord["wanted"] + 0.02
    html = page.read_text()
    assert "not for treating patients" in html.lower() and "RESEARCH, NOT DELIVERABLE" in html
    assert "Written:" in err
    assert any("Coarser than 1.25 mm" in one for one in data["notes"])


def test_the_terminal_says_what_it_is_worth(capsys, case):
    status, text, _ = call(capsys, case, *DIRECTIVE, *SMALL)
    assert status in (0, 1)
    for words in (
        "NOT DELIVERABLE",
        "generic 6 MV, fluence only",
        "No measurement",
        "SpinalCord",
        "Gap to the optimum",
    ):
        assert words in text


def test_a_frontier_on_the_terminal(capsys, case):
    words = ["--frontier", "--limits", "9Gy,17Gy", "--cord", "SpinalCord", "--no-half", "--separation", "0mm,3mm"]
    status, text, _ = call(capsys, case, *DIRECTIVE, *SMALL, *words)
    assert status in (0, 1)
    assert (
        "Frontier: nominal PRV (SpinalCord)" in text
        and "No probability" in text
        and "no reason to operate again" in text
    )
    assert "hytec-cord-2fx-dmax" in text


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        ([*DIRECTIVE, *SMALL[2:]], 4, "image the cord"),
        ([*DIRECTIVE, *SMALL, "--cord-source", "ct"], 2, "--cord-source"),
        ([*DIRECTIVE, *SMALL, "--bixel", "5"], 2, "millimetres"),
        ([*DIRECTIVE, *SMALL[:-1]], 2, "needs a grid of 1.25 mm"),
        ([*DIRECTIVE, *SMALL, "--grid", "xmm"], 2, "millimetres"),
        ([*DIRECTIVE, *SMALL, "--most-memory", "4"], 2, "gigabytes"),
        ([*DIRECTIVE, *SMALL, "--most-memory", "0.00001GB"], 4, "GB"),
        ([*DIRECTIVE, *SMALL, "--override", "Esophagus"], 2, "NAME=DENSITY"),
        ([*DIRECTIVE, *SMALL, "--override", "Screw=4.5"], 3, "no such structure"),
        ([*DIRECTIVE, *SMALL, "--frontier", "--cord", "SpinalCord", "--limits", "9"], 2, "Gy"),
        ([*DIRECTIVE, *SMALL, "--frontier", "--cord", "SpinalCord_PRV02"], 3, "no such structure"),
        (["--directive", "examples/directives/femur-30-10.json", *SMALL, "--beams", "0"], 2, "a beam or more"),
    ],
)
def test_what_is_refused(capsys, case, words, status, says):
    found, out, err = call(capsys, case, *words)
    assert (found, says in (out + err).replace("\n", " ")) == (status, True), out + err


def test_a_case_without_density_table_takes_one_from_a_file(capsys, tmp_path):
    made, _ = made_up()
    write_case_file(tmp_path / "case.npz", made, None)
    status, out, err = call(capsys, tmp_path, *DIRECTIVE, *SMALL)
    assert status == 3 and "density table" in out + err
    table = tmp_path / "table.csv"
    table.write_text("# a made-up scanner, 120 kV\n-1000,0\n0,1\n1000,1.5\n")
    assert call(capsys, tmp_path, *DIRECTIVE, *SMALL, "--density", str(table), "--json")[0] in (0, 1)
    for text in ("scanner\n0,1\n0,2\n", "scanner\n0,1,2\n", "scanner\nx,y\n", "", "scanner\n"):
        table.write_text(text)
        status, out, err = call(capsys, tmp_path, *DIRECTIVE, *SMALL, "--density", str(table))
        assert status == 2 and "density table" in out + err
    assert call(capsys, tmp_path, *DIRECTIVE, *SMALL, "--density", str(tmp_path / "none.csv"))[0] == 3


def test_a_damaged_case_is_refused(capsys, tmp_path):
    made, table = made_up()
    path = tmp_path / "case.npz"
    write_case_file(path, made, table)
    whole = path.read_bytes()
    arrays = dict(np.load(path))
    worse = [
        lambda: path.write_bytes(whole[: len(whole) // 2]),
        lambda: path.write_bytes(b"no zip"),
        lambda: np.savez(path, **{**arrays, "schema": np.array("other/1")}),
        lambda: np.savez(path, **{**arrays, "mask_PTV": arrays["mask_PTV"][:5]}),
        lambda: np.savez(path, **{name: one for name, one in arrays.items() if name != "hu"}),
        lambda: np.savez(path, **{name: one for name, one in arrays.items() if name != "density"}),
        lambda: np.savez(path, **{**arrays, "hu": np.array([object()])}),
        lambda: np.savez(path, **{**arrays, "spacing_mm": -arrays["spacing_mm"]}),
    ]
    for damage in worse:
        damage()
        status, out, err = call(capsys, tmp_path, *DIRECTIVE, *SMALL)
        assert status == 3, out + err
    holed = np.where(arrays["mask_PTV"][0] >= 0, np.full(made.grid.shape, np.nan), 0.0)
    np.savez(path, **{**arrays, "hu": holed})
    status, out, err = call(capsys, tmp_path, *DIRECTIVE, *SMALL)
    assert status == 3 and "no numbers" in out + err


def test_ctrl_c_keeps_the_best_plan_so_far(capsys, case, monkeypatch):
    from portico.planning import making

    real = making.optimise

    def stopped(*given, **more):
        more["stop"] = lambda: True
        return real(*given, **more)

    monkeypatch.setattr(making, "optimise", stopped)
    status, text, _ = call(capsys, case, *DIRECTIVE, *SMALL, "--json")
    assert status == 130 and json.loads(text)["interrupted"]


def test_a_plan_on_dicom(capsys, tmp_path):
    """The spine phantom with its own CT: the target is its RTSTRUCT's, metal is looked for."""
    table = tmp_path / "table.csv"
    table.write_text("# made up\n-1000,0\n0,1\n3000,2.5\n")
    words = [
        "--directive",
        "examples/directives/spine-24-2.json",
        "--density",
        str(table),
        "--cord-source",
        "ct_myelogram",
    ]
    status, out, err = call(
        capsys,
        "tests/data/spine-phantom",
        *words,
        "--beams",
        "3",
        "--bixel",
        "10mm",
        "--grid",
        "6mm",
        "--coarse",
        "--json",
    )
    assert status == 0, out + err
    data = json.loads(out)
    assert (
        data["hard_limits_kept"]
        and len([one for one in data["lines"] if one["strength"] == "hard" and one["met"]]) == 8
    )
    said = " ".join(data["notes"])
    assert "nevelsky-2017" in said and "no RTPLAN is written" in said


def test_segments_show_what_they_lose(capsys, case, tmp_path):
    page = tmp_path / "plan.html"
    status, text, _ = call(capsys, case, *DIRECTIVE, *SMALL, "--sequence", "8", "--html", str(page))
    assert status in (0, 1)
    assert "segments (120 leaves, 5 and 10 mm, generic, leakage and transmission not modelled)" in text.replace(
        "\n", " "
    )
    assert "Apertures as each beam sees them" in page.read_text()
    assert "ideal fluence" in text and "No file for delivery" in page.read_text()
    assert call(capsys, case, *DIRECTIVE, *SMALL, "--sequence", "1")[0] == 2


def without_metal(folder):
    """The spine phantom with its screws and rods as bone, and its structures."""
    import pydicom

    folder.mkdir()
    for path in sorted(Path("tests/data/spine-phantom").glob("*.dcm")):
        one = pydicom.dcmread(path)
        if one.Modality == "CT":
            pixels = one.pixel_array
            highest = int((1200 - one.RescaleIntercept) / one.RescaleSlope)
            one.PixelData = np.minimum(pixels, highest).astype(pixels.dtype).tobytes()
        if one.Modality in ("CT", "RTSTRUCT"):
            one.save_as(folder / path.name)
    return folder


def test_a_plan_is_written_for_research_and_read_back_by_the_check(capsys, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("# made up\n-1000,0\n0,1\n3000,2.5\n")
    words = [
        "--density",
        str(table),
        "--cord-source",
        "ct_myelogram",
        "--beams",
        "4",
        "--bixel",
        "10mm",
        "--grid",
        "5mm",
        "--coarse",
    ]
    intent = ["--directive", "examples/directives/spine-24-2.json"]
    clean, out = without_metal(tmp_path / "clean"), tmp_path / "out"
    status, text, err = call(capsys, clean, *intent, *words, "--sequence", "4", "--dicom", str(out))
    assert status == 0, text + err
    assert sorted(one.name for one in out.iterdir()) == ["dose.dcm", "plan.dcm", "structures.dcm"]
    assert main(["check", str(out), *intent, "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    said = {one["code"]: one["verdict"] for one in data["items"] if one["kind"] == "integrity"}
    assert said["approval"] == said["plan-intent"] == "not_met"
    assert said["plan-geometry"] == said["control-points"] == said["isocentre-in-body"] == "met"
    median = next(one for one in data["items"] if one["roi"] == "PTV" and one["metric"] == "D50%")
    assert 23.0 < median["value"] < 26.0
    again = tmp_path / "again"
    status, text, err = call(
        capsys, "tests/data/spine-phantom", *intent, *words, "--sequence", "5", "--dicom", str(again)
    )
    assert status == 4 and "within 20 mm of SpinalCord" in " ".join((text + err).split()) and not again.exists()
    status, text, err = call(capsys, clean, *intent, *words, "--dicom", str(again))
    assert status == 2 and not again.exists()
