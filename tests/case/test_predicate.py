"""The language of predicates: what it says, and a long table of what it refuses."""

import subprocess
import sys

import pytest

from portico.case.columns import Column, Columns
from portico.case.predicate import (
    MAX_DEPTH,
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
    depth_of,
    from_json,
    parse_predicate,
    to_json,
    to_sql,
)
from portico.errors import KnowledgeRefused

COLUMNS = Columns(
    (
        Column("cement", "bool"),
        Column("infection", "bool"),
        Column("region", "enum", ("spine", "non_spine", "both")),
        Column("escc", "enum", ("0", "1a", "1b", "2")),
        Column("ecog", "int", low=0, high=4),
        Column("days", "int", unit="days"),
        Column("age", "number", unit="years", low=0, high=120),
        Column("shift", "number", unit="mm"),
        Column("sins", "int", low=0, high=18, for_rules=False),
    )
)
CEMENT, INFECTION = BoolAtom("cement"), BoolAtom("infection")


def parse(text):
    return parse_predicate(text, COLUMNS)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("cement", CEMENT),
        ("  ((cement))\n", CEMENT),
        ("NOT cement", Not(CEMENT)),
        ("not (NOT cement)", Not(Not(CEMENT))),
        ("region = 'spine'", Compare("region", "=", "spine")),
        ("(region) <> ('spine')", Compare("region", "<>", "spine")),
        ("NOT region = 'spine'", Not(Compare("region", "=", "spine"))),
        ("ecog>=3", Compare("ecog", ">=", 3)),
        ("ecog < 1", Compare("ecog", "<", 1)),
        ("ecog > 1", Compare("ecog", ">", 1)),
        ("ecog <= 1", Compare("ecog", "<=", 1)),
        ("days > -7", Compare("days", ">", -7)),
        ("days > - 7", Compare("days", ">", -7)),
        ("shift < -0.5", Compare("shift", "<", -0.5)),
        ("age >= 65", Compare("age", ">=", 65.0)),
        ("age >= 65.50", Compare("age", ">=", 65.5)),
        ("escc in ('0', '1a')", In("escc", ("0", "1a"))),
        ("escc NOT IN ('2')", In("escc", ("2",), negated=True)),
        ("NOT escc IN ('2')", In("escc", ("2",), negated=True)),
        ("NOT (escc IN ('2'))", Not(In("escc", ("2",)))),
        ("ecog IN (0, 1)", In("ecog", (0, 1))),
        ("age BETWEEN 18 AND 65", Between("age", 18.0, 65.0)),
        ("days NOT BETWEEN -3 AND 3", Between("days", -3, 3, negated=True)),
        ("cement OR infection AND ecog = 1", Or((CEMENT, And((INFECTION, Compare("ecog", "=", 1)))))),
        ("cement AND infection AND ecog = 1", And((CEMENT, INFECTION, Compare("ecog", "=", 1)))),
        ("(cement AND infection) AND ecog = 1", And((And((CEMENT, INFECTION)), Compare("ecog", "=", 1)))),
        ("cement AND (infection AND ecog = 1)", And((CEMENT, And((INFECTION, Compare("ecog", "=", 1)))))),
        ("NOT cement AND infection", And((Not(CEMENT), INFECTION))),
        ("NOT (cement AND infection)", Not(And((CEMENT, INFECTION)))),
        ("ecog BETWEEN 1 AND 2 AND cement", And((Between("ecog", 1, 2), CEMENT))),
        ("region = 'spine'\n  AND cement", And((Compare("region", "=", "spine"), CEMENT))),
    ],
)
def test_it_says(text, node):
    assert parse(text) == node
    assert type(parse(text)) is type(node)
    assert parse(to_sql(node)) == node
    assert from_json(to_json(node)) == node


