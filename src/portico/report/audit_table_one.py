"""Table 1 as the report of an audit shows it: by centre when the rows were at hand, else by technique from the audit's own counts."""

from __future__ import annotations

from typing import Final

from portico.cohort.audit_result import AuditResult, Characteristic
from portico.cohort.table_one import TableOne, Variable
from portico.report.audit_counts import NOT_STATED, counted_text, shown_groups
from portico.report.evidence_page import Section, Table

__all__ = ["SHOWN_ELSEWHERE", "characteristics_section", "table_one_section"]

#: Columns that other sections of the report count: in Table 1, counts hidden there could be found here, and the reverse.
SHOWN_ELSEWHERE: Final = ("prescribed_option", "hardware_present")

_HIDING = "A count below {} is hidden, and others with it so that it does not follow from the totals of this table."
_UNIT = "The unit is the course: a patient with two courses counts twice. Percentages are of all courses of the group."


def table_one_section(table: TableOne) -> Section:
    """The table made by :func:`portico.cohort.table_one.table_one`."""
    several = len(table.groups) > 1
    names = [_shown(name) for name in table.groups]
    sizes = [*table.sizes, table.total] if several else [table.total]
    heads = [
        *(f"{name} (n = {size:,})" for name, size in zip(names, table.sizes, strict=True)),
        f"all (n = {table.total:,})",
    ]
    if not several:
        heads = heads[-1:]
    rows = [row for one in table.variables for row in _rows(one, sizes, several)]
    text = [_UNIT, _HIDING.format(table.threshold)]
    if several:
        text.append(
            "Standardised difference: the largest between two groups, of known answers; it is left out where it would tell a count."
        )
    if table.absent:
        text.append(f"Known in no course: {', '.join(name.replace('_', ' ') for name in table.absent)}.")
    columns = ("characteristic", *heads, *(["standardised difference"] if several else []))
    by = f"by {table.by.replace('_', ' ')}" if several else "all courses"
    return Section(
        "Who was treated", tuple(text), tables=(Table(f"Table 1, {by}", columns, tuple(rows)),), anchor="table-one"
    )


def _rows(one: Variable, sizes: list[int], several: bool) -> list[tuple[str, ...]]:
    """A head for the variable with its standardised difference, then its rows."""
    unit = f", {one.unit}" if one.unit else ""
    gap = ("" if one.difference is None else f"{one.difference:.2f}",) if several else ()
    places = slice(None) if several else slice(-1, None)
    if one.quartiles:
        cells = tuple(
            "too few known" if q is None else f"{_one(q[1])} ({_one(q[0])} to {_one(q[2])})"
            for q in one.quartiles[places]
        )
        rows = [(f"{one.meaning}{unit}: median (quartiles)", *cells, *gap)]
        shown = [row for row in one.rows if row.label == "not known"]
    else:
        rows = [(f"{one.meaning}{unit}", *("" for _ in sizes), *gap)]
        shown = list(one.rows)
    empty = ("",) if several else ()
    for row in shown:
        cells = tuple(counted_text([n], size)[0] for n, size in zip(row.counts[places], sizes, strict=True))
        rows.append((f"–\u00a0{row.label}", *cells, *empty))
    return rows


def _one(value: float) -> str:
    """At most one decimal."""
    return f"{round(value, 1):g}"


def characteristics_section(result: AuditResult) -> Section | None:
    """The characteristics that an audit counts itself, by technique prescribed; None without any."""
    if not result.characteristics:
        return None
    tables = [_table(one, result.threshold) for one in result.characteristics if one.column not in SHOWN_ELSEWHERE]
    text = (_UNIT, _HIDING.format(result.threshold))
    return Section("Who was treated", text, tables=tuple(t for t in tables if t is not None), anchor="table-one")


def _table(one: Characteristic, threshold: int) -> Table | None:
    parts = [NOT_STATED if level.value is None else level.value.replace("_", " ") for level in one.levels]
    groups = {
        _shown(NOT_STATED if group is None else group): tuple(level.courses[place] for level in one.levels)
        for place, group in enumerate(one.groups)
    }
    shown = shown_groups(groups, threshold=threshold)
    if shown is None:
        return None
    columns = ("value", *(f"{name} (n = {size:,})" for name, size in zip(shown.names, shown.sizes, strict=True)))
    rows = [
        (
            part,
            *(counted_text([counts[place]], size)[0] for counts, size in zip(shown.counts, shown.sizes, strict=True)),
        )
        for place, part in enumerate(parts)
        if any(counts[place] != 0 for counts in shown.counts)
    ]
    unit = f", {one.unit}" if one.unit else ""
    return Table(f"{one.meaning[:1].upper()}{one.meaning[1:]}{unit}", columns, tuple(rows))


def _shown(name: str) -> str:
    return name.removeprefix("SYNTHETIC-").replace("_", " ")
