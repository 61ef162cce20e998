"""Bundles of the tests: published ones with their own errors, and the invented bone metastases of the examples."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from portico.advice import Engine
from portico.knowledge import load_library

ROOT = Path(__file__).parents[3]
Load = Callable[[str], Any]


def _read(folder: Path) -> Load:
    return lambda name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def example() -> Load:
    """A bundle of the examples, fresh each time."""
    return _read(ROOT / "examples" / "fhir")


@pytest.fixture(scope="session")
def published() -> Load:
    """A published bundle, fresh each time."""
    return _read(ROOT / "tests" / "data" / "fhir")


@pytest.fixture(scope="session")
def resource() -> Callable[[Any, str], Any]:
    """The resource of a bundle whose id ends so."""
    return lambda bundle, ending: next(e["resource"] for e in bundle["entry"] if e["resource"]["id"].endswith(ending))


@lru_cache
def _engine() -> Engine:
    return Engine(load_library())


@pytest.fixture(scope="session")
def engine() -> Engine:
    return _engine()
