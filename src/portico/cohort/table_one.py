"""Table 1: who was treated, by centre or by another column, with what is not known as a row of its own and small counts hidden.

>>> import polars as pl
>>> rows = pl.DataFrame({"centre": ["a"] * 6 + ["b"] * 6, "cement": [True] * 6 + [True, False] * 3})
>>> table = table_one(rows, by="centre", columns=["cement"], threshold=1)
>>> table.groups, table.sizes, [(row.label, row.counts) for row in table.variables[0].rows]
(('a', 'b'), (6, 6), [('yes', (6, 3, 9)), ('no', (0, 3, 3))])

The unit is the course: a patient with two courses counts twice. Percentages are of all courses of the group, those with an
unknown answer included. Standardised differences are of known answers, groups by pairs, the largest shown: means over the
pooled deviation for numbers, the distance of Yang and Dalton for several categories. One that would tell a hidden count is
left out.

Source: Yang & Dalton, SAS Global Forum 2012, paper 335; Austin 2009, doi:10.1002/sim.3697.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
import polars as pl

from portico.case.columns import Column, Columns
from portico.cohort.dictionary import registry_columns
from portico.cohort.suppressed_table import groups_together, suppress_table
from portico.errors import CannotTell, UsageError

__all__ = ["TABLE_ONE", "TableOne", "TableRow", "Variable", "table_one"]

#: Columns of the usual table, in its order. ``site_region`` is not among them: with ``bone`` beside it, it would tell a bone that
#: is hidden.
TABLE_ONE: Final = (
    "age_years", "ecog", "kps", "bone", "fracture_state", "histology", "radiosensitivity", "oligometastatic",
    "visceral_metastases", "brain_metastases", "systemic_therapy", "procedure", "resection", "hardware_present", "escc_postop",
    "deficit", "ambulatory", "prior_rt_at_site", "prescribed_option", "prescribed_dose_gy", "prescribed_fractions",
    "prescribed_volume",
)  # fmt: skip
#: Whole numbers of so few values, such as a performance status, are shown as categories.
_FEW_VALUES: Final = 6
#: Groups that are shown by themselves; further ones are put together.
_MOST_GROUPS: Final = 6
_UNSTATED: Final = "not stated"
_GROUP: Final = "__group"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One category, or what is not known.

    Parameters
    ----------
    label : category; ``known`` and ``not known`` under a number
    counts : courses in each group, and in all last; None where hidden
    """

    label: str
    counts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """One column of the registry.

    Parameters
    ----------
    name, meaning, unit : of the column; no unit is None
    rows : categories that occur, then ``not known`` when there are such courses
    quartiles : for a number: lower quartile, median and upper quartile in each group and in all; None where fewer courses than
        the threshold are known; empty for categories
    difference : largest absolute standardised difference between two groups; None when it is hidden, has no meaning (one group,
        nothing known) or no finite value
    """

    name: str
    meaning: str
    unit: str | None
    rows: tuple[TableRow, ...]
    quartiles: tuple[tuple[float, float, float] | None, ...]
    difference: float | None


@dataclass(frozen=True, slots=True)
class TableOne:
    """The table.

    Parameters
    ----------
    by : column of the groups
    groups, sizes : names and courses of the groups; groups of fewer courses than ``threshold`` stand together
    total : all courses
    variables : in the order asked for
    absent : columns that no row knows
    threshold : smallest count that is shown
    """

    by: str
    groups: tuple[str, ...]
    sizes: tuple[int, ...]
    total: int
    variables: tuple[Variable, ...]
    absent: tuple[str, ...]
    threshold: int


def table_one(
    rows: pl.DataFrame | pl.LazyFrame,
    *,
    by: str = "centre",
    columns: Sequence[str] = TABLE_ONE,
    threshold: int = 5,
) -> TableOne:
    """The table of a registry's rows.

    Parameters
    ----------
    rows : rows that can be used, with typed columns; a lazy frame is read column by column
    by : column of the groups: ``centre``, or one with categories
    columns : what the table shows; the column of the groups and columns that the frame lacks are left out
    threshold : smallest count that is shown, 1 or more

    Raises
    ------
    UsageError : ``unknown-column``, ``bad-count``
    CannotTell : ``too-few``: there are fewer courses than the threshold
    """
    known = Columns(registry_columns())
    lazy = rows.lazy()
    present = lazy.collect_schema().names()
    if threshold < 1:
        raise UsageError("The threshold is 1 or more.", code="bad-count")
    wrong = [name for name in (*columns, by) if name != "centre" and name not in known]
    if wrong or by not in present or (by != "centre" and known[by].numeric):
        raise UsageError("Table 1 has no such column or groups.", code="unknown-column", path=(wrong or [by])[0])
    sizes = lazy.group_by(pl.col(by).cast(pl.String)).len().collect(engine="streaming")
    label = _groups(dict(sizes.iter_rows()), threshold)
    groups = tuple(dict.fromkeys(label.values()))
    counts = tuple(sum(n for name, n in sizes.iter_rows() if label[name] == group) for group in groups)
    total = sum(counts)
    if total < threshold:
        raise CannotTell(f"There are fewer than {threshold} courses.", code="too-few")
    grouped = lazy.with_columns(
        pl.col(by).cast(pl.String).replace_strict(label, return_dtype=pl.Enum(groups)).alias(_GROUP)
    )
    wanted = [known[name] for name in columns if name in present and name != by]
    found = [_variable(grouped, column, groups, counts, threshold) for column in wanted]
    return TableOne(
        by,
        groups,
        counts,
        total,
        tuple(one for one in found if one is not None),
        tuple(
            column.name for column, one in zip(wanted, found, strict=True) if one is None
        ) + tuple(name for name in columns if name not in present),
        threshold,
    )  # fmt: skip


