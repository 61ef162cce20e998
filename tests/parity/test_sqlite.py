"""Three engines, one answer: ours, Polars and SQLite agree on random predicates over random columns and rows."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portico.advice.explain import deciders, explain, residual, settling_columns
from portico.advice.kleene import compile_node, evaluate, row_checked
from portico.advice.table import evaluate_table, evaluate_table_chunks, frame_from_rows
from portico.case.columns import Column, Columns
from portico.case.predicate import (
    And,
    Between,
    BoolAtom,
    Compare,
    In,
    Not,
    Or,
    atoms_of,
    check_node,
    columns_of,
    from_json,
    parse_predicate,
    to_json,
    to_sql,
)
from portico.case.predicate_reserved import RESERVED
from portico.errors import KnowledgeRefused

SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
ODD_NAMES = ("abs", "date", "end", "first", "goal", "key", "left", "match", "max", "procedure", "row", "text", "year")
ODD_VALUES = ("0", "1a", "--", "/*", "a\\", "%", "NULL", "true", "a;b", 'x"y', "ß", "µ 3", "?", ":p", "`", "[x]", "{{")

names = (st.sampled_from(ODD_NAMES) | st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)).filter(
    lambda name: name not in RESERVED
)
words = st.sampled_from(ODD_VALUES) | st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S"), exclude_characters="'"), min_size=1, max_size=5
)


@st.composite
def a_column(draw, name):
    kind = draw(st.sampled_from(("bool", "enum", "int", "number")))
    if kind == "enum":
        values = draw(st.lists(words, min_size=3, max_size=5, unique_by=str.casefold))
        return Column(name, "enum", tuple(values))
    if kind == "bool":
        return Column(name, "bool")
    low = draw(st.none() | st.integers(-50, 0))
    high = draw(st.none() | st.integers(2, 60))
    return Column(name, kind, low=low, high=high)


@st.composite
def some_columns(draw):
    chosen = draw(st.lists(names, min_size=1, max_size=6, unique=True))
    return Columns(tuple(draw(a_column(name)) for name in chosen))


def numbers(column):
    low = -80 if column.low is None else int(column.low)
    high = 80 if column.high is None else int(column.high)
    if column.type == "int":
        return st.integers(low, high)
    tenths = st.integers(low * 10, high * 10).map(lambda n: n / 10)
    return tenths | st.integers(low * 1000, high * 1000).map(lambda n: n / 1000)


@st.composite
def atoms(draw, columns):
    column = draw(st.sampled_from(columns.ordered))
    if column.type == "bool":
        return BoolAtom(column.name)
    literals = st.sampled_from(column.values) if column.type == "enum" else numbers(column)
    kind = draw(st.sampled_from(("compare", "in") if column.type == "enum" else ("compare", "in", "between")))
    if kind == "compare":
        signs = ("=", "<>") if column.type == "enum" else ("=", "<>", "<", "<=", ">", ">=")
        return Compare(column.name, draw(st.sampled_from(signs)), draw(literals))
    if kind == "in":
        values = draw(st.lists(literals, min_size=1, max_size=2, unique=True))
        return In(column.name, tuple(values), draw(st.booleans()))
    low, high = sorted((draw(literals), draw(literals)))
    return Between(column.name, low, high, draw(st.booleans()))


def fits(columns):
    def test(atom):
        try:
            return check_node(atom, columns) == atom
        except KnowledgeRefused:
            return False

    return test


def nodes(columns):
    def joined(inner):
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return several.map(And) | several.map(Or) | inner.map(Not)

    return st.recursive(atoms(columns).filter(fits(columns)), joined, max_leaves=8)


def values(column, node):
    """Values of a column that often meet the literals of the predicate."""
    if column.type == "bool":
        return st.none() | st.booleans()
    if column.type == "enum":
        return st.none() | st.sampled_from(column.values)
    near = []
    for atom in atoms_of(node):
        if atom.column == column.name:
            near += [atom.low, atom.high] if isinstance(atom, Between) else []
            near += [atom.value] if isinstance(atom, Compare) else []
            near += atom.values if isinstance(atom, In) else []
    return st.none() | numbers(column) | (st.sampled_from(near) if near else st.none())


@st.composite
def situations(draw, rows=5):
    """Columns, a predicate over them, and rows."""
    columns = draw(some_columns())
    node = draw(nodes(columns))
    one = st.fixed_dictionaries({column.name: values(column, node) for column in columns})
    return columns, node, draw(st.lists(one, min_size=1, max_size=rows))


def by_sqlite(columns, node, rows):
    types = {"bool": "INTEGER", "int": "INTEGER", "number": "REAL", "enum": "TEXT"}
    with closing(sqlite3.connect(":memory:")) as base:
        base.execute(f"CREATE TABLE t ({', '.join(f'{c.name} {types[c.type]}' for c in columns)})")
        marks = ", ".join("?" for _ in columns)
        base.executemany(f"INSERT INTO t VALUES ({marks})", [[row[c.name] for c in columns] for row in rows])
        found = [value for (value,) in base.execute(f"SELECT {to_sql(node)} FROM t ORDER BY rowid")]
    return [None if value is None else bool(value) for value in found]


EDGES = Columns(
    (
        Column("kind", "enum", ("a", "b", "c")),
        Column("whole", "int", low=-9, high=9),
        Column("part", "number", low=-9, high=9),
        Column("flag", "bool"),
    )
)
EDGE_ROWS = [{"flag": True}, {"flag": False}, {}, *({"kind": value} for value in "abc")]
EDGE_ROWS += [{"whole": n, "part": n / 2} for n in range(-9, 10)]
EDGE_ATOMS = [BoolAtom("flag"), *(Compare("kind", sign, "b") for sign in ("=", "<>"))]
EDGE_ATOMS += [Compare("whole", sign, 3) for sign in ("=", "<>", "<", "<=", ">", ">=")]
EDGE_ATOMS += [Compare("part", sign, -1.5) for sign in ("=", "<>", "<", "<=", ">", ">=")]
for no in (False, True):
    EDGE_ATOMS += [In("kind", ("a", "c"), no), In("whole", (-3, 3), no), In("part", (-1.5, 0.0), no)]
    EDGE_ATOMS += [Between("whole", -3, 3, no), Between("part", -1.5, 1.5, no)]


@pytest.mark.parametrize("atom", EDGE_ATOMS, ids=to_sql)
def test_three_engines_agree_at_every_edge(atom):
    for node in (atom, Not(atom)):
        ours = [evaluate(node, row_checked(row, EDGES)) for row in EDGE_ROWS]
        assert {True, False, None} == set(ours)
        assert evaluate_table(frame_from_rows(EDGE_ROWS, EDGES), {"r": node}, EDGES)["r"].to_list() == ours
        assert by_sqlite(EDGES, node, [row_checked(row, EDGES) for row in EDGE_ROWS]) == ours


@SLOW
@given(situations())
def test_three_engines_agree(situation):
    columns, node, rows = situation
    ours = [evaluate(node, row_checked(row, columns)) for row in rows]
    frame = frame_from_rows(rows, columns)
    assert evaluate_table(frame, {"rule": node}, columns)["rule"].to_list() == ours
    parts = evaluate_table_chunks(frame.lazy(), {"rule": node}, columns, rows=2)
    assert [value for part in parts for value in part["rule"].to_list()] == ours
    assert by_sqlite(columns, node, rows) == ours


@SLOW
@given(situations(rows=1))
def test_text_and_json_give_the_node_back(situation):
    columns, node, _ = situation
    assert parse_predicate(to_sql(node), columns) == node
    assert from_json(to_json(node)) == node
    assert check_node(node, columns) == node


@SLOW
@given(situations(rows=1))
def test_an_explanation_has_the_value_of_the_predicate(situation):
    columns, node, (row,) = situation
    truth = evaluate(node, row)
    found = explain(node, row, columns)
    assert found.truth is truth
    assert found.text == to_sql(node)
    atoms = deciders(found)
    assert atoms
    assert all((atom.value is None) == (atom.truth is None) for atom in atoms)
    if truth is None:
        assert any(atom.truth is None for atom in atoms)


@SLOW
@given(situations(rows=1))
def test_deciders_alone_decide(situation):
    """Forgetting every column that no decider reads leaves a known result known."""
    columns, node, (row,) = situation
    truth = evaluate(node, row)
    kept = {atom.column for atom in deciders(explain(node, row, columns))}
    assert evaluate(node, {name: value if name in kept else None for name, value in row.items()}) is truth


@SLOW
@given(situations(rows=1), st.data())
def test_completing_a_row_never_turns_a_known_result(situation, data):
    columns, node, (row,) = situation
    full = {
        column.name: data.draw(values(column, node)) if row[column.name] is None else row[column.name]
        for column in columns
    }
    before, after = evaluate(node, row), evaluate(node, full)
    assert before is None or after is before


@SLOW
@given(situations(rows=1), st.data())
def test_what_is_left_of_a_predicate_has_its_value(situation, data):
    columns, node, (row,) = situation
    rest = residual(node, row)
    assert isinstance(rest, bool) == (evaluate(node, row) is not None)
    full = {
        column.name: data.draw(values(column, node)) if row[column.name] is None else row[column.name]
        for column in columns
    }
    assert (rest if isinstance(rest, bool) else evaluate(rest, full)) is evaluate(node, full)


@SLOW
@given(situations(rows=1), st.data())
def test_answers_that_always_settle_do(situation, data):
    columns, node, (row,) = situation
    found = settling_columns(node, row, columns)
    if evaluate(node, row) is not None:
        assert found == ()
    for settling in found:
        assert 0 < settling.share <= 1
        assert settling.always == (settling.share == 1)
        assert set(settling.columns) <= {name for name in columns_of(node) if row[name] is None}
        if settling.always:
            answers = {
                name: data.draw(values(columns[name], node).filter(lambda v: v is not None))
                for name in settling.columns
            }
            assert evaluate(node, {**row, **answers}) is not None


@SLOW
@given(situations(rows=1), st.data())
def test_a_column_passed_over_settles_nothing(situation, data):
    columns, node, (row,) = situation
    alone = {settling.columns[0] for settling in settling_columns(node, row, columns) if len(settling.columns) == 1}
    if evaluate(node, row) is None:
        for name in sorted(columns_of(node) - alone):
            if row[name] is None:
                answer = data.draw(values(columns[name], node).filter(lambda v: v is not None))
                assert compile_node(node)({**row, name: answer}) is None
