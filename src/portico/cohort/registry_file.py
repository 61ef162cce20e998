"""A registry file, read in parts: rows that can be used, rows that are refused and why. No row is dropped without a word.

Rows in are rows used plus rows refused. A part is worked on at a time, so memory does not grow with the file; only the keys already seen
are kept, as 64-bit hashes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl
from polars.exceptions import ComputeError, PolarsError

from portico.advice.table import frame_schema
from portico.case.columns import LARGEST_INT, Column, Columns
from portico.cohort.cells import BLANKS, Problem, read_cell
from portico.cohort.dictionary import KEYS, registry_columns
from portico.errors import InputRefused, UsageError

__all__ = ["PART_ROWS", "Part", "RegistryFile", "RowProblem"]

#: Rows that are worked on at once.
PART_ROWS: Final = 100_000
_NEEDED: Final = ("course_key", "patient_key")
_NUMBER: Final = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_FORMULA: Final = r"^[=+\-@\t\r]"
_ROW: Final = "__row"
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
    """

    frame: pl.DataFrame
    problems: tuple[RowProblem, ...]
    rows: int


@dataclass(slots=True, eq=False)
class RegistryFile:
    """One CSV or Parquet file.

    Parameters
    ----------
    path : file; CSV in UTF-8 with a heading, or Parquet
    names : heading of the file by column of the registry; None when they are the same
    rows : rows in a part

    What it says of the file fills while :meth:`parts` is read:

    rows_in, rows_used, rows_refused : the first is the sum of the others
    counts : problems by column and code
    ignored, absent : headings that are no column of a registry, and columns that the file lacks: their values are unknown

    Raises
    ------
    InputRefused : ``file-missing``, ``registry-form`` for a file that is no table, ``key-column-missing``, ``heading-twice``
    UsageError : ``unknown-column`` for a name in ``names`` that a registry does not have
    """

    path: Path
    names: Mapping[str, str] | None = None
    rows: int = PART_ROWS
    rows_in: int = 0
    rows_used: int = 0
    rows_refused: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    ignored: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    _columns: Columns = field(init=False)
    _scan: pl.LazyFrame = field(init=False)
    _seen: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._columns = Columns(registry_columns())
        known = (*KEYS, *self._columns.names)
        wrong = sorted(set(self.names or {}) - set(known))
        if wrong:
            raise UsageError("A column of the map is none of a registry.", code="unknown-column", path=wrong[0])
        if not self.path.is_file():
            raise InputRefused("There is no such file.", code="file-missing", file=self.path.name)
        try:
            scan = pl.scan_parquet(self.path) if self.path.suffix == ".parquet" else _csv(self.path)
            headings = scan.collect_schema().names()
        except (PolarsError, OSError):
            raise self._no_table() from None
        given = {**{name: name for name in known}, **(self.names or {})}
        found = [heading for heading in given.values() if heading in headings]
        if len(set(found)) < len(found):
            raise InputRefused("One heading serves two columns.", code="heading-twice", file=self.path.name)
        for key in _NEEDED:
            if given[key] not in headings:
                raise InputRefused(
                    f"The file has no {key}.", code="key-column-missing", file=self.path.name, path=key,
                    fix="Add it, or name its heading in the map.",
                )  # fmt: skip
        used = set(given.values())
        self.ignored = tuple(one for one in headings if one not in used)
        self.absent = tuple(name for name in known if given[name] not in headings)
        self._scan = scan.select(
            pl.col(given[name]).cast(pl.String).alias(name) if given[name] in headings else pl.lit(None, pl.String).alias(name)
            for name in known
        )  # fmt: skip

    def _no_table(self) -> InputRefused:
        return InputRefused(
            "This file is no table that can be read.", code="registry-form", file=self.path.name,
            fix="CSV in UTF-8 with one heading and the same number of cells in every line, or Parquet.",
        )  # fmt: skip

    def parts(self) -> Iterator[Part]:
        """The file from its first row to its last; raises ``registry-form`` where a line is no row."""
        self.rows_in = self.rows_used = self.rows_refused = 0
        self.counts.clear()
        self._seen.clear()
        try:
            for batch in self._scan.collect_batches(chunk_size=self.rows, maintain_order=True):
                for first in range(0, batch.height, self.rows):
                    part = self._part(batch.slice(first, self.rows))
                    self.rows_in += part.rows
                    self.rows_used += part.frame.height
                    self.rows_refused += part.rows - part.frame.height
                    self.counts.update((one.column, one.code) for one in part.problems)
                    yield part
        except (ComputeError, OSError):
            raise self._no_table() from None

    def _part(self, text: pl.DataFrame) -> Part:
        text = text.with_row_index(_ROW, offset=self.rows_in + 1).with_columns(pl.col(_ROW).cast(pl.Int64))
        cells = text.with_columns(_stripped(name) for name in text.columns if name != _ROW)
        problems = [*self._keys(cells), *self._cells(text, cells)]
        refused = {one.row for one in problems}
        typed = cells.filter(~pl.col(_ROW).is_in(list(refused))).select(
            _ROW, *KEYS, *(_value(column).cast(kind).alias(column.name) for column, kind in self._kinds())
        )
        later = [*_order(typed), *self._twice(typed)]
        if later:
            typed = typed.filter(~pl.col(_ROW).is_in([one.row for one in later]))
        problems = sorted([*problems, *later], key=lambda one: (one.row, one.column, one.code))
        return Part(typed.drop(_ROW), tuple(problems), text.height)

    def _kinds(self) -> list[tuple[Column, pl.DataType]]:
        schema = frame_schema(self._columns)
        return [(column, schema[column.name]) for column in self._columns]

    def _keys(self, cells: pl.DataFrame) -> Iterator[RowProblem]:
        for name in KEYS:
            if name in _NEEDED:
                for row in cells.filter(pl.col(name).is_null())[_ROW]:
                    yield RowProblem(row, name, "key-missing", f"{name} is empty")
            for row in cells.filter(pl.col(name).str.contains(_FORMULA))[_ROW]:
                yield RowProblem(row, name, "formula", f"{name} holds text that a spreadsheet would run as a formula")

    def _cells(self, text: pl.DataFrame, cells: pl.DataFrame) -> Iterator[RowProblem]:
        good = cells.select(_good(column).alias(column.name) for column in self._columns)
        for column in self._columns:
            bad = ~good[column.name].fill_null(True)
            if bad.any():
                some = text.filter(bad)
                for row, cell in zip(some[_ROW], some[column.name], strict=True):
                    found = read_cell(column, cell)
                    assert isinstance(found, Problem), column.name  # both read the same words; tests hold them together
                    yield RowProblem(row, found.column, found.code, found.sentence)

    def _twice(self, typed: pl.DataFrame) -> Iterator[RowProblem]:
        for row, key in zip(typed[_ROW], typed["course_key"].hash(seed=7), strict=True):
            if key in self._seen:
                yield RowProblem(row, "course_key", "course-twice", "course_key stands in an earlier row")
            self._seen.add(key)


