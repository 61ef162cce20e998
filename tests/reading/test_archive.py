"""Zip archives: what is read."""

import io
import zipfile

import pytest

from portico.errors import ReadingRefused
from portico.reading import ArchiveLimits, open_archive


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "a.zip"
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as nested:
        nested.writestr("../x", b"1")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("a/", b"")
        out.writestr("a/one.txt", b"one")
        out.writestr("two.bin", bytes(range(256)) * 10, zipfile.ZIP_STORED)
        out.writestr("inner.zip", inner.getvalue())
        out.writestr("empty", b"")
    return path


def test_members(archive):
    with open_archive(archive) as opened:
        assert opened.names() == ("a/one.txt", "two.bin", "inner.zip", "empty")
        assert opened.read("a/one.txt") == b"one"
        assert opened.read("two.bin") == bytes(range(256)) * 10
        assert opened.read("empty") == b""
        assert opened.read("inner.zip").startswith(b"PK")
        for name in ("a/", "missing"):
            with pytest.raises(ReadingRefused) as caught:
                opened.read(name)
            assert caught.value.code == "no-such-member"


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (ArchiveLimits(max_bytes=100), "too-large"),
        (ArchiveLimits(max_total_bytes=100), "too-large"),
        (ArchiveLimits(max_members=4), "too-many-members"),
        (ArchiveLimits(max_directory_bytes=50), "too-large"),
    ],
)
def test_limits(archive, limits, code):
    with pytest.raises(ReadingRefused) as caught:
        open_archive(archive, limits)
    assert caught.value.code == code


def test_the_total_counts_each_read(archive):
    with open_archive(archive, ArchiveLimits(max_total_bytes=3000)) as opened:
        opened.read("two.bin")
        with pytest.raises(ReadingRefused) as caught:
            opened.read("two.bin")
        assert caught.value.code == "too-large"


def test_what_is_no_archive(tmp_path):
    (tmp_path / "text.zip").write_text("PK")
    for name, code in (("text.zip", "archive-damaged"), ("none.zip", "no-such-file"), (".", "not-a-file")):
        with pytest.raises(ReadingRefused) as caught:
            open_archive(tmp_path / name)
        assert caught.value.code == code
