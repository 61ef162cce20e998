"""Files: bounded reads, whole writes."""

import os
import stat
from pathlib import Path

import pytest

from portico.errors import ReadingRefused
from portico.reading import Limits, files, read_bytes, read_document, write_atomic

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX file system")


def code(call, *args, **kwargs):
    with pytest.raises(ReadingRefused) as caught:
        call(*args, **kwargs)
    return caught.value.code


def listing(folder):
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.yaml", "a: [1]"), ("a.yml", "a: [1]"), ("a.YAML", "a: [1]"), ("a.json", '{"a": [1]}')],
)
def test_the_suffix_picks_the_format(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    document = read_document(path)
    assert document.value == {"a": [1]}
    assert document.name == str(path)


def test_an_error_names_the_file_and_line(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text("a: 1\nb: no\n")
    with pytest.raises(ReadingRefused) as caught:
        read_document(path)
    assert str(caught.value).startswith(f"{path}:2: b: The unquoted word no")


def test_files_that_are_refused(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"a" * 11)
    (tmp_path / "d.yaml").mkdir()
    (tmp_path / "a.yam").write_text("a: 1")
    assert code(read_document, tmp_path / "missing.yaml") == "no-such-file"
    assert code(read_document, tmp_path / "d.yaml") == "not-a-file"
    assert code(read_document, tmp_path / "a.yam") == "unknown-suffix"
    assert code(read_document, tmp_path / "a.yaml" / "b.yaml") == "unreadable"
    assert code(read_document, "a\x00.yaml") == "unreadable"
    assert code(read_document, tmp_path / "a.yaml", limits=Limits(max_bytes=10)) == "too-large"
    assert read_bytes(tmp_path / "a.yaml", max_bytes=11) == b"a" * 11


@posix
def test_a_pipe_or_device_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "p.yaml")
    (tmp_path / "z.yaml").symlink_to("/dev/zero")
    assert code(read_document, tmp_path / "p.yaml") == "not-a-file"
    assert code(read_document, tmp_path / "z.yaml") == "not-a-file"


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a")
    served = iter([b"x" * 6, b"x" * 6, b""])
    monkeypatch.setattr(files.os, "read", lambda _descriptor, size: next(served)[:size])
    assert code(read_bytes, path, max_bytes=10) == "too-large"


def test_write_text_and_bytes(tmp_path):
    path = tmp_path / "out.json"
    write_atomic(path, "é\n")
    assert path.read_bytes() == b"\xc3\xa9\n"
    write_atomic(str(path), b"\x00\x01")
    assert path.read_bytes() == b"\x00\x01"
    assert listing(tmp_path) == ["out.json"]


@posix
def test_permission_bits(tmp_path):
    path = tmp_path / "out"
    before = os.umask(0o027)
    try:
        write_atomic(path, b"1")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o600)
    write_atomic(path, b"2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix
def test_a_link_is_replaced_not_followed(tmp_path):
    target = tmp_path / "target"
    target.write_text("old")
    link = tmp_path / "link"
    link.symlink_to(target)
    write_atomic(link, "new")
    assert target.read_text() == "old"
    assert link.read_text() == "new"
    assert not link.is_symlink()


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_write_leaves_nothing_and_keeps_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "out"
    path.write_text("old")

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((files.os, "fsync", full) if step == "fsync" else (Path, "replace", full)))
    with pytest.raises(ReadingRefused, match="No space left") as caught:
        write_atomic(path, "new")
    assert caught.value.code == "cannot-write"
    assert path.read_text() == "old"
    assert listing(tmp_path) == ["out"]


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(_descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "out", "new")
    assert listing(tmp_path) == []


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "d").mkdir()
    assert code(write_atomic, tmp_path / "no" / "x", "a") == "cannot-write"
    assert code(write_atomic, tmp_path / "d", "a") == "cannot-write"
    assert code(write_atomic, "a\x00b", "a") == "cannot-write"
    assert code(write_atomic, "", "a") == "cannot-write"
    assert listing(tmp_path) == ["d"]
