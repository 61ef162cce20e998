"""Dose grids: every orientation, offsets, sums, encodings."""

from __future__ import annotations

import numpy as np
import pytest
import rt_files as made

from portico.errors import InputRefused
from portico.rt import Grid, read_study, sum_doses
from portico.rt.dose import DoseGrid

#: Row and column directions of transverse planes for each patient position (PS3.3 C.7.6.1.1.1 and C.7.6.2.1.1).
POSITIONS = {
    "HFS": (1, 0, 0, 0, 1, 0),
    "HFP": (-1, 0, 0, 0, -1, 0),
    "FFS": (-1, 0, 0, 0, 1, 0),
    "FFP": (1, 0, 0, 0, -1, 0),
    "HFDR": (0, 1, 0, -1, 0, 0),
    "HFDL": (0, -1, 0, 1, 0, 0),
    "FFDR": (0, 1, 0, 1, 0, 0),
    "FFDL": (0, -1, 0, -1, 0, 0),
}
CODES = np.arange(4 * 3 * 5).reshape(4, 3, 5) / 8.0


def read(tmp_path, *datasets, syntax=made.EXPLICIT):
    return read_study(made.put(tmp_path / "d", *(made.encoded(each, syntax) for each in datasets)))


def refusal(tmp_path, dataset):
    with pytest.raises(InputRefused) as caught:
        read(tmp_path, dataset)
    return caught.value.code


@pytest.mark.parametrize("steps", [2.5, -2.5])
@pytest.mark.parametrize("position", POSITIONS)
def test_each_voxel_is_where_the_standard_puts_it(tmp_path, position, steps):
    orientation = np.array(POSITIONS[position], dtype=float)
    dose = read(tmp_path, made.dose(CODES, orientation=POSITIONS[position], offsets=np.arange(4) * steps)).doses[0]
    np.testing.assert_allclose(dose.gy, CODES)
    along_i, along_j = orientation[:3], orientation[3:]
    for k, j, i in np.ndindex(4, 3, 5):
        expected = (
            np.array([-5, -7, 30]) + along_i * 2.0 * i + along_j * 3.0 * j + np.cross(along_i, along_j) * steps * k
        )
        np.testing.assert_allclose(dose.grid.points([[i, j, k]])[0], expected, atol=1e-9)
        np.testing.assert_allclose(dose.grid.indices([expected])[0], [i, j, k], atol=1e-9)
    assert (dose.grid.spacing > 0).all() and dose.grid.is_aligned


@pytest.mark.parametrize("position", POSITIONS)
def test_absolute_offsets_are_patient_z(tmp_path, position):
    offsets = 30 + np.arange(4) * 2.5
    dose = read(tmp_path, made.dose(CODES, orientation=POSITIONS[position], offsets=offsets)).doses[0]
    assert [dose.grid.points([[0, 0, k]])[0, 2] for k in range(4)] == offsets.tolist()


@pytest.mark.parametrize("syntax", [made.IMPLICIT, made.EXPLICIT, made.DEFLATED])
@pytest.mark.parametrize("bits", [16, 32])
def test_each_encoding_gives_the_same_dose(tmp_path, syntax, bits):
    np.testing.assert_allclose(read(tmp_path, made.dose(CODES, bits=bits), syntax=syntax).doses[0].gy, CODES)


def test_high_byte_first(tmp_path):
    dataset = made.dose(CODES, bits=16)
    dataset.PixelData = np.rint(CODES / 1e-3).astype(">u2").tobytes()
    np.testing.assert_allclose(read(tmp_path, dataset, syntax=made.BIG).doses[0].gy, CODES)


