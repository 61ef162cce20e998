"""The published JSON Schemas are current, and every file of the library follows the one of its format."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

from portico.knowledge.files import data_root
from portico.knowledge.json_schemas import SCHEMAS
from portico.reading import parse_yaml

FOLDER = Path("src/portico/schemas")
FORMATS = ("history", "limit", "model", "policy", "precedence", "regimen", "rule", "study", "volume")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_schemas", "tools/build_schemas.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_files_are_current(tool: ModuleType) -> None:
    assert tool.main(["--check"]) == 0, "run: python tools/build_schemas.py"
    assert {"case", "check-result", "directive", *SCHEMAS} <= set(tool.schemas())


def test_a_stale_file_is_reported_and_rewritten(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "TARGET", tmp_path / "schemas")
    assert tool.main(["--check"]) == 1
    assert "study.json is not current" in capsys.readouterr().out
    assert tool.main([]) == 0
    assert tool.main(["--check"]) == 0


def validator(name: str) -> Any:
    schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", FORMATS)
def test_every_file_follows_its_schema(name: str) -> None:
    check = validator(name)
    seen = 0
    for path in sorted(data_root().rglob("*.yaml")):
        if f"schema: {name}/1" not in path.read_text(encoding="utf-8"):
            continue
        seen += 1
        value = parse_yaml(path.read_bytes(), name=path.name).value
        assert [error.message for error in check.iter_errors(value)] == [], path.name
    assert seen


def test_the_teaching_signatures_follow_their_schema() -> None:
    value = parse_yaml(Path("examples/site/signatures.yaml").read_bytes()).value
    assert list(validator("signature").iter_errors(value)) == []
    value["rows"][0]["sha256"] = "short"
    assert list(validator("signature").iter_errors(value))


def test_the_schemas_refuse_what_the_checks_refuse(tiny: Any) -> None:
    study = validator("study")
    assert study.is_valid(tiny.study("a"))
    assert not study.is_valid(tiny.study("a", colour="blue"))
    assert not study.is_valid(tiny.study("a", design="cohort"))
    assert not study.is_valid(tiny.study("a", year="2020"))
    limit = validator("limit")
    assert limit.is_valid({"schema": "limit/1", "rows": [tiny.limit("a")]})
    assert not limit.is_valid({"schema": "limit/1", "rows": []})
    assert not limit.is_valid({"schema": "limit/1", "rows": [tiny.limit("a", kind="opinion")]})


def test_pools() -> None:
    found = json.loads((FOLDER.parent / "knowledge" / "data" / "pools.json").read_text("utf-8"))
    check = validator("pools")
    assert check.is_valid(found)
    first = found["pools"][0]
    assert not check.is_valid({**found, "pools": [{**first, "certainty": "sure"}]})
    assert not check.is_valid({**found, "pools": [{key: value for key, value in first.items() if key != "main"}]})
