"""A registry leaves the house without its identifiers: planted ones are looked for in every byte of what is written."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import polars as pl
import pytest

from portico.case.columns import Columns
from portico.cohort.dictionary import registry_columns
from portico.cohort.registry_file import RegistryFile
from portico.cohort.research_export import ALLOWED, KEPT_AT_HOME, QUASI, research_export
from portico.cohort.synthetic import PREFIX, synthetic_registry
from portico.errors import InputRefused, PorticoError, UsageError

PLANTED = ("Ottilie Winterfeldt", "NHS-4857773456", "1931-04-17", "CRS-2020-0193", "St Elsewhere", "call her niece")
HEAD = "patient_key,course_key,centre,name,date_of_birth,notes,age_years,histology,bone,pregnancy,start_day\n"


def test_examples_run() -> None:
    assert doctest.testmod(importlib.import_module("portico.cohort.research_export")).failed == 0


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_no_planted_identifier_is_in_any_byte(tmp_path: Path, form: str) -> None:
    source = tmp_path / "registry.csv"
    lines = [
        f"NHS-485777345{n % 7},CRS-2020-019{n},St Elsewhere,Ottilie Winterfeldt,1931-04-17,call her niece,{91 - n},breast,femur,possible,{n}"
        for n in range(10)
    ]
    source.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    rows = next(iter(RegistryFile(source).parts())).frame
    assert rows.height == 10
    made = research_export(rows, tmp_path / "out", form=form)  # type: ignore[arg-type]
    for file in sorted(made.folder.iterdir()):
        data = file.read_bytes()
        for word in (*PLANTED, "NHS", "CRS-", "Elsewhere", "1931"):
            assert word.encode() not in data, (file.name, word)
    assert sorted(one.name for one in made.folder.iterdir()) == ["README.txt", "dictionary.csv", f"registry.{form}"]


def test_frames_with_more_columns_lose_them(tmp_path: Path) -> None:
    rows = synthetic_registry(50, seed=1).with_columns(
        pl.lit("Ottilie").alias("surname"), pl.lit("x").alias("free_text")
    )
    made = research_export(rows, tmp_path / "out")
    assert not {"surname", "free_text", "patient_key", "course_key", "age_years"} & set(made.columns)
    assert set(made.columns) <= {"patient", "course", "centre", "age_band", "synthetic", *ALLOWED}


def test_a_column_that_nobody_has_listed_stays_and_the_readme_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = set(Columns(registry_columns()).names)
    assert set(ALLOWED) | set(KEPT_AT_HOME) <= names
    assert not set(ALLOWED) & set(KEPT_AT_HOME)
    here = importlib.import_module("portico.cohort.research_export")
    monkeypatch.setattr(here, "ALLOWED", tuple(name for name in ALLOWED if name != "dead"))
    made = research_export(synthetic_registry(9, seed=1), tmp_path / "out")
    assert "dead" not in made.columns
    assert "- dead: not on the list of columns that may leave." in (made.folder / "README.txt").read_text()


def test_two_exports_cannot_be_joined_and_courses_of_a_patient_stay_together(tmp_path: Path) -> None:
    rows = synthetic_registry(400, seed=2).with_columns(opioid_follow_up_mg=pl.int_range(pl.len()).cast(pl.Float64))
    one, two = (research_export(rows, tmp_path / name) for name in ("a", "b"))
    first, second = (pl.read_parquet(made.folder / "registry.parquet") for made in (one, two))
    assert first["opioid_follow_up_mg"].to_list() != second["opioid_follow_up_mg"].to_list()
    both = first.join(second, on="opioid_follow_up_mg", suffix="_2")  # a value of each row's own, for the test only
    assert both.height == rows.height
    assert both.filter(pl.col("patient") == pl.col("patient_2")).height < 40
    assert (
        both.select(pl.struct("patient", "patient_2").n_unique()).item()
        == one.patients
        == rows["patient_key"].n_unique()
    )
    assert first["patient"].str.starts_with(PREFIX).all()
    assert first["synthetic"].all()
    assert "SYNTHETIC" in (one.folder / "README.txt").read_text()


def test_rare_combinations_lose_their_parts_until_enough_patients_share_them(tmp_path: Path) -> None:
    rows = synthetic_registry(500, seed=3)
    odd = rows.head(1).with_columns(
        histology=pl.lit("germ_cell"), bone=pl.lit("scapula"), age_years=pl.lit(97.0), bone_part=pl.lit("neck")
    )
    rows = pl.concat([rows.with_columns(bone_part=pl.lit("body")), odd.select([*rows.columns, "bone_part"])])
    made = research_export(
        rows.with_columns(course_key=pl.lit(PREFIX) + pl.int_range(pl.len()).cast(pl.String)), tmp_path / "out"
    )
    shown = pl.read_parquet(made.folder / "registry.parquet")
    groups = shown.group_by(QUASI).agg(pl.col("patient").n_unique())
    short = groups.filter(pl.col("patient") < 5)
    assert short.select(pl.all_horizontal(pl.col(name).is_null() for name in QUASI)).to_series().all()
    assert not shown["histology"].is_in(["germ_cell"]).any()
    assert not shown["bone"].is_in(["scapula"]).any()
    assert not shown["bone_part"].is_in(["neck"]).any()
    assert shown.filter(pl.col("bone").is_null())["site_region"].is_null().all()
    assert made.blanked["centre"] > 0
    lost = {name: shown[name].null_count() for name in QUASI}
    assert lost == made.blanked
    text = (made.folder / "README.txt").read_text()
    assert all(f"- {name}: in {count} courses." in text for name, count in made.blanked.items())


def test_five_courses_of_one_patient_are_one_patient(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {"patient_key": ["p"] * 6, "course_key": list("abcdef"), "centre": ["x"] * 6, "bone": ["femur"] * 6}
    )
    made = research_export(rows, tmp_path / "out")
    assert made.blanked == {"centre": 6, "age_band": 0, "histology": 0, "bone": 6}


def test_ages_are_bands_and_the_readme_says_what_every_column_means(tmp_path: Path) -> None:
    ages = [9.9, 10.0, 69.9, 70.0, 85.5, 86.0, 110.0]
    rows = pl.DataFrame(
        {"patient_key": list("abcdefg") * 2, "course_key": [str(n) for n in range(14)], "age_years": ages * 2}
    )
    made = research_export(rows, tmp_path / "out", form="csv", fewest=2, oldest=85)
    shown = pl.read_csv(made.folder / "registry.csv", infer_schema=False)
    assert set(shown["age_band"].drop_nulls()) == {"over 85"}  # the others are alone in their band
    assert made.blanked["age_band"] == 10
    dictionary = pl.read_csv(made.folder / "dictionary.csv", infer_schema=False)
    assert dictionary["column"].to_list() == list(made.columns)


def test_nothing_is_left_when_it_fails_and_a_full_folder_is_not_touched(tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "kept.txt").write_text("kept")
    rows = synthetic_registry(5, seed=1)
    mixed = pl.concat([rows, rows.with_columns(pl.col("patient_key", "course_key", "centre").str.strip_prefix(PREFIX))])
    cases: list[tuple[pl.DataFrame, Path, dict[str, object], type[PorticoError], str]] = [
        (rows, full, {}, InputRefused, "folder-not-empty"),
        (mixed.drop("synthetic"), tmp_path / "new", {}, InputRefused, "synthetic-and-real"),
        (rows.drop("patient_key"), tmp_path / "new", {}, InputRefused, "key-column-missing"),
        (rows, tmp_path / "new", {"fewest": 1}, UsageError, "bad-count"),
        (rows, tmp_path / "new", {"form": "xlsx"}, UsageError, "unknown-option"),
    ]
    for frame, folder, options, kind, code in cases:
        with pytest.raises(kind) as refused:
            research_export(frame, folder, **options)  # type: ignore[arg-type]
        assert refused.value.code == code
        assert not re.search(r"SYNTHETIC-0", str(refused.value))
    assert [one.name for one in tmp_path.iterdir()] == ["full"]
    assert (full / "kept.txt").read_text() == "kept"
