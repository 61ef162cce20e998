"""The room: its listed names, and that importing it loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import portico.report as room


def test_names_are_complete_and_sorted() -> None:
    assert room.__all__ == sorted(room.__all__)
    assert all(hasattr(room, name) for name in room.__all__)


def test_importing_loads_neither_templates_nor_typst_nor_figures() -> None:
    code = (
        "import sys, portico.report; "
        "print(sorted({'typst', 'jinja2', 'matplotlib', 'rich', 'numpy'} & {m.split('.')[0] for m in sys.modules}))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert out.stdout.strip() == "[]"
