"""Cells of a registry file become values, or problems that never repeat the cell."""

from __future__ import annotations

import doctest
import importlib

import pytest

from portico.case.schemas import load_registry_columns
from portico.cohort.cells import Problem, read_cell

COLUMNS = load_registry_columns()


def test_examples_run() -> None:
    assert doctest.testmod(importlib.import_module("portico.cohort.cells")).failed == 0


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("start_day", "21", 21), ("start_day", " 21.0 ", 21), ("start_day", "0", 0), ("start_day", "", None),
        ("prescribed_dose_gy", "30.5", 30.5), ("dead", "false", False), ("dead", "true", True), ("prescribed_option", "none", "none"),
    ],
)  # fmt: skip
def test_values(column: str, text: str, value: object) -> None:
    found = read_cell(COLUMNS[column], text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("start_day", "-3", "negative"), ("start_day", "2.5", "not-whole"), ("start_day", "20001", "out-of-range"),
        ("start_day", "03/04/2021", "date-for-days"), ("start_day", "2021-04-03", "date-for-days"), ("start_day", "NaN", "not-finite"),
        ("start_day", "1e999", "out-of-range"), ("start_day", "=1+2", "formula"), ("start_day", "soon", "not-a-number"),
        ("prescribed_option", "=HYPERLINK(x)", "formula"), ("prescribed_option", "Sbrt", "unknown-word"),
        ("prescribed_option", "nan", "not-finite"), ("dead", "yes", "unknown-word"), ("prescribed_dose_gy", "-inf", "not-finite"),
    ],
)  # fmt: skip
def test_problems(column: str, text: str, code: str) -> None:
    found = read_cell(COLUMNS[column], text)
    assert isinstance(found, Problem)
    assert (found.column, found.code) == (column, code)
    if code == "unknown-word" and text == "Sbrt":
        assert found.sentence.endswith("did you mean sbrt?")
    elif text not in ("NaN", "nan"):
        assert text not in found.sentence
