"""Why a predicate is true, false or unknown for one row, and which answers would settle it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final

from portico.advice.kleene import Row, Truth, compile_node, evaluate
from portico.case.columns import Column, Columns, Value
from portico.case.predicate import (
    And,
    Atom,
    Between,
    BoolAtom,
    Compare,
    Node,
    Not,
    Or,
    atoms_of,
    to_sql,
)

__all__ = ["MAX_EVALUATIONS", "Explanation", "Settling", "deciders", "explain", "residual", "settling_columns"]

#: Most evaluations that one search for settling answers may take.
MAX_EVALUATIONS: Final = 2000


@dataclass(frozen=True, slots=True)
class Explanation:
    """One node of the explanation, in the shape of the predicate.

    Parameters
    ----------
    text : canonical text of this part
    truth : True, False, or None for unknown
    column : name of the column; None for a part made of parts
    meaning : what the column says; None for a part made of parts
    value : value of the column in its unit; None when unknown, and for a part made of parts
    joined : ``and``, ``or``, ``not``; None for an atom
    parts : explanations of the parts; empty for an atom
    """

    text: str
    truth: Truth
    column: str | None = None
    meaning: str | None = None
    value: Value = None
    joined: str | None = None
    parts: tuple[Explanation, ...] = ()


def explain(node: Node, row: Row, columns: Columns) -> Explanation:
    """The predicate, part by part, with the value of each.

    >>> from portico.case.columns import Column
    >>> columns = Columns((Column("cement", "bool", meaning="bone cement in place"),))
    >>> explain(Not(BoolAtom("cement")), {"cement": True}, columns).truth
    False

    Parameters
    ----------
    node : checked predicate or formula
    row : checked row; None is unknown
    columns : the columns, for their meaning

    Raises
    ------
    CaseRefused : ``row-column-missing``
    """
    if isinstance(node, And | Or | Not):
        inner = (node.part,) if isinstance(node, Not) else node.parts
        parts = tuple(explain(part, row, columns) for part in inner)
        truths = [part.truth for part in parts]
        if isinstance(node, Not):
            return Explanation(to_sql(node), _opposite(truths[0]), joined="not", parts=parts)
        if isinstance(node, And):
            return Explanation(to_sql(node), _all(truths), joined="and", parts=parts)
        return Explanation(to_sql(node), _any(truths), joined="or", parts=parts)
    truth = evaluate(node, row)
    return Explanation(to_sql(node), truth, node.column, columns[node.column].meaning, row[node.column])


def _opposite(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _all(truths: Sequence[Truth]) -> Truth:
    return False if False in truths else None if None in truths else True


def _any(truths: Sequence[Truth]) -> Truth:
    return True if True in truths else None if None in truths else False


def deciders(explanation: Explanation) -> tuple[Explanation, ...]:
    """The atoms that made the predicate what it is, from left to right, each once.

    Of a false AND these come from its false parts, of a true OR from its true parts; of an unknown AND or OR from
    its unknown parts. Otherwise all parts count.

    Parameters
    ----------
    explanation : from :func:`explain`
    """
    return tuple(dict.fromkeys(_deciders(explanation)))


def _deciders(explanation: Explanation) -> Iterator[Explanation]:
    if explanation.joined is None:
        yield explanation
    elif explanation.joined == "not":
        yield from _deciders(explanation.parts[0])
    else:
        for part in explanation.parts:
            if part.truth is explanation.truth:
                yield from _deciders(part)


def residual(node: Node, row: Row) -> Node | bool:
    """What is left of a predicate when everything known is filled in; a truth value when nothing is left.

    >>> residual(And((BoolAtom("cement"), Compare("ecog", ">=", 3))), {"cement": True, "ecog": None})
    Compare(column='ecog', op='>=', value=3)

    Raises
    ------
    CaseRefused : ``row-column-missing``
    """
    if isinstance(node, Not):
        inner = residual(node.part, row)
        return not inner if isinstance(inner, bool) else Not(inner)
    if not isinstance(node, And | Or):
        truth = evaluate(node, row)
        return node if truth is None else truth
    ends = isinstance(node, Or)  # the value of one part that decides the whole
    left: list[Node] = []
    for part in node.parts:
        rest = residual(part, row)
        if not isinstance(rest, bool):
            left.append(rest)
        elif rest is ends:
            return ends
    if not left:
        return not ends
    return left[0] if len(left) == 1 else type(node)(tuple(left))


@dataclass(frozen=True, slots=True)
class Settling:
    """Answers that would make an unknown predicate known.

    Parameters
    ----------
    columns : one column, or two that are answered together
    share : share (0 to 1) of the possible answers that settle it; numbers count by the ranges that the predicate
        tells apart, not by how likely they are
    always : whether every possible answer settles it
    """

    columns: tuple[str, ...]
    share: float
    always: bool


def settling_columns(
    node: Node, row: Row, columns: Columns, *, max_evaluations: int = MAX_EVALUATIONS
) -> tuple[Settling, ...]:
    """Which unknown columns, answered alone or else two together, would settle the predicate.

    >>> from portico.case.columns import Column
    >>> columns = Columns((Column("cement", "bool"), Column("infection", "bool")))
    >>> for found in settling_columns(
    ...     And((BoolAtom("cement"), BoolAtom("infection"))), {"cement": None, "infection": None}, columns
    ... ):
    ...     print(found.columns, found.share, found.always)
    ('cement', 'infection') 1.0 True
    ('cement',) 0.5 False
    ('infection',) 0.5 False

    Parameters
    ----------
    node : checked predicate or formula
    row : checked row; None is unknown
    columns : the columns, for the possible answers
    max_evaluations : bound of the work; a column or pair that does not fit into what is left of it is passed over

    Returns
    -------
    best first: those that always settle it, then one column before two, then the larger share, then the order of the
    columns. Pairs are looked at only when no single column always settles it, and named only when they settle more than
    each of their columns alone. Empty when the predicate is known, or when no one or two answers can settle it.

    Raises
    ------
    CaseRefused : ``row-column-missing``
    """
    rest = residual(node, row)
    if isinstance(rest, bool):
        return ()
    read: _ColumnsRead = {}
    names = _columns_read(rest, read)
    unknown = [column for column in columns if column.name in names]
    atoms = list(atoms_of(rest))
    answers = {column.name: _answers(column, atoms) for column in unknown}
    filled: dict[str, Value] = dict.fromkeys(names)
    left = max_evaluations
    found: list[Settling] = []
    alone: dict[str, float] = {}
    for size in (1, 2):
        for group in combinations(answers, size):
            choices = list(product(*(answers[name] for name in group)))
            if len(choices) > left:
                continue
            left -= len(choices)
            holds = compile_node(_focused(rest, frozenset(group), read))
            settled = 0
            for choice in choices:
                filled.update(zip(group, choice, strict=True))
                settled += holds(filled) is not None
            filled.update(dict.fromkeys(group))
            share = settled / len(choices)
            if share > max(alone.get(name, 0.0) for name in group):
                found.append(Settling(group, share, settled == len(choices)))
                if size == 1:
                    alone[group[0]] = share
        if any(settling.always for settling in found):
            break
    return tuple(sorted(found, key=lambda s: (not s.always, len(s.columns), -s.share)))


#: Columns that each part of a predicate reads, by the identity of the part.
_ColumnsRead = dict[int, frozenset[str]]


def _columns_read(node: Node, read: _ColumnsRead) -> frozenset[str]:
    """Columns of a predicate; those of all its parts are noted on the way."""
    if isinstance(node, And | Or | Not):
        parts = (node.part,) if isinstance(node, Not) else node.parts
        found = frozenset[str]().union(*(_columns_read(part, read) for part in parts))
    else:
        found = frozenset((node.column,))
    read[id(node)] = found
    return found


def _focused(node: Node, group: frozenset[str], read: _ColumnsRead) -> Node:
    """A smaller predicate of the same value while only the columns of the group are known.

    Parts that read none of them are unknown; one atom stands for all of them.
    """
    if isinstance(node, Not):
        return Not(_focused(node.part, group, read))
    if not isinstance(node, And | Or):
        return node
    parts: list[Node] = []
    unread: Node | None = None
    for part in node.parts:
        if not group.isdisjoint(read[id(part)]):
            parts.append(_focused(part, group, read))
        elif unread is None:
            unread = part
    if unread is not None:
        parts.append(next(atoms_of(unread)))
    return parts[0] if len(parts) == 1 else type(node)(tuple(parts))


def _answers(column: Column, atoms: list[Atom]) -> tuple[Value, ...]:
    """Possible answers: all of them, or for a number one from each range that the atoms tell apart."""
    if column.type == "bool":
        return (False, True)
    if column.type == "enum":
        return column.values
    edges = sorted(
        {edge for atom in atoms if atom.column == column.name for edge in _edges(atom) if not isinstance(edge, str)}
    )
    whole = column.type == "int"
    points: list[int | float] = []
    if column.low is None or column.low < edges[0]:
        points.append(edges[0] - 1 if whole or column.low is None else (column.low + edges[0]) / 2)
    for edge, following in zip(edges, [*edges[1:], None], strict=True):
        points.append(edge)
        if following is not None and not (whole and following - edge < 2):
            points.append(edge + 1 if whole else (edge + following) / 2)
    if column.high is None or column.high > edges[-1]:
        points.append(edges[-1] + 1 if whole or column.high is None else (column.high + edges[-1]) / 2)
    return tuple(points)


def _edges(atom: Atom) -> tuple[int | float | str, ...]:
    if isinstance(atom, Between):
        return (atom.low, atom.high)
    if isinstance(atom, Compare):
        return (atom.value,)
    return () if isinstance(atom, BoolAtom) else atom.values
