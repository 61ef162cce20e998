"""An audit's result for the tests of its report: counted here from an invented registry, by the pieces the pipeline uses."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import polars as pl

from portico.cohort import audit_result as a
from portico.cohort.outcomes import cumulative_incidence, gray_test
from portico.cohort.synthetic import synthetic_registry
from portico.cohort.variation import entropy_bits, funnel, p_chart, schedules_in_use

OFFERED = ("offered", "not_offered", "undetermined")


def rows(patients: int = 600) -> pl.DataFrame:
    """Invented rows with an invented verdict (by hash of the key) and period, for pictures only."""
    table = synthetic_registry(patients, seed=4)
    number = pl.int_range(pl.len())
    return table.with_columns(
        verdict=pl.when(number % 11 < 6).then(pl.lit("offered")).when(number % 11 < 9).then(pl.lit("not_offered")).otherwise(pl.lit("undetermined")),
        period=pl.lit("20") + (15 + number % 9).cast(pl.String),
    )  # fmt: skip


def _verdicts(table: pl.DataFrame, by: str) -> tuple[a.VerdictCounts, ...]:
    found: dict[str | None, list[int]] = {}
    for group, verdict, n in table.group_by(by, "verdict", maintain_order=True).len().iter_rows():
        found.setdefault(group, [0, 0, 0])[OFFERED.index(verdict)] += n
    return tuple(a.VerdictCounts(group, *counts) for group, counts in sorted(found.items(), key=str))


def _days(group: str | None, days: pl.Series) -> a.DaysGroup:
    known = days.drop_nulls().cast(pl.Float64)
    if not len(known):
        return a.DaysGroup(group, 0, len(days), None, None, None, None, None)
    ends = [float(known.quantile(q, "linear")) for q in (0.0, 0.25, 0.5, 0.75, 1.0)]  # type: ignore[arg-type]
    return a.DaysGroup(group, len(known), len(days) - len(known), *ends)


def _incidence(table: pl.DataFrame, by: str, group: str | None) -> a.Incidence:
    failed = table["local_failure_day"].cast(pl.Float64).to_numpy()
    time = np.where(np.isnan(failed), table["follow_up_day"].to_numpy(), failed)
    cause = np.where(~np.isnan(failed), 1, np.where(table["dead"].to_numpy(), 2, 0))
    curve = cumulative_incidence(time, cause)

    def point(day: int) -> a.IncidencePoint:
        low, high = curve.interval_at([day])
        return a.IncidencePoint(day, float(curve.at([day])[0]), float(low[0]), float(high[0]), int((time >= day).sum()))

    weekly = tuple(point(day) for day in range(0, int(curve.last) + 1, 7))
    return a.Incidence(
        "local_failure", by, group, len(time), int((cause == 1).sum()), int((cause == 2).sum()), 0,
        tuple(point(day) for day in (182, 365, 730) if day <= curve.last), weekly,
    )  # fmt: skip


def _test(table: pl.DataFrame, by: str) -> a.GroupTest:
    failed = table["local_failure_day"].cast(pl.Float64).to_numpy()
    time = np.where(np.isnan(failed), table["follow_up_day"].to_numpy(), failed)
    cause = np.where(~np.isnan(failed), 1, np.where(table["dead"].to_numpy(), 2, 0))
    groups = tuple(sorted(set(table[by].to_list())))
    test = gray_test(time, cause, table[by].to_numpy())
    return a.GroupTest("local_failure", by, groups, float(test.statistic), len(groups) - 1, float(test.p))


def sample(table: pl.DataFrame | None = None, **changes: Any) -> a.AuditResult:
    """The result; keywords replace its parts."""
    table = rows() if table is None else table
    used, offered = table.height, (table["verdict"] == "offered").to_list()
    counts, unknown = schedules_in_use(
        list(zip(table["prescribed_dose_gy"].to_list(), table["prescribed_fractions"].to_list(), strict=True))
    )
    centres = table["centre"].to_list()
    by_centre = table.group_by("centre", maintain_order=True)
    shape = funnel(centres, table["radiosensitivity"].to_list(), offered)
    periods = sorted(set(table["period"].to_list()))
    events = [table.filter((pl.col("period") == one) & (pl.col("verdict") == "offered")).height for one in periods]
    totals = [table.filter(pl.col("period") == one).height for one in periods]
    mean, dots = p_chart(periods, events, totals)
    referral = table["referral_day"].cast(pl.Float64).to_numpy()
    within, later = int((referral <= 42).sum()), int((referral > 42).sum())
    (total,) = _verdicts(table.with_columns(pl.lit("all").alias("every")), "every")
    options = tuple(sorted(set(table["prescribed_option"].to_list())))
    known: dict[str, Any] = {
        "synthetic": True,
        "software_version": "0.1.0",
        "knowledge_version": "0" * 64,
        "watermark": None,
        "threshold": 5,
        "rows": a.RowCounts(
            used + 41, used, 41, table["patient_key"].n_unique(),
            (a.ProblemCount("start_day", "date-for-days", 30), a.ProblemCount("ecog", "out-of-range", 9), a.ProblemCount("follow_up_day", "negative", 2)),
            ("kps", "procedure"), 3,
        ),
        "concordance": a.Concordance(
            total,
            (
                a.ReasonCount("not_offered", "rule-sbrt-gate", "Stereotactic radiotherapy is not offered while the cord is compressed", "gate", 97),
                a.ReasonCount("undetermined", "missing", "The epidural grade after surgery is not recorded", None, 60),
                a.ReasonCount("not_offered", "no-regimen", "No eligible regimen has this dose and number of fractions", None, 3),
            ),
            _verdicts(table, "centre"), _verdicts(table, "prescribed_option"), (a.VerdictCounts("sbrt-24-2", total.offered, 0, 0), a.VerdictCounts(None, 0, total.not_offered, total.undetermined)),
            (a.VerdictCounts("technique", used - 200, 150, 50), a.VerdictCounts("delivered", used - 3, 3, 0)),
        ),
        "rules": (),
        "schedules": a.Schedules(
            tuple(a.ScheduleCount(dose, n, count) for (dose, n), count in counts.items()), unknown, entropy_bits(list(counts.values())),
            tuple(
                a.CentreSchedules(name, part.height, part.select(pl.struct("prescribed_dose_gy", "prescribed_fractions").n_unique()).item(), entropy_bits(part.group_by("prescribed_dose_gy", "prescribed_fractions").len()["len"].to_list()))
                for (name,), part in by_centre
            ),
        ),
        "interval": a.Days(_days("all", table["start_day"]), tuple(_days(str(name), part["start_day"]) for (name,), part in by_centre)),
        "referral": a.Referral(
            42, within, later, used - within - later, within / (within + later), 0.9, 0.95, within / used,
            (a.PublishedShare("example-2020", "all", "referred within six weeks", 0.73, 0.68, 0.78, 220, 301, "abstract"),),
        ),
        "hardware": a.HardwareCoverage(120, 60, used - 180, (0,) * 11),
        "funnels": tuple(
            a.FunnelFigure(
                "offered", ("radiosensitivity",), 0, shape.rate, shape.dispersion,
                tuple(
                    a.FunnelRow(str(one.centre), one.courses, one.observed, one.expected, one.ratio, one.low, one.high, one.standardised, one.within_95, one.within_998, one.z, *shape.limits[one.courses])
                    for one in shape.centres
                ),
            )
            for _ in range(1)
        ),
        "charts": (a.Chart("offered", 0, mean, tuple(a.ChartDot(str(d.period), d.events, d.total, d.low, d.high, d.outside, d.run) for d in dots)),),
        "incidence": (_incidence(table, "all", "all"), *(_incidence(table.filter(pl.col("prescribed_option") == one), "prescribed_option", one) for one in options)),
        "tests": (_test(table, "prescribed_option"),),
        "local_failure_definitions": tuple(Counter(table.filter(pl.col("local_failure_day").is_not_null())["local_failure_definition"].to_list()).items()),
        "characteristics": (
            a.Characteristic("radiosensitivity", "radiosensitivity class given by the clinician", None, options, tuple(
                a.Level(level, tuple(table.filter((pl.col("prescribed_option") == one) & (pl.col("radiosensitivity") == level)).height for one in options))
                for level in ("radiosensitive", "radioresistant")
            )),
        ),
        "notes": ("Courses of one patient are taken as independent.",),
    }  # fmt: skip
    return a.AuditResult(**(known | changes))
