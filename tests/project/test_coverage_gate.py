"""The gate fails when it should."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def gate() -> ModuleType:
    place = importlib.util.spec_from_file_location("coverage_gate", ROOT / "tools" / "coverage_gate.py")
    assert place and place.loader
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


def report(total: float, **files: tuple[list[int], list[list[int]]]) -> dict[str, Any]:
    return {
        "totals": {"percent_covered": total},
        "files": {f"src/{name}.py": {"missing_lines": a, "missing_branches": b} for name, (a, b) in files.items()},
    }


def test_all_covered_passes(gate: ModuleType) -> None:
    assert gate.failures(report(85.0, engine=([], [])), 85, ["src/engine.py"]) == []


def test_total_below_the_gate(gate: ModuleType) -> None:
    assert gate.failures(report(84.9, engine=([], [])), 85, []) == ["total coverage 84.9 % is below 85 %"]


def test_a_missed_branch(gate: ModuleType) -> None:
    found = gate.failures(report(99.0, engine=([], [[7, 9]])), 85, ["src/*.py"])
    assert found == ["src/engine.py: missing lines [], missing branches ['7->9']"]


def test_a_missed_line(gate: ModuleType) -> None:
    assert len(gate.failures(report(99.0, engine=([3], []), other=([4], [])), 85, ["src/engine.py"])) == 1


def test_a_pattern_without_a_file(gate: ModuleType) -> None:
    assert gate.failures(report(99.0), 85, ["src/gone.py"]) == ["src/gone.py: no measured file matches"]


def test_the_listed_files_exist() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = settings["tool"]["portico"]["coverage"]["complete"]
    assert "src/portico/advice/kleene.py" in listed
    assert [pattern for pattern in listed if not list(ROOT.glob(pattern))] == []
