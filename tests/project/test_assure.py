"""The assurance table tells failures, skips and empty suites apart from success."""

from __future__ import annotations

import datetime
import importlib.util
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SUITES = SETTINGS["tool"]["portico"]["assure"]


@pytest.fixture(scope="module")
def assure() -> Iterator[ModuleType]:
    place = importlib.util.spec_from_file_location("portico_tools_assure", ROOT / "tools" / "assure.py")
    assert place and place.loader
    module = importlib.util.module_from_spec(place)
    sys.modules[place.name] = module  # dataclasses look their module up by name
    place.loader.exec_module(module)
    yield module
    del sys.modules[place.name]


@pytest.mark.parametrize(
    ("body", "fine", "numbers"),
    [
        ("def test_a():\n    pass\n", True, (1, 0, 0)),
        ("def test_a():\n    assert False\n", False, (1, 1, 0)),
        ("import pytest\n\ndef test_a():\n    pytest.skip('none here')\n", False, (1, 0, 1)),
        ("", False, (0, 0, 0)),
        ("import os\n\ndef test_a():\n    assert os.environ['PORTICO_COUNT'] == '7'\n", True, (1, 0, 0)),
    ],
    ids=["passes", "fails", "skips", "empty", "counts reach the tests"],
)
def test_outcome(assure: ModuleType, tmp_path: Path, body: str, fine: bool, numbers: tuple[int, int, int]) -> None:
    (tmp_path / "test_planted.py").write_text(body, encoding="utf-8")
    found = assure.run({"name": "planted", "tests": [str(tmp_path)], "counts": {"PORTICO_COUNT": 7}})
    assert (found.fine, found.tests, found.failed, found.skipped) == (fine, *numbers)


def test_table(assure: ModuleType) -> None:
    good = assure.Outcome("readers", {"PORTICO_FUZZ": 100_000}, 9, 0, 0, 61.4, 0)
    bad = assure.Outcome("numbers", {}, 4, 1, 0, 2.0, 1)
    page = assure.table([good, bad], datetime.date(2026, 11, 23), "0.1.0")
    assert "2026-11-23, Portico 0.1.0" in page
    assert "| readers | `PORTICO_FUZZ` 100,000 | 9 | 0 | 0 | 61 | fine |" in page
    assert "| numbers | as they stand | 4 | 1 | 0 | 2 | FAILED |" in page


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: str(suite["name"]))
def test_each_suite_names_tests_and_counts_that_exist(suite: dict[str, object]) -> None:
    tests, counts = suite["tests"], suite["counts"]
    assert isinstance(tests, list) and tests
    assert isinstance(counts, dict)
    files: list[Path] = []
    for name in tests:
        place = ROOT / str(name)
        files += [place] if place.is_file() else sorted(place.rglob("test_*.py"))
    assert files
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [name for name in counts if name not in text] == []
