"""The table of columns: what it accepts, what it refuses, and that the one that ships is sound."""

import pytest

from portico.case.columns import Column, Columns, columns_from, load_columns
from portico.case.predicate import BoolAtom, Compare, In, check_node, parse_predicate, to_sql
from portico.case.predicate_reserved import RESERVED
from portico.errors import KnowledgeRefused
from portico.reading import parse_yaml

TEXTS = 'meaning: "m", from: "f", ask: "a?"'


def table(*rows):
    return parse_yaml("schema: columns/1\ncolumns:\n" + "".join(f"- {row}\n" for row in rows), name="columns.yaml")


def test_a_table_is_read_in_order():
    columns = columns_from(
        table(
            f"{{name: bone, type: enum, values: [femur, tibia], aggregate: index lesion, {TEXTS}}}",
            f"{{name: age_years, type: number, unit: years, low: 0, high: 120, aggregate: null, {TEXTS}}}",
            f"{{name: sins, type: int, unit: null, rules: never, {TEXTS}}}",
        )
    )
    assert columns.names == ("bone", "age_years", "sins")
    assert columns["bone"] == Column(
        "bone", "enum", ("femur", "tibia"), meaning="m", source="f", aggregate="index lesion", ask="a?"
    )
    assert (columns["age_years"].low, columns["age_years"].high, columns["age_years"].unit) == (0, 120, "years")
    assert columns["age_years"].numeric and not columns["bone"].numeric
    assert not columns["sins"].for_rules and columns["bone"].for_rules
    assert len(columns) == 3 and "bone" in columns and "born" not in columns
    assert columns.get("born") is None
    assert columns.nearest("bones") == "bone"


@pytest.mark.parametrize(
    ("row", "code", "path"),
    [
        ("text", "columns-shape", "columns[0]"),
        (f"{{name: a_b, type: bool, valuse: [x], {TEXTS}}}", "columns-unknown-key", "columns[0].valuse"),
        (f"{{name: a_b, type: bool, xyzzy: 1, {TEXTS}}}", "columns-unknown-key", "columns[0].xyzzy"),
        (f"{{name: aB, type: bool, {TEXTS}}}", "columns-name", "columns[0].name"),
        (f"{{name: order, type: bool, {TEXTS}}}", "columns-name", "columns[0].name"),
        (f"{{name: 1, type: bool, {TEXTS}}}", "columns-name", "columns[0].name"),
        (f"{{type: bool, {TEXTS}}}", "columns-name", "columns[0].name"),
        (f"{{name: a_b, type: date, {TEXTS}}}", "columns-type", "columns[0].type"),
        (f"{{name: a_b, type: bool, rules: always, {TEXTS}}}", "columns-text", "columns[0].rules"),
        (f"{{name: a_b, type: int, unit: 3, {TEXTS}}}", "columns-text", "columns[0].unit"),
        (f'{{name: a_b, type: bool, aggregate: " ", {TEXTS}}}', "columns-text", "columns[0].aggregate"),
        ('{name: a_b, type: bool, from: f, ask: "a?"}', "columns-text", "columns[0].meaning"),
        (f"{{name: a_b, type: bool, values: [p, q], {TEXTS}}}", "columns-values", "columns[0].values"),
        (f"{{name: a_b, type: enum, {TEXTS}}}", "columns-values", "columns[0].values"),
        (f"{{name: a_b, type: enum, values: [x], {TEXTS}}}", "columns-values", "columns[0].values"),
        (f"{{name: a_b, type: enum, values: [1, 2], {TEXTS}}}", "columns-values", "columns[0].values"),
        (f"""{{name: a_b, type: enum, values: [x, "y'z"], {TEXTS}}}""", "columns-values", "columns[0].values"),
        (f"{{name: a_b, type: enum, values: [x, X], {TEXTS}}}", "columns-values", "columns[0].values"),
        (f"{{name: a_b, type: bool, low: 1, {TEXTS}}}", "columns-range", "columns[0].low"),
        (f"{{name: a_b, type: int, {TEXTS}}}", "columns-range", "columns[0]"),
        (f"{{name: a_b, type: int, unit: null, low: 1.5, {TEXTS}}}", "columns-range", "columns[0].low"),
        (f'{{name: a_b, type: number, unit: null, high: "9", {TEXTS}}}', "columns-range", "columns[0].high"),
        (f"{{name: a_b, type: int, unit: null, low: true, {TEXTS}}}", "columns-range", "columns[0].low"),
        (f"{{name: a_b, type: int, unit: null, high: 9007199254740993, {TEXTS}}}", "columns-range", "columns[0].high"),
        (f"{{name: a_b, type: int, unit: null, low: 2, high: 2, {TEXTS}}}", "columns-range", "columns[0]"),
    ],
)
def test_a_wrong_column_is_refused_with_its_place(row, code, path):
    with pytest.raises(KnowledgeRefused) as caught:
        columns_from(table(row))
    problem = caught.value.problem
    assert (problem.code, problem.path, problem.file, problem.line) == (code, path, "columns.yaml", 3)


def test_an_unknown_key_is_corrected():
    with pytest.raises(KnowledgeRefused, match="Did you mean values"):
        columns_from(table(f"{{name: a_b, type: bool, valuse: [x], {TEXTS}}}"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("- 1", "columns-schema"),
        ("schema: columns/2\ncolumns: []", "columns-schema"),
        ("schema: columns/1\ncolumns: []", "columns-shape"),
        ("schema: columns/1\ncolumns: none", "columns-shape"),
        (f"schema: columns/1\nmore: 1\ncolumns:\n- {{name: a_b, type: bool, {TEXTS}}}", "columns-shape"),
    ],
)
def test_a_wrong_document_is_refused(text, code):
    with pytest.raises(KnowledgeRefused) as caught:
        columns_from(parse_yaml(text))
    assert caught.value.code == code


def test_a_name_stands_once():
    row = f"{{name: a_b, type: bool, {TEXTS}}}"
    with pytest.raises(KnowledgeRefused) as caught:
        columns_from(table(row, row))
    assert (caught.value.code, caught.value.problem.line) == ("columns-duplicate-name", 4)
    with pytest.raises(KnowledgeRefused) as caught:
        Columns((Column("a_b", "bool"), Column("a_b", "bool")))
    assert caught.value.code == "columns-duplicate-name"


def test_the_columns_that_ship_are_read_once():
    assert load_columns() is load_columns()
    assert len(load_columns()) > 70


@pytest.mark.parametrize("column", load_columns(), ids=lambda column: column.name)
def test_each_column_that_ships_can_be_asked_for_and_read_by_a_rule(column):
    assert column.ask.endswith("?")
    assert column.name not in RESERVED
    if column.type == "bool":
        node = BoolAtom(column.name)
    elif column.type == "enum":
        node = In(column.name, column.values[:-1])
    else:
        node = Compare(column.name, ">", (column.low + column.high) // 2)
    if column.for_rules:
        assert parse_predicate(to_sql(node), load_columns()) == node
    else:
        with pytest.raises(KnowledgeRefused) as caught:
            check_node(node, load_columns())
        assert caught.value.code == "predicate-column-not-for-rules"
