"""The data dictionary says what the columns say, in CSV and for REDCap."""

from __future__ import annotations

import csv
import doctest
import importlib
import io

import pytest

from portico.case.columns import Column
from portico.case.schemas import registry_schema
from portico.cohort.dictionary import KEYS, dictionary_csv, redcap_csv, registry_columns
from portico.errors import KnowledgeRefused

dictionary = importlib.import_module("portico.cohort.dictionary")


def read(text: str) -> dict[str, dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(text)))
    first = next(iter(rows[0]))
    assert len({row[first] for row in rows}) == len(rows)
    return {row[first]: row for row in rows}


def test_examples_run() -> None:
    assert doctest.testmod(dictionary).failed == 0


def test_every_column_stands_once_in_order_after_the_keys() -> None:
    names = [*KEYS, *(column.name for column in registry_columns())]
    assert list(read(dictionary_csv())) == names
    assert list(read(redcap_csv())) == names


def test_csv_holds_bounds_unit_and_values() -> None:
    rows = read(dictionary_csv())
    assert rows["prescribed_fractions"]["low"] == "0"
    assert rows["prescribed_fractions"]["high"] == "60"
    assert rows["prescribed_dose_gy"]["unit"] == "Gy"
    assert rows["prescribed_option"]["values"] == "none|conventional|sbrt|sib|other"
    for column in registry_columns():
        for bound, cell in ((column.low, rows[column.name]["low"]), (column.high, rows[column.name]["high"])):
            assert (cell == "") if bound is None else (float(cell) == bound)


def test_redcap_reads_codes_as_the_words_of_the_registry() -> None:
    rows = read(redcap_csv())
    assert len(rows["course_key"]) == 18
    for column in registry_columns():
        row = rows[column.name]
        codes = [choice.split(",")[0].strip() for choice in row["Choices, Calculations, OR Slider Labels"].split("|")]
        if column.type == "enum":
            assert tuple(codes) == column.values
        elif column.type == "bool":
            assert codes == ["true", "false"]
        else:
            assert (
                row["Text Validation Type OR Show Slider Number"] == {"int": "integer", "number": "number"}[column.type]
            )
    assert {name for name, row in rows.items() if row["Required Field?"] == "y"} == set(KEYS)


def test_a_value_that_is_no_code_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dictionary, "registry_columns", lambda: (Column("grade", "enum", ("a | b", "c")),))
    with pytest.raises(KnowledgeRefused) as refused:
        redcap_csv()
    assert refused.value.code == "redcap-code"


def test_keys_and_columns_are_those_of_the_schema_of_a_row() -> None:
    schema = registry_schema()
    assert list(schema["properties"]) == [
        "schema",
        *(name for name in schema["properties"] if name in KEYS),
        *(column.name for column in registry_columns()),
    ]
    assert {"schema", *KEYS} == set(schema["required"])
