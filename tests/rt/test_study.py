"""What belongs together in a folder or archive."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
import rt_files as made

from portico.errors import InputRefused, ReadingRefused
from portico.rt import DicomLimits, read_study

GY = np.ones((2, 2, 2))
ROIS = {1: ("PTV", [("CLOSED_PLANAR", made.square(10, 5))])}


def whole():
    return [made.ct_plane(10, "1.5.1"), made.ct_plane(20, "1.5.2"), made.structures(ROIS), made.dose(GY), made.plan()]


def put(tmp_path, datasets, *more):
    return made.put(tmp_path / "study", *(made.encoded(each) for each in datasets), *more)


def refusal(call):
    with pytest.raises(InputRefused) as caught:
        call()
    return caught.value.code


def test_a_whole_plan(tmp_path):
    study = read_study(put(tmp_path, whole(), b"not an object of DICOM", b""))
    found = study.plan_set()
    assert (found.plan.uid, found.structure_set.uid, found.dose.uid, found.image.series_uid) == (
        "1.7.1",
        "1.8.1",
        "1.9.1",
        "1.2.3.5",
    )
    assert found.findings == () and study.passed_over == 2 and study.refused == ()


def test_subfolders_and_archives_give_the_same(tmp_path):
    folder = put(tmp_path, whole())
    (folder / "sub").mkdir()
    (folder / "004.dcm").rename(folder / "sub" / "plan")
    assert read_study(folder).plan_set().findings == ()
    with zipfile.ZipFile(tmp_path / "study.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder).as_posix())
    found = read_study(tmp_path / "study.zip")
    assert found.plan_set().findings == ()
    np.testing.assert_array_equal(found.doses[0].gy, GY)


def test_several_plans_are_told_apart(tmp_path):
    second = [
        made.plan(uid="1.7.2", structure_set="1.8.2"),
        made.structures(ROIS, uid="1.8.2"),
        made.dose(GY * 2, uid="1.9.2", plan="1.7.2"),
    ]
    study = read_study(put(tmp_path, whole() + second))
    assert refusal(study.plan_set) == "several-plans"
    assert refusal(lambda: study.plan_set("1.7.3")) == "no-such-plan"
    for plan, structure_set, dose in (("1.7.1", "1.8.1", 1), ("1.7.2", "1.8.2", 2)):
        found = study.plan_set(plan)
        assert found.structure_set.uid == structure_set and found.dose.gy.max() == dose


def test_a_structure_set_that_the_plan_does_not_name_is_not_taken(tmp_path):
    datasets = whole()
    datasets[2] = made.structures(ROIS, uid="1.8.5")
    found = read_study(put(tmp_path, datasets)).plan_set()
    assert found.structure_set is None and "structures-missing" in {each.code for each in found.findings}


def test_without_a_plan(tmp_path):
    found = read_study(put(tmp_path, whole()[:4])).plan_set()
    assert found.plan is None and found.dose is not None and found.structure_set is not None
    assert {each.code for each in found.findings} == {"plan-missing"}
    other = made.dose(GY, uid="1.9.7", plan="1.7.7")
    assert refusal(read_study(put(tmp_path, [*whole()[:4], other])).plan_set) == "several-plans"


@pytest.mark.parametrize("index", [2, 3, 4])
def test_a_wrong_frame_of_reference(tmp_path, index):
    datasets = whole()
    if index == 2:
        datasets[2] = made.structures(ROIS, frame="1.2.3.99")
    datasets[index].FrameOfReferenceUID = "1.2.3.99"
    assert refusal(read_study(put(tmp_path, datasets)).plan_set) == "frame-differs"


def test_an_unknown_frame_of_reference_is_said(tmp_path):
    datasets = whole()
    del datasets[3].FrameOfReferenceUID
    found = read_study(put(tmp_path, datasets)).plan_set()
    assert [each.code for each in found.findings] == ["frame-unknown"]


def test_structures_in_two_frames(tmp_path):
    datasets = whole()
    datasets[2] = made.structures({**ROIS, 2: ("CORD", [])})
    datasets[2].StructureSetROISequence[1].ReferencedFrameOfReferenceUID = "1.2.3.99"
    assert refusal(read_study(put(tmp_path, datasets)).plan_set) == "frames-mixed"


def test_an_image_found_by_its_frame(tmp_path):
    datasets = whole()
    datasets[2] = made.structures(ROIS, series="1.2.3.77")
    assert [each.code for each in read_study(put(tmp_path, datasets)).plan_set().findings] == ["image-by-frame"]


def test_two_patients_in_one_folder(tmp_path):
    datasets = whole()
    datasets[3].PatientID = "SOMEONE-ELSE"
    assert refusal(lambda: read_study(put(tmp_path, datasets))) == "several-patients"


def test_copies_count_once_and_two_contents_under_one_identifier_are_refused(tmp_path):
    datasets = whole()
    assert len(read_study(put(tmp_path, [*datasets, datasets[3]])).doses) == 1
    assert refusal(lambda: read_study(put(tmp_path, [*datasets, made.dose(GY * 2)]))) == "instance-repeated"


def test_an_object_that_cannot_be_used_is_listed(tmp_path):
    datasets = whole()
    datasets[3].DoseUnits = "RELATIVE"
    study = read_study(put(tmp_path, datasets))
    assert [(each.code, each.path) for each in study.refused] == [("dose-not-in-gy", "file 4 of 5: DoseUnits")]


def test_nothing_there(tmp_path):
    (tmp_path / "empty").mkdir()
    assert refusal(lambda: read_study(tmp_path / "empty")) == "nothing-to-read"
    assert refusal(lambda: read_study(tmp_path / "absent")) == "no-such-file"


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (DicomLimits(max_files=3), "too-many-files"),
        (DicomLimits(max_total_bytes=2000), "too-large"),
        (DicomLimits(max_bytes=500), "too-large"),
        (DicomLimits(max_elements=10), "dicom-elements"),
    ],
)
def test_bounds_of_a_folder(tmp_path, limits, code):
    folder = put(tmp_path, whole())
    with pytest.raises(ReadingRefused) as caught:
        read_study(folder, limits)
    assert caught.value.code == code


def test_voxels_are_bounded(tmp_path):
    study = read_study(put(tmp_path, whole()), DicomLimits(max_voxels=10))
    assert {each.code for each in study.refused} == {"too-many-voxels"}
