"""Three-valued evaluation of predicates over one row: true, false, or unknown.

    AND   false if one part is false, else unknown if one is unknown, else true
    OR    true if one part is true, else unknown if one is unknown, else false
    NOT   true and false change places, unknown stays
    an atom over an unknown value is unknown

So an answer that is missing makes a rule unknown, never false; and completing a row never turns a known result.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from portico.case.columns import LARGEST_INT, Column, Columns, Value
from portico.case.predicate import And, Between, BoolAtom, Compare, In, LiteralValue, Node, Not
from portico.errors import CaseRefused

__all__ = ["Evaluator", "Row", "Truth", "compile_node", "evaluate", "evaluate_all", "row_checked"]

#: True, False, or None: unknown.
Truth = bool | None
#: One value per column; None is unknown.
Row = Mapping[str, Value]
Evaluator = Callable[[Row], Truth]

_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_node(node: Node) -> Evaluator:
    """A function that evaluates the predicate on a checked row.

    >>> rule = compile_node(And((BoolAtom("surgery_done"), Compare("days_since_surgery", "<", 14))))
    >>> rule({"surgery_done": True, "days_since_surgery": None}) is None
    True
    >>> rule({"surgery_done": False, "days_since_surgery": None})
    False

    Parameters
    ----------
    node : a checked predicate or a formula of several

    Returns
    -------
    function of a row that came through :func:`row_checked`; it gives True, False, or None for unknown, and raises
    KeyError when the row lacks a column
    """
    if isinstance(node, BoolAtom):
        return operator.itemgetter(node.column)
    if isinstance(node, Compare):
        return _compare(node.column, _OPERATORS[node.op], node.value)
    if isinstance(node, In):
        return _in(node.column, frozenset(node.values), node.negated)
    if isinstance(node, Between):
        return _between(node.column, node.low, node.high, node.negated)
    if isinstance(node, Not):
        return _not(compile_node(node.part))
    parts = tuple(compile_node(part) for part in node.parts)
    return _and(parts) if isinstance(node, And) else _or(parts)


def evaluate(node: Node, row: Row) -> Truth:
    """Value of the predicate on a checked row: True, False, or None for unknown.

    >>> evaluate(And((BoolAtom("cement"), BoolAtom("infection"))), {"cement": None, "infection": False})
    False

    Raises
    ------
    CaseRefused : ``row-column-missing`` when the row lacks a column; unknown is None, not absence
    """
    return evaluate_all({"": node}, row)[""]


def evaluate_all(nodes: Mapping[str, Node], row: Row) -> dict[str, Truth]:
    """Values of several predicates on one checked row, by the same keys.

    Raises
    ------
    CaseRefused : ``row-column-missing``
    """
    try:
        return {key: compile_node(node)(row) for key, node in nodes.items()}
    except KeyError as error:
        raise CaseRefused(
            f"The row has no column {error.args[0]}.",
            code="row-column-missing",
            path=str(error.args[0]),
            fix="Give None for what is unknown.",
        ) from None


def _compare(column: str, test: Callable[[Any, Any], bool], literal: LiteralValue) -> Evaluator:
    def run(row: Row) -> Truth:
        value = row[column]
        return None if value is None else test(value, literal)

    return run


def _in(column: str, values: frozenset[LiteralValue], negated: bool) -> Evaluator:
    def run(row: Row) -> Truth:
        value = row[column]
        return None if value is None else value in values

    def run_negated(row: Row) -> Truth:
        value = row[column]
        return None if value is None else value not in values

    return run_negated if negated else run


def _between(column: str, low: float, high: float, negated: bool) -> Evaluator:
    def run(row: Row) -> Truth:
        value: Any = row[column]
        return None if value is None else (low <= value <= high) is not negated

    return run


def _not(part: Evaluator) -> Evaluator:
    def run(row: Row) -> Truth:
        value = part(row)
        return None if value is None else not value

    return run


def _and(parts: tuple[Evaluator, ...]) -> Evaluator:
    def run(row: Row) -> Truth:
        result: Truth = True
        for part in parts:
            value = part(row)
            if value is None:
                result = None
            elif not value:
                return False
        return result

    return run


def _or(parts: tuple[Evaluator, ...]) -> Evaluator:
    def run(row: Row) -> Truth:
        result: Truth = False
        for part in parts:
            value = part(row)
            if value is None:
                result = None
            elif value:
                return True
        return result

    return run


def row_checked(row: Mapping[str, object], columns: Columns) -> dict[str, Value]:
    """The row with every column once and every value of its type, in the order of the columns.

    >>> from portico.case.columns import Column
    >>> row_checked({"ecog": 3}, Columns((Column("ecog", "int", low=0, high=4), Column("cement", "bool"))))
    {'ecog': 3, 'cement': None}

    Parameters
    ----------
    row : column name to value, in the unit of the column; None or absence is unknown
    columns : the columns that the row may have

    Raises
    ------
    CaseRefused
        ``row-column-unknown``, ``row-type``, ``row-value``, ``row-not-finite``, ``row-out-of-range``; ``path`` names
        the column, the value is not shown
    """
    for name in row:
        if name not in columns:
            near = columns.nearest(str(name))
            raise CaseRefused(
                "The row has a column that does not exist.",
                code="row-column-unknown",
                path=str(name)[:40],
                fix=f"Did you mean {near}?" if near else "",
            )
    return {column.name: _value(row.get(column.name), column) for column in columns}


def _value(value: object, column: Column) -> Value:
    if value is None:
        return None
    if column.type == "bool":
        if not isinstance(value, bool):
            raise _refused(column, "row-type", "takes true, false or null")
        return value
    if column.type == "enum":
        if not isinstance(value, str):
            raise _refused(column, "row-type", "takes text or null")
        if value not in column.values:
            raise _refused(column, "row-value", f"takes one of {', '.join(column.values)}")
        return value
    if isinstance(value, bool) or not isinstance(value, int if column.type == "int" else int | float):
        kind = "a whole number" if column.type == "int" else "a number"
        raise _refused(column, "row-type", f"takes {kind} or null")
    if isinstance(value, float) and not math.isfinite(value):
        raise _refused(column, "row-not-finite", "takes finite numbers only; unknown is null")
    low, high = -LARGEST_INT if column.low is None else column.low, column.high
    high = LARGEST_INT if high is None else high
    if not low <= value <= high:
        unit = f" {column.unit}" if column.unit else ""
        raise _refused(column, "row-out-of-range", f"takes {low} to {high}{unit}")
    return value if column.type == "int" else float(value)


def _refused(column: Column, code: str, takes: str) -> CaseRefused:
    return CaseRefused(f"The column {column.name} {takes}.", code=code, path=column.name)
