"""``portico targets`` on the spine phantom: what is drawn, refused, and written."""

from __future__ import annotations

import json

import numpy as np
import pytest

from portico.cli.app import main
from portico.rt import read_study

CT = "tests/data/spine-phantom"
LABELS = ["--structures", "tests/data/spine-labels/vertebrae.nrrd", "--match", "SpinalCanal=100"]
DIRECTIVE = ["--directive", "examples/directives/spine-24-2.json"]
DISEASE = ["--involved", "T8=vertebral_body,pedicle_left", "--epidural", "T8=anterior,left_anterior"]
NAMED = [
    "--choose", "isrc-table-body-pedicle", "--cord-source", "ct_myelogram", "--prv", "cord-prv-rotations", "--ptv", "ptv-near-rigid",
]  # fmt: skip


def call(capsys, *words):
    status = main(["targets", CT, *words])
    out = capsys.readouterr()
    return status, out.out, out.err


def test_a_whole_draft_is_written_and_read_back(capsys, tmp_path):
    out, html = tmp_path / "draft.dcm", tmp_path / "draft.html"
    status, text, _ = call(
        capsys, *LABELS, *DIRECTIVE, *DISEASE, *NAMED, "--out", str(out), "--html", str(html), "--json"
    )
    assert status == 0
    body = json.loads(text)
    names = [one["roi"] for one in body["volumes"]]
    assert names == ["CTV", "PTV", "SpinalCord", "SpinalCord_PRV02"]
    written = read_study(out).structure_sets[0]
    assert [one.name for one in written.structures.values()] == names
    assert written.frame_uid == read_study(CT).images[0].frame_uid
    page = html.read_text()
    assert "isrc-table-body-pedicle" in page and "not for treating patients" in page.lower()
    again = tmp_path / "again.dcm"
    assert call(capsys, *LABELS, *DIRECTIVE, *DISEASE, *NAMED, "--out", str(again))[0] == 0
    assert again.read_bytes() == out.read_bytes()
    ctv = next(one for one in written.structures.values() if one.name == "CTV")
    assert np.concatenate([one.points for one in ctv.contours])[:, 0].max() > 12


def test_without_choices_it_lists_them(capsys):
    status, text, _ = call(capsys, *LABELS, *DIRECTIVE, *DISEASE, "--cord-source", "t2_mri")
    assert status == 4
    assert "isrc-table-body-pedicle" in text and "--choose" in text
    assert "spinal cord" in text.lower() or "SpinalCord" in text


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        ([*LABELS, *DIRECTIVE, *NAMED], 4, "before surgery"),
        ([*LABELS, *DIRECTIVE, *DISEASE, *NAMED[:2]], 4, "image the cord"),
        ([*LABELS, *DIRECTIVE, *DISEASE, "--cord-source", "ct"], 2, "--cord-source"),
        ([*LABELS, *DIRECTIVE, "--involved", "vertebral_body"], 2, "LEVEL=WORDS"),
        ([*LABELS, *DIRECTIVE, "--involved", "T8=corpus"], 3, "no such part"),
        ([*LABELS, *DIRECTIVE, *DISEASE, "--ptv", "2"], 3, "unit"),
        ([*LABELS, *DIRECTIVE, *DISEASE, "--gtv-residual", "GTV"], 2, "no structure"),
        ([*LABELS, "--directive", "examples/directives/femur-30-10.json"], 2, "bone"),
        (["--structures", "tests/data/rt/none.nrrd", *DIRECTIVE], 3, "no such file"),
        (["--structures", "tests/data/femur-phantom/structures.dcm", *DIRECTIVE, *DISEASE], 3, "frame of reference"),
    ],
)
def test_what_is_refused(capsys, words, status, code):
    found, out, err = call(capsys, *words)
    assert (found, code in (out + err).replace("\n", " ")) == (status, True), out + err


def test_a_label_map_on_another_grid(capsys, tmp_path):
    import SimpleITK as itk  # noqa: N813

    image = itk.ReadImage("tests/data/spine-labels/vertebrae.nrrd")
    image.SetOrigin((-158.3, -119.0, -90.0))
    itk.WriteImage(image, str(tmp_path / "off.nrrd"))
    status, _, err = call(capsys, "--structures", str(tmp_path / "off.nrrd"), *DIRECTIVE, *DISEASE, *NAMED)
    assert status == 3 and "voxels" in err


def test_a_label_map_with_turned_axes_is_the_same_patient(capsys, tmp_path):
    import SimpleITK as itk  # noqa: N813

    image = itk.ReadImage("tests/data/spine-labels/vertebrae.nrrd")
    itk.WriteImage(itk.Flip(image, (True, True, True)), str(tmp_path / "turned.nrrd"))
    words = [*LABELS, *DIRECTIVE, *DISEASE, *NAMED, "--json"]
    first = json.loads(call(capsys, *words)[1])
    words[1] = str(tmp_path / "turned.nrrd")
    second = json.loads(call(capsys, *words)[1])
    assert [one["cm3"] for one in first["volumes"]] == [one["cm3"] for one in second["volumes"]]


FEMUR = ["tests/data/femur-phantom", "--directive", "examples/directives/femur-30-10.json", "--bone-margin", "20mm"]


def femur(capsys, *words):
    status = main(["targets", *FEMUR, "--bone", "Femur_L", *words, "--json"])
    out = capsys.readouterr()
    return status, json.loads(out.out) if status != 3 else out.out + out.err


def test_metal_of_a_bone_is_looked_for_near_it_or_not_at_all(capsys):
    _, found = femur(capsys)
    assert "CTV" in [one["roi"] for one in found["volumes"]] and "Hardware" in [one["roi"] for one in found["volumes"]]
    status, left = femur(capsys, "--no-hardware")
    names = [one["roi"] for one in left["volumes"]]
    assert status == 4 and "Hardware" not in names and "CTV" not in names
    assert any("not looked for" in one for one in left["notes"])
    assert any("--hardware-structure" in one["fix"] for one in left["choices"])


def test_hardware_may_be_a_structure(capsys):
    _, found = femur(capsys, "--no-hardware", "--hardware-structure", "Femur_L")
    hardware = next(one for one in found["volumes"] if one["roi"] == "Hardware")
    assert hardware["says"] == "The hardware, given."


def test_structures_that_are_not_asked_for_do_no_harm(capsys, tmp_path):
    from dataclasses import replace

    from portico.rt import structures_bytes

    image = read_study("tests/data/femur-phantom").images[0]
    own = read_study("tests/data/femur-phantom").structure_sets[0]
    named = {one.name: one for one in own.structures.values()}
    tilted = [replace(one, points=one.points + np.array([0.0, 0.0, 1.5])) for one in named["Genitals"].contours]
    more = (
        *named.values(),
        replace(named["Genitals"], name="Kidney_L", contours=tuple(tilted)),
        replace(named["Genitals"], name="Bowel"),
        replace(named["Genitals"], name="bowel"),
    )
    numbered = {number: replace(one, number=number) for number, one in enumerate(more, 1)}
    (tmp_path / "rs.dcm").write_bytes(structures_bytes(replace(own, structures=numbered), image=image))
    words = ["--structures", str(tmp_path / "rs.dcm")]
    assert femur(capsys, *words)[1] == femur(capsys)[1]
    status, err = femur(capsys, *words, "--bed", "Bowel")
    assert status == 3 and "Two structures" in err
