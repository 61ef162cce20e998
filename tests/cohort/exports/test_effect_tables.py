"""Adjusted comparisons find the truth of an invented world, say what they lack, and scores are checked against what was published."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from portico.cohort.effect_tables import EffectTables, effect_tables
from portico.cohort.outcomes import weighted_difference
from portico.cohort.prognosis_check import prognosis_check
from portico.cohort.synthetic import synthetic_registry
from portico.cohort.synthetic_model import World
from portico.knowledge.scores import load_scores
from portico.report.audit_effects import effect_sections, prognosis_section


@pytest.fixture(scope="module")
def drawn() -> pl.DataFrame:
    return synthetic_registry(1500, seed=3)


@pytest.fixture(scope="module")
def found(drawn: pl.DataFrame) -> EffectTables:
    return effect_tables(drawn)


def test_the_truth_lies_in_the_intervals_and_the_naive_figure_does_not(
    found: EffectTables, drawn: pl.DataFrame
) -> None:
    technique, interval = found.comparisons
    world = World()
    assert technique.lo < world.overlap_difference(365.0) < technique.hi
    assert technique.hr_lo < np.exp(world.sbrt_log_ratio) < technique.hr_hi
    assert interval.lo < 0 < interval.hi
    assert interval.e.bound == 1.0
    assert technique.e.estimate > technique.e.bound > 1
    assert technique.imputed == ("ECOG 2 or more",)
    assert technique.copies == 10
    assert all(row.balanced for row in technique.balance)
    assert any(not abs(row.before) < 0.1 for row in technique.balance)
    assert technique.first + technique.second + sum(n for _, n in technique.left_out) == drawn.height
    assert interval.first + interval.second + sum(n for _, n in interval.left_out) == drawn.height


def test_nothing_unknown_is_one_copy_and_the_plain_estimate(drawn: pl.DataFrame) -> None:
    rows = drawn.select(
        "patient_key", "prescribed_option", "local_failure_day", "follow_up_day", "dead", "visceral_metastases"
    )
    one = effect_tables(rows).comparisons[0]
    failed = rows["local_failure_day"].cast(pl.Float64).to_numpy()
    time = np.where(np.isnan(failed), rows["follow_up_day"].to_numpy(), failed)
    cause = np.where(~np.isnan(failed), 1, np.where(rows["dead"].to_numpy(), 2, 0))
    plain = weighted_difference(
        time, cause, (rows["prescribed_option"] == "sbrt").to_numpy(), rows["visceral_metastases"].to_numpy().astype(float)[:, None],
        names=["visceral metastases"], at=365.0, cluster=rows["patient_key"].to_numpy(),
    )  # fmt: skip
    assert one.copies == 1
    assert (one.difference, one.lo, one.hi) == pytest.approx((plain.difference, plain.lo, plain.hi), abs=1e-12)
    assert (
        effect_tables(rows)
        .missing[0]
        .startswith("Radiotherapy started by day 42, or not: the registry has no start_day")
    )


def test_what_is_lacking_is_said(drawn: pl.DataFrame) -> None:
    assert effect_tables(drawn.drop("dead")).missing == ("The registry has no dead.",)
    few = effect_tables(drawn.head(60))
    assert not few.comparisons
    assert all("fewer than 20" in one for one in few.missing)
    bare = drawn.select("patient_key", "prescribed_option", "local_failure_day", "follow_up_day", "dead", "start_day")
    assert "no covariate is known" in effect_tables(bare).missing[0]
    unseen = drawn.with_columns(pl.lit(None, pl.Boolean).alias("dead"))
    assert all("no course is left" in one for one in effect_tables(unseen).missing)


def test_sections_print_figures_and_lacks(found: EffectTables) -> None:
    (section,) = effect_sections(found, 5)
    technique = found.comparisons[0]
    assert f"{technique.hazard_ratio:.2f}" in section.tables[0].rows[0][6]
    assert len(section.tables) == 3
    assert {row[2] for row in section.tables[1].rows} == {"0.00"}
    (empty,) = effect_sections(EffectTables((), ("The registry has no dead.",)), 5)
    assert empty.text == ("Not compared. The registry has no dead.",)


def test_a_score_is_held_against_what_was_published(drawn: pl.DataFrame) -> None:
    draw = np.random.default_rng(1)
    rows = drawn.with_columns(kps=pl.Series(draw.choice([10, 40, 60, 70, 90, 100], drawn.height)))
    check = prognosis_check(rows)
    (one,) = check.scores
    score = load_scores()["van_der_linden"]
    published = {c.label: 1 - c.outcomes[1].value / 100 for c in score.classes if c.outcomes[1].value is not None}
    assert {c.label: c.published for c in one.classes} == pytest.approx(published)
    assert one.calibration is not None
    expected = sum(c.patients * c.published for c in one.classes) / one.patients
    assert one.calibration.expected == pytest.approx(expected)
    first = rows.sort("course_key").unique("patient_key", keep="first").filter(pl.col("site_region") == "spine")
    assert one.patients + sum(n for _, n in one.left_out) == first.height
    assert (
        sum(n for reason, n in one.left_out if "answer" in reason) == first.filter(pl.col("kps") == 10).height
    )  # no place in the table
    by_class = rows.filter((pl.col("histology") == "breast") & (pl.col("kps") >= 80) & ~pl.col("visceral_metastases"))
    assert by_class.height  # three, two and one points: the best class
    section = prognosis_section(check, 5)
    assert section.tables[0].rows[0][0] == f"{one.patients:,}"
    assert "Katagiri" in " ".join(section.text)


def test_a_score_that_cannot_be_checked_says_why(drawn: pl.DataFrame) -> None:
    assert any("the file has no kps" in one for one in prognosis_check(drawn).missing)
    rows = drawn.with_columns(kps=pl.lit(None, pl.Int64))
    (one,) = prognosis_check(rows).scores
    assert one.patients == 0
    assert one.calibration is None
    assert "Fewer than 50 patients" in one.why
    assert "Fewer than 50 patients" in " ".join(prognosis_section(prognosis_check(rows), 5).text)
    same = drawn.with_columns(kps=pl.lit(90), histology=pl.lit("breast"), visceral_metastases=pl.lit(False))
    (constant,) = prognosis_check(same).scores
    assert constant.calibration is None
    assert constant.why
