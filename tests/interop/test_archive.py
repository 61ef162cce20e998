"""Archive runs: nothing lost, nothing done twice, the same bytes, no names."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from portico.errors import InputRefused, ReadingRefused, UsageError
from portico.interop import find_studies, run_archive

COLUMNS = {"size": "whole", "share": "number", "word": "text"}


def judge(path):
    """Counts the bytes of a study; leaves a mark of each call."""
    with (path.parent.parent / "calls").open("a") as calls:
        calls.write(f"{path.name}\n")
    text = (path / "a.dcm").read_text()
    if text == "refused":
        raise InputRefused("no", code="some-code")
    if text == "failed":
        raise RuntimeError("DOE^PLANTED")
    time.sleep(0.02)
    return [{"size": len(text), "share": 0.5, "word": text[:3]}, {"size": 0}]


@pytest.fixture
def archive(tmp_path):
    root = tmp_path / "archive"
    for number in range(12):
        folder = root / f"DOE {number:02}"
        folder.mkdir(parents=True)
        (folder / "a.dcm").write_text({3: "refused", 5: "failed"}.get(number, "x" * number))
    return root


def calls(root):
    return (root.parent / "calls").read_text().splitlines()


def test_one_or_two_workers_give_the_same_bytes(archive, tmp_path):
    settings = {"a": 1}
    one = run_archive(archive, tmp_path / "one.parquet", judge, columns=COLUMNS, settings=settings)
    seen = []
    run_archive(
        archive, tmp_path / "two.parquet", judge, columns=COLUMNS, settings=settings, workers=2, where="processes",
        progress=lambda done, of: seen.append((done, of)),
    )  # fmt: skip
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    assert seen[-1] == (12, 12) and one.studies == 12 and one.done_before == 0
    assert one.statuses == {"checked": 10, "failed": 1, "refused": 1}
    table = pl.read_parquet(tmp_path / "one.parquet")
    assert table.columns == ["study", "status", "code", *COLUMNS] and table.height == one.rows == 22
    assert table.filter(pl.col("status") == "refused")["code"].to_list() == ["some-code"]
    assert table.filter(pl.col("status") == "failed")["code"].to_list() == ["RuntimeError"]
    assert one.counts("word")["xxx"] == 7
    assert not (tmp_path / "one.parquet.part").exists()


def test_no_name_gets_into_the_result(archive, tmp_path):
    run_archive(archive, tmp_path / "out.parquet", judge, columns=COLUMNS, settings={})
    text = str(pl.read_parquet(tmp_path / "out.parquet").to_dicts())
    assert "DOE" not in text and "PLANTED" not in text


RUN = """
import sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from portico.interop import run_archive
from test_archive import COLUMNS, judge
run_archive(Path(sys.argv[1]), Path(sys.argv[2]), judge, columns=COLUMNS, settings={"a": 1})
"""


def test_a_killed_run_goes_on_where_it_was(archive, tmp_path):
    out = tmp_path / "killed.parquet"
    here = str(Path(__file__).parent)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    running = subprocess.Popen([sys.executable, "-c", RUN, str(archive), str(out), here], env=plain)
    part = tmp_path / "killed.parquet.part"
    limit = time.monotonic() + 30
    while len(list(part.glob("*.json"))) < 4 and time.monotonic() < limit:
        time.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    running.wait()
    finished = {path.stem for path in part.glob("*.json")} - {"manifest"}
    assert 3 <= len(finished) < 12 and not out.exists()
    before = len(calls(archive))
    found = run_archive(archive, out, judge, columns=COLUMNS, settings={"a": 1})
    assert found.done_before == len(finished)
    assert len(calls(archive)) - before == 12 - len(finished)  # what was finished is not done again
    run_archive(archive, tmp_path / "whole.parquet", judge, columns=COLUMNS, settings={"a": 1})
    assert out.read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_other_settings_do_not_mix(archive, tmp_path):
    part = tmp_path / "out.parquet.part"
    part.mkdir()
    (part / "manifest.json").write_text('{"settings": "other"}')
    with pytest.raises(UsageError) as caught:
        run_archive(archive, tmp_path / "out.parquet", judge, columns=COLUMNS, settings={"a": 1})
    assert caught.value.code == "other-settings"


def test_studies_are_folders_and_archives(tmp_path):
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "x.dcm").write_text("x")
    (root / "c.zip").write_text("x")
    (root / "empty").mkdir()
    (root / "link").symlink_to(root / "a")
    found = find_studies(root)
    assert sorted(path.relative_to(root).as_posix() for _, path in found) == ["a/b", "c.zip"]
    assert [study for study, _ in found] == sorted(study for study, _ in found)
    with pytest.raises(ReadingRefused):
        find_studies(tmp_path / "none")


def test_an_empty_archive(tmp_path):
    (tmp_path / "root").mkdir()
    found = run_archive(tmp_path / "root", tmp_path / "out.parquet", judge, columns=COLUMNS, settings={})
    assert found.studies == 0 and pl.read_parquet(tmp_path / "out.parquet").height == 0
