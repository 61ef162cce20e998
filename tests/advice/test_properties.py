"""What must hold for every case and every completion of its unknowns."""

from __future__ import annotations

import importlib.util
import os
import random
from pathlib import Path
from typing import Any

import pytest

from portico.advice import Engine
from portico.case import load_columns, read_case
from portico.knowledge import load_library

_spec = importlib.util.spec_from_file_location("advice_rows", Path(__file__).with_name("rows.py"))
assert _spec and _spec.loader
rows = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(rows)

ENGINE = Engine(load_library())
CASES = sorted((Path(__file__).parents[2] / "examples" / "cases").glob("*.yaml"))
COUNT = int(os.environ.get("PORTICO_COMPLETIONS", "200"))
BATCH = int(os.environ.get("PORTICO_BATCH", "10000"))


def check_completion(row: dict[str, Any], rng: random.Random) -> None:
    before = ENGINE.statuses(ENGINE.truths(row))
    full = rows.completed(row, rng)
    truth = ENGINE.truths(full)
    after = ENGINE.statuses(truth)
    for option, status in before.items():
        if status != "undetermined":
            assert after[option] == status, option
    left = {option for option, status in before.items() if status != "not eligible"}
    assert {option for option, status in after.items() if status != "not eligible"} <= left
    assert None not in truth.values(), "a full row leaves nothing unknown"


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_completions_of_shipped_cases(path: Path) -> None:
    row = read_case(path).row()
    rng = random.Random(path.stem)
    for _ in range(COUNT):
        check_completion(row, rng)


def test_completions_of_random_rows() -> None:
    rng = random.Random(20261123)
    for _ in range(COUNT * 10):
        check_completion(rows.random_row(rng, unknown=rng.random()), rng)


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_partial_answers_only_narrow(path: Path) -> None:
    """Answering the unknowns one by one, in random order, never reopens an option."""
    rng = random.Random(path.stem)
    row = read_case(path).row()
    unknown = [name for name, value in row.items() if value is None]
    rng.shuffle(unknown)
    columns = load_columns()
    last = ENGINE.statuses(ENGINE.truths(row))
    for name in unknown:
        row = {**row, name: rows.random_value(columns[name], rng)}
        now = ENGINE.statuses(ENGINE.truths(row))
        assert all(now[key] == value for key, value in last.items() if value != "undetermined")
        last = now


def test_one_case_equals_the_batch() -> None:
    """Generated rows evaluated one by one and as one table give identical rules and options."""
    from portico.advice.table import frame_from_rows

    rng = random.Random(7)
    many = [rows.random_row(rng, unknown=rng.random()) for _ in range(BATCH)]
    table = ENGINE.table(frame_from_rows(many, ENGINE.columns))
    columns = {name: table[name].to_list() for name in table.columns}
    meaning = {"eligible": True, "not eligible": False, "undetermined": None}
    for i, row in enumerate(many):
        truth = ENGINE.truths(row)
        for key, value in truth.items():
            assert columns[key][i] is value, key
        for key, status in ENGINE.statuses(truth).items():
            assert columns[f"option:{key}"][i] is meaning[status], key


def test_no_rule_reads_a_score_of_the_bone_before_surgery() -> None:
    forbidden = {column.name for column in load_columns() if not column.for_rules}
    assert forbidden == {"sins_preop", "mirels_preop"}
    for key, names in ENGINE.columns_of.items():
        assert not names & forbidden, key