REFUSED = [
    # nothing, or not text
    ("", "predicate-empty"),
    (" \n ", "predicate-empty"),
    (None, "predicate-not-text"),
    (True, "predicate-not-text"),
    ("cement OR " * 250 + "cement", "predicate-too-long"),
    # what SQL has and this language has not
    ("cement IS NULL", "predicate-word"),
    ("cement IS NOT TRUE", "predicate-word"),
    ("cement ISNULL", "predicate-word"),
    ("cement = NULL", "predicate-word"),
    ("cement = TRUE", "predicate-word"),
    ("cement <> false", "predicate-word"),
    ("TRUE", "predicate-word"),
    ("region LIKE 'sp%'", "predicate-word"),
    ("region ILIKE 'sp%'", "predicate-word"),
    ("region GLOB 'sp*'", "predicate-word"),
    ("CASE WHEN cement THEN infection END", "predicate-word"),
    ("cement XOR infection", "predicate-word"),
    ("EXISTS (SELECT 1)", "predicate-word"),
    ("SELECT cement", "predicate-word"),
    ("ecog IN (SELECT 1)", "predicate-word"),
    ("CAST(ecog AS TEXT) = '1'", "predicate-word"),
    ("region = 'spine' COLLATE nocase", "predicate-word"),
    ("age > NaN", "predicate-word"),
    ("age > inf", "predicate-word"),
    ("age > Infinity", "predicate-word"),
    ("ecog::text = '1'", "predicate-parameter"),
    ("ecog = ?", "predicate-parameter"),
    ("ecog = :p", "predicate-parameter"),
    ("ecog = @p", "predicate-parameter"),
    ("ecog = $1", "predicate-parameter"),
    ("lower(region) = 'spine'", "predicate-function"),
    ("abs (ecog) = 1", "predicate-function"),
    ("cement(1)", "predicate-syntax"),
    ("t.cement", "predicate-qualified"),
    ("main.t.cement", "predicate-qualified"),
    ("cement.x", "predicate-syntax"),
    (".cement", "predicate-number"),
    ('"cement"', "predicate-quoted-name"),
    ("`cement`", "predicate-quoted-name"),
    ("[cement]", "predicate-quoted-name"),
    ("ecog + 1 > 2", "predicate-arithmetic"),
    ("ecog - 1 > 2", "predicate-arithmetic"),
    ("-ecog < 1", "predicate-arithmetic"),
    ("ecog > --1", "predicate-comment"),
    ("ecog > +1", "predicate-arithmetic"),
    ("(ecog) -1", "predicate-arithmetic"),
    ("ecog * 2 > 2", "predicate-arithmetic"),
    ("ecog / 2 > 2", "predicate-arithmetic"),
    ("ecog % 2 = 1", "predicate-arithmetic"),
    ("cement || infection", "predicate-arithmetic"),
    ("cement && infection", "predicate-arithmetic"),
    ("ecog & 1 = 1", "predicate-arithmetic"),
    ("~ecog = 1", "predicate-arithmetic"),
    ("ecog != 1", "predicate-sign"),
    ("!cement", "predicate-sign"),
    ("ecog == 1", "predicate-sign"),
    ("ecog <=> 1", "predicate-sign"),
    ("ecog =< 1", "predicate-sign"),
    ("ecog >> 1", "predicate-sign"),
    ("ecog < > 1", "predicate-syntax"),
    ("ecog > = 1", "predicate-syntax"),
    ("cement -- and infection", "predicate-comment"),
    ("cement /* x */", "predicate-comment"),
    ("cement # x", "predicate-comment"),
    ("cement; infection", "predicate-character"),
    ("{{ cement }}", "predicate-character"),
    ("cement\u00a0AND infection", "predicate-character"),
    ("cement AND\x00 infection", "predicate-character"),
    ("région = 'spine'", "predicate-column"),
    ("region = \\'spine\\'", "predicate-character"),
    ("region = 'spine", "predicate-syntax"),
    # sentences that are not closed or hold more than they should
    ("cement AND", "predicate-syntax"),
    ("AND cement", "predicate-syntax"),
    ("NOT", "predicate-syntax"),
    ("NOT NOT cement", "predicate-syntax"),
    ("not NOT not cement", "predicate-syntax"),
    ("(cement", "predicate-syntax"),
    ("cement)", "predicate-syntax"),
    ("()", "predicate-comparison"),
    ("cement infection", "predicate-comparison"),
    ("cement, infection", "predicate-syntax"),
    ("(cement, infection)", "predicate-comparison"),
    ("escc IN ()", "predicate-syntax"),
    ("escc IN ('0',)", "predicate-syntax"),
    ("escc IN ('0' '1a')", "predicate-comparison"),
    ("escc IN '0'", "predicate-comparison"),
    ("escc IN region", "predicate-comparison"),
    ("escc IN (region)", "predicate-comparison"),
    ("escc IN ('0') IN ('1a')", "predicate-comparison"),
    ("(escc, region) IN (('0', 'spine'))", "predicate-comparison"),
    ("region = 'spine' 'non_spine'", "predicate-comparison"),
    ("region = 'spine' OR 'both'", "predicate-comparison"),
    ("'spine'", "predicate-comparison"),
    ("1", "predicate-comparison"),
    # comparisons that are not column, sign, literal
    ("'spine' = region", "predicate-comparison"),
    ("1 < ecog", "predicate-comparison"),
    ("1 = 1", "predicate-comparison"),
    ("ecog = days", "predicate-comparison"),
    ("ecog = NOT cement", "predicate-comparison"),
    ("ecog = (cement AND infection)", "predicate-comparison"),
    ("(cement AND infection) = 1", "predicate-comparison"),
    ("1 < ecog < 3", "predicate-chained"),
    ("ecog < 1 < 3", "predicate-chained"),
    ("ecog = 1 = 1", "predicate-chained"),
    ("ecog BETWEEN days AND 2", "predicate-comparison"),
    ("ecog BETWEEN 1 AND days", "predicate-comparison"),
    ("cement BETWEEN infection AND cement", "predicate-comparison"),
    # names
    ("cemnt", "predicate-column"),
    ("Cement", "predicate-column"),
    ("spine", "predicate-column"),
    ("ecog BETWEEN SYMMETRIC 1 AND 2", "predicate-column"),
    ("region = date '2024-01-01'", "predicate-column"),
    ("sins >= 7", "predicate-column-not-for-rules"),
    # types
    ("ecog", "predicate-not-boolean"),
    ("NOT region", "predicate-not-boolean"),
    ("age OR cement", "predicate-not-boolean"),
    ("cement = 1", "predicate-not-boolean"),
    ("cement = 'yes'", "predicate-not-boolean"),
    ("cement IN (1)", "predicate-not-boolean"),
    ("cement BETWEEN 0 AND 1", "predicate-not-boolean"),
    ("escc = 2", "predicate-literal"),
    ("escc IN ('0', 2)", "predicate-literal"),
    ("ecog = '2'", "predicate-literal"),
    ("age > '65'", "predicate-literal"),
    ("age BETWEEN '1' AND '2'", "predicate-literal"),
    ("age BETWEEN 1 AND '2'", "predicate-literal"),
    ("ecog = 2.0", "predicate-literal"),
    ("ecog IN (1, 2.5)", "predicate-literal"),
    ("escc > '1a'", "predicate-order"),
    ("escc <= '1a'", "predicate-order"),
    ("escc BETWEEN '0' AND '1a'", "predicate-order"),
    # values
    ("region = 'Spine'", "predicate-value"),
    ("region = 'spine '", "predicate-value"),
    ("region = ''", "predicate-value"),
    ("region = 'sp''ine'", "predicate-value"),
    ("region IN ('spine', 'knee')", "predicate-value"),
    ("escc IN ('0', '0')", "predicate-duplicate-value"),
    ("age IN (1, 1.0)", "predicate-duplicate-value"),
    ("ecog = 9", "predicate-range"),
    ("ecog IN (0, 9)", "predicate-range"),
    ("ecog > -1", "predicate-range"),
    ("age BETWEEN 65 AND 18", "predicate-range"),
    ("age BETWEEN 65 AND 121", "predicate-range"),
    ("ecog < 0", "predicate-constant"),
    ("ecog >= 0", "predicate-constant"),
    ("ecog > 4", "predicate-constant"),
    ("age <= 120", "predicate-constant"),
    ("age BETWEEN 0 AND 120", "predicate-constant"),
    ("region IN ('spine', 'non_spine', 'both')", "predicate-constant"),
    # numbers
    ("age > 1e2", "predicate-number"),
    ("age > .5", "predicate-number"),
    ("age > 1.", "predicate-number"),
    ("age > 0x10", "predicate-number"),
    ("age > 1_0", "predicate-number"),
    ("age > 07", "predicate-number"),
    ("age > 65years", "predicate-number"),
    ("age > 1.2.3", "predicate-number"),
    ("days > 1234567890123456", "predicate-number"),
    # depth
    ("(" * 31 + "cement" + ")" * 31, "predicate-too-deep"),
    ("NOT (" * 30 + "cement" + ")" * 30, "predicate-too-deep"),
]


