"""Examples in the room's modules run, and nothing in the room reads or writes."""

from __future__ import annotations

import ast
import doctest
import importlib
from pathlib import Path

import numpy as np
import pytest

import portico.synthesis as room
from portico.errors import InputRefused
from portico.synthesis.weighted import fit_at

FOLDER = Path(room.__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
FORBIDDEN = {"io", "os", "pathlib", "shutil", "socket", "sqlite3", "subprocess", "tempfile", "urllib", "http"}


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    failed, _ = doctest.testmod(importlib.import_module(f"portico.synthesis.{name}"))
    assert failed == 0


def test_no_input_or_output():
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {(node.module or "").split(".")[0]}
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names = {"os"} if node.func.id == "open" else set()
            else:
                continue
            assert not names & FORBIDDEN, path.name


def test_a_design_without_rank_is_refused():
    with pytest.raises(InputRefused) as caught:
        fit_at(np.arange(4.0), np.ones(4), np.ones((4, 2)), 0.0)
    assert caught.value.code == "collinear"
