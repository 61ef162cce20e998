"""The tree of a checked predicate, its canonical text and its compact JSON.

    Node   = Atom | And | Or | Not
    Atom   = BoolAtom | Compare | In | Between

A node is small, frozen and hashable: equal atoms of different rules are one key, so that tables compute them once.
Parsing needs sqlglot; everything in this module does not, so a compiled library starts without it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from portico.errors import KnowledgeRefused

__all__ = [
    "MAX_DEPTH",
    "And",
    "Atom",
    "Between",
    "BoolAtom",
    "Compare",
    "In",
    "LiteralValue",
    "Node",
    "Not",
    "Or",
    "atoms_of",
    "columns_of",
    "depth_of",
    "from_json",
    "to_json",
    "to_sql",
]

#: Deepest tree of one rule; a formula made of rules may be deeper.
MAX_DEPTH: Final = 30

LiteralValue = int | float | str
Operator = Literal["=", "<>", "<", "<=", ">", ">="]
OPERATORS: Final = ("=", "<>", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class BoolAtom:
    """A yes-or-no column standing alone: ``cement``."""

    column: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A column compared with one literal, in the unit of the column: ``ecog >= 3``."""

    column: str
    op: Operator
    value: LiteralValue


@dataclass(frozen=True, slots=True)
class In:
    """A column among, or with ``negated`` not among, some values: ``bone IN ('femur', 'tibia')``."""

    column: str
    values: tuple[LiteralValue, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """A number from ``low`` to ``high``, both included, or with ``negated`` outside of them."""

    column: str
    low: int | float
    high: int | float
    negated: bool = False


@dataclass(frozen=True, slots=True)
class And:
    """True when all parts are true, false when one is false, else unknown. Two parts or more."""

    parts: tuple[Node, ...]

    def __post_init__(self) -> None:
        _two_or_more(self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """True when one part is true, false when all are false, else unknown. Two parts or more."""

    parts: tuple[Node, ...]

    def __post_init__(self) -> None:
        _two_or_more(self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; unknown stays unknown."""

    part: Node


Atom = BoolAtom | Compare | In | Between
Node = Atom | And | Or | Not


def _two_or_more(parts: tuple[Node, ...]) -> None:
    if len(parts) < 2:
        raise ValueError("And and Or take two parts or more")


def atoms_of(node: Node) -> Iterator[Atom]:
    """Every atom from left to right, repeated ones too."""
    stack: list[Node] = [node]
    while stack:
        top = stack.pop()
        if isinstance(top, And | Or):
            stack.extend(reversed(top.parts))
        elif isinstance(top, Not):
            stack.append(top.part)
        else:
            yield top


def columns_of(node: Node) -> frozenset[str]:
    """Names of the columns that the predicate reads.

    >>> sorted(columns_of(And((BoolAtom("cement"), Compare("ecog", ">=", 3)))))
    ['cement', 'ecog']
    """
    return frozenset(atom.column for atom in atoms_of(node))


def depth_of(node: Node) -> int:
    """Height of the tree; an atom has 1."""
    deepest = 0
    stack: list[tuple[Node, int]] = [(node, 1)]
    while stack:
        top, depth = stack.pop()
        deepest = max(deepest, depth)
        if isinstance(top, And | Or):
            stack.extend((part, depth + 1) for part in top.parts)
        elif isinstance(top, Not):
            stack.append((top.part, depth + 1))
    return deepest


def to_sql(node: Node) -> str:
    """Canonical text: upper-case words, one blank, brackets round every inner group.

    >>> to_sql(Or((Not(BoolAtom("cement")), In("bone", ("femur", "tibia"), negated=True))))
    "NOT cement OR bone NOT IN ('femur', 'tibia')"

    The text is valid SQL (ANSI, SQLite) over columns of the same names, yes-or-no columns holding 1, 0 or NULL.
    Parsing it gives the node back.
    """
    if isinstance(node, BoolAtom):
        return node.column
    if isinstance(node, Compare):
        return f"{node.column} {node.op} {_literal(node.value)}"
    if isinstance(node, In):
        word = "NOT IN" if node.negated else "IN"
        return f"{node.column} {word} ({', '.join(map(_literal, node.values))})"
    if isinstance(node, Between):
        word = "NOT BETWEEN" if node.negated else "BETWEEN"
        return f"{node.column} {word} {_literal(node.low)} AND {_literal(node.high)}"
    if isinstance(node, Not):
        return f"NOT {to_sql(node.part)}" if isinstance(node.part, BoolAtom) else f"NOT ({to_sql(node.part)})"
    word = " AND " if isinstance(node, And) else " OR "
    return word.join(f"({to_sql(p)})" if isinstance(p, And | Or) else to_sql(p) for p in node.parts)


def _literal(value: LiteralValue) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int):
        return str(value)
    text = format(Decimal(repr(value)), "f")  # never with an exponent
    return text.removesuffix(".0")


def to_json(node: Node) -> list[Any]:
    """Compact lists for a compiled library.

    >>> to_json(Not(Compare("ecog", ">=", 3)))
    ['not', ['>=', 'ecog', 3]]
    """
    if isinstance(node, BoolAtom):
        return ["is", node.column]
    if isinstance(node, Compare):
        return [node.op, node.column, node.value]
    if isinstance(node, In):
        return ["not in" if node.negated else "in", node.column, list(node.values)]
    if isinstance(node, Between):
        return ["not between" if node.negated else "between", node.column, node.low, node.high]
    if isinstance(node, Not):
        return ["not", to_json(node.part)]
    return ["and" if isinstance(node, And) else "or", *(to_json(part) for part in node.parts)]


def from_json(obj: object) -> Node:
    """The node of :func:`to_json`.

    >>> from_json(["not", [">=", "ecog", 3]])
    Not(part=Compare(column='ecog', op='>=', value=3))

    The shape is checked; that the columns and values exist is checked where the text is parsed. A library that
    was not compiled by this software goes through :func:`portico.case.predicate.check_node` as well.

    Raises
    ------
    KnowledgeRefused : ``predicate-json``
    """
    return _node(obj, 1)


def _bad_json() -> KnowledgeRefused:
    return KnowledgeRefused(
        "A compiled predicate has not the shape of one.",
        code="predicate-json",
        fix="Compile the library again from its YAML files.",
    )


def _node(obj: object, depth: int) -> Node:
    if not isinstance(obj, list) or not obj or not isinstance(obj[0], str) or depth > MAX_DEPTH:
        raise _bad_json()
    build = _BUILDERS.get(obj[0])
    if build is None:
        raise _bad_json()
    return build(obj, depth)


def _inner(obj: list[object], depth: int) -> Node:
    parts = tuple(_node(part, depth + 1) for part in obj[1:])
    if obj[0] == "not":
        if len(parts) != 1:
            raise _bad_json()
        return Not(parts[0])
    if len(parts) < 2:
        raise _bad_json()
    return And(parts) if obj[0] == "and" else Or(parts)


def _atom(obj: list[object], depth: int) -> Atom:
    word, arguments = obj[0], obj[1:]
    if not arguments or not isinstance(arguments[0], str):
        raise _bad_json()
    column, rest = arguments[0], arguments[1:]
    if word == "is" and not rest:
        return BoolAtom(column)
    if word in OPERATORS and len(rest) == 1:
        return Compare(column, word, _json_literal(rest[0]))
    if word in ("in", "not in") and len(rest) == 1 and isinstance(rest[0], list) and rest[0]:
        return In(column, tuple(map(_json_literal, rest[0])), word == "not in")
    if word in ("between", "not between") and len(rest) == 2:
        low, high = _json_literal(rest[0]), _json_literal(rest[1])
        if not isinstance(low, str) and not isinstance(high, str):
            return Between(column, low, high, word == "not between")
    raise _bad_json()


def _json_literal(value: object) -> LiteralValue:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _bad_json()
    if isinstance(value, float) and not math.isfinite(value):
        raise _bad_json()
    return value


_BUILDERS: Final[dict[str, Callable[[list[object], int], Node]]] = {
    **dict.fromkeys(("and", "or", "not"), _inner),
    **dict.fromkeys(("is", "in", "not in", "between", "not between", *OPERATORS), _atom),
}
