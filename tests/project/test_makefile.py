"""The commands that people are told to run exist."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
PAGES = sorted(path for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if path.is_file())


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_promised_targets_exist() -> None:
    assert {"help", "demo", "test", "assure", "bench", "docs", "schemas", "clean"} <= TARGETS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_command_of_a_page_exists(page: Path) -> None:
    named = re.findall(r"(?:^\$ |`|^)make ([a-z][a-z-]*)\b", page.read_text(encoding="utf-8"), re.MULTILINE)
    prose = {"a", "sure", "the", "it", "up", "no"}
    assert set(named) - prose <= TARGETS


def test_help_lists_the_targets() -> None:
    done = make("help")
    assert done.returncode == 0
    listed = set(re.findall(r"^  make ([a-z-]+)", done.stdout, re.MULTILINE))
    assert {"demo", "test", "assure", "docs"} <= listed <= TARGETS


def test_every_target_is_declared_phony() -> None:
    declared = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert declared is not None
    assert set(declared[1].split()) == TARGETS


def test_files_named_in_recipes_exist() -> None:
    named = set(re.findall(r"\b(?:tools|requirements|examples)/[\w./-]+\.(?:py|txt|yaml)", MAKEFILE))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_the_ci_script_is_sound() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in text
    assert "PORTICO_REQUIRE_ALL=1 make test" in text
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
