"""The loaded library: what is in it, how records are found, and that nothing at memory level acts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import portico.knowledge as room
from portico.case import load_columns
from portico.case.predicate import columns_of, parse_predicate
from portico.errors import UsageError
from portico.knowledge import Library, Limit, Rule, Study, load_library
from portico.knowledge.building import row_sha256, weakest
from portico.knowledge.files import data_root
from portico.knowledge.precedence import can_bind
from portico.knowledge.shapes import BINDING_KINDS, FIRM


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


def test_the_index_of_the_room_is_complete_and_sorted() -> None:
    assert room.__all__ == sorted(room.__all__)
    assert all(hasattr(room, name) for name in room.__all__)


def test_what_the_library_holds(library: Library) -> None:
    assert len(library.limits) == 229  # 228 rows of the shared table and the derived conventional one
    assert len(library.studies) >= 190
    assert len(library.history) >= 20
    assert len(library.models) >= 15 and len(library.volumes) >= 50
    assert re.fullmatch(r"[0-9a-f]{64}", library.version)


def test_every_record_carries_its_file_and_line(library: Library) -> None:
    root = data_root()
    for table in (library.limits, library.rules, library.regimens, library.volumes, library.models):
        for record in table.values():
            lines = (root / record.file).read_text(encoding="utf-8").splitlines()
            assert record.id in lines[record.line - 1]
    for study in library.studies.values():
        assert study.file == f"studies/{study.id}.yaml" and study.line == 1


def test_records_are_found_by_id_and_by_older_id(library: Library) -> None:
    assert isinstance(library.record("patchell-2005"), Study)
    assert isinstance(library.record("hytec-cord-2fx-dmax"), Limit)
    assert isinstance(library.record("gate-wound"), Rule)
    assert library.record("alcorn-2024-astro") is library.studies["astro-2024-alcorn"]
    assert library.study("alcorn-2024-astro") is library.study("astro-2024-alcorn")
    assert library.study("nobody-1900") is None
    assert library.record("order") is library.policy["order"]
    assert library.record(library.history[0].id) is library.history[0]
    assert getattr(library.record("sins"), "id", None) == "sins"
    assert library.scores["sins"].id == "sins"
    with pytest.raises(UsageError, match="patchell-2005"):
        library.record("patchel-2005")
    with pytest.raises(UsageError):
        library.record("£")


def test_verification_of_any_record(library: Library) -> None:
    assert library.verified_of("patchell-2005") == "abstract"
    assert library.verified_of("alcorn-2024-astro") == "abstract"
    assert library.verified_of("tg101-skin-1fx-dmax") == "secondary"
    assert library.verified_of("sins") == "secondary"
    assert library.verified_of("order") is None
    assert library.verified_of("nobody") is None


def test_every_predicate_is_parsed_once_and_kept(library: Library) -> None:
    columns = load_columns()
    for rule in library.rules.values():
        assert rule.node is not None
        assert library.predicate(rule.when) == rule.node == parse_predicate(rule.when, columns)
        assert columns_of(rule.node) <= {column.name for column in columns}
    for band in library.policy["order"].body["bands"]:
        assert library.predicate(band["when"]) == parse_predicate(band["when"], columns)
    with pytest.raises(KeyError):
        library.predicate("1 = 1")


def test_nothing_at_memory_level_acts(library: Library) -> None:
    for rule in library.rules.values():
        assert rule.verified is None or rule.verified in FIRM
    for regimen in library.regimens.values():
        assert regimen.verified in FIRM
    for study in library.studies.values():
        if study.verified == "memory":
            assert not study.arms and not study.results
    for limit in library.limits.values():
        if limit.verified == "memory":
            assert limit.value is None and not can_bind(limit)
    for volume in library.volumes.values():
        assert volume.active == (volume.verified != "memory")
        if not volume.active:
            assert volume.figures is None and volume.margin_low_mm is None and volume.margin_high_mm is None
    for model in library.models.values():
        if model.verified == "memory":
            assert all(value is None for value in model.parameters.values())


def test_kinds_that_never_bind(library: Library) -> None:
    survey = [row for row in library.limits.values() if row.source_id == "redmond-2017-survey"]
    assert len(survey) == 35
    assert {row.kind for row in survey} == {"practice_survey"}
    assert not any(can_bind(row) for row in survey)
    for row in library.limits.values():
        assert can_bind(row) <= (row.kind in BINDING_KINDS)


def test_the_timeline_runs_from_the_eighties_to_now(library: Library) -> None:
    years = [entry.year for entry in library.history if entry.year is not None]
    assert years == sorted(years) and min(years) < 1990 and max(years) >= 2025
    for entry in library.history:
        study = library.studies[entry.source_id]
        assert entry.year == study.year or entry.year is None


def test_the_derived_row_of_conventional_courses_says_what_it_is(library: Library) -> None:
    row = library.limits["schultheiss-cord-conventional-eqd2"]
    assert (row.metric, row.value, row.unit, row.verified) == ("EQD2_0.87:Dmax", 50, "Gy", "derived")
    assert row.note is not None and "sign" in row.note and "0.87" in row.note


@pytest.mark.parametrize("kind", ["rules", "regimens"])
def test_a_firm_row_never_waits(library: Library, kind: str) -> None:
    assert not any(row.verified in FIRM for row in library.waiting.values())
    assert not set(getattr(library, kind)) & set(library.waiting)


def test_hash_of_a_row() -> None:
    assert row_sha256({"a": 1, "b": None}) == row_sha256({"a": 1})
    assert row_sha256({"a": 1, "b": 2}) == row_sha256({"b": 2, "a": 1})
    assert row_sha256({"a": 1}) != row_sha256({"a": 2})


def test_weakest() -> None:
    assert weakest([]) is None
    assert weakest(["full_text", "memory", "abstract"]) == "memory"


def test_rows_that_are_left_out_are_not_filled_in(tiny: Any) -> None:
    library = tiny.load()
    assert library.limits["cord-2"].risk is None and library.limits["cord-2"].note is None
    assert library.rules["rule-one"].marks == () and library.rules["rule-one"].title is None
    assert library.regimens["sbrt-24-2"].note == ""


def test_unchecked_loading_still_refuses_a_wrong_shape(tiny: Any, tmp_path: Path) -> None:
    tiny.files["limits/cord.yaml"]["rows"][0]["source_id"] = "delta"
    assert tiny.load(check=False).limits["cord-2"].source_id == "delta"
    tiny.files["limits/cord.yaml"]["rows"][0]["value"] = "17"
    with pytest.raises(Exception, match="number"):
        tiny.load(check=False)