@pytest.mark.parametrize(("text", "code"), REFUSED, ids=[str(text)[:40] for text, _ in REFUSED])
def test_it_refuses(text, code):
    with pytest.raises(KnowledgeRefused) as caught:
        parse_predicate(text, COLUMNS, file="rules/urgent.yaml", line=7, path="rules[0].when")
    problem = caught.value.problem
    assert problem.code == code
    assert (problem.file, problem.line, problem.path) == ("rules/urgent.yaml", 7, "rules[0].when")


@pytest.mark.parametrize("prefix", ["n", "x", "b", "e", "r"])
def test_a_text_takes_no_prefix_even_when_a_column_is_named_like_one(prefix):
    columns = Columns((Column(prefix, "bool"), COLUMNS["region"]))
    with pytest.raises(KnowledgeRefused):
        parse_predicate(f"region = {prefix}'spine'", columns)


@pytest.mark.parametrize(
    "text", ["ecog BETWEEN symmetric 1 AND 2", "ecog IN unnest", "ecog between asymmetric 1 and 2"]
)
def test_a_word_of_sql_is_not_read_as_such_when_a_column_is_named_like_it(text):
    columns = Columns((COLUMNS["ecog"], *(Column(n, "bool") for n in ("symmetric", "asymmetric", "unnest"))))
    with pytest.raises(KnowledgeRefused):
        parse_predicate(text, columns)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("cemnt", "Did you mean cement?"),
        ("xyzzy", "columns.yaml"),
        ("region = 'Spine'", "Did you mean 'spine'?"),
        ("region = 'xyzzy'", "Values: spine, non_spine, both."),
        ("cement = 1", "Write cement or NOT cement."),
        ("cement = TRUE", "Write the column alone, or NOT before it."),
        ("age > 121", "in the unit of the column, years"),
        ("ecog > 5", "Literals are in the unit of the column."),
    ],
)
def test_a_refusal_says_what_to_do(text, fix):
    with pytest.raises(KnowledgeRefused) as caught:
        parse(text)
    assert fix in caught.value.problem.fix


