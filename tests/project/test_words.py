"""Nothing in the repository names the machine it was written on."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILT = {".git", ".venv", "out", "dist", "build", "site", ".hypothesis"}
"""Folders at the top that hold what is built; examples/site is none of them."""

CACHES = re.compile(r"\.(mypy|ruff|pytest|import_linter)_cache")
FOLDERS = ("work", "root", "opt", "home", "Users", "mnt")
LOCAL = re.compile(r"(?<![\w.:/*-])/(?:" + "|".join(FOLDERS) + r")/[\w.-]+")


def files() -> list[Path]:
    """Files of the repository: what git tracks or would track; every file where there is no git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
        found = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        found = [path for path in ROOT.rglob("*") if path.relative_to(ROOT).parts[0] not in BUILT]
        found = [path for path in found if path.suffix != ".pyc" and not CACHES.search(path.as_posix())]
    return sorted(path for path in found if path.is_file())


def texts() -> dict[str, str]:
    found = {}
    for path in files():
        try:
            found[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def test_the_pattern_sees_a_folder_of_a_machine() -> None:
    assert LOCAL.search('path = "/' + 'root/somewhere"')
    assert LOCAL.search("/" + "home/someone/case.yaml")
    assert not LOCAL.search("https://example.org/" + "home/page")
    assert not LOCAL.search("network/" + "root/page")


def test_no_folder_of_a_machine() -> None:
    found = {name: LOCAL.findall(text) for name, text in texts().items() if LOCAL.search(text)}
    assert found == {}


def test_every_python_file_is_utf8_without_tabs_or_carriage_returns() -> None:
    found = [
        name for name, text in texts().items() if name.endswith(".py") and re.search(r"^\t|\r", text, re.MULTILINE)
    ]
    assert found == []


def test_what_is_built_is_not_tracked() -> None:
    inside = [path.relative_to(ROOT).parts for path in files()]
    assert [parts for parts in inside if parts[0] in BUILT or parts[-1].endswith(".pyc")] == []


def test_the_site_of_the_examples_is_tracked() -> None:
    assert any(path.is_relative_to(ROOT / "examples" / "site") for path in files())
