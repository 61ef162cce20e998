"""Three-valued logic on one row, why a value came out, and which answers would settle it."""

import itertools

import pytest

from portico.advice.explain import deciders, explain, residual, settling_columns
from portico.advice.kleene import compile_node, evaluate, evaluate_all, row_checked
from portico.case.columns import LARGEST_INT, Column, Columns
from portico.case.predicate import And, Between, BoolAtom, Compare, In, Not, Or, parse_predicate
from portico.errors import CaseRefused

COLUMNS = Columns(
    (
        Column("cement", "bool", meaning="bone cement in place"),
        Column("infection", "bool"),
        Column("hardware", "bool"),
        Column("region", "enum", ("spine", "non_spine", "both")),
        Column("ecog", "int", low=0, high=4),
        Column("age", "number", unit="years", low=0, high=120),
        Column("shift", "number", unit="mm"),
        Column("days", "int", unit="days"),
    )
)
A, B, C = BoolAtom("cement"), BoolAtom("infection"), BoolAtom("hardware")
TRUTHS = (True, False, None)


def row(**known):
    return row_checked(known, COLUMNS)


def parse(text):
    return parse_predicate(text, COLUMNS)


def kleene_and(*values):
    return False if False in values else None if None in values else True


@pytest.mark.parametrize(("a", "b", "c"), list(itertools.product(TRUTHS, repeat=3)))
def test_truth_tables(a, b, c):
    case = row(cement=a, infection=b, hardware=c)
    assert evaluate(And((A, B, C)), case) is kleene_and(a, b, c)
    negated = [None if v is None else not v for v in (a, b, c)]
    expected = kleene_and(*negated)
    assert evaluate(Or((A, B, C)), case) is (None if expected is None else not expected)
    assert evaluate(Not(A), case) is negated[0]


@pytest.mark.parametrize(
    ("text", "known", "truth"),
    [
        ("region = 'spine'", {"region": "spine"}, True),
        ("region <> 'spine'", {"region": "spine"}, False),
        ("region <> 'spine'", {}, None),
        ("region IN ('spine', 'both')", {"region": "non_spine"}, False),
        ("region IN ('spine', 'both')", {}, None),
        ("region NOT IN ('spine', 'both')", {"region": "non_spine"}, True),
        ("region NOT IN ('spine', 'both')", {}, None),
        ("age BETWEEN 18 AND 65", {"age": 65}, True),
        ("age BETWEEN 18 AND 65", {"age": 65.001}, False),
        ("age NOT BETWEEN 18 AND 65", {"age": 18}, False),
        ("age NOT BETWEEN 18 AND 65", {"age": 17}, True),
        ("age NOT BETWEEN 18 AND 65", {}, None),
        ("ecog < 2", {"ecog": 2}, False),
        ("ecog <= 2", {"ecog": 2}, True),
        ("ecog > 2", {"ecog": 2}, False),
        ("ecog >= 2", {"ecog": 2}, True),
        ("ecog = 2 OR cement", {"cement": True}, True),
        ("ecog = 2 OR cement", {"cement": False}, None),
        ("ecog = 2 AND cement", {"cement": False}, False),
        ("cement OR NOT cement", {}, None),
    ],
)
def test_values(text, known, truth):
    assert evaluate(parse(text), row(**known)) is truth


def test_several_at_once_and_a_missing_column():
    assert evaluate_all({"a": A, "b": Not(B)}, row(cement=True)) == {"a": True, "b": None}
    for call in (lambda: evaluate(A, {}), lambda: explain(A, {}, COLUMNS), lambda: residual(A, {})):
        with pytest.raises(CaseRefused) as caught:
            call()
        assert (caught.value.code, caught.value.problem.path) == ("row-column-missing", "cement")
    with pytest.raises(KeyError):
        compile_node(A)({})


def test_a_checked_row_has_every_column_in_order():
    found = row(age=65, ecog=1, region="both")
    assert list(found) == list(COLUMNS.names)
    assert found["cement"] is None
    assert isinstance(found["age"], float) and isinstance(found["ecog"], int)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("cemnt", True, "row-column-unknown"),
        ("xyzzy", True, "row-column-unknown"),
        ("cement", 1, "row-type"),
        ("cement", "true", "row-type"),
        ("region", 1, "row-type"),
        ("region", "Spine", "row-value"),
        ("ecog", 1.0, "row-type"),
        ("ecog", True, "row-type"),
        ("ecog", "1", "row-type"),
        ("ecog", 5, "row-out-of-range"),
        ("ecog", -1, "row-out-of-range"),
        ("age", True, "row-type"),
        ("age", "65", "row-type"),
        ("age", float("nan"), "row-not-finite"),
        ("age", float("inf"), "row-not-finite"),
        ("age", 121, "row-out-of-range"),
        ("days", LARGEST_INT + 1, "row-out-of-range"),
        ("days", -LARGEST_INT - 1, "row-out-of-range"),
    ],
)
def test_a_wrong_value_is_refused_and_not_shown(name, value, code):
    with pytest.raises(CaseRefused) as caught:
        row(**{name: value})
    problem = caught.value.problem
    assert (problem.code, problem.path) == (code, name)
    assert "121" not in problem.message


def test_an_unknown_column_is_corrected():
    with pytest.raises(CaseRefused, match="Did you mean cement"):
        row(cemnt=True)


