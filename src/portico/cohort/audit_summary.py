"""From the counts of a whole registry to the figures of an audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from portico.advice import Engine
from portico.cohort import audit_result as r
from portico.cohort.audit_incidence import Followed, group_test, incidence_by_group
from portico.cohort.audit_practice import (
    Counted,
    Key,
    characteristic_figures,
    concordance_figures,
    hardware_figures,
    most_frequent_first,
    referral_figures,
    rule_figures,
    schedule_figures,
)
from portico.cohort.audit_variation import chart_figure, funnel_figure, interval_figures
from portico.errors import InputRefused

__all__ = ["MOST_CENTRES", "FileFacts", "summary"]

#: More centres than this is taken for a wrong column.
MOST_CENTRES: Final = 10_000
NOTES: Final = (
    "Not offered means that the rules of this library would not have offered the course for what the registry states; it does not mean "
    "that the course was wrong.",
    "An empty cell is unknown and never counts as a no: such courses are undetermined where the answer matters.",
    "Groups of the cumulative incidence are described, not compared fairly: who got which technique was not decided by chance, and a "
    "course has to be lived to see.",
    "Lesions of one patient count as independent in intervals and tests.",
)  # fmt: skip
SYNTHETIC_NOTE: Final = "SYNTHETIC: every patient is invented. No number here is evidence of anything."


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of the file beside its counts: different patients, columns of a registry that it lacks, headings that are none."""

    patients: int
    absent: tuple[str, ...]
    ignored: int


def summary(
    counts: pl.DataFrame, file: FileFacts, engine: Engine, *, threshold: int, software_version: str
) -> r.AuditResult:
    """The figures.

    Parameters
    ----------
    counts : of the whole file, see :func:`portico.cohort.audit_counts.count_part`
    threshold : the smallest count that may be shown outside

    Raises
    ------
    InputRefused : ``synthetic-and-real``, ``too-many-centres``
    """
    table = _tables(counts)
    rows = {str(key[0]): n for key, n in table["rows"].items()}
    if 0 < rows["synthetic"] < rows["read"]:
        raise InputRefused(
            f"{rows['synthetic']:,} of {rows['read']:,} rows are synthetic.", code="synthetic-and-real",
            fix="Audit them apart: invented patients are never mixed with real ones.",
        )  # fmt: skip
    if len({key[0] for key in table["verdict"]}) > MOST_CENTRES:
        raise InputRefused(f"There are more than {MOST_CENTRES:,} centres.", code="too-many-centres", path="centre",
                           fix="Give a key of the centre, the same in all its rows.")  # fmt: skip
    synthetic = rows["synthetic"] > 0
    followed = {by: _followed(counts, by) for by in ("all", "prescribed_option", "verdict")}
    tests = (group_test(by, groups) for by, groups in followed.items())
    return r.AuditResult(
        synthetic=synthetic,
        software_version=software_version,
        knowledge_version=engine.library.version,
        watermark=engine.library.watermark,
        threshold=threshold,
        rows=r.RowCounts(
            rows["read"], rows["used"], rows["refused"], file.patients,
            tuple(r.ProblemCount(str(a), str(b), n) for (a, b), n in most_frequent_first(table["problem"])),
            file.absent, file.ignored, rows["alike"],
        ),
        concordance=concordance_figures(table, engine),
        rules=tuple(rule_figures(table["rule"], engine)),
        schedules=schedule_figures(table["schedule"]),
        interval=interval_figures(counts),
        referral=referral_figures(table["referral"], engine.library),
        hardware=hardware_figures(table["hardware"]),
        funnels=tuple(funnel_figure(name, table["funnel"]) for name in ("offered", "referred_in_time")),
        charts=tuple(chart_figure(name, table["chart"]) for name in ("offered", "referred_in_time")),
        incidence=tuple(one for by, groups in followed.items() for one in incidence_by_group(by, groups)),
        tests=tuple(one for one in tests if one is not None),
        local_failure_definitions=tuple((None if key[0] == "?" else key[0], n) for key, n in most_frequent_first(table["definition"])),
        characteristics=tuple(characteristic_figures(table["characteristic"])),
        notes=((SYNTHETIC_NOTE,) if synthetic else ()) + NOTES,
    )  # fmt: skip


def _tables(counts: pl.DataFrame) -> dict[str, Counted]:
    """Counts without a day, by table; keys end where the last one that is used ends."""
    width = {
        "rows": 1, "problem": 2, "verdict": 5, "part": 2, "rule": 2, "schedule": 3, "referral": 1, "hardware": 1, "funnel": 4, "chart": 4,
        "definition": 1, "characteristic": 3,
    }  # fmt: skip
    made: dict[str, Counted] = {name: {} for name in width}
    rest = counts.filter(pl.col("table").is_in(list(width))).select("table", "a", "b", "c", "d", "e", "n")
    for name, *keys, n in rest.iter_rows():
        made[name][tuple(keys[: width[name]])] = n
    return made


def _followed(counts: pl.DataFrame, by: str) -> Followed:
    rows = counts.filter((pl.col("table") == "incidence") & (pl.col("a") == by)).select("b", "c", "day", "n")
    found: dict[Key, tuple[dict[tuple[int, int], int], int]] = {}
    for group, cause, day, n in sorted(rows.iter_rows(), key=lambda one: (one[0] is None, one[0] or "")):
        held, left_out = found.get(group, ({}, 0))
        if cause is None:
            left_out += n
        else:
            held[day, int(cause)] = n
        found[group] = (held, left_out)
    return found
