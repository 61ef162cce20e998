"""Rows of a registry, as they stand in a file: those that can be used, and why the others are refused.

A text cell is read by the words of :mod:`portico.cohort.cells`; a column that a Parquet file holds as numbers or truth values is checked
as such, by the same bounds. Nothing here knows of a file or of other rows, so parts can be judged anywhere and in any order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import polars as pl

from portico.advice.table import frame_schema
from portico.case.columns import LARGEST_INT, Column, Columns
from portico.cohort.cells import BLANKS, Problem, read_cell
from portico.cohort.dictionary import KEYS, registry_columns
from portico.cohort.synthetic import is_synthetic

__all__ = ["MARK", "NEEDED", "Part", "RowProblem", "all_columns", "check_rows", "stripped"]

#: Keys without which a row cannot be used.
NEEDED: Final = ("course_key", "patient_key")
#: A column beside those of a registry: true where the patient never lived.
MARK: Final = "synthetic"
_FORMULA: Final = "=+-@\t\r"
_ALIKE: Final = "nothing but course_key tells this row from an earlier one of its patient; it is used"
_RAGGED: Final = "the line has more or fewer cells than the heading"
#: Days of events that cannot come after the patient was last seen.
_EVENTS: Final = (
    "local_failure_day", "reoperation_day", "reirradiation_day", "fracture_day", "hardware_failure_day", "wound_complication_day",
    "myelopathy_day",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row is refused.

    Parameters
    ----------
    row : from 1, the first after the heading
    column, code, sentence : as of :class:`portico.cohort.cells.Problem`; the sentence never repeats a cell
    """

    row: int
    column: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some rows of a file.

    Parameters
    ----------
    frame : rows that can be used: keys as text, columns with the types of :func:`portico.advice.frame_schema`; null is unknown
    problems : every problem of the rows that are refused, by row
    rows : rows in this part
    synthetic : rows of the part that bear a mark of invented patients, refused ones among them
    alike : used rows that may be another entry of an earlier one: two lesions treated alike look the same
    """

    frame: pl.DataFrame
    problems: tuple[RowProblem, ...]
    rows: int
    synthetic: int = 0
    alike: tuple[RowProblem, ...] = ()


@cache
def all_columns() -> Columns:
    """Columns of a registry after its keys."""
    return Columns(registry_columns())


@cache
def _schema() -> dict[str, pl.DataType]:
    """Types of all columns; building them anew for each would cost more than reading the cells."""
    return {**dict.fromkeys(KEYS, pl.String()), **frame_schema(all_columns())}


def stripped(name: str, kind: pl.DataType) -> pl.Expr:
    """A cell as text without the blanks around it; null when nothing is left."""
    word = (pl.col(name) if kind == pl.String else pl.col(name).cast(pl.String)).str.strip_chars(BLANKS)
    return pl.when(word != "").then(word).otherwise(None).alias(name)


def check_rows(
    raw: pl.DataFrame,
    first: int,
    twice: Collection[int] = (),
    alike: Collection[int] = (),
    ragged: Collection[int] = (),
) -> Part:
    """Judge some rows.

    Parameters
    ----------
    raw : columns of a registry under their own names, each as text or in the type of its file; those that the file lacks may be absent
    first : number of the first row, from 1
    twice : numbers of rows whose course key stands in an earlier row
    ragged : numbers of rows with another number of cells than the heading: nothing in them can be relied on
    alike : numbers of rows that differ from an earlier one of the same patient in nothing but the course key; they are used, and named
    """
    columns = [column for column in all_columns() if column.name in raw.columns]
    keys = raw.select(stripped(name, raw.schema[name]) for name in KEYS if name in raw.columns)
    values, problems = _read(raw, columns, first)
    problems += _keys(keys, first)
    problems += [
        RowProblem(row, "course_key", "course-twice", "course_key stands in an earlier row") for row in sorted(twice)
    ]
    odd = set(ragged)
    problems = [one for one in problems if one.row not in odd]
    problems += [RowProblem(row, "", "cell-count", _RAGGED) for row in sorted(odd)]
    bad = {one.row for one in problems}
    problems += [one for one in _order(values, first) if one.row not in bad]
    frame = pl.concat([keys, values], how="horizontal").select(
        pl.col(name) if name in keys.columns or name in values.columns else pl.lit(None, kind).alias(name)
        for name, kind in _schema().items()
    )
    bad = {one.row for one in problems}
    if bad:
        keep = np.ones(raw.height, dtype=bool)
        keep[np.fromiter(bad, dtype=np.int64) - first] = False
        frame = frame.filter(pl.Series(keep))
    problems.sort(key=lambda one: (one.row, one.column, one.code))
    same = tuple(RowProblem(row, "course_key", "course-alike", _ALIKE) for row in sorted(alike) if row not in bad)
    return Part(frame, tuple(problems), raw.height, int(is_synthetic(raw).sum()), same)


def _read(raw: pl.DataFrame, columns: list[Column], first: int) -> tuple[pl.DataFrame, list[RowProblem]]:
    """Values of all columns, null where a cell is empty or has a problem; whole columns at once, and cell by cell only what then fails."""
    fast = raw.lazy().select(_fast(column, raw.schema[column.name]).alias(column.name) for column in columns).collect()
    lost = raw.null_count().row(0, named=True)
    changed, problems = [], list[RowProblem]()
    for column, got in zip(columns, fast.null_count().row(0), strict=True):
        if got == lost[column.name]:
            continue
        cells, values = raw[column.name], fast[column.name]
        failed = values.is_null() & cells.is_not_null()
        text = cells.filter(failed).cast(pl.String)
        known = {word: read_cell(column, word) for word in text.unique()}
        found = [known[word] for word in text]
        for row, one in zip(_rows(failed, first), found, strict=True):
            if isinstance(one, Problem):
                problems.append(RowProblem(row, one.column, one.code, one.sentence))
        if any(one is not None and not isinstance(one, Problem) for one in known.values()):
            right = pl.Series(
                [None if isinstance(one, Problem) else one for one in found], dtype=values.dtype, strict=False
            )
            changed.append(values.scatter(failed.arg_true(), right))
    return fast.with_columns(changed), problems


def _fast(column: Column, kind: pl.DataType) -> pl.Expr:
    """The value of a cell that is written plainly; null for any other, which :func:`read_cell` then reads."""
    cell, wanted = pl.col(column.name), _schema()[column.name]
    if column.type == "enum":
        return cell.cast(pl.String).cast(wanted, strict=False)
    if column.type == "bool":
        if kind == pl.Boolean:
            return cell
        return cell.cast(pl.String).replace_strict(
            ["true", "false"], [True, False], default=None, return_dtype=pl.Boolean
        )
    if kind == pl.Boolean or not (kind.is_numeric() or kind == pl.String):
        return pl.lit(None, wanted)
    number = cell.cast(pl.Float64, strict=False)
    low = -LARGEST_INT if column.low is None else column.low
    good = number.is_between(low, LARGEST_INT if column.high is None else column.high)
    if kind.is_float() or kind == pl.String:
        good &= number == number.floor() if column.type == "int" else number.is_finite()
    return pl.when(good).then(number).cast(wanted, strict=False)


def _rows(bad: pl.Series, first: int) -> Iterator[int]:
    for place in bad.fill_null(False).arg_true():
        yield first + int(place)


def _keys(keys: pl.DataFrame, first: int) -> Iterator[RowProblem]:
    for name in keys.columns:
        if name in NEEDED:
            for row in _rows(keys[name].is_null(), first):
                yield RowProblem(row, name, "key-missing", f"{name} is empty")
        for row in _rows(keys[name].str.slice(0, 1).is_in(list(_FORMULA)), first):
            yield RowProblem(row, name, "formula", f"{name} holds text that a spreadsheet would run as a formula")


def _order(values: pl.DataFrame, first: int) -> Iterator[RowProblem]:
    there = set(values.columns)
    if "follow_up_day" in there:
        for name in _EVENTS:
            if name in there:
                for row in _rows(values[name] > values["follow_up_day"], first):
                    yield RowProblem(row, name, "after-follow-up", f"{name} lies after follow_up_day")
    if {"start_day", "end_day"} <= there:
        for row in _rows(values["end_day"] < values["start_day"], first):
            yield RowProblem(row, "end_day", "before-start", "end_day lies before start_day")
