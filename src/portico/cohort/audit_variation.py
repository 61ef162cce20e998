"""Figures of an audit that show how practice varies: intervals by centre, funnels, and control charts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

import numpy as np
import polars as pl

from portico.cohort import audit_result as r
from portico.cohort.audit_practice import Counted, Key
from portico.cohort.course_facts import STRATA
from portico.cohort.variation import funnel_of, p_chart

__all__ = ["chart_figure", "funnel_figure", "interval_figures"]


def interval_figures(counts: pl.DataFrame) -> r.Days:
    starts = counts.filter(pl.col("table") == "start").select("a", "day", "n")
    all_: Counter[int | None] = Counter()
    centres: dict[Key, Counter[int | None]] = defaultdict(Counter)
    for centre, day, n in starts.iter_rows():
        all_[day] += n
        centres[centre][day] += n
    order = sorted(centres, key=lambda one: (one is None, -centres[one].total(), one or ""))
    return r.Days(_days("all", all_), tuple(_days(one, centres[one]) for one in order))


def _days(group: Key, counted: Counter[int | None]) -> r.DaysGroup:
    known = sorted((day, n) for day, n in counted.items() if day is not None)
    number = sum(n for _, n in known)
    if not number:
        return r.DaysGroup(group, 0, counted[None], None, None, None, None, None)
    ends = np.cumsum([n for _, n in known])

    def quantile(share: float) -> float:
        """The mean of the two values round the place, where it falls between two courses."""
        place = share * number
        low = int(np.searchsorted(ends, place, side="left"))
        high = int(np.searchsorted(ends, place, side="right")) if place == round(place) else low
        return (known[min(low, len(known) - 1)][0] + known[min(high, len(known) - 1)][0]) / 2.0

    return r.DaysGroup(
        group, number, counted[None], float(known[0][0]), quantile(0.25), quantile(0.5), quantile(0.75), float(known[-1][0])
    )  # fmt: skip


def funnel_figure(name: str, counted: Counted) -> r.FunnelFigure:
    totals: dict[tuple[Key, Key], tuple[int, int]] = {}
    left_out = 0
    for (property_, centre, stratum, has), n in _by_key(counted):
        if property_ != name:
            continue
        if has is None:
            left_out += n
            continue
        total, events = totals.get((centre, stratum), (0, 0))
        totals[centre, stratum] = (total + n, events + (n if has == "true" else 0))
    if not totals:
        return r.FunnelFigure(name, STRATA, left_out, None, None, ())
    found = funnel_of({(centre, stratum): counts for (centre, stratum), counts in totals.items()})
    rows = tuple(
        r.FunnelRow(
            None if one.centre is None else str(one.centre), one.courses, one.observed, one.expected, one.ratio, one.low, one.high,
            one.standardised, one.within_95, one.within_998, one.z, *found.limits[one.courses],
        )
        for one in found.centres
    )  # fmt: skip
    return r.FunnelFigure(name, STRATA, left_out, found.rate, found.dispersion, rows)


def _by_key(counted: Counted) -> list[tuple[tuple[Key, ...], int]]:
    return sorted(counted.items(), key=lambda item: [(one is None, one or "") for one in item[0]])


def chart_figure(name: str, counted: Counted) -> r.Chart:
    mine = [(year, quarter, has, n) for (property_, year, quarter, has), n in _by_key(counted) if property_ == name]
    judged = [one for one in mine if one[0] is not None and one[2] is not None]
    left_out = sum(n for year, _, has, n in mine if year is None and has is not None)
    if not judged:
        return r.Chart(name, left_out, None, ())
    quarters = all(quarter is not None for _, quarter, _, _ in judged)
    label: Callable[[Key, Key], str] = lambda year, quarter: f"{year}-Q{quarter}" if quarters else str(year)  # noqa: E731 - one of two forms
    events: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for year, quarter, has, n in judged:
        totals[label(year, quarter)] += n
        events[label(year, quarter)] += n if has == "true" else 0
    periods = sorted(totals)
    mean, points = p_chart(periods, [events[one] for one in periods], [totals[one] for one in periods])
    dots = (r.ChartDot(str(p.period), p.events, p.total, p.low, p.high, p.outside, p.run) for p in points)
    return r.Chart(name, left_out, mean, tuple(dots))
