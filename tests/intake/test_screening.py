"""Screening finds what is planted, the same way each time, and never promises an end."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from portico.errors import InputRefused, UsageError
from portico.intake import rank, screener, simulate, when_to_stop
from portico.knowledge import load_library

PATH = Path(__file__).parents[2] / "benchmarks" / "screening.py"
SPEC = importlib.util.spec_from_file_location("bench_screening", PATH)
BENCH = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(BENCH)


def test_planted_records_come_first():
    run = BENCH.screening(load_library(), 400, 40)["found"]
    assert run.recall >= 0.95 and run.screened < 0.55 * run.total
    assert run.saved > 0.3 and run.curve[0] == (40, 40) and run.curve[-1][0] == run.screened


def test_among_studies_of_the_same_hand():
    run = BENCH.screening(load_library(), 0, 5, among_own=True)["found"]
    assert run.relevant < 0.4 * run.total and run.recall >= 0.95 and run.saved > 0.3


def test_extraction_on_sentences_of_library_figures():
    got = BENCH.extraction(load_library())
    assert got["precision"] >= 0.97 and got["recall"] >= 0.95


def test_one_seed_gives_one_order():
    texts = [*BENCH.needles(load_library())[:20], *BENCH.haystack(200)]
    labels = {0: True, 1: True, 60: False}
    first, second = (rank(texts, labels, seed=4) for _ in range(2))
    assert first == second and not {one.position for one in first} & set(labels)
    assert sum(one.position < 20 for one in first[:18]) >= 14
    assert rank(texts, {0: True}, seed=4)  # nothing irrelevant has been read yet


@pytest.mark.parametrize(
    ("texts", "labels", "code"),
    [([], {}, "no-records"), (["a", "b"], {0: False}, "labels-missing"), (["a", "b"], {5: True}, "label-unknown")],
)
def test_what_cannot_be_ranked(texts, labels, code):
    with pytest.raises(InputRefused) as caught:
        rank(texts, labels)
    assert caught.value.code == code


def test_engines(tmp_path, monkeypatch):
    with pytest.raises(UsageError) as caught:
        screener("other")
    assert caught.value.code == "unknown-engine"
    if importlib.util.find_spec("asreview") is None:
        with pytest.raises(UsageError) as caught:
            screener("asreview")
        assert caught.value.code == "extra-missing"
        return
    monkeypatch.chdir(tmp_path)
    texts = [*BENCH.needles(load_library())[:20], *BENCH.haystack(200)]
    order = rank(texts, {0: True, 1: True, 60: False}, engine="asreview")
    assert sum(one.position < 20 for one in order[:18]) >= 9 and not list(tmp_path.iterdir())  # it leaves no file


def test_nothing_left_to_find_ends_at_once():
    run = simulate(["bone", "knee", "hip"], [True, False, False], {0: True})
    assert (run.screened, run.recall) == (1, 1.0)


def test_stopping_is_never_promised():
    said = when_to_stop([True, False, False, False], 10)
    assert said.startswith("4 of 10 read, 1 relevant, none in the last 3; 6 unread.") and "No rule" in said
