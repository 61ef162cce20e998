"""Whether a predicate fits the columns: types, values, ranges, and comparisons that say nothing.

A literal is in the unit of its column. A comparison that no allowed value meets can never fire, and one that every
allowed value meets only asks whether the value is known; both are slips and both are refused.
"""

from __future__ import annotations

import math

from portico.case.columns import Column, Columns
from portico.case.predicate_nodes import (
    MAX_DEPTH,
    And,
    Atom,
    Between,
    BoolAtom,
    Compare,
    In,
    LiteralValue,
    Node,
    Not,
    Or,
    depth_of,
)
from portico.case.predicate_words import Where, too_deep
from portico.reading import did_you_mean

__all__ = ["check_atom", "check_node"]


def check_node(
    node: Node, columns: Columns, *, file: str | None = None, line: int | None = None, path: str = ""
) -> Node:
    """The node with literals in the type of their columns, when every atom fits.

    Parameters
    ----------
    node : from :func:`portico.case.predicate.from_json`, or built in code
    columns : the columns of the row
    file, line, path : where the predicate stands, for errors

    Raises
    ------
    KnowledgeRefused : as :func:`portico.case.predicate.parse_predicate`
    """
    where = Where(file, line, path)
    if depth_of(node) > MAX_DEPTH:
        raise too_deep(where)
    return _checked(node, columns, where)


def _checked(node: Node, columns: Columns, where: Where) -> Node:
    if isinstance(node, And):
        return And(tuple(_checked(part, columns, where) for part in node.parts))
    if isinstance(node, Or):
        return Or(tuple(_checked(part, columns, where) for part in node.parts))
    if isinstance(node, Not):
        return Not(_checked(node.part, columns, where))
    return check_atom(node, columns, where)


def check_atom(atom: Atom, columns: Columns, where: Where) -> Atom:
    """The atom with its literals in the type of the column, when it fits."""
    column = columns.get(atom.column)
    if column is None:
        raise where.refused("predicate-column", f"There is no column {atom.column[:40]!r}.")
    if not column.for_rules:
        raise where.refused(
            "predicate-column-not-for-rules",
            f"The column {column.name} is stored and shown, but no rule may read it.",
        )
    if isinstance(atom, BoolAtom):
        if column.type != "bool":
            raise where.refused(
                "predicate-not-boolean",
                f"The column {column.name} is no yes-or-no column and cannot stand alone.",
                "Compare it with a literal.",
            )
        return atom
    if column.type == "bool":
        raise where.refused(
            "predicate-not-boolean",
            f"The yes-or-no column {column.name} is compared with a literal.",
            f"Write {column.name} or NOT {column.name}.",
        )
    if isinstance(atom, Compare):
        return _compare(atom, column, where)
    if isinstance(atom, In):
        return _in(atom, column, where)
    return _between(atom, column, where)


def _compare(atom: Compare, column: Column, where: Where) -> Compare:
    ordered = atom.op not in ("=", "<>")
    if column.type == "enum" and ordered:
        raise where.refused(
            "predicate-order",
            f"The values of {column.name} have no order.",
            "Name the values with IN.",
        )
    value = _literal(atom.value, column, where)
    if ordered and not isinstance(value, str):
        at_low, at_high = value == column.low, value == column.high
        if (at_low and atom.op in ("<", ">=")) or (at_high and atom.op in (">", "<=")):
            raise _constant(column, where)
    return Compare(atom.column, atom.op, value)


def _in(atom: In, column: Column, where: Where) -> In:
    if not atom.values:
        raise where.refused("predicate-syntax", "The list after IN is empty.")
    values = tuple(_literal(value, column, where) for value in atom.values)
    if len(set(values)) != len(values):
        raise where.refused("predicate-duplicate-value", f"A value of {column.name} stands twice in a list.")
    if column.type == "enum" and len(values) == len(column.values):
        raise _constant(column, where)
    return In(atom.column, values, atom.negated)


def _between(atom: Between, column: Column, where: Where) -> Between:
    if column.type == "enum":
        raise where.refused(
            "predicate-order", f"The values of {column.name} have no order.", "Name the values with IN."
        )
    low, high = _number(atom.low, column, where), _number(atom.high, column, where)
    if low > high:
        raise where.refused("predicate-range", "BETWEEN takes the smaller number first.")
    if low == column.low and high == column.high:
        raise _constant(column, where)
    return Between(atom.column, low, high, atom.negated)


def _constant(column: Column, where: Where) -> Exception:
    return where.refused(
        "predicate-constant",
        f"A comparison of {column.name} gives the same answer for every allowed value.",
        "Leave it out, or correct the literal.",
    )


def _literal(value: LiteralValue, column: Column, where: Where) -> LiteralValue:
    if column.type != "enum":
        return _number(value, column, where)
    if not isinstance(value, str):
        raise where.refused(
            "predicate-literal",
            f"The values of {column.name} are text, not numbers.",
            "Put the value in single quotes.",
        )
    if value not in column.values:
        near = did_you_mean(value, column.values)
        fix = f"Did you mean '{near}'?" if near else f"Values: {', '.join(column.values)}."
        raise where.refused("predicate-value", f"{value[:40]!r} is no value of {column.name}.", fix)
    return value


def _number(value: LiteralValue, column: Column, where: Where) -> int | float:
    if isinstance(value, str):
        raise where.refused(
            "predicate-literal",
            f"The column {column.name} holds numbers and is compared with text.",
            "Write the number without quotes.",
        )
    if column.type == "int" and not isinstance(value, int):
        raise where.refused(
            "predicate-literal",
            f"The column {column.name} holds whole numbers and is compared with a decimal.",
        )
    if not math.isfinite(value):
        raise where.refused("predicate-number", "Numbers are finite.")
    if (column.low is not None and value < column.low) or (column.high is not None and value > column.high):
        unit = f" {column.unit}" if column.unit else ""
        raise where.refused(
            "predicate-range",
            f"A literal lies outside the range of {column.name}: {column.low} to {column.high}{unit}.",
            f"Literals are in the unit of the column{unit and ','}{unit}.",
        )
    return value if column.type == "int" else float(value)
