"""Registrations between frames of reference, in files made by pydicom."""

from __future__ import annotations

import numpy as np
import pytest
import rt_files as made
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from portico.errors import InputRefused
from portico.rt import Registration, read_registration, read_study, rigid_matrix, transform_between

made.CLASSES.setdefault("REG", "1.2.840.10008.5.1.4.1.1.66.1")
TURN = np.array([[0, -1, 0, 5], [1, 0, 0, -2], [0, 0, 1, 7], [0, 0, 0, 1]], float)
POINT = np.array([1.0, 2.0, 3.0, 1.0])


def shift(x=0.0, y=0.0, z=0.0):
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


def dataset(*entries, kind="RIGID", own="1.1", uid="1.9.7"):
    """``entries``: frame of reference and its matrices, in order."""
    found = made.base("REG", uid)
    found.FrameOfReferenceUID = own
    found.RegistrationSequence = Sequence()
    for frame, *matrices in entries:
        item, part = Dataset(), Dataset()
        if frame is not None:
            item.FrameOfReferenceUID = frame
        part.MatrixSequence = Sequence()
        for matrix in matrices:
            one = Dataset()
            one.FrameOfReferenceTransformationMatrixType = kind
            one.FrameOfReferenceTransformationMatrix = [f"{v:.12g}" for v in np.ravel(matrix)]
            part.MatrixSequence.append(one)
        item.MatrixRegistrationSequence = Sequence([part])
        found.RegistrationSequence.append(item)
    return found


def registration(*entries, syntax=made.EXPLICIT, **more):
    return made.encoded(dataset(*entries, **more), syntax)


def read(tmp_path, data):
    (tmp_path / "a.dcm").write_bytes(data)
    return read_registration(tmp_path / "a.dcm")


def code_of(call):
    with pytest.raises(InputRefused) as caught:
        call()
    assert "PLANTED" not in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("syntax", [made.EXPLICIT, made.IMPLICIT, made.BIG, made.DEFLATED])
def test_a_matrix_maps_its_frame_to_the_own_one(tmp_path, syntax):
    found = read(tmp_path, registration(("1.1", np.eye(4)), ("1.2", TURN), syntax=syntax))
    assert (found.between("1.2", "1.1") @ POINT).tolist() == [3.0, -1.0, 10.0, 1.0]
    assert np.allclose(found.between("1.1", "1.2") @ found.between("1.2", "1.1"), np.eye(4))
    assert code_of(lambda: found.between("1.3", "1.1")) == "frame-not-registered"


def test_two_frames_by_way_of_the_own_one(tmp_path):
    found = read(tmp_path, registration(("1.2", TURN), ("1.3", shift(x=10))))
    assert (found.between("1.2", "1.3") @ POINT).tolist() == [-7.0, -1.0, 10.0, 1.0]


def test_matrices_whose_order_is_indifferent_are_multiplied(tmp_path):
    found = read(tmp_path, registration(("1.2", shift(x=1), shift(y=2), np.eye(4))))
    assert (found.between("1.2", "1.1") @ POINT).tolist() == [2.0, 4.0, 3.0, 1.0]


def test_the_images_that_others_are_registered_to_need_no_frame(tmp_path):
    found = read(tmp_path, registration((None, np.eye(4)), ("1.2", TURN)))
    assert list(found.matrices) == ["1.2"]


def without(data, *keywords):
    """The dataset without elements; each keyword is deleted at the deepest place where it stands."""

    def strip(one):
        for element in list(one):
            if element.keyword in keywords:
                del one[element.tag]
            elif element.VR == "SQ":
                for item in element.value:
                    strip(item)

    strip(data)
    return made.encoded(data)


def twice():
    found = dataset(("1.2", TURN))
    part = found.RegistrationSequence[0].MatrixRegistrationSequence
    part.append(part[0])
    return made.encoded(found)


def deformable():
    found = dataset(("1.2", TURN))
    found.SOPClassUID = "1.2.840.10008.5.1.4.1.1.66.3"
    return made.encoded(found)


