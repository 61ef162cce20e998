"""Checks of an archive counted over studies."""

from __future__ import annotations

import json

import polars as pl
import pytest

from portico.cli.check_archive import COLUMNS
from portico.cohort.audit_archive import audit_archive, is_archive
from portico.errors import InputRefused

KINDS = {"text": pl.String(), "number": pl.Float64(), "whole": pl.Int64()}
SCHEMA = {
    "study": pl.String(),
    "status": pl.String(),
    "code": pl.String(),
    **{name: KINDS[kind] for name, kind in COLUMNS.items()},
}


def limit(study, exit_status, verdict, value, at=17.0):
    return {
        "study": study, "status": "checked", "exit_status": exit_status, "kind": "limit", "item_code": "limit", "roi": "SpinalCord",
        "metric": "D0.03cc", "op": "<=", "limit": at, "unit": "Gy", "verdict": verdict, "value": value, "limit_id": "cord",
    }  # fmt: skip


def fact(study, exit_status, verdict):
    return {
        "study": study,
        "status": "checked",
        "exit_status": exit_status,
        "kind": "hardware",
        "item_code": "hardware-coverage",
        "verdict": verdict,
    }


@pytest.fixture
def table(tmp_path):
    rows = [
        limit("a", 0, "met", 12.0), fact("a", 0, "met"), limit("b", 1, "not_met", 19.0), fact("b", 1, "info"),
        limit("c", 4, "cannot_tell", None), limit("d", 0, "met", 14.0), limit("d", 0, "met", 9.0, at=20.0),
        {"study": "e", "status": "refused", "code": "no-plan"}, {"study": "f", "status": "failed", "code": "KeyError"},
        {"study": "g", "status": "refused", "code": "no-plan"},
    ]  # fmt: skip
    path = tmp_path / "results.parquet"
    pl.DataFrame([{name: row.get(name) for name in SCHEMA} for row in rows], schema=SCHEMA).write_parquet(path)
    return path


def test_items_are_counted_over_studies(table):
    found = audit_archive(table)
    assert (found.studies, found.checked, found.refused, found.failed) == (7, 4, 2, 1)
    assert (found.all_met, found.not_met, found.cannot_tell) == (2, 1, 1)
    assert found.reasons == (("no-plan", 2), ("KeyError", 1))
    coverage, cord, other = found.items
    assert (coverage.item_code, coverage.met, coverage.info, coverage.median) == ("hardware-coverage", 1, 1, None)
    assert (cord.limit, cord.met, cord.not_met, cord.cannot_tell) == (17.0, 2, 1, 1)
    assert (cord.low, cord.median, cord.high) == (12.0, 14.0, 19.0)
    assert (other.limit, other.met, other.median) == (20.0, 1, 9.0)


def test_the_verb_takes_them_and_refuses_what_belongs_to_a_registry(table, tmp_path, capsys):
    from portico.cli import main

    words = ["audit", str(table), "--out", str(tmp_path / "out")]
    assert main([*words, "--threshold", "1"]) == 1
    said = capsys.readouterr().out
    assert "7 studies = 4 checked + 2 refused + 1 failed." in said and "SpinalCord D0.03cc <= 17 Gy" in said
    assert main(words) == 1 and "hidden" in capsys.readouterr().out
    assert json.loads((tmp_path / "out" / "archive.json").read_text())["schema"] == "audit-archive/1"
    assert main([*words, "--html", str(tmp_path / "r.html")]) == 2
    capsys.readouterr()
    assert main([*words, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["studies"] == 7


def test_another_file_is_none(tmp_path):
    path = tmp_path / "r.parquet"
    pl.DataFrame({"study": ["a"]}).write_parquet(path)
    assert not is_archive(path) and not is_archive(tmp_path / "none.parquet")
    path.write_bytes(b"PAR1")
    assert not is_archive(path)
    with pytest.raises(InputRefused) as refused:
        audit_archive(path)
    assert refused.value.code == "archive-form"
