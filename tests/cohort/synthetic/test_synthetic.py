"""The synthetic registry: its marks, its columns, its truth found again, and the naive analysis wrong.

PORTICO_REGISTRIES sets the number of registries drawn (40 unless set; 500 in the full run).
"""

from __future__ import annotations

import doctest
import importlib
import io
import os
from collections import defaultdict
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from portico.case.columns import load_columns
from portico.case.schemas import KEYS, load_registry_columns
from portico.cohort.outcomes import clone_censor_weight
from portico.cohort.synthetic import (
    METADATA,
    PREFIX,
    is_synthetic,
    refuse_mixture,
    synthetic_parquet,
    synthetic_registry,
)
from portico.cohort.synthetic_model import World
from portico.cohort.synthetic_recovery import HORIZON, LANDMARK, columns_of, recover
from portico.errors import InputRefused, UsageError

REGISTRIES = int(os.environ.get("PORTICO_REGISTRIES", "40"))


@pytest.fixture(scope="module")
def recovered():
    found = defaultdict(list)
    for seed in range(REGISTRIES):
        for one in recover(synthetic_registry(600, seed=seed), seed=seed):
            found[one.name].append(one)
    return found


RIGHT = ["incidence", "technique, difference in incidence", "technique, log hazard ratio", "interval, landmark"]


@pytest.mark.parametrize("name", RIGHT)
def test_intervals_hold_the_truth_as_often_as_they_say(recovered, name) -> None:
    ones = recovered[name]
    held = sum(one.covers for one in ones)
    if REGISTRIES >= 500:
        assert 0.93 <= held / len(ones) <= 0.97
    else:  # bounds that a true coverage of 95 % leaves once in a thousand runs
        assert binom.ppf(0.0005, len(ones), 0.95) <= held


@pytest.mark.parametrize("name", RIGHT)
def test_estimates_stand_around_the_truth(recovered, name) -> None:
    estimates = np.array([one.estimate for one in recovered[name]])
    # The log ratio of few events leans outward by about 1/events; a quarter of the spread is allowed for it.
    allowed = 4 * estimates.std(ddof=1) / np.sqrt(len(estimates)) + 0.25 * estimates.std(ddof=1)
    assert abs(estimates.mean() - recovered[name][0].truth) < allowed


def test_the_naive_interval_is_wrong(recovered) -> None:
    naive, fair = recovered["interval, naive"], recovered["interval, landmark"]
    assert np.mean([one.estimate for one in naive]) < -0.04
    assert np.mean([one.covers for one in naive]) < 0.88
    assert abs(np.mean([one.estimate for one in fair])) < 0.03


def test_clones_are_right_where_the_naive_interval_is_wrong() -> None:
    gaps = []
    for seed in range(2):
        c = columns_of(synthetic_registry(2000, seed=900 + seed, world=World(ecog_hidden=-40)))
        x = np.column_stack([c.x, c.sbrt, c.poor])
        found = clone_censor_weight(
            c.start,
            c.time,
            (c.cause > 0).astype(int),
            x,
            grace=LANDMARK,
            at=HORIZON,
            repeats=50,
            seed=1,
            cluster=c.patient,
        )
        gaps.append((found.difference, found.se))
    mean, se = np.mean([g for g, _ in gaps]), np.sqrt(np.sum([s**2 for _, s in gaps])) / 2
    assert abs(mean) < 3.3 * se < 0.06


def test_truth_by_enumeration_agrees_with_a_large_draw() -> None:
    c = columns_of(synthetic_registry(100_000, seed=5, world=World(shortest_days=1400, longest_days=1500)))
    share = ((c.cause == 1) & (c.time <= HORIZON)).mean()
    assert World().incidence(HORIZON) == pytest.approx(share, abs=0.005)
    assert sum(kind.share for kind in World().kinds()) == pytest.approx(1.0)
    assert replace(World(), sbrt_log_ratio=0.0).overlap_difference(HORIZON) == 0.0
    assert World().incidence(HORIZON, sbrt=True) < World().incidence(HORIZON) < World().incidence(HORIZON, sbrt=False)


@pytest.mark.parametrize("name", ["synthetic", "synthetic_model", "synthetic_recovery"])
def test_examples_run(name) -> None:
    assert doctest.testmod(importlib.import_module(f"portico.cohort.{name}")).failed == 0


def test_every_column_is_one_of_the_registry_and_within_its_values() -> None:
    table = synthetic_registry(2000, seed=1)
    known = {column.name: column for column in (*load_columns(), *load_registry_columns())}
    assert set(table.columns) - set(KEYS) - {"synthetic"} <= set(known)
    for name in set(table.columns) & set(known):
        column, values = known[name], table[name].drop_nulls()
        if column.type == "enum":
            assert set(values) <= set(column.values)
        elif column.numeric:
            assert values.min() >= column.low and values.max() <= column.high
        else:
            assert values.dtype == pl.Boolean


def test_days_stand_in_their_order_and_nothing_happens_after_the_end() -> None:
    t = synthetic_registry(3000, seed=2)
    for name in ("start_day", "end_day", "local_failure_day", "referral_day"):
        assert (t[name].drop_nulls() >= 1).all()
        assert t.filter(pl.col(name) > pl.col("follow_up_day")).is_empty()
    assert t.filter(pl.col("referral_day") > pl.col("start_day")).is_empty()
    assert t.filter(pl.col("start_day") > pl.col("end_day")).is_empty()
    assert t["course_key"].is_unique().all() and not t["patient_key"].is_unique().all()
    assert 0.1 < t["ecog"].is_null().mean() < 0.5 and 0.02 < t["start_day"].is_null().mean() < 0.2


def test_same_seed_same_bytes_and_other_seed_other_table() -> None:
    one = synthetic_parquet(synthetic_registry(50, seed=1))
    assert one == synthetic_parquet(synthetic_registry(50, seed=1)) != synthetic_parquet(synthetic_registry(50, seed=2))
    assert METADATA.items() <= pl.read_parquet_metadata(io.BytesIO(one)).items()


def test_marks_survive_csv_and_a_mixture_is_refused() -> None:
    table = synthetic_registry(20, seed=1)
    back = pl.read_csv(io.StringIO(table.write_csv()))
    assert refuse_mixture(back) is True
    for less in (
        back.drop("synthetic"),
        back.with_columns(pl.lit("x").alias("patient_key"), pl.lit("y").alias("course_key")),
    ):
        assert is_synthetic(less).all()
    real = back.with_columns(
        pl.lit("a").alias("patient_key"), pl.lit("b").alias("course_key"), pl.lit("c").alias("centre"),
        pl.lit(None, dtype=pl.Boolean).alias("synthetic"),
    )  # fmt: skip
    assert refuse_mixture(real) is False
    with pytest.raises(InputRefused) as caught:
        refuse_mixture(pl.concat([back, real], how="vertical_relaxed"))
    assert caught.value.code == "synthetic-and-real"
    assert PREFIX not in str(caught.value)


@pytest.mark.parametrize("patients", [0, -1, 10**9])
def test_a_senseless_count_is_refused(patients) -> None:
    with pytest.raises(UsageError) as caught:
        synthetic_registry(patients, seed=1)
    assert caught.value.code == "bad-count"