def test_the_limits_themselves_are_accepted():
    assert parse("(" * MAX_DEPTH + "cement" + ")" * MAX_DEPTH) == CEMENT
    deepest = parse("NOT (" * (MAX_DEPTH - 1) + "cement" + ")" * (MAX_DEPTH - 1))
    assert depth_of(deepest) == MAX_DEPTH
    assert from_json(to_json(deepest)) == deepest
    assert len(parse(" OR ".join(["cement"] * 200)).parts) == 200


def test_a_full_stack_is_refused_and_not_a_crash(monkeypatch):
    def full(text):
        raise RecursionError

    monkeypatch.setattr("sqlglot.parse", full)
    with pytest.raises(KnowledgeRefused) as caught:
        parse("cement")
    assert caught.value.code == "predicate-too-deep"


@pytest.mark.parametrize(
    ("value", "text"),
    [(65.0, "65"), (0.1, "0.1"), (1e-7, "0.0000001"), (1e21, "1000000000000000000000"), (-2.5, "-2.5"), (3, "3")],
)
def test_numbers_are_written_without_exponent(value, text):
    assert to_sql(Compare("shift", "=", value)) == f"shift = {text}"


def test_columns_and_atoms_from_left_to_right():
    node = parse("cement AND NOT (ecog > 1 OR cement) AND age BETWEEN 1 AND 2")
    assert list(atoms_of(node)) == [CEMENT, Compare("ecog", ">", 1), CEMENT, Between("age", 1.0, 2.0)]
    assert columns_of(node) == {"cement", "ecog", "age"}
    assert depth_of(node) == 4


