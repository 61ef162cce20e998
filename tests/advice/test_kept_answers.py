"""An engine that has answered many cases gives what a new one gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from portico.advice import Engine, advise
from portico.advice import engine as module
from portico.case import case_from, read_case
from portico.knowledge import load_library

CASES = sorted((Path(__file__).parents[2] / "examples" / "cases").glob("*.yaml"))


@pytest.fixture(scope="module")
def library():
    return load_library()


def test_what_was_kept_changes_no_answer(library, monkeypatch) -> None:
    monkeypatch.setattr(module, "_MOST_SETTLED", 3)
    monkeypatch.setattr(module, "_MOST_ORDERS", 5)
    warm = Engine(library)
    cases = [read_case(path) for path in CASES]
    varied = [case_from({**case.to_dict(), "label": None, "wishes": {"max_visits": 3}}) for case in cases[:10]]
    for _ in range(2):
        for case in (*cases, *varied):
            advise(case, warm)
    assert len(warm._settled) <= 3 and len(warm._orders) <= 5
    for case in (*cases[::4], *varied[::3]):
        assert advise(case, warm) == advise(case, Engine(library))


@pytest.mark.parametrize("rest", [True, False])
def test_what_is_decided_is_not_searched(library, rest) -> None:
    def search(*_):
        raise AssertionError

    assert Engine(library).settled(rest, search) == ()
