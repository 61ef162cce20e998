"""``portico synthetic-registry``: what is written, what is said, what is refused."""

from __future__ import annotations

import polars as pl
import pytest

from portico.cohort.synthetic import is_synthetic


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_writes_marked_rows_and_says_the_truth(run, tmp_path, ending) -> None:
    path = tmp_path / f"made.{ending}"
    ended = run("synthetic-registry", path, "--patients", 50, "--seed", 3, "--json")
    assert ended.status == 0
    table = pl.read_parquet(path) if ending == "parquet" else pl.read_csv(path)
    assert len(table) == ended.json["rows"] >= 50 and is_synthetic(table).all()
    year = next(row for row in ended.json["truth"] if row["day"] == 365)
    assert year["incidence_sbrt"] < year["incidence"] < year["incidence_conventional"]
    assert ended.json["sbrt_log_hazard_ratio"] == -0.7


def test_text_says_that_nobody_lived(run, tmp_path) -> None:
    ended = run("synthetic-registry", tmp_path / "a.csv", "--patients", 5, "--seed", 1)
    assert ended.status == 0 and "SYNTHETIC" in ended.out and "no effect" in ended.out


def test_same_call_twice_is_fine_and_another_seed_does_not_overwrite(run, tmp_path) -> None:
    path = tmp_path / "a.parquet"
    assert run("synthetic-registry", path, "--patients", 5, "--seed", 1).status == 0
    assert run("synthetic-registry", path, "--patients", 5, "--seed", 1).status == 0
    assert run("synthetic-registry", path, "--patients", 5, "--seed", 2).status == 2


@pytest.mark.parametrize("words", [("a.txt", "--patients", 5), ("a.csv", "--patients", 0)])
def test_refusals(run, tmp_path, words) -> None:
    name, *rest = words
    assert run("synthetic-registry", tmp_path / name, *rest, "--seed", 1).status == 2
    assert not (tmp_path / name).exists()
