"""Files that lie: a typed refusal, soon and in little memory, that names no patient.

PORTICO_FUZZ sets the number of mutated files (300 unless set; 100,000 in the full run).
"""

from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
import rt_files as made

from pace import pace
from portico.errors import InputRefused, ReadingRefused
from portico.rt import DicomLimits, parse_dicom, read_study

COUNT = int(os.environ.get("PORTICO_FUZZ", "300"))
SLOWEST_SECONDS = 2.0
PACE = pace()
PLANTED = ("DOE", "PLANTED", "4711", "1.2.3.", "1.9.1", "1.8.1", "SECRETROI")

MEASURE = """
import sys, time
from portico.errors import PorticoError
from portico.rt import read_study
import numpy
begin = time.process_time()
try:
    read_study(sys.argv[1])
    code = "read"
except PorticoError as error:
    code = error.code
seconds = time.process_time() - begin
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))  # since exec, unlike ru_maxrss
print(code, seconds, int(peak.split()[1]) / 1024)
"""


def measured(path):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}  # not slowed
    command = [sys.executable, "-c", MEASURE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=plain)
    code, seconds, mebibytes = done.stdout.split()
    assert done.stderr == ""
    assert float(seconds) <= SLOWEST_SECONDS * pace()
    assert float(mebibytes) <= 256
    return code


def headless(*parts: bytes) -> bytes:
    """An explicit data set after a meta group."""
    head = made.encoded(made.base("RTDOSE", "1.9.1"))
    start = 132 + 12 + struct.unpack("<L", head[140:144])[0]
    return head[:start] + b"".join(parts)


def nested(depth: int, *, closed: bool) -> bytes:
    opening = struct.pack("<HH2sHL", 0x3006, 0x0020, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    closing = struct.pack("<HHLHHL", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    return headless(opening * depth, closing * depth if closed else b"")


def file_of(tmp_path, data, name="a.dcm"):
    (tmp_path / name).write_bytes(data)
    return tmp_path / name


def test_half_a_megabyte_that_inflates_to_500(tmp_path):
    data = made.inflating(500_000_000)
    assert len(data) < 520_000
    assert measured(file_of(tmp_path, data)) == "dicom-inflates"


def test_the_same_inside_an_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.dcm", made.inflating(500_000_000))
    assert measured(tmp_path / "a.zip") == "dicom-inflates"


def test_an_archive_of_a_thousand_to_one(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.dcm", bytes(50_000_000))
    assert measured(tmp_path / "a.zip") == "archive-bomb"


def test_an_archive_that_climbs(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../a.dcm", b"x")
    assert measured(tmp_path / "a.zip") == "unsafe-name"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip"]


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("depth", [300, 200_000])
def test_sequences_nested_deeply(tmp_path, depth, closed):
    assert measured(file_of(tmp_path, nested(depth, closed=closed))) == "dicom-depth"


def test_sequences_of_stated_length_nested_deeply(tmp_path):
    body = b""
    for _ in range(300):
        body = struct.pack("<HHL", 0xFFFE, 0xE000, len(body)) + body
        body = struct.pack("<HH2sHL", 0x3006, 0x0020, b"SQ", 0, len(body)) + body
    assert measured(file_of(tmp_path, headless(body))) == "dicom-depth"


def test_a_million_elements(tmp_path):
    elements = b"".join(struct.pack("<HH2sH", 0x0009 + 2 * (n >> 16), n & 0xFFFF, b"LO", 0) for n in range(1_100_000))
    assert measured(file_of(tmp_path, headless(elements))) == "dicom-elements"


def test_a_million_items(tmp_path):
    items = struct.pack("<HHL", 0xFFFE, 0xE000, 0) * 1_100_000
    head = struct.pack("<HH2sHL", 0x3006, 0x0020, b"SQ", 0, len(items))
    assert measured(file_of(tmp_path, headless(head, items))) == "dicom-elements"


@pytest.mark.parametrize(
    ("rows", "frames", "code"),
    [(65_535, 2_000_000_000, "too-many-voxels"), (65_535, 1, "pixel-count"), (0, 1, "pixel-layout")],
)
def test_sizes_that_are_declared_and_not_there(tmp_path, rows, frames, code):
    dataset = made.dose(np.ones((2, 2, 2)))
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = rows, 2000, frames
    dataset.GridFrameOffsetVector = [0] if frames == 1 else [0, 1]
    if frames == 1:
        dataset.NumberOfFrames, dataset.GridFrameOffsetVector = 2, [0, 1]
    assert measured(file_of(tmp_path, made.encoded(dataset))) == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "nothing-to-read"),
        (b"DICM", "nothing-to-read"),
        (bytes(128) + b"DICM", "dicom-syntax"),
        (headless(struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, 0x7FFFFFFF)), "dicom-length"),
        (headless(struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, 0xFFFFFFFF)), "dicom-damaged"),
        (headless(struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"UT", 0, 0xFFFFFFFF)), "dicom-damaged"),
        (headless(struct.pack("<HH2sHL", 0x0010, 0x0010, b"UT", 0, 0xFFFFFFFF)), "dicom-length"),
        (headless(b"\x10\x00\x10\x00ZZ\x00\x00"), "dicom-damaged"),
        (headless(b"\x10\x00\x10\x00LO\x00\x00" * 2), "dicom-duplicate"),
        (headless(b"\x10\x00\x10"), "dicom-damaged"),
        (headless(), "dicom-damaged"),
        (
            made.encoded(made.base("RTDOSE", "1.9.1")).replace(b"1.2.840.10008.1.2.1\x00", b"1.2.840.99999.1.2.1\x00"),
            "dicom-syntax",
        ),
    ],
)
def test_lengths_and_tags_that_lie(tmp_path, data, code):
    with pytest.raises(InputRefused) as caught:
        read_study(file_of(tmp_path, data))
    assert caught.value.code == code


