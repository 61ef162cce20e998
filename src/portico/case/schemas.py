"""JSON Schemas of the flat formats: ``columns/1``, and one row of ``registry/1``."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, Final

from portico.case.columns import TYPES, Column, Columns, columns_from, load_columns
from portico.reading import parse_yaml

__all__ = ["columns_schema", "load_registry_columns", "registry_schema"]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
KEYS: Final = ("patient_key", "course_key", "centre")
_JSON: Final = {"bool": "boolean", "int": "integer", "number": "number"}


@cache
def load_registry_columns() -> Columns:
    """The columns a registry row has beside those of the case."""
    data = resources.files("portico.case").joinpath("registry.yaml").read_bytes()
    return columns_from(parse_yaml(data, name="registry.yaml"))


def _value(column: Column) -> dict[str, Any]:
    about = column.meaning + (f" ({column.unit})" if column.unit else "")
    if column.type == "enum":
        return {"enum": [*column.values, None], "description": about}
    found: dict[str, Any] = {"type": [_JSON[column.type], "null"], "description": about}
    if column.numeric:
        found |= {"minimum": column.low, "maximum": column.high}
    return found


def registry_schema() -> dict[str, Any]:
    """Schema of one row of a registry: keys, columns of the case, and what was done and what followed. Null is unknown."""
    columns = {column.name: _value(column) for column in (*load_columns(), *load_registry_columns())}
    keys = {name: {"type": "string", "minLength": 1, "maxLength": 64} for name in KEYS}
    return {
        "$schema": DIALECT,
        "title": "registry/1",
        "type": "object",
        "properties": {"schema": {"const": "registry/1"}, **keys, **columns},
        "required": ["schema", *KEYS],
        "additionalProperties": False,
    }


def columns_schema() -> dict[str, Any]:
    """Schema of a table of columns."""
    text = {"type": "string", "minLength": 1}
    number = {"type": ["number", "null"]}
    column = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$"},
            "type": {"enum": list(TYPES)},
            "values": {"type": "array", "items": text, "minItems": 1},
            "unit": {"type": ["string", "null"]},
            "low": number,
            "high": number,
            "rules": {"const": "never"},
            "from": text,
            "aggregate": {"type": ["string", "null"]},
            "meaning": text,
            "ask": text,
        },
        "required": ["name", "type", "from", "meaning", "ask"],
        "additionalProperties": False,
    }
    return {
        "$schema": DIALECT,
        "title": "columns/1",
        "type": "object",
        "properties": {
            "schema": {"const": "columns/1"},
            "columns": {"type": "array", "items": column, "minItems": 1},
        },
        "required": ["schema", "columns"],
        "additionalProperties": False,
    }