def test_an_explanation_names_each_part():
    node = parse("cement AND NOT (ecog >= 3 OR infection)")
    found = explain(node, row(cement=True, ecog=1), COLUMNS)
    assert (found.joined, found.truth, found.column, found.text) == (
        "and",
        None,
        None,
        "cement AND NOT (ecog >= 3 OR infection)",
    )
    cement, negation = found.parts
    assert (cement.column, cement.meaning, cement.value, cement.truth) == ("cement", "bone cement in place", True, True)
    assert (negation.joined, negation.truth) == ("not", None)
    assert (negation.parts[0].joined, negation.parts[0].truth) == ("or", None)
    assert [atom.text for atom in deciders(found)] == ["infection"]


@pytest.mark.parametrize(
    ("text", "known", "columns"),
    [
        ("cement AND infection", {"cement": False}, ["cement"]),
        ("cement AND infection", {"cement": False, "infection": False}, ["cement", "infection"]),
        ("cement AND infection", {"cement": True}, ["infection"]),
        ("cement AND infection", {"cement": True, "infection": True}, ["cement", "infection"]),
        ("cement OR infection", {"infection": True}, ["infection"]),
        ("cement OR infection", {"infection": False}, ["cement"]),
        ("NOT (cement OR infection)", {"cement": True}, ["cement"]),
        ("cement AND hardware OR cement AND infection", {"cement": False}, ["cement"]),
    ],
)
def test_deciders(text, known, columns):
    assert [atom.column for atom in deciders(explain(parse(text), row(**known), COLUMNS))] == columns


@pytest.mark.parametrize(
    ("text", "known", "rest"),
    [
        ("cement AND infection AND hardware", {"infection": True}, And((A, C))),
        ("cement AND infection", {"infection": False}, False),
        ("cement AND infection", {"infection": True, "cement": True}, True),
        ("cement OR infection", {"infection": True}, True),
        ("cement OR infection", {"infection": False}, A),
        ("cement OR infection", {"infection": False, "cement": False}, False),
        ("NOT (cement OR infection)", {"infection": True}, False),
        ("NOT (cement OR infection)", {"infection": False}, Not(A)),
    ],
)
def test_what_is_left(text, known, rest):
    assert residual(parse(text), row(**known)) == rest


def settled(text, **known):
    return [(s.columns, round(s.share, 3), s.always) for s in settling_columns(parse(text), row(**known), COLUMNS)]


def test_answers_that_settle():
    assert settled("cement AND infection", infection=False) == []
    assert settled("cement AND infection", infection=True) == [(("cement",), 1.0, True)]
    assert settled("cement AND infection") == [
        (("cement", "infection"), 1.0, True),
        (("cement",), 0.5, False),
        (("infection",), 0.5, False),
    ]
    assert settled("region IN ('spine') AND infection") == [
        (("infection", "region"), 1.0, True),
        (("region",), 0.667, False),
        (("infection",), 0.5, False),
    ]


def test_an_answer_that_settles_alone_needs_no_pair():
    assert settled("cement") == [(("cement",), 1.0, True)]
    assert settled("cement AND (cement OR ecog > 2)") == [(("cement",), 1.0, True)]


def test_three_open_questions_may_have_no_answer_of_one_or_two():
    found = settled("(cement AND infection AND hardware) OR NOT (cement OR infection OR hardware)")
    assert found == [
        (("cement", "infection"), 0.5, False),
        (("cement", "hardware"), 0.5, False),
        (("infection", "hardware"), 0.5, False),
    ]
    assert settled("cement OR NOT cement") == [(("cement",), 1.0, True)]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("ecog > 2 AND cement", 0.667),  # 1, 2, 3: two of them settle it
        ("ecog IN (1, 2) AND cement", 0.5),  # 0, 1, 2, 3
        ("ecog IN (1, 3) AND cement", 0.6),  # 0, 1, 2, 3, 4
        ("ecog = 0 AND cement", 0.5),  # 0, 1
        ("ecog = 4 AND cement", 0.5),  # 3, 4
        ("age > 60 AND cement", 0.667),  # 30, 60, 90
        ("age BETWEEN 20 AND 40 AND cement", 0.4),  # 10, 20, 30, 40, 80
        ("shift < 1 AND cement", 0.667),  # 0, 1, 2
        ("days NOT BETWEEN 3 AND 5 AND cement", 0.6),  # 2, 3, 4, 5, 6
        ("age = 0 AND cement", 0.5),
        ("age = 120 AND cement", 0.5),
    ],
)
def test_a_number_is_tried_once_in_each_range(text, share):
    (column,) = {name for name in ("ecog", "age", "shift", "days") if name in text}
    found = {columns: value for columns, value, _ in settled(text)}
    assert found[(column,)] == share


def test_the_work_is_bounded():
    node, unknown = parse("cement AND infection"), row()
    assert settling_columns(node, unknown, COLUMNS, max_evaluations=0) == ()
    assert [s.columns for s in settling_columns(node, unknown, COLUMNS, max_evaluations=3)] == [("cement",)]
    assert len(settling_columns(node, unknown, COLUMNS, max_evaluations=8)) == 3


def test_atoms_are_keys():
    assert len({Between("age", 1.0, 2.0), Between("age", 1, 2), Compare("ecog", "=", 1), In("ecog", (1,))}) == 3