def test_numbers_that_are_none(tmp_path):
    for text in (b"nan", b"inf", b"1e999", b"1_0", b"0x1", b"1,5", b"--1", b"", "１".encode()):
        dataset = made.dose(np.ones((2, 2, 2)), scaling=0.125)
        data = made.encoded(dataset).replace(b"0.125 ", text[:6].ljust(6))
        with pytest.raises(InputRefused) as caught:
            read_study(file_of(tmp_path, data))
        assert caught.value.code in ("not-a-number", "missing-tag")


def test_a_plan_of_empty_points_is_refused(tmp_path):
    dataset = made.structures({1: ("SECRETROI", [("CLOSED_PLANAR", made.square(1, 2))])})
    dataset.ROIContourSequence[0].ContourSequence[0].ContourData = None
    found = read_study(file_of(tmp_path, made.encoded(dataset))).structure_sets[0]
    with pytest.raises(InputRefused) as caught:
        found.structure(1)
    assert caught.value.code == "contour-empty" and "SECRETROI" not in str(caught.value)


def test_a_link_is_not_followed(tmp_path):
    folder = made.put(tmp_path / "d", made.encoded(made.plan()))
    (folder / "link.dcm").symlink_to(file_of(tmp_path, made.encoded(made.plan(uid="1.7.9"))))
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / "pipe")
    assert len(read_study(folder).plans) == 1


def samples():
    gy = np.ones((2, 3, 2))
    found = [
        made.dose(gy),
        made.plan(points=3),
        made.structures({1: ("SECRETROI", [("CLOSED_PLANAR", made.square(1, 2)), ("POINT", [(1, 2, 3)])])}),
        made.ct_plane(1, "1.5.1"),
    ]
    return [made.encoded(dataset, syntax) for dataset in found for syntax in (made.EXPLICIT, made.IMPLICIT)]


