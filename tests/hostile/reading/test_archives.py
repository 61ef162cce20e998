"""Zip archives made to do harm."""

import random
import stat
import struct
import time
import zipfile
import zlib

import pytest

from pace import pace
from portico.errors import ReadingRefused
from portico.reading import ArchiveLimits, open_archive


def made(path, *members, compression=zipfile.ZIP_DEFLATED):
    """Write members, each (name or ZipInfo, bytes)."""
    with zipfile.ZipFile(path, "w", compression) as out:
        for name, data in members:
            out.writestr(name, data)
    return path


def code(path, limits=None, read=None):
    with pytest.raises(ReadingRefused) as caught, open_archive(path, limits or ArchiveLimits()) as opened:
        for name in opened.names():
            if read is None or name == read:
                opened.read(name)
    return caught.value.code


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../x",
        "a/../x",
        "a/..",
        "./x",
        "a//b",
        "C:/x",
        "c:x",
        "..\\x",
        "a\\b",
        "a\nb",
        "a\x1b[2Jb",
        "x" * 2000,
    ],
)
def test_names_that_could_leave_their_directory(tmp_path, name):
    assert code(made(tmp_path / "a.zip", (name, b"x"))) == "unsafe-name"


def test_a_name_cut_by_a_null(tmp_path):
    path = made(tmp_path / "a.zip", ("good.txtXevil", b"x"))
    path.write_bytes(path.read_bytes().replace(b"good.txtXevil", b"good.txt\x00evil"))
    assert code(path) == "unsafe-name"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices(tmp_path, kind):
    info = zipfile.ZipInfo("link")
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    assert code(made(tmp_path / "a.zip", (info, b"/etc/passwd"))) == "link-refused"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("names", [("a", "a"), ("a", "A"), ("é", "e\u0301"), ("a", "a/"), ("a", "a/b"), ("A/x", "a")])
def test_one_name_for_two_members(tmp_path, names):
    assert code(made(tmp_path / "a.zip", *((name, b"") for name in names))) == "duplicate-name"


def test_encrypted(tmp_path):
    path = made(tmp_path / "a.zip", ("a", b"x"))
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    assert code(path) == "encrypted"


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods(tmp_path, compression):
    assert code(made(tmp_path / "a.zip", ("a", b"x"), compression=compression)) == "method-refused"


def test_a_declared_bomb(tmp_path):
    assert code(made(tmp_path / "a.zip", ("a", bytes(10_000_000)))) == "archive-bomb"


def test_a_bomb_that_declares_a_small_size(tmp_path):
    """The declared size lies; what comes out is cut at the declared size and fails its checksum."""
    path = made(tmp_path / "a.zip", ("a", bytes(10_000_000)))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.find(signature)
        struct.pack_into("<L", data, at + offset, 1000)
    path.write_bytes(data)
    assert code(path) == "archive-damaged"


def test_a_bomb_that_declares_a_large_packed_size(tmp_path):
    """Fifty-one packed kilobytes padded out, so that the declared ratio passes; the checksum does not."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(bytes(50_000_000)) + packed.flush()
    padded = body + bytes(500_000)
    path = made(tmp_path / "a.zip", ("a", padded), compression=zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    for signature, method, size in ((b"PK\x03\x04", 8, 22), (b"PK\x01\x02", 10, 24)):
        at = data.find(signature)
        struct.pack_into("<H", data, at + method, zipfile.ZIP_DEFLATED)
        struct.pack_into("<L", data, at + size, 50_000_000)
    path.write_bytes(data)
    begin = time.process_time()
    assert code(path) == "archive-damaged"
    assert time.process_time() - begin < 5 * pace()
    assert code(path, ArchiveLimits(max_total_bytes=10_000_000)) == "too-large"


def test_members_that_share_bytes(tmp_path):
    """Two entries of the table of contents point at one packed block."""
    path = made(tmp_path / "a.zip", ("a", b"x" * 50), ("b", b"y" * 50))
    data = bytearray(path.read_bytes())
    second = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 4)
    struct.pack_into("<L", data, second + 42, 0)
    path.write_bytes(data)
    assert code(path) == "archive-damaged"


def test_zip64(tmp_path):
    path = made(tmp_path / "a.zip", ("a", b"x"))
    data = path.read_bytes()
    at = data.find(b"PK\x05\x06")
    path.write_bytes(data[:at] + b"PK\x06\x07" + bytes(16) + data[at:])
    assert code(path) == "zip64-refused"


def test_many_members_are_checked_quickly(tmp_path):
    path = made(tmp_path / "a.zip", ("d/", b""), *((f"d/{number}", b"") for number in range(19_000)))
    begin = time.process_time()
    with open_archive(path) as opened:
        assert len(opened.names()) == 19_000
    assert time.process_time() - begin < 5 * pace()


def test_mutated_archives_are_read_or_refused(tmp_path):
    sample = made(tmp_path / "a.zip", ("a/one.txt", b"one" * 20), ("two", bytes(range(256)))).read_bytes()
    random_ = random.Random(5)
    path = tmp_path / "b.zip"
    refused = 0
    for _ in range(1000):
        data = bytearray(sample)
        for _ in range(random_.randrange(1, 5)):
            data[random_.randrange(len(data))] = random_.randrange(256)
        if random_.random() < 0.2:
            del data[random_.randrange(len(data)) :]
        path.write_bytes(data)
        try:
            with open_archive(path) as opened:
                for name in opened.names():
                    opened.read(name)
        except ReadingRefused:
            refused += 1
    assert refused > 300
