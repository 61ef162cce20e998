"""The language in which a rule says when it applies: a closed subset of SQL over the columns of the row.

>>> from portico.case.columns import load_columns
>>> node = parse_predicate("site_region = 'spine' AND NOT prior_rt_at_site", load_columns())
>>> to_sql(node)
"site_region = 'spine' AND NOT prior_rt_at_site"

    predicate   column | comparison | NOT predicate | predicate AND predicate | predicate OR predicate | ( predicate )
    comparison  column = <> < <= > >= literal
                column [NOT] IN ( literal, ... )
                column [NOT] BETWEEN literal AND literal
    literal     'text' | number, in the unit of the column

Nothing else: no arithmetic, function, IS, CASE, NULL, LIKE, cast, comment, alias or second table. NOT binds before AND
and AND before OR, as in SQL. A column alone must be yes-or-no; grades are enums and have no order. An unknown input
makes a comparison unknown, and the engine carries that through by three-valued logic.

sqlglot parses; :mod:`portico.case.predicate_words` before it and the walk of this module after it refuse the rest.
"""

from __future__ import annotations

from typing import Any, Final

from portico.case.columns import Columns
from portico.case.predicate_check import check_atom, check_node
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
    atoms_of,
    columns_of,
    depth_of,
    from_json,
    to_json,
    to_sql,
)
from portico.case.predicate_words import MAX_LENGTH, Where, check_words, too_deep

__all__ = [
    "MAX_DEPTH",
    "MAX_LENGTH",
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
    "check_node",
    "columns_of",
    "depth_of",
    "from_json",
    "parse_predicate",
    "to_json",
    "to_sql",
]

#: A node of sqlglot's tree; its class is named differently in the versions that are accepted.
Tree = Any

#: Names of sqlglot's classes; names, because sqlglot is loaded only when something is parsed.
COMPARISONS: Final[dict[str, Any]] = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}


def parse_predicate(
    text: str, columns: Columns, *, file: str | None = None, line: int | None = None, path: str = ""
) -> Node:
    """Parse and check a predicate.

    >>> from portico.case.columns import load_columns
    >>> parse_predicate("ecog >= 3", load_columns())
    Compare(column='ecog', op='>=', value=3)
    >>> parse_predicate("site_region = 'Spine'", load_columns())
    Traceback (most recent call last):
    ...
    portico.errors.KnowledgeRefused: 'Spine' is no value of site_region. Did you mean 'spine'?

    Parameters
    ----------
    text : the predicate; literals are in the unit of their column
    columns : the columns it may name
    file, line, path : where it stands, for errors

    Raises
    ------
    KnowledgeRefused
        ``predicate-not-text``, ``predicate-empty``, ``predicate-too-long``, ``predicate-too-deep``,
        ``predicate-comment``, ``predicate-quoted-name``, ``predicate-qualified``, ``predicate-parameter``,
        ``predicate-arithmetic``, ``predicate-function``, ``predicate-word``, ``predicate-sign``,
        ``predicate-character``, ``predicate-number``, ``predicate-syntax`` for what is not of the language;
        ``predicate-column``, ``predicate-column-not-for-rules``, ``predicate-not-boolean``,
        ``predicate-comparison``, ``predicate-chained``, ``predicate-literal``, ``predicate-value``,
        ``predicate-order``, ``predicate-range``, ``predicate-duplicate-value``, ``predicate-constant`` for what does
        not fit the columns
    """
    where = Where(file, line, path)
    named = check_words(text, columns, where)
    walk = _Walk(columns, where)
    node = walk.node(_parsed(text, where))
    if [atom.column for atom in atoms_of(node)] != named:
        raise walk.comparison()  # the parser took the name of a column for a word of SQL
    if depth_of(node) > MAX_DEPTH:
        raise too_deep(where)
    return node


