"""Rules over tables: types and values are checked first, results are nullable booleans, parts equal the whole."""

import polars as pl
import pytest

from portico.advice.table import (
    check_frame,
    evaluate_table,
    evaluate_table_chunks,
    frame_from_rows,
    frame_schema,
    to_polars,
)
from portico.case.columns import Column, Columns, load_columns
from portico.case.predicate import BoolAtom, Compare, parse_predicate
from portico.errors import CaseRefused

COLUMNS = Columns(
    (
        Column("cement", "bool"),
        Column("region", "enum", ("spine", "non_spine", "both")),
        Column("ecog", "int", low=0, high=4),
        Column("age", "number", unit="years", low=0, high=120),
        Column("shift", "number", unit="mm"),
    )
)
ROWS = [
    {"cement": True, "region": "spine", "ecog": 1, "age": 64.5, "shift": -0.0},
    {"cement": False, "region": "both", "ecog": 4, "age": 80, "shift": 0.0},
    {"cement": None, "region": None, "ecog": None, "age": None, "shift": None},
    {},
    {"region": "non_spine"},
]
RULES = {
    key: parse_predicate(text, COLUMNS)
    for key, text in {
        "a": "cement AND region = 'spine'",
        "b": "NOT cement OR ecog NOT IN (1, 2)",
        "c": "region NOT IN ('spine', 'both')",
        "d": "age NOT BETWEEN 18 AND 65",
        "e": "shift IN (0)",
    }.items()
}
EXPECTED = {
    "a": [True, False, None, None, False],
    "b": [False, True, None, None, None],
    "c": [False, False, None, None, True],
    "d": [False, True, None, None, None],
    "e": [True, True, None, None, None],
}


@pytest.fixture
def frame():
    return frame_from_rows(ROWS, COLUMNS)


def test_rows_become_a_frame_of_strict_types(frame):
    assert frame.schema == frame_schema(COLUMNS)
    assert frame["region"].dtype == pl.Enum(["spine", "non_spine", "both"])
    assert frame.row(1) == (False, "both", 4, 80.0, 0.0)
    assert frame.row(3) == (None,) * 5
    assert frame_from_rows([], COLUMNS).schema == frame_schema(COLUMNS)


def test_every_rule_over_every_row(frame):
    found = evaluate_table(frame, RULES, COLUMNS)
    assert found.to_dict(as_series=False) == EXPECTED
    assert set(found.dtypes) == {pl.Boolean}
    assert evaluate_table(frame.lazy(), RULES, COLUMNS).equals(found)


@pytest.mark.parametrize("rows", [1, 2, 4, 5, 6])
def test_parts_equal_the_whole(frame, rows):
    parts = list(evaluate_table_chunks(frame, RULES, COLUMNS, rows=rows))
    assert [part.height for part in parts] == [min(rows, 5 - start) for start in range(0, 5, rows)]
    assert pl.concat(parts).to_dict(as_series=False) == EXPECTED


def test_parts_of_a_file(frame, tmp_path):
    frame.write_parquet(tmp_path / "rows.parquet")
    parts = evaluate_table_chunks(pl.scan_parquet(tmp_path / "rows.parquet"), RULES, COLUMNS, rows=3)
    assert pl.concat(parts).to_dict(as_series=False) == EXPECTED


def test_a_part_of_no_row_is_refused(frame):
    with pytest.raises(ValueError, match="1 or more"):
        next(evaluate_table_chunks(frame, RULES, COLUMNS, rows=0))


def test_the_columns_that_ship_are_the_default():
    frame = frame_from_rows([{"cement": True}, {}], load_columns())
    assert evaluate_table(frame, {"r": BoolAtom("cement")})["r"].to_list() == [True, None]
    (part,) = evaluate_table_chunks(frame, {"r": BoolAtom("cement")})
    assert part["r"].to_list() == [True, None]


