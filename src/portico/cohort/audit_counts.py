"""Counts of one part of a registry, in one long table; counts of parts add up to those of the whole, in any order.

Everything that an audit says follows from whole numbers in this table, so it does not depend on where the file was cut, on the order in
which the parts were done, or on how many machines did them.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from typing import Final

import polars as pl

from portico.cohort.concordance import PARTS, Judged
from portico.cohort.course_facts import CHARACTERISTICS, STRATA, course_facts
from portico.cohort.registry_rows import Part

__all__ = ["COUNTS", "add_counts", "count_part", "counts_bytes", "counts_from"]

_KEYS: Final = ("a", "b", "c", "d", "e")
#: The long table: which count, its keys, a day, and how many.
COUNTS: Final = {"table": pl.String(), **{name: pl.String() for name in _KEYS}, "day": pl.Int64(), "n": pl.Int64()}


def count_part(part: Part, judged: Judged, *, refer_by: int) -> pl.DataFrame:
    """Counts of one part.

    Tables and their keys: ``rows`` (read, used, refused, synthetic, alike); ``problem`` (column, code); ``verdict`` (centre, option,
    regimen, verdict, reason); ``part`` (part, verdict); ``rule`` (rule, 0 false 1 unknown 2 true); ``schedule`` (centre, dose,
    fractions); ``start`` (centre; day); ``referral`` (within, later, unknown); ``hardware`` (tenth); ``funnel`` (property, centre,
    stratum, true or false or null); ``chart`` (property, year, quarter, true or false or null); ``incidence`` (by, group, cause, null
    where not known; day); ``definition``; ``characteristic`` (column, value, option).
    """
    facts = course_facts(part.frame, refer_by=refer_by).hstack(judged.courses)
    used = part.frame.height
    single = [
        ("rows", name, n)
        for name, n in (
            ("read", part.rows),
            ("used", used),
            ("refused", part.rows - used),
            ("synthetic", part.synthetic),
            ("alike", len(part.alike)),
        )
    ]
    made = [pl.DataFrame([{"table": t, "a": a, "n": n} for t, a, n in single], schema=COUNTS)]
    problems = Counter({(one.row, one.column, one.code) for one in part.problems})
    by_cell = Counter((column, code) for _, column, code in problems)
    made.append(
        pl.DataFrame([{"table": "problem", "a": a, "b": b, "n": n} for (a, b), n in by_cell.items()], schema=COUNTS)
    )
    made.append(
        pl.DataFrame(
            [
                {"table": "rule", "a": rule, "b": str(truth), "n": n}
                for rule, found in judged.rules.items()
                for truth, n in enumerate(found)
            ],
            schema=COUNTS,
        )
    )
    facts = facts.with_columns(
        offered=pl.when(pl.col("verdict") != "undetermined").then(pl.col("verdict") == "offered"),
        referred_in_time=pl.when(pl.col("referral") != "unknown").then(pl.col("referral") == "within"),
    )
    irradiated = facts.filter(pl.col("irradiated").fill_null(True))
    made += [
        _tally(facts, "verdict", "centre", "option", "regimen", "verdict", "reason"),
        _tally(irradiated, "schedule", "centre", "dose_gy", "fractions_n"),
        _tally(irradiated, "start", "centre", day="start"),
        _tally(facts, "referral", "referral"),
        _tally(facts.filter(pl.col("hardware").is_not_null()), "hardware", "hardware"),
        _tally(facts.filter(pl.col("definition").is_not_null()), "definition", "definition"),
        _tally(facts.filter(pl.col("delivered").is_not_null()), "part", pl.lit("delivered"), "delivered"),
    ]
    made += [_tally(facts, "part", pl.lit(name), name) for name in PARTS]
    for name in ("offered", "referred_in_time"):
        made.append(_funnel(facts, name))
        made.append(_tally(facts, "chart", pl.lit(name), "year", "quarter", name))
    for by, group in (("all", pl.lit("all")), ("prescribed_option", pl.col("option")), ("verdict", pl.col("verdict"))):
        made.append(_tally(facts, "incidence", pl.lit(by), group, "cause", day="failed_day"))
    made += [_tally(facts, "characteristic", pl.lit(name), name, "option") for name in CHARACTERISTICS]
    return add_counts(made)


def _funnel(facts: pl.DataFrame, name: str) -> pl.DataFrame:
    counted = _tally(facts, "funnel", "centre", *STRATA, name)
    stratum = pl.concat_str([pl.col(one).fill_null("?") for one in "bcd"], separator="|")
    return counted.select(
        "table", pl.lit(name).alias("a"), pl.col("a").alias("b"), stratum.alias("c"), pl.col("e").alias("d"),
        pl.lit(None, pl.String).alias("e"), "day", "n",
    )  # fmt: skip


def _tally(frame: pl.DataFrame, table: str, *keys: str | pl.Expr, day: str | None = None) -> pl.DataFrame:
    named = {name: pl.col(key) if isinstance(key, str) else key for name, key in zip(_KEYS, keys, strict=False)}
    if day is not None:
        named["day"] = pl.col(day).cast(pl.Int64)
    counted = frame.lazy().select(**named).group_by(list(named)).len("n").collect()
    return counted.select(
        pl.lit(table).alias("table"),
        *(pl.col(name).cast(pl.String) if name in named else pl.lit(None, pl.String).alias(name) for name in _KEYS),
        pl.col("day") if day is not None else pl.lit(None, pl.Int64).alias("day"),
        pl.col("n").cast(pl.Int64),
    )


def add_counts(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The sum of several tables, sorted by table, keys and day."""
    keys = [name for name in COUNTS if name != "n"]
    whole = pl.concat([pl.DataFrame(schema=COUNTS), *parts])
    return whole.group_by(keys).agg(pl.col("n").sum()).sort(keys, nulls_last=True)


def counts_bytes(counts: pl.DataFrame) -> bytes:
    """A table as a file; equal tables are equal bytes."""
    out = io.BytesIO()
    counts.write_ipc(out, compression="zstd")
    return out.getvalue()


def counts_from(data: bytes) -> pl.DataFrame:
    """The table of a file.

    Raises
    ------
    ValueError : it is none
    """
    try:
        found = pl.read_ipc(io.BytesIO(data))
    except Exception as error:
        raise ValueError("no table of counts") from error
    if dict(found.schema) != COUNTS:
        raise ValueError("another table of counts")
    return found