def _parsed(text: str, where: Where) -> Tree:
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        found = sqlglot.parse(text)
    except SqlglotError:
        raise where.refused(
            "predicate-syntax",
            "The predicate cannot be read.",
            "Check brackets, commas and that every AND, OR and NOT has its parts.",
        ) from None
    except RecursionError:
        raise too_deep(where) from None
    (tree,) = found  # the words hold no semicolon and are not blank
    return tree


class _Walk:
    """One walk over sqlglot's tree; whatever is not named here is refused."""

    def __init__(self, columns: Columns, where: Where) -> None:
        self.columns = columns
        self.where = where

    def node(self, tree: Tree) -> Node:
        kind, args = _shape(tree)
        if kind == "Paren" and args == {"this"}:
            return self.node(tree.this)
        if kind in ("And", "Or"):
            parts = tuple(self.node(part) for part in _chain(tree))
            return And(parts) if kind == "And" else Or(parts)
        if kind == "Not":
            return self._not(tree.this)
        if kind == "Column":
            return self._checked(BoolAtom(self._column(tree)))
        if kind in COMPARISONS:
            column, literal = tree.this, tree.expression
            if _shape(column)[0] in COMPARISONS:
                raise self.where.refused(
                    "predicate-chained", "Comparisons are chained.", "Join two comparisons with AND, or use BETWEEN."
                )
            return self._checked(Compare(self._column(column), COMPARISONS[kind], self._literal(literal)))
        if kind == "In":
            return self._in(tree, args, negated=False)
        if kind == "Between":
            return self._between(tree, args, negated=False)
        raise self.comparison()

    def _not(self, tree: Tree) -> Node:
        kind, args = _shape(tree)
        if kind == "In":
            return self._in(tree, args, negated=True)
        if kind == "Between":
            return self._between(tree, args, negated=True)
        return Not(self.node(tree))

    def _in(self, tree: Tree, args: set[str], *, negated: bool) -> Node:
        if not args <= {"this", "expressions"}:
            raise self.comparison()
        values = tuple(self._literal(value) for value in tree.expressions)
        return self._checked(In(self._column(tree.this), values, negated))

    def _between(self, tree: Tree, args: set[str], *, negated: bool) -> Node:
        low, high = self._literal(tree.args["low"]), self._literal(tree.args["high"])
        atom = Between(self._column(tree.this), low, high, negated)  # type: ignore[arg-type]  # text is refused by the check
        return self._checked(atom)

    def _checked(self, atom: Atom) -> Atom:
        return check_atom(atom, self.columns, self.where)

    def _column(self, tree: Tree) -> str:
        kind, args = _shape(tree)
        if kind == "Paren":
            return self._column(tree.this)
        if kind != "Column" or args != {"this"}:
            raise self.comparison()
        return str(tree.name)

    def _literal(self, tree: Tree) -> LiteralValue:
        kind, _ = _shape(tree)
        if kind == "Paren":
            return self._literal(tree.this)
        if kind == "Neg" and not tree.this.is_string and _shape(tree.this)[0] == "Literal":
            value = self._literal(tree.this)
            return value if isinstance(value, str) else -value
        if kind != "Literal":
            raise self.comparison()
        text: str = tree.this
        if tree.is_string:
            return text
        return float(text) if "." in text else int(text)

    def comparison(self) -> Exception:
        return self.where.refused(
            "predicate-comparison",
            "A comparison must have one column on the left and literals on the right.",
            "Write column = literal; join comparisons with AND or OR.",
        )


def _shape(tree: Tree) -> tuple[str, set[str]]:
    return type(tree).__name__, {key for key, value in tree.args.items() if value}


def _chain(tree: Tree) -> list[Tree]:
    """The parts of ``a AND b AND c``, which sqlglot nests to the left; brackets keep their own group."""
    kind = type(tree)
    parts: list[Tree] = []
    while type(tree) is kind:
        parts.append(tree.expression)
        tree = tree.this
    return [tree, *reversed(parts)]
