"""The text of an advice is that of its document, however often it is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portico.advice import Engine, advise
from portico.advice import json_text as module
from portico.advice.json_text import advice_text
from portico.case import read_case
from portico.knowledge import load_library

CASES = sorted((Path(__file__).parents[2] / "examples" / "cases").glob("*.yaml"))


@pytest.fixture(scope="module")
def engine():
    return Engine(load_library())


def test_the_text_is_that_of_the_document(engine, monkeypatch) -> None:
    assert len(CASES) > 20
    monkeypatch.setattr(module, "_MOST", 60)  # kept texts are forgotten in between
    for path in (*CASES, *CASES):
        advice = advise(read_case(path), engine)
        wanted = json.dumps(advice.to_dict(), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        assert advice_text(advice) == wanted
    assert len(module._texts) <= 60


def test_what_is_no_part_of_an_advice_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        module._text([float("nan")])
    with pytest.raises(TypeError, match="set is not part"):
        module._text({"a": set()})
