"""The index of each room (`__init__.py`) is complete, sorted and true."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "portico"
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
SINGLE = ["claims", "errors", "runs"]


def order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions: the order that ruff keeps (RUF022)."""
    if re.fullmatch(r"[A-Z0-9_]+", name) and len(name) > 1:
        return 0, name
    return (1, name) if name[0].isupper() else (2, name)


def imported(room: str) -> set[str]:
    """Public names that the index of a room brings in or defines."""
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            found |= {alias.asname or alias.name for alias in node.names if (node.module or "").startswith("portico")}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
    return {name for name in found if not name.startswith("_")}


def test_there_are_rooms() -> None:
    assert {"advice", "biology", "case", "directive", "knowledge"} <= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_index_lists_what_it_imports(room: str) -> None:
    listed = importlib.import_module(f"portico.{room}").__all__
    assert imported(room) <= set(listed)


@pytest.mark.parametrize("room", [*ROOMS, *SINGLE])
def test_index_is_sorted_and_without_repeats(room: str) -> None:
    listed = list(importlib.import_module(f"portico.{room}").__all__)
    assert listed == sorted(set(listed), key=order)


@pytest.mark.parametrize("room", [*ROOMS, *SINGLE])
def test_every_listed_name_exists_and_is_public(room: str) -> None:
    module = importlib.import_module(f"portico.{room}")
    assert module.__all__
    for name in module.__all__:
        assert not name.startswith("_"), name
        assert hasattr(module, name), name


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_what_it_holds(room: str) -> None:
    text = importlib.import_module(f"portico.{room}").__doc__
    assert text and text.strip()


def test_no_module_is_named_after_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "misc", "common"}
    assert not [path.name for path in PACKAGE.rglob("*.py") if vague & set(path.stem.split("_"))]
