"""The compiled file and the YAML files give the same library, and the committed file is current."""

from __future__ import annotations

import json
import runpy
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from portico.errors import KnowledgeRefused
from portico.knowledge import compiled, compiled_file, load_library
from portico.knowledge.compiled import build_compiled, write_compiled
from portico.knowledge.compiled_file import COMPILED_NAME, read_compiled
from portico.knowledge.files import data_root, read_data_files


def test_the_committed_file_is_current() -> None:
    committed = (data_root() / COMPILED_NAME).read_text(encoding="utf-8")
    assert committed == build_compiled(), "run: python -m portico.knowledge.compiled"


def test_both_ways_give_equal_libraries(tmp_path: Path) -> None:
    yaml_only = tmp_path / "data"
    shutil.copytree(data_root(), yaml_only, ignore=shutil.ignore_patterns(COMPILED_NAME))
    from_yaml = load_library(yaml_only)
    assert read_compiled(read_data_files()) is not None
    from_json = load_library()
    assert from_yaml == from_json
    assert {key: rule.node for key, rule in from_yaml.rules.items()} == {
        key: rule.node for key, rule in from_json.rules.items()
    }
    assert from_yaml.version == from_json.version


def test_a_changed_file_makes_the_compiled_one_stale(tiny: Any) -> None:
    tiny.write()
    write_compiled(tiny.root)
    files = read_data_files(tiny.root)
    assert read_compiled(files) is not None
    before = load_library(tiny.root)
    tiny.files["limits/cord.yaml"]["rows"][0]["value"] = 16.0
    tiny.write()
    assert read_compiled(read_data_files(tiny.root)) is None
    after = load_library(tiny.root)
    assert (before.limits["cord-2"].value, after.limits["cord-2"].value) == (17.0, 16.0)
    assert before.version != after.version


def test_changed_columns_make_the_compiled_file_stale(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.write()
    write_compiled(tiny.root)
    monkeypatch.setattr(compiled_file, "columns_sha256", lambda: "0" * 64)
    assert read_compiled(read_data_files(tiny.root)) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "compiled/0"}'])
def test_a_broken_compiled_file_is_ignored(tiny: Any, text: str) -> None:
    tiny.write()
    (tiny.root / COMPILED_NAME).write_text(text, encoding="utf-8")
    assert read_compiled(read_data_files(tiny.root)) is None
    assert load_library(tiny.root).limits["cord-2"].value == 17.0


def test_same_input_same_bytes(tiny: Any) -> None:
    tiny.write()
    assert build_compiled(tiny.root) == build_compiled(tiny.root)
    json.loads(build_compiled(tiny.root))


def test_a_library_with_problems_is_not_compiled(tiny: Any) -> None:
    tiny.files["limits/cord.yaml"]["rows"][0]["source_id"] = "delta"
    tiny.write()
    with pytest.raises(KnowledgeRefused):
        write_compiled(tiny.root)
    assert not (tiny.root / COMPILED_NAME).exists()


def test_the_command_reports_every_problem(
    tiny: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from portico.knowledge import files

    monkeypatch.setattr(files, "data_root", tiny.write)
    monkeypatch.delitem(sys.modules, "portico.knowledge.compiled")
    runpy.run_module("portico.knowledge.compiled", run_name="__main__")
    assert (tiny.root / COMPILED_NAME).exists()
    tiny.files["limits/cord.yaml"]["rows"][0].update(source_id="delta", unit="%")
    tiny.write()
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("portico.knowledge.compiled", run_name="__main__")
    assert caught.value.code == 3
    assert capsys.readouterr().err.count("limits/cord.yaml:") == 2
    monkeypatch.setitem(sys.modules, "portico.knowledge.compiled", compiled)
