"""NIfTI and NRRD."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from portico.errors import InputRefused, UsageError
from portico.rt import read_dose_volume, read_labels

itk = pytest.importorskip("SimpleITK")


def write(path, values, *, direction=(1, 0, 0, 0, 1, 0, 0, 0, 1)):
    image = itk.GetImageFromArray(values)
    image.SetOrigin((-10, -20, 30))
    image.SetSpacing((1, 2, 3))
    image.SetDirection(direction)
    itk.WriteImage(image, str(path))
    return path


VALUES = np.arange(24).reshape(2, 3, 4)


@pytest.mark.parametrize("suffix", [".nrrd", ".nii", ".nii.gz"])
def test_labels_and_their_place(tmp_path, suffix):
    found = read_labels(write(tmp_path / f"a{suffix}", VALUES.astype(np.int16)))
    np.testing.assert_array_equal(found.labels, VALUES)
    np.testing.assert_allclose(found.grid.points([[1, 1, 1]])[0], [-9, -18, 33], atol=1e-5)
    assert found.mask(5).sum() == 1
    for label in (0, 99):
        with pytest.raises(InputRefused) as caught:
            found.mask(label)
        assert caught.value.code == "no-such-label"


def test_a_nrrd_in_ras_comes_out_as_lps(tmp_path):
    header = b"NRRD0004\ntype: short\ndimension: 3\nspace: right-anterior-superior\nsizes: 4 3 2\nspace directions: (1,0,0) (0,2,0) (0,0,3)\nkinds: domain domain domain\nendian: little\nencoding: raw\nspace origin: (10,20,30)\n\n"
    path = tmp_path / "a.nrrd"
    path.write_bytes(header + VALUES.astype("<i2").tobytes())
    assert read_labels(path).grid.points([[1, 1, 1]])[0].tolist() == [-11, -22, 33]


def test_dose_needs_a_unit(tmp_path):
    path = write(tmp_path / "a.nrrd", VALUES.astype(np.float32))
    assert read_dose_volume(path, unit="Gy").gy.max() == 23
    assert read_dose_volume(path, unit="cGy").gy.max() == pytest.approx(0.23)
    assert read_dose_volume(path, unit="Gy").summation == "UNKNOWN"
    with pytest.raises(InputRefused) as caught:
        read_dose_volume(path, unit="gy")
    assert caught.value.code == "unknown-unit"


@pytest.mark.parametrize(
    ("values", "direction", "code"),
    [
        (VALUES - 30.0, (1, 0, 0, 0, 1, 0, 0, 0, 1), "dose-negative"),
        (VALUES * np.nan, (1, 0, 0, 0, 1, 0, 0, 0, 1), "not-a-number"),
        (VALUES * 1.0, (0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1), "oblique"),
    ],
)
def test_doses_that_cannot_be_used(tmp_path, values, direction, code):
    with pytest.raises(InputRefused) as caught:
        read_dose_volume(write(tmp_path / "a.nrrd", values, direction=direction), unit="Gy")
    assert caught.value.code == code


def code_of(path):
    with pytest.raises(InputRefused) as caught:
        read_labels(path)
    assert not isinstance(caught.value, UsageError)
    return caught.value.code


def test_labels_that_are_none(tmp_path):
    assert code_of(write(tmp_path / "a.nrrd", VALUES + 0.5)) == "not-labels"
    assert code_of(write(tmp_path / "b.nrrd", VALUES.astype(np.int16) - 1)) == "not-labels"


def test_files_that_are_not_read(tmp_path):
    good = write(tmp_path / "a.nrrd", VALUES.astype(np.int16)).read_bytes()
    for name, data, code in (
        ("a.mha", good, "unknown-suffix"),
        ("b.nrrd", good[:40], "volume-damaged"),
        ("c.nrrd", b"x" * 4000, "volume-damaged"),
        ("d.nrrd", good.replace(b"encoding:", b"data file: /etc/passwd\nencoding:"), "detached-data"),
        ("e.nrrd", good.replace(b"sizes: 4 3 2", b"sizes: 4000 3000 2000"), "volume-size"),
        ("f.nii", b"x" * 400, "volume-damaged"),
    ):
        (tmp_path / name).write_bytes(data)
        assert code_of(tmp_path / name) == code, name
    assert code_of(tmp_path / "absent.nrrd") == "no-such-file"


def test_a_nifti_that_declares_more_than_it_holds(tmp_path):
    raw = bytearray(gzip.decompress(write(tmp_path / "a.nii.gz", VALUES.astype(np.int16)).read_bytes()))
    struct.pack_into("<4h", raw, 40, 3, 700, 700, 700)
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(bytes(raw)))
    assert code_of(tmp_path / "b.nii.gz") == "volume-size"
