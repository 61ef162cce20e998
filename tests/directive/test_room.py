"""The façade is complete and sorted, and its examples run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import portico.directive as room

MODULES = sorted(module.name for module in pkgutil.iter_modules(room.__path__))
#: Names that stay inside the room.
INSIDE = {
    "Amount", "BINDING_KINDS", "BINDING_VERIFIED", "Contour", "FractionCount", "LevelGy", "MetricKind", "MetricText",
    "Number", "Part", "RecordId", "ReviewField", "Roi", "Sha256", "Text", "Unit", "Verified",
    "json_schema", "place", "refusal",
}  # fmt: skip


def test_facade_is_sorted_and_complete() -> None:
    assert room.__all__ == sorted(room.__all__)
    assert all(hasattr(room, name) for name in room.__all__)
    found = set()
    for name in MODULES:
        found |= set(importlib.import_module(f"portico.directive.{name}").__all__)
    assert found - INSIDE == set(room.__all__)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(f"portico.directive.{name}")
    assert doctest.testmod(module).failed == 0


def test_only_one_module_touches_files() -> None:
    for name in MODULES:
        path = Path(str(importlib.import_module(f"portico.directive.{name}").__file__))
        text = path.read_text(encoding="utf-8")
        touches = any(word in text for word in ("open(", "write_atomic", "read_document", "Path("))
        assert touches == (name == "read"), name