def mutated(random_, data):
    changed = bytearray(data)
    start = 132
    for _ in range(random_.choice((1, 1, 2, 5))):
        at = random_.randrange(start, max(len(changed), start + 1)) if len(changed) > start else 0
        kind = random_.randrange(6)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << random_.randrange(8)
        elif kind == 1:
            del changed[at : at + random_.randrange(1, 30)]
        elif kind == 2:
            changed[at:at] = random_.randbytes(random_.randrange(1, 12))
        elif kind == 3:
            changed[at : at + 4] = random_.choice(
                (b"\xff\xff\xff\xff", bytes(4), b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\x00\x00\x00\x80")
            )
        elif kind == 4:
            piece = random_.randrange(start, len(changed) + 1)
            changed[at:at] = changed[piece : piece + random_.randrange(1, 80)]
        else:
            digits = [n for n in range(start, len(changed)) if chr(changed[n]) in "0123456789.\\"]
            if digits:
                changed[random_.choice(digits)] = random_.choice(b"0123456789.-+eE\\ n")
    return bytes(changed)


def test_mutated_files_are_read_or_refused_without_a_name(tmp_path):
    random_ = random.Random(11)
    sources = samples()
    seen: dict[str, int] = {}
    path = tmp_path / "a.dcm"
    for _ in range(COUNT):
        data = mutated(random_, random_.choice(sources))
        path.write_bytes(data)
        begin = time.process_time()
        try:
            study = read_study(path)
            code = "read"
            texts = [str(problem) for problem in study.refused] + [
                str(p) for s in study.structure_sets for p in s.refused.values()
            ]
        except InputRefused as error:
            code = error.code
            texts = [str(error), *(str(problem) for problem in error.problems)]
        except BaseException as error:
            raise AssertionError(f"{type(error).__name__} on {data!r}") from error
        assert time.process_time() - begin < SLOWEST_SECONDS * PACE
        assert not [text for text in texts for word in (*PLANTED, str(tmp_path)) if word in text]
        seen[code] = seen.get(code, 0) + 1
    assert seen["read"] > COUNT // 50 and seen["dicom-length"] + seen["dicom-damaged"] > COUNT // 20
    assert len(seen) >= 8


def test_the_name_of_a_patient_stays_out_of_every_refusal(tmp_path):
    """File and folder are named after the patient, and so is every text in the files."""
    folder = tmp_path / "DOE_PLANTED-4711"
    folder.mkdir()
    for number, data in enumerate(
        [
            made.encoded(made.dose(np.full((2, 2, 2), 1e12), scaling=1e6)),
            made.encoded(made.plan())[:-40],
            b"PK\x03\x04DOE",
        ]
    ):
        path = folder / f"DOE_PLANTED_{number}.dcm"
        path.write_bytes(data)
        with pytest.raises(InputRefused) as caught:
            read_study(path)
        shown = str(caught.value) + str(caught.value.to_dict()) + repr(caught.value)
        assert not [word for word in PLANTED if word in shown]
    with pytest.raises(ReadingRefused) as caught:
        read_study(folder)
    assert not [word for word in PLANTED if word in str(caught.value) + str(caught.value.to_dict())]


def test_text_for_pixels_of_an_unknown_compression(tmp_path):
    plane = made.ct_plane(1, "1.5.1")
    data = made.encoded(plane)
    head = data[: data.rfind(struct.pack("<HH2s", 0x7FE0, 0x0010, b"OW"))].replace(
        b"1.2.840.10008.1.2.1\x00", b"1.2.840.10008.1.2.4.50"[:20]
    )
    tail = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + struct.pack(
        "<HHLHHL", 0xFFFE, 0xE000, 0, 0xFFFE, 0xE0DD, 0
    )
    with pytest.raises(InputRefused) as caught:
        read_study(file_of(tmp_path, head + tail))
    assert caught.value.code == "compressed"


def test_parsing_alone_is_bounded():
    with pytest.raises(ReadingRefused) as caught:
        parse_dicom(bytes(1000), DicomLimits(max_bytes=999))
    assert caught.value.code == "too-large"
