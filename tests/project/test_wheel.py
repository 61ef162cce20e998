"""The wheel holds what the software needs at work, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("pyproject.toml", "README.md", "LICENSE", "NOTICE", ".gitignore")


def build(folder: Path) -> Path:
    """A wheel made from a copy, so that no build leaves a file in the repository."""
    source = folder / "source"
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in PARTS:
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    environment = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_every_data_file_of_the_package_is_inside(names: list[str]) -> None:
    package = ROOT / "src"
    wanted = [path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()]
    wanted = [name for name in wanted if "__pycache__" not in name and not name.endswith(".pyc")]
    assert set(wanted) <= set(names)
    assert any(name.startswith("portico/knowledge/data/") for name in names)


def test_nothing_else_is_inside(names: list[str]) -> None:
    assert [name for name in names if not name.startswith(("portico/", "portico_rt-"))] == []


def test_licence_and_notice_travel_along(names: list[str]) -> None:
    assert {Path(name).name for name in names if "/licenses/" in name} == {"LICENSE", "NOTICE"}


def test_the_command_is_declared(wheel: Path, names: list[str]) -> None:
    entry = next(name for name in names if name.endswith("entry_points.txt"))
    with zipfile.ZipFile(wheel) as archive:
        assert "portico = portico.cli:main" in archive.read(entry).decode()


def test_same_source_same_bytes(wheel: Path, tmp_path: Path) -> None:
    assert build(tmp_path).read_bytes() == wheel.read_bytes()


def test_the_version_stands_in_one_value(wheel: Path) -> None:
    from portico import __version__

    assert wheel.name.split("-")[1] == __version__
