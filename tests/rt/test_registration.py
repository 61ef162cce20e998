"""Registrations between frames of reference, in files made by pydicom."""

from __future__ import annotations

import numpy as np
import pytest
import rt_files as made
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from portico.errors import InputRefused
from portico.rt import read_registration

made.CLASSES.setdefault("REG", "1.2.840.10008.5.1.4.1.1.66.1")
TURN = np.array([[0, -1, 0, 5], [1, 0, 0, -2], [0, 0, 1, 7], [0, 0, 0, 1]], float)


def registration(*entries, kind="RIGID"):
    found = made.base("REG", "1.9.7")
    found.FrameOfReferenceUID = "1.1"
    found.RegistrationSequence = Sequence()
    for frame, matrix in entries:
        item, part, one = Dataset(), Dataset(), Dataset()
        item.FrameOfReferenceUID = frame
        one.FrameOfReferenceTransformationMatrixType = kind
        one.FrameOfReferenceTransformationMatrix = [f"{v:.12g}" for v in np.ravel(matrix)]
        part.MatrixSequence = Sequence([one])
        item.MatrixRegistrationSequence = Sequence([part])
        found.RegistrationSequence.append(item)
    return made.encoded(found)


def read(tmp_path, data):
    (tmp_path / "a.dcm").write_bytes(data)
    return read_registration(tmp_path / "a.dcm")


def test_a_matrix_maps_its_frame_to_the_own_one(tmp_path):
    found = read(tmp_path, registration(("1.1", np.eye(4)), ("1.2", TURN)))
    point = np.array([1.0, 2.0, 3.0, 1.0])
    assert (found.between("1.2", "1.1") @ point).tolist() == [3.0, -1.0, 10.0, 1.0]
    assert np.allclose(found.between("1.1", "1.2") @ found.between("1.2", "1.1"), np.eye(4))
    with pytest.raises(InputRefused) as caught:
        found.between("1.3", "1.1")
    assert caught.value.code == "frame-not-registered"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (registration(("1.2", 2 * TURN)), "not-rigid"),
        (registration(("1.2", np.diag([1, 1, -1, 1]))), "not-rigid"),
        (registration(("1.2", TURN), kind="AFFINE"), "not-rigid"),
        (registration(("1.2", TURN), ("1.2", np.eye(4))), "frame-repeated"),
        (registration(("1.2", np.eye(3))), "wrong-count"),
        (made.encoded(made.base("RTDOSE", "1.9.1")), "not-a-registration"),
    ],
)
def test_what_is_no_rigid_registration(tmp_path, data, code):
    with pytest.raises(InputRefused) as caught:
        read(tmp_path, data)
    assert caught.value.code == code and "PLANTED" not in str(caught.value)
