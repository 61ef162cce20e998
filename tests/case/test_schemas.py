"""The JSON Schemas of case, columns and registry accept what they should and refuse the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from portico.case import Case, load_columns, read_case
from portico.case.schemas import columns_schema, load_registry_columns, registry_schema
from portico.reading import read_document

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "examples" / "cases").glob("*.yaml"))


@pytest.mark.parametrize("name", ["columns.yaml", "registry.yaml"])
def test_tables_of_columns_follow_their_schema(name: str) -> None:
    schema = columns_schema()
    Draft202012Validator.check_schema(schema)
    value = read_document(ROOT / "src" / "portico" / "case" / name).value
    assert list(Draft202012Validator(schema).iter_errors(value)) == []
    assert list(Draft202012Validator(schema).iter_errors({**value, "columns": []}))


def test_registry_columns_do_not_repeat_those_of_the_case() -> None:
    assert not set(load_columns().names) & set(load_registry_columns().names)


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_rows_of_shipped_cases_are_registry_rows(path: Path) -> None:
    schema = registry_schema()
    row = {"schema": "registry/1", "patient_key": "p1", "course_key": "c1", "centre": "a", **read_case(path).row()}
    validator = Draft202012Validator(schema)
    assert list(validator.iter_errors(row)) == []
    assert list(validator.iter_errors({**row, "ecog": 7}))
    assert list(validator.iter_errors({**row, "name": "x"}))


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_cases_follow_the_published_schema(path: Path) -> None:
    schema = Case.model_json_schema(by_alias=True)
    assert list(Draft202012Validator(schema).iter_errors(read_document(path).value)) == []