def test_a_coronal_grid_is_read_and_an_oblique_one_refused(tmp_path):
    grid = read(tmp_path, made.dose(CODES, orientation=(1, 0, 0, 0, 0, -1))).doses[0].grid
    assert grid.is_aligned and grid.axes[:, 2].tolist() == [0, 1, 0]
    angle = np.radians(1)
    tilted = (np.cos(angle), np.sin(angle), 0, -np.sin(angle), np.cos(angle), 0)
    assert refusal(tmp_path, made.dose(CODES, orientation=[round(x, 9) for x in tilted])) == "oblique"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"offsets": [0, 2.5, 5, 9]}, "frames-uneven"),
        ({"offsets": [0, 0, 0, 0]}, "frames-uneven"),
        ({"offsets": [0, 2.5, 5]}, "frames-differ"),
        ({"offsets": [7, 9.5, 12, 14.5]}, "frame-offsets"),
        ({"offsets": [30, 32.5, 35, 37.5], "orientation": (1, 0, 0, 0, 0, -1)}, "frame-offsets"),
        ({"orientation": (1, 0, 0, 1, 0, 0)}, "orientation-damaged"),
        ({"orientation": (2, 0, 0, 0, 1, 0)}, "orientation-damaged"),
        ({"spacing": (0, 2)}, "grid-damaged"),
        ({"scaling": 1e9}, "dose-implausible"),
    ],
)
def test_a_grid_that_cannot_be_placed(tmp_path, change, code):
    assert refusal(tmp_path, made.dose(CODES if change.get("scaling") is None else CODES * 1e9, **change)) == code


@pytest.mark.parametrize(
    ("keyword", "value", "code"),
    [
        ("DoseUnits", "RELATIVE", "dose-not-in-gy"),
        ("DoseUnits", None, "missing-tag"),
        ("DoseType", "ERROR", "dose-type"),
        ("DoseGridScaling", None, "missing-tag"),
        ("DoseGridScaling", "-1", "dose-implausible"),
        ("Rows", None, "missing-tag"),
        ("Rows", 4, "pixel-count"),
        ("BitsAllocated", 8, "pixel-layout"),
        ("SamplesPerPixel", 3, "pixel-layout"),
        ("PixelData", None, "missing-tag"),
        ("ImagePositionPatient", None, "missing-tag"),
        ("GridFrameOffsetVector", None, "missing-tag"),
    ],
)
def test_a_value_that_is_missing_or_wrong(tmp_path, keyword, value, code):
    dataset = made.dose(CODES)
    if value is None:
        delattr(dataset, keyword)
    else:
        setattr(dataset, keyword, value)
    assert refusal(tmp_path, dataset) == code


def beam(number, scale=1.0, **changes):
    return made.dose(CODES * scale, uid=f"1.9.{number}", summation="BEAM", beams=(number,), **changes)


def test_beam_doses_of_a_plan_are_added(tmp_path):
    study = read(tmp_path, made.plan(arcs=2), beam(1), beam(2, 3.0))
    found = study.plan_set()
    np.testing.assert_allclose(found.dose.gy, CODES * 4, rtol=1e-6)
    assert found.dose.summation == "PLAN" and found.dose.beam_numbers == (1, 2)
    assert "dose-summed" in {problem.code for problem in found.findings}


def test_a_beam_without_dose_leaves_the_plan_without_dose(tmp_path):
    found = read(tmp_path, made.plan(arcs=2), beam(1)).plan_set()
    assert found.dose is None and "beams-missing" in {problem.code for problem in found.findings}


def test_a_plan_dose_is_preferred_and_two_are_refused(tmp_path):
    study = read(tmp_path, made.plan(arcs=2), beam(1), beam(2), made.dose(CODES, uid="1.9.9"))
    assert study.plan_set().dose.uid == "1.9.9"
    with pytest.raises(InputRefused) as caught:
        read(tmp_path / "..", made.plan(), made.dose(CODES, uid="1.9.8"), made.dose(CODES, uid="1.9.9")).plan_set()
    assert caught.value.code == "several-doses"


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (beam(2, position=(-5.0, -7.0, 31.0)), "grid-differs"),
        (beam(2, plan="1.7.2"), "plan-differs"),
        (made.dose(CODES, uid="1.9.2", summation="BEAM", beams=(1,)), "beam-repeated"),
        (made.dose(CODES, uid="1.9.2"), "not-beam-doses"),
    ],
)
def test_doses_that_do_not_add_up(tmp_path, second, code):
    with pytest.raises(InputRefused) as caught:
        sum_doses(read(tmp_path, beam(1), second).doses)
    assert caught.value.code == code


def test_a_dose_has_the_shape_of_its_grid():
    with pytest.raises(InputRefused) as caught:
        DoseGrid(Grid((0, 0, 0), (1, 1, 1), np.eye(3), (2, 2, 3)), np.zeros((2, 3, 2)), "PLAN")
    assert caught.value.code == "dose-shape"
