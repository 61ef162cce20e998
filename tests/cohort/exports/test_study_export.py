"""A department's own figures as a study: counted by hand, loaded by the library's loader, drawn as its own, and signed or not."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from portico.cohort.outcomes import cumulative_incidence
from portico.cohort.study_export import study_export, study_exports, study_text
from portico.cohort.synthetic import PREFIX, synthetic_registry
from portico.errors import CannotTell, InputRefused, PorticoError, UsageError
from portico.intake import candidate
from portico.knowledge import Library
from portico.knowledge.checks_context import Context
from portico.knowledge.checks_studies import study_problems
from portico.knowledge.files import DataFiles, read_tables
from portico.knowledge.own_data import is_own_data, signature_holds, signed_off
from portico.report.forest import forest_drawing
from portico.synthesis import answer, selection_for

QUESTION = "spine-postop-sbrt-lf12"
SHOWN = ("full_text", "abstract", "secondary", "derived")
SIGNER = {"name": "Ada Example", "role": "head of department", "date": "2026-11-27"}


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    """Drawn rows whose marks are taken off: the only way to have a registry of people without people. Never do this elsewhere."""
    drawn = synthetic_registry(300, seed=1).drop("synthetic")
    return drawn.with_columns(pl.col("patient_key", "course_key", "centre").str.strip_prefix(PREFIX))


@pytest.fixture(scope="module")
def record(rows: pl.DataFrame) -> dict[str, Any]:
    return study_export(rows, name="teaching", department="Example Hospital", site="spine", technique="sbrt", year=2026)


@pytest.fixture(scope="module")
def every(rows: pl.DataFrame) -> tuple[dict[str, Any], ...]:
    return study_exports(rows, name="teaching", department="Example Hospital", year=2026)


@pytest.fixture(scope="module")
def unsigned(every: tuple[dict[str, Any], ...]) -> Library:
    return candidate({f"{one['id']}.yaml": study_text(one).encode() for one in every})[0]


def library_with(record: dict[str, Any]) -> Library:
    return candidate({f"{record['id']}.yaml": study_text(record).encode()})[0]


def pooled(library: Library, levels: tuple[str, ...]) -> Any:
    chosen = selection_for(library, QUESTION, levels=levels)
    return answer(chosen, library.studies, library.policy["certainty"].body, {})


def test_examples_run() -> None:
    assert doctest.testmod(importlib.import_module("portico.knowledge.own_data")).failed == 0


def test_figures_are_those_of_the_rows(rows: pl.DataFrame, record: dict[str, Any]) -> None:
    part = rows.filter((pl.col("site_region") == "spine") & (pl.col("prescribed_option") == "sbrt"))
    found = {(one["outcome"], one["measure"], one["months"]): one for one in record["results"]}
    crude = found["local_failure", "proportion", None]
    assert (crude["events"], crude["n"]) == (part["local_failure_day"].is_not_null().sum(), part.height)
    failed = part["local_failure_day"].cast(pl.Float64).to_numpy()
    time = np.where(np.isnan(failed), part["follow_up_day"].to_numpy(), failed)
    cause = np.where(~np.isnan(failed), 1, np.where(part["dead"].to_numpy(), 2, 0))
    year = cumulative_incidence(time, cause).at([365.25])[0]
    assert found["local_failure", "cumulative_incidence", 12]["est"] == pytest.approx(year, abs=5e-5)
    days = part["start_day"].drop_nulls()
    interval = found["interval_surgery_rt", "median", None]
    assert (interval["n"], interval["est"]) == (len(days), days.median())
    assert record["n_patients"] == part["patient_key"].n_unique()
    alive = found["overall_survival", "km_probability", 12]
    assert alive["n"] == record["n_patients"]
    assert alive["lo"] < alive["est"] < alive["hi"]


def test_it_loads_and_counts_only_when_asked_for(unsigned: Library, record: dict[str, Any]) -> None:
    assert unsigned.studies[record["id"]].verified == "derived"
    firm, shown = pooled(unsigned, ("full_text", "abstract")), pooled(unsigned, SHOWN)
    assert record["id"] not in [row.study for row in firm.rows]
    assert [(one.study, one.code) for one in firm.left_out if one.study == record["id"]] == [(record["id"], "level")]
    row = next(row for row in shown.rows if row.study == record["id"])
    assert row.est == next(one["est"] for one in record["results"] if one["months"] == 12)
    drawing = forest_drawing(shown)
    assert drawing is not None
    assert record["id"] in drawing.alt
    assert "own registry" in drawing.caption
    assert "#007a5a" in drawing.svg
    plain = forest_drawing(firm)
    assert plain is not None
    assert "#007a5a" not in plain.svg


def test_signed_by_a_named_person_it_counts(record: dict[str, Any]) -> None:
    signed = signed_off(record, **SIGNER)
    library = library_with(signed)
    assert library.studies[record["id"]].verified == "full_text"
    assert record["id"] in [row.study for row in pooled(library, ("full_text", "abstract")).rows]
    assert "Ada Example" in str(library.studies[record["id"]].curator_note)


def test_without_the_signature_or_with_other_figures_it_is_a_problem_of_the_library(record: dict[str, Any]) -> None:
    signed = signed_off(record, **SIGNER)
    changed = {**signed, "results": [{**signed["results"][0], "est": 0.001, "lo": None, "hi": None, "interval": None}]}
    for false in ({**record, "verified": "full_text"}, {**record, "verified": "abstract"}, changed):
        assert is_own_data(false)
        assert not signature_holds(false)
        files = DataFiles(Path(), {f"studies/{record['id']}.yaml": study_text(false).encode()}, "")
        tables, documents, problems = read_tables(files)
        assert not problems
        assert [one.code for one in study_problems(Context.of(tables, documents))] == ["own-data-unsigned"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": " "}, "signer-unnamed"),
        ({"role": ""}, "signer-unnamed"),
        ({"name": "A, B"}, "signer-unnamed"),
        ({"date": "soon"}, "bad-date"),
    ],
)
def test_nobody_signs_namelessly(record: dict[str, Any], change: dict[str, str], code: str) -> None:
    with pytest.raises(UsageError) as refused:
        signed_off(record, **{**SIGNER, **change})
    assert refused.value.code == code
    with pytest.raises(UsageError) as other:
        signed_off({**record, "design_as_recorded": "retrospective"}, **SIGNER)
    assert other.value.code == "not-own-data"


def test_every_site_and_technique_with_courses_enough_gives_one(
    rows: pl.DataFrame, every: tuple[dict[str, Any], ...], unsigned: Library, record: dict[str, Any]
) -> None:
    assert [one["id"] for one in every] == [
        "own-teaching-spine-conventional",
        "own-teaching-spine-sbrt",
        "own-teaching-non-spine-conventional",
        "own-teaching-non-spine-sbrt",
    ]
    assert every[1] == record
    assert sum(one["n_lesions"] for one in every) == rows.height
    assert {one["id"] for one in every} <= set(unsigned.studies)


def test_what_keeps_courses_out_is_said_without_small_numbers(rows: pl.DataFrame) -> None:
    odd = rows.with_row_index("row").with_columns(
        surgery_done=pl.when(pl.col("row") < 40).then(None).otherwise(pl.col("surgery_done")),
        prior_rt_at_site=pl.col("row").is_between(40, 79),
        prescribed_option=pl.when(pl.col("row") > 200).then(pl.lit("sib")).otherwise(pl.col("prescribed_option")),
        prescribed_elective_gy=pl.lit(30.0),
        fracture_day=pl.when(pl.col("row") == 210).then(5).otherwise(None),
    )
    made = study_export(odd, name="x-y", department="D", site="spine", technique="sib", year=2026)
    assert made["arms"][0]["boost_dose_gy"] is None
    assert made["arms"][0]["dose_gy"] == 30.0
    assert "boost of" in made["arms"][0]["note"]
    assert any(one["outcome"] == "vcf" for one in made["results"])
    other = study_export(odd, name="x-y", department="D", site="spine", technique="sbrt", year=2026)
    text = " ".join(other["limitations"])
    assert "no operation is recorded" in text
    assert "irradiated before" in text
    assert other["n_lesions"] == odd.filter(
        pl.col("row").is_between(80, 200) & (pl.col("site_region") == "spine") & (pl.col("prescribed_option") == "sbrt")
    ).height  # fmt: skip


def test_refused(rows: pl.DataFrame) -> None:
    usual: dict[str, Any] = {"name": "x-y", "department": "D", "site": "spine", "technique": "sbrt", "year": 2026}
    cases: list[tuple[pl.DataFrame, dict[str, Any], type[PorticoError], str]] = [
        (synthetic_registry(50, seed=1), {}, InputRefused, "synthetic"),
        (rows.drop("dead"), {}, InputRefused, "column-missing"),
        (rows, {"name": "Herr Winterfeldt"}, UsageError, "bad-name"),
        (rows, {"department": " "}, UsageError, "bad-name"),
        (rows, {"site": "hand"}, UsageError, "unknown-option"),
        (rows, {"fewest": 0}, UsageError, "bad-count"),
        (rows, {"technique": "sib"}, CannotTell, "too-few"),
    ]
    for frame, change, kind, code in cases:
        with pytest.raises(kind) as refused:
            study_export(frame, **{**usual, **change})
        assert refused.value.code == code
    with pytest.raises(CannotTell) as few:
        study_exports(rows, name="x-y", department="D", year=2026, fewest=5000)
    assert few.value.code == "too-few"
