"""portico knowledge."""

from __future__ import annotations

import shutil

import pytest

from portico.cli.knowledge import Kind
from portico.cli.record_text import record_lines
from portico.knowledge import load_library
from portico.knowledge.files import data_root


def test_counts(run) -> None:
    found = run("knowledge", "list", "--json").json["records"]
    assert set(found) == {kind.value for kind in Kind}
    assert found["studies"] == len(load_library().studies)
    assert "studies" in run("knowledge", "list").out


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_lists(run, kind) -> None:
    ended = run("knowledge", "list", "--kind", kind.value)
    assert ended.status == 0
    rows = run("knowledge", "list", "--kind", kind.value, "--json").json["records"]
    assert all(set(row) == {"id", "verified", "what"} for row in rows)
    assert all(row["id"] in ended.out for row in rows)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.WAITING])
def test_each_kind_shows(run, kind) -> None:
    first = run("knowledge", "list", "--kind", kind.value, "--json").json["records"][0]["id"]
    ended = run("knowledge", "show", first)
    assert ended.status == 0
    assert ended.out.startswith(first)
    assert run("knowledge", "show", first, "--json").json["record"]["id"] == first


def test_every_record_can_be_written_out() -> None:
    from portico.report.record_json import record_plain

    library = load_library()
    for table in (
        library.studies,
        library.limits,
        library.rules,
        library.regimens,
        library.volumes,
        library.models,
        library.policy,
    ):
        for record in table.values():
            lines = list(record_lines(record_plain(record)))
            assert len(lines) > 1


def test_a_level_is_said_in_words(run) -> None:
    assert "verified: abstract (read as abstract" in run("knowledge", "show", "patchell-2005").out
    memory = [
        row["id"]
        for row in run("knowledge", "list", "--kind", "limits", "--json").json["records"]
        if row["verified"] == "memory"
    ]
    assert "never active" in run("knowledge", "show", memory[0]).out


def test_what_a_record_leaves_open_is_said(run) -> None:
    assert "not recorded: " in run("knowledge", "show", "hytec-cord-2fx-dmax").out


def test_an_unknown_id(run) -> None:
    ended = run("knowledge", "show", "pathcell-2005")
    assert (ended.status, ended.out) == (2, "")
    assert "Did you mean patchell-2005?" in ended.err


def test_versions(run) -> None:
    found = run("knowledge", "version", "--json").json
    assert found["knowledge"] == load_library().version
    assert found["knowledge"] in run("knowledge", "version").out


def test_timeline_is_in_order_and_open_years_come_last(run) -> None:
    entries = run("knowledge", "timeline", "--json").json["entries"]
    years = [entry["year"] for entry in entries]
    stated = [year for year in years if year is not None]
    assert stated == sorted(stated)
    assert years[: len(stated)] == stated
    assert "1994" in run("knowledge", "timeline").out


def test_the_shipped_library_holds(run) -> None:
    ended = run("knowledge", "check", "--json")
    assert ended.json["ok"] is True
    assert ended.status == (0 if ended.json["compiled_current"] else 1)


@pytest.fixture
def copy(tmp_path):
    root = tmp_path / "data"
    shutil.copytree(data_root(), root)
    return root


def test_a_library_without_its_compiled_form_is_a_finding(run, copy) -> None:
    (copy / "compiled.json").unlink(missing_ok=True)
    ended = run("knowledge", "check", "--root", copy)
    assert ended.status == 1
    assert "compiled form" in ended.out


def test_a_broken_record_is_named_by_file_and_line(run, copy) -> None:
    path = copy / "regimens" / "regimens.yaml"
    path.write_text(path.read_text().replace("id: astro-2024-alcorn", "id: astro-2024-alkorn", 1))
    ended = run("knowledge", "check", "--root", copy)
    assert ended.status == 3
    assert "regimens/regimens.yaml:" in ended.err


def test_a_signature_that_does_not_hold(run, tmp_path) -> None:
    path = tmp_path / "signatures.yaml"
    path.write_text(
        "schema: signature/1\nsite: A\nwatermark: true\nrows:\n"
        "- {id: no-such-row, sha256: " + "0" * 64 + ", by: A, role: B, date: 2026-01-01, reason: C}\n"
    )
    ended = run("knowledge", "check", "--signatures", path)
    assert ended.status == 3
    assert str(path) in ended.err
