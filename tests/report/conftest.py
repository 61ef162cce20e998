"""The library, the example cases and their advice, made once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

import pytest

from portico.advice import Advice, Engine, advise, propose, sign
from portico.case import Case, read_case
from portico.directive import Directive
from portico.knowledge import Library, load_library

sys.path.insert(0, str(Path(__file__).parent))  # sample.py stands beside the tests

EXAMPLES = Path(__file__).parents[2] / "examples" / "cases"
ALL_CASES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "example" in metafunc.fixturenames:
        metafunc.parametrize("example", ALL_CASES)


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="session")
def engine(library: Library) -> Engine:
    return Engine(library)


@cache
def read(name: str) -> Case:
    return read_case(EXAMPLES / f"{name}.yaml")


@pytest.fixture(scope="session")
def advice_of(engine: Engine) -> Callable[[str], Advice]:
    return lru_cache(maxsize=None)(lambda name: advise(read(name), engine))


@pytest.fixture(scope="session")
def signed(engine: Engine, advice_of: Callable[[str], Advice]) -> Callable[[str, str], Directive]:
    @cache
    def make(name: str, option: str) -> Directive:
        advice = advice_of(name)
        proposed = propose(read(name), advice, engine, option)
        return sign(proposed, advice, option, by="Dr A. Example", role="radiation oncologist", reason="tumour board")

    return make
