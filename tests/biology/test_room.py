"""The room: its index is complete and sorted, its examples run, it does no input or output."""

import ast
import doctest
import importlib
from pathlib import Path

import pytest

import portico.biology

FOLDER = Path(portico.biology.__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
PRIVATE = {"claims", "inputs", "judging"}
WITHOUT_EXAMPLE = {"factors", "nieder"}
ALLOWED = {"portico.biology", "portico.claims", "portico.errors", "portico.units"}
PURE = {"__future__", "collections", "dataclasses", "datetime", "enum", "math", "typing"}


def test_the_index_is_sorted_and_complete() -> None:
    listed = portico.biology.__all__
    assert listed == sorted(listed)
    offered = set()
    for name in set(MODULES) - PRIVATE:
        offered |= set(importlib.import_module(f"portico.biology.{name}").__all__)
    assert set(listed) == offered
    for name in listed:
        assert getattr(portico.biology, name).__doc__


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"portico.biology.{name}"))
    assert result.failed == 0
    if name not in PRIVATE | WITHOUT_EXAMPLE:
        assert result.attempted > 0


@pytest.mark.parametrize("name", [*MODULES, "__init__"])
def test_it_imports_only_what_a_room_without_input_or_output_may(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            found = node.module or ""
            ours = any(found == room or found.startswith(f"{room}.") for room in ALLOWED)
            assert ours or found.split(".")[0] in PURE, found
        elif isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= PURE
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "print", "input", "eval", "exec"}