def test_and_takes_two_parts():
    for kind in (And, Or):
        with pytest.raises(ValueError, match="two parts"):
            kind((CEMENT,))


@pytest.mark.parametrize(
    "obj",
    [
        None,
        "cement",
        [],
        [1],
        ["like", "region", "x"],
        ["is"],
        ["is", 1],
        ["is", "cement", 1],
        ["=", "ecog"],
        ["=", "ecog", 1, 2],
        ["=", "ecog", None],
        ["=", "ecog", True],
        ["=", "ecog", [1]],
        ["=", "age", float("nan")],
        ["=", "age", float("inf")],
        ["in", "ecog"],
        ["in", "ecog", 1],
        ["in", "ecog", []],
        ["between", "ecog", 1],
        ["between", "ecog", "1", 2],
        ["between", "ecog", 1, "2"],
        ["not"],
        ["not", ["is", "cement"], ["is", "cement"]],
        ["and", ["is", "cement"]],
        ["or"],
        ["and", ["is", "cement"], "cement"],
    ],
)
def test_json_of_another_shape_is_refused(obj):
    with pytest.raises(KnowledgeRefused) as caught:
        from_json(obj)
    assert caught.value.code == "predicate-json"


def test_json_that_nests_too_deep_is_refused():
    obj = ["is", "cement"]
    for _ in range(MAX_DEPTH):
        obj = ["not", obj]
    with pytest.raises(KnowledgeRefused):
        from_json(obj)


def test_a_node_built_in_code_is_checked_like_a_text():
    node = And((Compare("age", ">", 65), Or((CEMENT, Not(In("escc", ("0",)))))))
    found = check_node(node, COLUMNS)
    assert found == node
    assert isinstance(found.parts[0].value, float)
    for wrong, code in (
        (BoolAtom("cemnt"), "predicate-column"),
        (Compare("age", "=", float("inf")), "predicate-number"),
        (In("escc", ()), "predicate-syntax"),
        (Between("escc", 1, 2), "predicate-order"),
    ):
        with pytest.raises(KnowledgeRefused) as caught:
            check_node(wrong, COLUMNS, file="f.yaml", line=2, path="p")
        assert (caught.value.code, caught.value.problem.line) == (code, 2)
    deep = CEMENT
    for _ in range(MAX_DEPTH):
        deep = Not(deep)
    with pytest.raises(KnowledgeRefused) as caught:
        check_node(deep, COLUMNS)
    assert caught.value.code == "predicate-too-deep"


def test_the_parser_is_loaded_only_to_parse():
    code = (
        "import sys; from portico.case.predicate import from_json;"
        "assert 'sqlglot' not in sys.modules;"
        "from_json(['is', 'cement']); assert 'sqlglot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
