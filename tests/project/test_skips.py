"""A skip is listed with its reason, and fails the run where everything is required."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
SKIPPING = """
import pytest

def test_runs():
    assert True

@pytest.mark.skip(reason="no archive server here")
def test_needs_a_server():
    assert False
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(CONFTEST, tmp_path / "conftest.py")
    (tmp_path / "test_some.py").write_text(SKIPPING, encoding="utf-8")
    return tmp_path


def run(folder: Path, *options: str, require_all: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "PORTICO_"))}
    environment["PORTICO_REQUIRE_ALL"] = require_all
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "."]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_a_skip_is_listed_and_passes(folder: Path, options: tuple[str, ...]) -> None:
    done = run(folder, *options, require_all="0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_some.py::test_needs_a_server: no archive server here" in done.stdout


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_a_skip_fails_when_all_is_required(folder: Path, options: tuple[str, ...]) -> None:
    done = run(folder, *options, require_all="1")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "no archive server here" in done.stdout
    assert done.stdout.strip().splitlines()[-1].startswith("1 passed, 1 skipped")


def test_nothing_skipped_passes_when_all_is_required(folder: Path) -> None:
    done = run(folder, "-k", "runs", require_all="1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_closing_line_is_the_last_one(folder: Path) -> None:
    done = run(folder, require_all="0")
    assert done.stdout.strip().splitlines()[-1].startswith("1 passed, 1 skipped in ")