def _groups(sizes: Mapping[str | None, int], threshold: int) -> dict[str | None, str]:
    """The shown name of each group."""
    found = groups_together(sizes, threshold=threshold, most=_MOST_GROUPS)
    words = {one: f"{name} others together" if isinstance(name, int) else name for one, name in found.items()}
    return {one: _UNSTATED if name is None else name for one, name in words.items()}


def _variable(
    grouped: pl.LazyFrame, column: Column, groups: Sequence[str], sizes: Sequence[int], threshold: int
) -> Variable | None:
    if column.numeric and not _few(column):
        return _number(grouped, column, groups, sizes, threshold)
    words = tuple(_words(column))
    cell = pl.col(column.name).cast(pl.String)
    table = grouped.group_by(_GROUP, cell.alias("value")).len().collect(engine="streaming")
    count = {(group, value): n for group, value, n in table.iter_rows()}
    used = [word for word in words if any((group, word) in count for group in groups)]
    if not used:
        return None
    every = np.array([[count.get((group, word), 0) for group in groups] for word in used])
    missing = np.asarray(sizes) - every.sum(axis=0)
    labels = [{"true": "yes", "false": "no"}[w] if column.type == "bool" else w.replace("_", " ") for w in used]
    rows = _rows(labels, every, missing, threshold)
    gap = None if _hides(rows) else _largest([_shares(every[:, g]) for g in range(len(groups))], _distance)
    return Variable(column.name, column.meaning, column.unit, rows, (), gap)


def _few(column: Column) -> bool:
    low, high = column.low, column.high
    return column.type == "int" and low is not None and high is not None and high - low < _FEW_VALUES


def _words(column: Column) -> Sequence[str]:
    if column.numeric:
        assert column.low is not None and column.high is not None
        return [str(one) for one in range(int(column.low), int(column.high) + 1)]
    return ("true", "false") if column.type == "bool" else column.values


def _number(
    grouped: pl.LazyFrame, column: Column, groups: Sequence[str], sizes: Sequence[int], threshold: int
) -> Variable | None:
    value = pl.col(column.name)
    wanted = [
        value.count().alias("n"),
        *(value.quantile(q, "linear").alias(f"q{q}") for q in (0.25, 0.5, 0.75)),
        value.mean().alias("mean"),
        value.var().alias("var"),
    ]
    parts, whole = pl.collect_all([grouped.group_by(_GROUP).agg(wanted), grouped.select(wanted)], engine="streaming")
    by_group = {row.pop(_GROUP): row for row in parts.iter_rows(named=True)}
    found = [*(by_group[group] for group in groups), whole.row(0, named=True)]
    if not found[-1]["n"]:
        return None
    known = np.array([[one["n"] for one in found[:-1]]])
    rows = _rows(["known"], known, np.asarray(sizes) - known[0], threshold)
    quartiles = tuple(
        (one["q0.25"], one["q0.5"], one["q0.75"]) if one["n"] >= max(threshold, 1) else None for one in found
    )
    few = any(one["n"] < max(threshold, 2) for one in found[:-1])
    gap = None if few else _largest([(one["mean"], one["var"]) for one in found[:-1]], _apart)
    return Variable(column.name, column.meaning, column.unit, rows, quartiles, gap)


def _rows(labels: Sequence[str], every: Any, missing: Any, threshold: int) -> tuple[TableRow, ...]:
    table = [[int(n) for n in row] for row in every]
    if missing.any():
        table.append([int(n) for n in missing])
        labels = [*labels, "not known"]
    shown = suppress_table(table, threshold=threshold)
    assert shown is not None  # sums that are hidden nowhere else can always be hidden here
    return tuple(TableRow(label, tuple(row)) for label, row in zip(labels, shown, strict=True))


def _hides(rows: Sequence[TableRow]) -> bool:
    return any(count is None for row in rows for count in row.counts)


def _shares(counts: Any) -> Any:
    return counts / counts.sum() if counts.sum() else None


def _largest(groups: Sequence[Any], apart: Any) -> float | None:
    gaps = [apart(one, two) for one, two in combinations(groups, 2)]
    if not gaps or any(gap is None for gap in gaps):
        return None
    return float(max(gaps))


def _apart(one: tuple[float, float], two: tuple[float, float]) -> float | None:
    spread = math.sqrt((one[1] + two[1]) / 2)
    gap = abs(one[0] - two[0])
    return gap / spread if spread > 0 else 0.0 if gap == 0 else None


def _distance(one: Any, two: Any) -> float | None:
    """Distance of Yang and Dalton between two lists of shares; None when no finite one exists."""
    if one is None or two is None:
        return None
    gap = (one - two)[1:]
    if not gap.any():
        return 0.0
    spread = [np.diag(shares[1:]) - np.outer(shares[1:], shares[1:]) for shares in (one, two)]
    middle = (spread[0] + spread[1]) / 2
    solved, _, rank, _ = np.linalg.lstsq(middle, gap, rcond=None)
    if rank < len(gap) and not np.allclose(middle @ solved, gap):
        return None
    return math.sqrt(float(gap @ solved))