FAR = TURN.copy()
FAR[0, 0] = 1e200


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (registration(("1.2", 2 * TURN)), "not-rigid"),
        (registration(("1.2", np.diag([1, 1, -1, 1]))), "not-rigid"),
        (registration(("1.2", TURN + np.eye(4, k=1))), "not-rigid"),
        (registration(("1.2", FAR)), "not-rigid"),
        (registration(("1.2", TURN), kind="AFFINE"), "not-rigid"),
        (registration(("1.2", TURN), kind="RIGID_SCALE"), "not-rigid"),
        (registration(("1.2", TURN), ("1.2", np.eye(4))), "frame-repeated"),
        (registration(("1.1", TURN)), "own-frame-moved"),
        (registration(("1.2", TURN, shift(x=3))), "matrix-order"),
        (registration((None, TURN)), "missing-tag"),
        (registration(("1.2",)), "missing-tag"),
        (registration(("1.2", np.eye(3))), "wrong-count"),
        (without(dataset(("1.2", TURN)), "MatrixRegistrationSequence"), "missing-tag"),
        (without(dataset(("1.2", TURN)), "RegistrationSequence"), "missing-tag"),
        (without(dataset(("1.2", TURN)), "FrameOfReferenceUID"), "missing-tag"),
        (without(dataset(("1.2", TURN)), "FrameOfReferenceTransformationMatrix"), "missing-tag"),
        (without(dataset(("1.2", TURN)), "FrameOfReferenceTransformationMatrixType"), "missing-tag"),
        (twice(), "one-registration"),
        (deformable(), "not-a-registration"),
        (made.encoded(made.base("RTDOSE", "1.9.1")), "not-a-registration"),
        (b"nothing of DICOM", "not-dicom"),
    ],
)
def test_what_is_no_rigid_registration(tmp_path, data, code):
    assert code_of(lambda: read(tmp_path, data)) == code


def test_a_folder_of_several_files_is_no_registration(tmp_path):
    folder = made.put(tmp_path / "two", registration(("1.2", TURN)), registration(("1.3", TURN), uid="1.9.8"))
    assert code_of(lambda: read_registration(folder)) == "not-a-registration"


def test_a_study_holds_its_registrations(tmp_path):
    folder = made.put(tmp_path / "study", registration(("1.2", TURN)), deformable().replace(b"1.9.7", b"1.9.8"))
    found = read_study(folder)
    assert [one.frame_uid for one in found.registrations] == ["1.1"] and found.passed_over == 0
    assert [one.code for one in found.refused] == ["not-a-registration"]


def test_the_transform_between_two_frames():
    one = Registration("1.1", {"1.2": TURN})
    same = Registration("1.2", {"1.1": np.linalg.inv(TURN)})
    other = Registration("1.2", {"1.1": np.linalg.inv(TURN) @ shift(y=0.5)})
    assert np.allclose(transform_between([one], "1.2", "1.1"), TURN)
    assert np.allclose(transform_between([one], "1.1", "1.2"), np.linalg.inv(TURN))
    assert np.allclose(transform_between([same, one], "1.2", "1.1"), TURN)
    assert np.array_equal(transform_between([], "1.2", "1.2"), np.eye(4))
    assert code_of(lambda: transform_between([one, other], "1.2", "1.1")) == "registration-ambiguous"
    assert code_of(lambda: transform_between([one], "1.2", "1.3")) == "frame-not-registered"
    # two objects are not chained
    chain = [one, Registration("1.5", {"1.2": TURN})]
    assert code_of(lambda: transform_between(chain, "1.1", "1.5")) == "frame-not-registered"


@pytest.mark.parametrize("numbers", [np.eye(3), "text", [[1, 2], [3]], [10**400] * 16, np.full((4, 4), np.inf), None])
def test_what_is_no_matrix(numbers):
    assert code_of(lambda: rigid_matrix(numbers)) == "not-rigid"


def test_sixteen_numbers_row_by_row():
    found = rigid_matrix(list(np.ravel(TURN)))
    assert np.array_equal(found, TURN) and not found.flags.writeable