def _csv(path: Path) -> pl.LazyFrame:
    return pl.scan_csv(path, infer_schema=False, encoding="utf8-lossy", null_values=None)


def _stripped(name: str) -> pl.Expr:
    word = pl.col(name).str.strip_chars(BLANKS)
    return pl.when(word != "").then(word).otherwise(None).alias(name)


def _good(column: Column) -> pl.Expr:
    """Whether a cell is a value of its column; null where it is empty."""
    cell = pl.col(column.name)
    if not column.numeric:
        return cell.is_in(["true", "false"] if column.type == "bool" else list(column.values))
    number = cell.cast(pl.Float64, strict=False)
    good = cell.str.contains(_NUMBER) & number.is_finite() & (number.abs() <= LARGEST_INT)
    if column.type == "int":
        good &= number == number.floor()
    if column.low is not None:
        good &= number >= column.low
    if column.high is not None:
        good &= number <= column.high
    return pl.when(cell.is_null()).then(None).otherwise(good.fill_null(False))


def _value(column: Column) -> pl.Expr:
    cell = pl.col(column.name)
    if column.type == "bool":
        return cell == "true"
    return cell.cast(pl.Float64) if column.numeric else cell


def _order(typed: pl.DataFrame) -> Iterator[RowProblem]:
    for name in _EVENTS:
        for row in typed.filter(pl.col(name) > pl.col("follow_up_day"))[_ROW]:
            yield RowProblem(row, name, "after-follow-up", f"{name} lies after follow_up_day")
    for row in typed.filter(pl.col("end_day") < pl.col("start_day"))[_ROW]:
        yield RowProblem(row, "end_day", "before-start", "end_day lies before start_day")
