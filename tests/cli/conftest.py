"""Running the command in this process, as a user would, with its two streams and its status."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from portico.cli import app

ROOT = Path(__file__).parents[2]
CASES = ROOT / "examples" / "cases"


@dataclass(frozen=True)
class Ended:
    """What one command line ended with."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture
def run() -> Run:
    def invoke(*words: object, stdin: str | None = None) -> Ended:
        result = CliRunner().invoke(app, [str(word) for word in words], input=stdin)
        assert "Traceback" not in result.output
        return Ended(result.exit_code, result.stdout, result.stderr)

    return invoke


@pytest.fixture
def cases() -> Path:
    return CASES


@pytest.fixture
def hostile() -> Path:
    return ROOT / "tests" / "hostile"
