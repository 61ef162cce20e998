"""The order of the rooms holds, and the contracts would notice if it did not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLANTED = {
    "a lower room imports a higher one": (
        "biology",
        "import portico.advice\n",
        "a room imports only the rooms above it",
    ),
    "case reads the knowledge": ("case", "import portico.knowledge\n", "a room imports only the rooms above it"),
    "advice opens files": ("advice", "from pathlib import Path\n", "no input or output"),
    "biology talks to the network": ("biology", "import socket\n", "no input or output"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts of a copy of the project against that copy."""
    code = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, "-c", code, "--no-cache"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "src" / "portico", tmp_path / "src" / "portico", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


def test_the_order_holds(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_import_is_found(copy: Path, what: str) -> None:
    room, line, contract = PLANTED[what]
    (copy / "src" / "portico" / room / "planted.py").write_text(f'"""Planted."""\n\n{line}', encoding="utf-8")
    done = lint(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [row for row in done.stdout.splitlines() if row.rstrip().endswith("BROKEN")]
    assert any(contract in row for row in broken), done.stdout
    assert f"portico.{room}.planted" in done.stdout


def test_the_walls_hold_for_rooms_to_come(copy: Path) -> None:
    package = copy / "src" / "portico"
    for room, line in (("rt", "import portico.case\n"), ("dosimetry", ""), ("geometry", "")):
        (package / room).mkdir(exist_ok=True)
        (package / room / "__init__.py").touch()
        (package / room / "planted.py").write_text(line, encoding="utf-8")
    (package / "advice" / "planted.py").write_text("import portico.dosimetry\n", encoding="utf-8")
    done = lint(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = " ".join(row for row in done.stdout.splitlines() if row.rstrip().endswith("BROKEN"))
    assert "showing evidence never imports image analysis" in broken
    assert "image analysis never imports clinical judgement" in broken
