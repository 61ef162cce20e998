"""Cumulative incidence of local failure, death competing, from counts by group, day and cause.

Time runs from the latest operation in whole days. A course whose last day, or whose death or life at it, is not known is left out and
counted; lesions of one patient count as independent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from portico.cohort.audit_result import GroupTest, Incidence, IncidencePoint
from portico.cohort.outcomes.events import Index, Table, Vector
from portico.cohort.outcomes.gray import gray_of
from portico.cohort.outcomes.incidence import incidence_of
from portico.errors import CannotTell

__all__ = ["EVENT", "Followed", "group_test", "incidence_by_group"]

EVENT: Final = "local_failure"
#: Days at which the incidence is stated, and the step of the curve: half a year, one and two years; a week.
AT_DAYS: Final = (182, 365, 730)
STEP_DAYS: Final = 7
_CAUSES: Final = 3

#: By group (None is unknown): courses by day and cause, cause 0 the end of observation, 1 the event, 2 death; and how many are left out.
Followed = Mapping[str | None, tuple[Mapping[tuple[int, int], int], int]]


def incidence_by_group(by: str, groups: Followed) -> Iterator[Incidence]:
    """The curve of each group; without points where nobody had the event."""
    for group, (counts, left_out) in groups.items():
        if not counts:
            yield Incidence(EVENT, by, group, 0, 0, 0, left_out, (), ())
            continue
        table = _table(counts)
        events, deaths = (int(table.events[:, cause].sum()) for cause in (0, 1))
        at: tuple[IncidencePoint, ...] = ()
        curve = at
        if events:
            last = int(table.time[-1])
            at = _points(table, [day for day in AT_DAYS if day <= last])
            curve = _points(table, list(range(0, last + 1, STEP_DAYS)))
        yield Incidence(EVENT, by, group, int(table.at_risk[0]), events, deaths, left_out, at, curve)


def group_test(by: str, groups: Followed) -> GroupTest | None:
    """Gray's test between the known groups; None with fewer than two that were followed, or too few events."""
    known = {group: counts for group, (counts, _) in groups.items() if group is not None and counts}
    if len(known) < 2:
        return None
    days = np.unique([day for counts in known.values() for day, _ in counts])
    cells = np.stack([_cells(counts, days) for counts in known.values()], axis=1)
    risk = cells.sum(axis=2)[::-1].cumsum(axis=0)[::-1]
    keep = cells[:, :, 1:].sum(axis=(1, 2)) > 0
    if not cells[:, :, 1].any():
        return None
    try:
        found = gray_of(tuple(known), risk[keep], cells[keep, :, 1], cells[keep, :, 2])
    except CannotTell:
        return None
    return GroupTest(EVENT, by, found.groups, found.statistic, found.df, found.p)


def _cells(counts: Mapping[tuple[int, int], int], days: Index) -> Vector:
    """(days, causes) courses."""
    made = np.zeros((len(days), _CAUSES))
    for (day, cause), number in counts.items():
        made[np.searchsorted(days, day), cause] += number
    return made


def _table(counts: Mapping[tuple[int, int], int]) -> Table:
    days = np.unique([day for day, _ in counts])
    cells = _cells(counts, days)
    risk = cells.sum(axis=1)[::-1].cumsum()[::-1]
    return Table(days.astype(np.float64), risk, cells[:, 1:], cells[:, 0])


def _points(table: Table, days: list[int]) -> tuple[IncidencePoint, ...]:
    curve = incidence_of(table, 1)
    share = curve.at(days)
    low, high = curve.interval_at(days)
    first = np.searchsorted(table.time, days)
    risk = np.append(table.at_risk, 0.0)[first]
    return tuple(
        IncidencePoint(day, float(a), float(b), float(c), int(n))
        for day, a, b, c, n in zip(days, share, low, high, risk, strict=True)
    )