def test_columns_that_no_rule_reads_are_not_looked_at(frame):
    odd = frame.with_columns(pl.lit("x").alias("cement"), pl.lit(float("nan")).alias("age"), id=pl.lit("17"))
    assert evaluate_table(odd, {"c": RULES["c"]}, COLUMNS)["c"].to_list() == EXPECTED["c"]


def test_an_expression_can_be_used_alone(frame):
    assert frame.select(to_polars(Compare("ecog", ">=", 3)))["ecog"].to_list() == [False, True, None, None, None]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        (lambda f: f.drop("ecog"), "table-column-missing", "ecog"),
        (lambda f: f.with_columns(pl.col("cement").cast(pl.Int64)), "table-type", "cement"),
        (lambda f: f.with_columns(pl.col("region").cast(pl.String)), "table-type", "region"),
        (lambda f: f.with_columns(pl.col("region").cast(pl.String).cast(pl.Categorical)), "table-type", "region"),
        (
            lambda f: f.with_columns(pl.col("region").cast(pl.String).cast(pl.Enum(["spine", "both", "non_spine"]))),
            "table-type",
            "region",
        ),
        (lambda f: f.with_columns(pl.lit(None).alias("region")), "table-type", "region"),
        (lambda f: f.with_columns(pl.col("ecog").cast(pl.Int32)), "table-type", "ecog"),
        (lambda f: f.with_columns(pl.col("ecog").cast(pl.Float64)), "table-type", "ecog"),
        (lambda f: f.with_columns(pl.col("age").cast(pl.Float32)), "table-type", "age"),
        (lambda f: f.with_columns(pl.lit(float("nan")).alias("age")), "table-not-finite", "age"),
        (lambda f: f.with_columns(pl.lit(float("inf")).alias("shift")), "table-not-finite", "shift"),
        (lambda f: f.with_columns(pl.lit(5, pl.Int64).alias("ecog")), "table-out-of-range", "ecog"),
        (lambda f: f.with_columns(pl.lit(120.5).alias("age")), "table-out-of-range", "age"),
        (lambda f: f.with_columns(pl.lit(1e300).alias("shift")), "table-out-of-range", "shift"),
    ],
)
def test_a_wrong_frame_is_refused(frame, change, code, path):
    wrong = change(frame)
    for call in (lambda: check_frame(wrong, COLUMNS), lambda: evaluate_table(wrong, RULES, COLUMNS)):
        with pytest.raises(CaseRefused) as caught:
            call()
        assert (caught.value.code, caught.value.problem.path) == (code, path)


def test_a_frame_is_let_through(frame):
    assert check_frame(frame, COLUMNS) is frame
    assert check_frame(frame, Columns((COLUMNS["cement"],))) is frame


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"cemnt": True}, "row-column-unknown", "rows[1].cemnt"),
        ({"cement": 1}, "row-type", "rows[1].cement"),
        ({"cement": "true"}, "row-type", "rows[1].cement"),
        ({"ecog": True}, "row-type", "rows[1].ecog"),
        ({"ecog": 1.0}, "row-type", "rows[1].ecog"),
        ({"ecog": 2**70}, "row-out-of-range", "rows[1].ecog"),
        ({"age": "65"}, "row-type", "rows[1].age"),
        ({"age": float("nan")}, "row-not-finite", "rows[1].age"),
        ({"age": 121}, "row-out-of-range", "rows[1].age"),
        ({"region": "Spine"}, "row-value", "rows[1].region"),
    ],
)
def test_a_wrong_row_is_refused_with_its_number(wrong, code, path):
    with pytest.raises(CaseRefused) as caught:
        frame_from_rows([{"cement": True}, wrong], COLUMNS)
    assert (caught.value.code, caught.value.problem.path) == (code, path)


def test_subclasses_of_plain_types_pass():
    class Word(str):
        __slots__ = ()

    assert frame_from_rows([{"region": Word("spine")}], COLUMNS)["region"].to_list() == ["spine"]
