"""The same predicates over tables: one rule serves one patient or ten million.

Polars' ``&``, ``|`` and ``~`` on nullable booleans are the three-valued logic of :mod:`portico.advice.kleene`; atoms
that several rules share are computed once. Polars itself would let NaN be larger than everything and compare text that
is no value of a column, so a frame is checked before a rule sees it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import Any, Final

import polars as pl

from portico.advice.kleene import Row, row_checked
from portico.case.columns import LARGEST_INT, Column, Columns, load_columns
from portico.case.predicate import And, Between, BoolAtom, Compare, In, Node, Not, columns_of
from portico.errors import CaseRefused, PorticoError

__all__ = [
    "CHUNK_ROWS",
    "check_frame",
    "evaluate_table",
    "evaluate_table_chunks",
    "frame_from_rows",
    "frame_schema",
    "to_polars",
]

#: Rows that are worked on at once when a table is taken in chunks.
CHUNK_ROWS: Final = 250_000

_COMPARE: Final[dict[str, Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_PYTHON: Final[dict[str, tuple[type, ...]]] = {
    "bool": (bool,),
    "int": (int,),
    "number": (int, float),
    "enum": (str,),
}


def frame_schema(columns: Columns) -> dict[str, pl.DataType]:
    """Type of each column in a frame: Boolean, Int64, Float64, or an Enum of its values.

    >>> from portico.case.columns import Column
    >>> frame_schema(Columns((Column("ecog", "int", low=0, high=4),)))
    {'ecog': Int64}

    An Enum refuses values that are not its own and compares as fast as a small number. Casting a frame read from CSV to
    this schema is strict: an unknown value is an error.
    """
    return {column.name: _dtype(column) for column in columns}


def _dtype(column: Column) -> pl.DataType:
    if column.type == "enum":
        return pl.Enum(column.values)
    plain: dict[str, pl.DataType] = {"bool": pl.Boolean(), "int": pl.Int64(), "number": pl.Float64()}
    return plain[column.type]


def to_polars(node: Node) -> pl.Expr:
    """The predicate as an expression over a checked frame; null is unknown.

    Parameters
    ----------
    node : checked predicate or formula
    """
    if isinstance(node, BoolAtom):
        return pl.col(node.column)
    if isinstance(node, Compare):
        found: pl.Expr = _COMPARE[node.op](pl.col(node.column), pl.lit(node.value))
        return found
    if isinstance(node, In):
        inside = pl.col(node.column).is_in(node.values)
        return ~inside if node.negated else inside
    if isinstance(node, Between):
        inside = pl.col(node.column).is_between(node.low, node.high)
        return ~inside if node.negated else inside
    if isinstance(node, Not):
        return ~to_polars(node.part)
    parts = [to_polars(part) for part in node.parts]
    return reduce(operator.and_ if isinstance(node, And) else operator.or_, parts)


def evaluate_table(
    frame: pl.DataFrame | pl.LazyFrame, rules: Mapping[str, Node], columns: Columns | None = None
) -> pl.DataFrame:
    """Every rule over every row.

    >>> from portico.case.columns import Column
    >>> columns = Columns((Column("cement", "bool"),))
    >>> frame = frame_from_rows([{"cement": True}, {"cement": None}], columns)
    >>> evaluate_table(frame, {"no-cement": Not(BoolAtom("cement"))}, columns)["no-cement"].to_list()
    [False, None]

    Parameters
    ----------
    frame : columns of :func:`frame_schema`, in their units; null is unknown. Other columns are let through unread
    rules : key to checked predicate or formula
    columns : the columns of the row; the ones that ship with the software when left out

    Returns
    -------
    one nullable boolean column per rule, in their order, one row per row of the frame

    Raises
    ------
    CaseRefused : see :func:`check_frame`; only columns that the rules read are checked
    """
    read = _read(rules, load_columns() if columns is None else columns)
    return _evaluate(frame.lazy().select(_present(frame, read)).collect(), rules, read)


def evaluate_table_chunks(
    frame: pl.DataFrame | pl.LazyFrame,
    rules: Mapping[str, Node],
    columns: Columns | None = None,
    *,
    rows: int = CHUNK_ROWS,
) -> Iterator[pl.DataFrame]:
    """As :func:`evaluate_table`, a part of the rows at a time, so that memory does not grow with the table.

    Parameters
    ----------
    frame, rules, columns : as for :func:`evaluate_table`; a lazy frame should be a scan of a file, for its plan runs
        once for each part
    rows : rows in a part, 1 or more

    Yields
    ------
    the results of the parts, in the order of the rows

    Raises
    ------
    CaseRefused : when a part is reached that does not pass
    """
    if rows < 1:
        raise ValueError("rows must be 1 or more")
    read = _read(rules, load_columns() if columns is None else columns)
    wanted = frame.lazy().select(_present(frame, read))
    start = 0
    while True:
        part = wanted.slice(start, rows).collect()
        if part.height:
            yield _evaluate(part, rules, read)
        if part.height < rows:
            return
        start += rows


def _read(rules: Mapping[str, Node], columns: Columns) -> Columns:
    names = frozenset[str]().union(*(columns_of(node) for node in rules.values()))
    return Columns(tuple(column for column in columns if column.name in names))


def _present(frame: pl.DataFrame | pl.LazyFrame, read: Columns) -> list[str]:
    present = frame.lazy().collect_schema()
    for name in read.names:
        if name not in present:
            raise CaseRefused(
                f"The table has no column {name}, which a rule reads.",
                code="table-column-missing",
                path=name,
                fix="Add it; what is unknown is null.",
            )
    return list(read.names)


def _evaluate(frame: pl.DataFrame, rules: Mapping[str, Node], read: Columns) -> pl.DataFrame:
    check_frame(frame, read)
    return frame.lazy().select(to_polars(node).alias(key) for key, node in rules.items()).collect()


def check_frame(frame: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """The frame, when the named columns are there with their types and allowed values.

    Parameters
    ----------
    frame : table, one row per case; null is unknown
    columns : the columns that it must have; others are not looked at

    Raises
    ------
    CaseRefused
        ``table-column-missing``, ``table-type``, ``table-not-finite``, ``table-out-of-range``; ``path`` names the
        column, the message counts the rows, values are not shown
    """
    _present(frame, columns)
    for column in columns:
        wanted = _dtype(column)
        if frame.schema[column.name] != wanted:
            raise CaseRefused(
                f"The column {column.name} is of the wrong type: {_type_name(frame.schema[column.name])}.",
                code="table-type",
                path=column.name,
                fix=f"Cast it to {_type_name(wanted)}; frame_schema gives the types.",
            )
    numeric = [column for column in columns if column.numeric]
    if not numeric:
        return frame
    counted = frame.lazy().select(_count_bad(column) for column in numeric).collect().row(0)
    for column, bad in zip(numeric, counted, strict=True):
        if bad["odd"]:
            raise CaseRefused(
                f"The column {column.name} holds {bad['odd']} numbers that are not finite.",
                code="table-not-finite",
                path=column.name,
                fix="Unknown is null.",
            )
        if bad["out"]:
            low, high = _bounds(column)
            unit = f" {column.unit}" if column.unit else ""
            raise CaseRefused(
                f"The column {column.name} holds {bad['out']} numbers outside {low} to {high}{unit}.",
                code="table-out-of-range",
                path=column.name,
            )
    return frame


def _type_name(dtype: pl.DataType) -> str:
    return "Enum" if isinstance(dtype, pl.Enum) else str(dtype)


def _bounds(column: Column) -> tuple[float, float]:
    low = -LARGEST_INT if column.low is None else column.low
    return low, LARGEST_INT if column.high is None else column.high


def _count_bad(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    odd = ~value.is_finite() if column.type == "number" else pl.lit(False)
    return pl.struct(odd=odd.sum(), out=(~value.is_between(*_bounds(column))).sum()).alias(column.name)


def frame_from_rows(rows: Iterable[Row], columns: Columns) -> pl.DataFrame:
    """A checked frame from rows.

    Parameters
    ----------
    rows : one mapping per case; None or absence is unknown
    columns : the columns that a row may have

    Returns
    -------
    frame with the types of :func:`frame_schema`, all columns, in their order

    Raises
    ------
    CaseRefused : as :func:`portico.advice.kleene.row_checked`; ``path`` begins with the number of the row, from 0
    """
    taken: list[Row] = list(rows)
    if not _plain(taken, columns):
        taken = [_row_checked(index, row, columns) for index, row in enumerate(taken)]
    return pl.DataFrame(
        [
            pl.Series(column.name, [row.get(column.name) for row in taken], dtype=_dtype(column), strict=False)
            for column in columns
        ]
    )


def _row_checked(index: int, row: Row, columns: Columns) -> Row:
    try:
        return row_checked(row, columns)
    except PorticoError as error:
        problem = error.problem
        raise CaseRefused(
            problem.message, code=problem.code, path=f"rows[{index}].{problem.path}", fix=problem.fix
        ) from None


def _plain(rows: list[Row], columns: Columns) -> bool:
    """Whether all rows pass as they are, found column by column; much faster than row by row."""
    names = frozenset(columns.names)
    if not all(names.issuperset(row) for row in rows):
        return False
    for column in columns:
        known = [value for row in rows if (value := row.get(column.name)) is not None]
        if not set(map(type, known)) <= set(_PYTHON[column.type]):
            return False
        if column.type == "enum" and not set(known) <= set(column.values):
            return False
        if column.numeric and known:
            numbers: list[Any] = known
            low, high = _bounds(column)
            if not (all(map(math.isfinite, numbers)) and low <= min(numbers) and max(numbers) <= high):
                return False
    return True
