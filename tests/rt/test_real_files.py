"""Public files of other systems."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
import rt_files as made
from pydicom import dcmread
from pydicom.data import get_testdata_file

from portico.errors import InputRefused
from portico.rt import read_labels, read_study


@pytest.fixture
def breast(tmp_path):
    return made.put(
        tmp_path / "breast", *(made.gunzipped(f"dicompyler/{name}.dcm.gz") for name in ("rtss", "rtplan", "ct.0"))
    )


def test_structures_equal_those_of_pydicom(breast):
    found = read_study(breast).structure_sets[0]
    other = dcmread(breast / "000.dcm")
    assert not found.refused
    assert {n: s.name for n, s in found.structures.items()} == {
        int(r.ROINumber): r.ROIName for r in other.StructureSetROISequence
    }
    points = 0
    for item in other.ROIContourSequence:
        contours = found.structures[int(item.ReferencedROINumber)].contours
        for contour, theirs in zip(contours, item.get("ContourSequence", []), strict=True):
            data = np.array(theirs.ContourData, dtype=float).reshape(-1, 3)
            np.testing.assert_array_equal(contour.points, data[: len(contour.points)])
            points += len(data)
    assert points > 10_000


def test_plan_equals_that_of_pydicom(breast):
    plan = read_study(breast).plans[0]
    other = dcmread(breast / "001.dcm")
    assert plan.fractions == 7 and plan.approval == "UNAPPROVED"
    assert [one.prescribed_gy for one in plan.dose_references] == [14.0, 11.3113869239676]
    assert [len(beam.control_points) for beam in plan.beams.values()] == [92, 94, 103, 95]
    for theirs in other.BeamSequence:
        ours = plan.beams[int(theirs.BeamNumber)]
        leaves = [
            [float(x) for x in cp.BeamLimitingDevicePositionSequence[-1].LeafJawPositions]
            for cp in theirs.ControlPointSequence
        ]
        np.testing.assert_array_equal(ours.devices["MLCX"].positions_mm, leaves)
        np.testing.assert_array_equal(
            ours.devices["ASYMX"].positions_mm, np.tile(ours.devices["ASYMX"].positions_mm[0], (len(leaves), 1))
        )
        np.testing.assert_array_equal(
            ours.control_points.weight, [float(cp.CumulativeMetersetWeight) for cp in theirs.ControlPointSequence]
        )
        assert not ours.is_arc


def test_a_plan_without_its_dose_says_so(breast):
    study = read_study(breast)
    assert [problem.code for problem in study.refused] == ["one-plane"]
    found = study.plan_set()
    assert found.structure_set is not None and found.dose is None
    assert {problem.code for problem in found.findings} == {"dose-missing", "image-missing"}


def test_dose_of_a_patient_feet_first(tmp_path):
    dose = read_study(made.put(tmp_path / "d", made.gunzipped("pymedphys/RD.TBB_feet_in_supine.dcm.gz"))).doses[0]
    assert dose.grid.axes[:, 2].tolist() == [0, 0, -1]  # frames run towards the feet
    assert dose.grid.points([[0, 0, 80]])[0, 2] == 100 - 200
    other = dcmread(tmp_path / "d" / "000.dcm")
    expected = np.frombuffer(other.PixelData, "<u4").reshape(81, 101, 101) * float(other.DoseGridScaling)
    np.testing.assert_allclose(dose.gy, expected, rtol=3e-7)


def test_dose_with_pixels_that_are_not_square_and_frames_that_go_down(tmp_path):
    study = read_study(made.put(tmp_path / "d", made.gunzipped("pymedphys/rtdose_non_square_pixels.dcm.gz")))
    grid = study.doses[0].grid
    np.testing.assert_allclose(grid.spacing, [1.00789473684210, 1.03125, 1.0197368421052], rtol=1e-9)
    assert grid.axes[:, 2].tolist() == [0, 0, -1] and grid.shape == (77, 65, 77)
    assert study.doses[0].summation == "UNKNOWN"
    assert "summation-unknown" in {problem.code for problem in study.plan_set().findings}


def test_series_in_jpeg_2000():
    pytest.importorskip("SimpleITK")
    image = read_study(made.DATA / "totalsegmentator" / "ct").images[0]
    assert image.grid.shape == (4, 512, 512) and image.grid.spacing.tolist() == [0.9765625, 0.9765625, 2.0]
    assert image.hu.dtype == np.int16 and image.hu.min() == -1024 and 500 < image.hu.max() < 3071
    assert image.highest_hu == 3071 and image.clipped_voxels == 0
    assert np.diff([image.grid.points([[0, 0, k]])[0, 2] for k in range(4)]).tolist() == [2, 2, 2]


def test_labels_of_a_nifti_file():
    pytest.importorskip("SimpleITK")
    found = read_labels(made.DATA / "totalsegmentator" / "example_seg.nii.gz")
    assert found.grid.spacing.tolist() == [3, 3, 3] and found.grid.is_aligned
    raw = gzip.decompress((made.DATA / "totalsegmentator" / "example_seg.nii.gz").read_bytes())
    count = np.frombuffer(raw, "<i2", count=4, offset=40)
    assert found.labels.shape == (count[3], count[2], count[1])
    assert found.mask(int(found.labels.max())).any()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("rtdose.dcm", "dose-not-in-gy"),
        ("rtdose_expb.dcm", "dose-not-in-gy"),
        ("rtplan_truncated.dcm", "dicom-length"),
        ("CT_small.dcm", "one-plane"),
        ("MR_small.dcm", "nothing-to-read"),
    ],
)
def test_files_of_pydicom_that_cannot_be_used(name, code):
    with pytest.raises(InputRefused) as caught:
        read_study(get_testdata_file(name))
    assert caught.value.code == code


def test_files_of_pydicom_that_can():
    plan = read_study(get_testdata_file("rtplan.dcm")).plans[0]
    assert plan.fractions == 30 and plan.beams[1].control_points.energy[0] == 6
    found = read_study(get_testdata_file("rtstruct.dcm")).structure_sets[0]  # without meta information
    assert sorted(found.structures) == [1, 2, 3]
    assert [len(contour.points) for contour in found.structures[1].contours] == [4, 5, 5]  # closing points removed
