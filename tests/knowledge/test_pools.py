"""The file of pooled answers: current, sound, and refused when it is not this library's."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from portico.errors import KnowledgeRefused
from portico.knowledge import load_library
from portico.knowledge.files import data_root
from portico.knowledge.json_schemas import SCHEMAS
from portico.knowledge.pools import POOLS_NAME, built_from, load_pools
from portico.synthesis import build_pools

LIBRARY = load_library()
SHIPPED = data_root() / POOLS_NAME


def test_the_shipped_file_is_what_the_studies_give():
    assert SHIPPED.read_text("utf-8") == build_pools(LIBRARY).to_json(), "run: portico evidence build"


def test_it_follows_its_schema_and_comes_back_as_it_was():
    jsonschema.validate(json.loads(SHIPPED.read_text("utf-8")), SCHEMAS["pools"]())
    found = load_pools(LIBRARY)
    assert found.to_json() == SHIPPED.read_text("utf-8")
    assert set(found.answers) == set(LIBRARY.questions)


def test_another_library_does_not_use_it():
    other = replace(LIBRARY, version="0" * 64)
    assert built_from(other) != built_from(LIBRARY)
    assert load_pools(other) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "pools/2"}', '{"schema": "pools/1", "built_from": "%s", "pools": [{"question": "x"}]}'])  # fmt: skip
def test_a_broken_file_is_refused(tmp_path, text):
    path = tmp_path / "pools.json"
    path.write_text(text % built_from(LIBRARY) if "%s" in text else text)
    with pytest.raises(KnowledgeRefused) as caught:
        load_pools(LIBRARY, path)
    assert caught.value.code == "pools-broken"


def test_without_the_file_there_are_no_answers(tmp_path):
    assert load_pools(LIBRARY, tmp_path / "none.json") is None
