"""The locks: complete, hashed, and without the name of any host or folder."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("lock-py311.txt", "dev-py311.txt")
ENTRY = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)


def text(name: str) -> str:
    return (ROOT / "requirements" / name).read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    return {canonicalize_name(found[1]): found[2] for found in ENTRY.finditer(text(name))}


def project() -> dict[str, list[str]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = settings["project"]["dependencies"] + settings["build-system"]["requires"]
    return {LOCKS[0]: runtime, LOCKS[1]: runtime + settings["project"]["optional-dependencies"]["dev"]}


@pytest.mark.parametrize("name", LOCKS)
def test_nothing_but_pins_with_hashes(name: str) -> None:
    rest = ENTRY.sub("", text(name))
    assert [line for line in rest.splitlines() if line and not line.startswith("#")] == []
    assert len(pins(name)) > 20


@pytest.mark.parametrize("name", LOCKS)
def test_no_host_and_no_folder(name: str) -> None:
    found = re.findall(r"https?:|@|/|index|find-links|trusted", text(name))
    assert found == []


@pytest.mark.parametrize("name", LOCKS)
def test_each_version_has_wheel_and_source(name: str) -> None:
    for found in ENTRY.finditer(text(name)):
        assert found[3].count("--hash=") >= 2, found[1]


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_answers_the_project_file(name: str) -> None:
    pinned = pins(name)
    for line in project()[name]:
        wanted = Requirement(line)
        version = pinned.get(canonicalize_name(wanted.name))
        assert version is not None, f"{wanted.name} is not locked: run make lock"
        assert wanted.specifier.contains(version), f"{wanted} is locked at {version}: run make lock"


def test_the_development_lock_holds_the_runtime_lock() -> None:
    runtime, develop = (dict(pins(name)) for name in LOCKS)
    assert {name: develop.get(name) for name in runtime} == runtime
