"""The published JSON Schemas accept what the models accept and refuse what they refuse by form."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from portico.directive import check_result, directive_from, model, seal

Data = dict[str, Any]
Sample = Callable[[str], Data]


def validator(schema: Data) -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema)
    json.dumps(schema, allow_nan=False)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("kind", ["femur", "spine", "sib", "again"])
def test_directives_follow_the_schema(sample: Sample, kind: str) -> None:
    check = validator(model.json_schema())
    check.validate(sample(kind))
    check.validate(seal(directive_from(sample(kind))).to_dict())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema",), "directive/2"),
        (("extra",), 1),
        (("for_planning",), "yes"),
        (("hash",), "abc"),
        (("id",), "../x"),
        (("levels", 0, "dose_gy"), "24 Gy"),
        (("levels", 0, "dose_gy"), 0),
        (("levels", 0, "dose_gy"), 2400),
        (("levels", 0, "fractions"), 2.5),
        (("levels", 0, "roi"), "PTV of the spine at T8"),
        (("limits", 0, "defined_on"), "prv+0"),
        (("limits", 0, "value"), -1),
        (("limits", 0, "unit"), "cGy"),
        (("limits", 0, "extra"), None),
        (("limits", 0, "why"), "  "),
        (("timing", "extra"), None),
        (("stamps", "case_sha256"), "AB" * 32),
    ],
)
def test_schema_refuses(sample: Sample, place: tuple[str | int, ...], value: Any) -> None:
    data = sample("spine")
    spot: Any = data
    for step in place[:-1]:
        spot = spot[step]
    spot[place[-1]] = value
    assert not validator(model.json_schema()).is_valid(data)


def test_every_part_is_closed() -> None:
    for schema in (model.json_schema(), check_result.json_schema()):
        parts = [schema, *schema["$defs"].values()]
        assert len(parts) > 3
        assert all(part["additionalProperties"] is False for part in parts if part["type"] == "object")


def test_check_result_schema() -> None:
    check = validator(check_result.json_schema())
    data: Data = {
        "schema": "check-result/1",
        "directive_hash": "ab" * 32,
        "plan": [{"kind": "dose", "sop_uid_sha256": "cd" * 32}],
        "items": [{"kind": "identity", "code": "frame", "verdict": "met", "why": "agrees"}],
        "summary": {"met": 1, "not_met": 0, "cannot_tell": 0, "no_limit": 0},
        "exit_status": 0,
        "end_cap": "none",
        "intended_use": "for research",
        "software_version": "0.1.0",
    }
    check.validate(data)
    check.validate(check_result.check_result_from(data).to_dict())
    assert not check.is_valid({**data, "exit_status": 2})
    assert not check.is_valid(
        {**data, "items": [{"kind": "identity", "code": "frame", "verdict": "good", "why": "agrees"}]}
    )


def test_schemas_are_the_same_every_time() -> None:
    assert json.dumps(model.json_schema()) == json.dumps(model.json_schema())
    assert model.json_schema()["title"] == "directive/1"
    assert check_result.json_schema()["title"] == "check-result/1"
