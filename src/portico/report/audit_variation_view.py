"""Variation and outcomes in the report of an audit: funnels, control charts, cumulative incidence; nothing from a hidden count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from portico.cohort.audit_result import (
    AuditResult,
    Chart,
    ChartDot,
    FunnelFigure,
    FunnelRow,
)
from portico.cohort.suppressed_table import suppress_table
from portico.cohort.suppression import suppress
from portico.report.audit_counts import (
    HIDDEN,
    NOT_STATED,
    ShownGroups,
    group_name,
    shown_groups,
    total_shown,
    verdicts,
)
from portico.report.audit_figures import chart_drawing, funnel_picture
from portico.report.audit_incidence import incidence_drawing
from portico.report.audit_practice_view import referral_shown
from portico.report.drawing import Drawing
from portico.report.evidence_page import Section, Table

__all__ = ["outcome_sections", "variation_sections"]

_PROPERTIES: Final = {"offered": "courses as the rules offer", "referred_in_time": "courses referred in time"}
_BY: Final = {"all": "all courses", "prescribed_option": "technique prescribed", "verdict": "verdict of the rules"}


def variation_sections(result: AuditResult) -> Iterator[Section]:
    drawings: list[Drawing] = []
    said: list[str] = []
    sums = total_shown(result)
    by_centre = shown_groups(verdicts(result.concordance.centres), threshold=result.threshold, sums=sums)
    for figure in result.funnels:
        words = _PROPERTIES.get(figure.property, figure.property.replace("_", " "))
        rows = _funnel_rows(
            figure, by_centre if figure.property == "offered" else _plain_groups(figure, result), figure.property
        )
        drawing = funnel_picture(figure, rows, words)
        if drawing is None:
            said.append(f"Funnel of {words}: no centre whose counts may be shown.")
        else:
            drawings.append(drawing)
            if len(rows) < len(figure.rows):
                said.append(
                    f"Funnel of {words}: {len(figure.rows) - len(rows)} centres with small counts are not drawn."
                )
    for chart in result.charts:
        words = _PROPERTIES.get(chart.property, chart.property.replace("_", " "))
        if chart.property == "offered" and None in sums[:2]:
            said.append(f"Control chart of {words}: the counts of all courses are too small.")
            continue
        drawing = chart_drawing(chart, _chart_dots(chart, result.threshold), words)
        if drawing is not None:
            drawings.append(drawing)
        else:
            said.append(f"Control chart of {words}: the file states the year of surgery in too few courses.")
    if drawings or said:
        yield Section("Variation between centres and over time", tuple(said), tuple(drawings), anchor="variation")


def _plain_groups(figure: FunnelFigure, result: AuditResult) -> ShownGroups | None:
    sums: Sequence[int | None] | None = None
    if figure.property == "referred_in_time":
        found = result.referral
        if not referral_shown(result) or figure.left_out != found.unknown:
            return None
        sums = [found.within, found.later]
    groups = {one.centre or NOT_STATED: (one.observed, one.courses - one.observed) for one in figure.rows}
    return shown_groups(groups, threshold=result.threshold, sums=sums)


def _funnel_rows(figure: FunnelFigure, shown: ShownGroups | None, of: str) -> list[FunnelRow]:
    """Centres whose observed and other courses both stand in the table of counts."""
    if shown is None:
        return []
    rows = []
    for one in figure.rows:
        counts = shown.of(one.centre or NOT_STATED)
        if counts is not None and None not in counts[:2]:
            rows.append(one)
    return rows


def _chart_dots(chart: Chart, threshold: int) -> list[ChartDot]:
    used = [one for one in chart.points if one.total]
    if not used:
        return []
    table = suppress_table(
        [[one.events for one in used], [one.total - one.events for one in used]], threshold=threshold
    )
    if table is None:
        return []
    return [one for place, one in enumerate(used) if table[0][place] is not None and table[1][place] is not None]


def outcome_sections(result: AuditResult) -> Iterator[Section]:
    drawings: list[Drawing] = []
    text = []
    for by in dict.fromkeys(one.by for one in result.incidence):
        groups = [one for one in result.incidence if one.by == by]
        if by == "verdict" and None in total_shown(result):
            text.append("By verdict of the rules: the counts by verdict are too small to be shown.")
            continue
        counts = {group_name(one.group): (one.events, one.deaths, one.n - one.events - one.deaths) for one in groups}
        shown = shown_groups(counts, threshold=result.threshold)
        kept = (
            []
            if shown is None
            else [one for one in groups if (own := shown.of(group_name(one.group))) and own[0] is not None]
        )
        event = groups[0].event.replace("_", " ")
        drawing = incidence_drawing(
            kept,
            {one.group: _BY["all"] if by == "all" else group_name(one.group) for one in kept},
            event,
            result.threshold,
        )
        if drawing is None:
            text.append(f"By {_BY.get(by, by)}: too few events or courses to be shown.")
        else:
            drawings.append(drawing)
    tests = tuple(
        (
            one.event.replace("_", " "),
            _BY.get(one.by, one.by),
            ", ".join(group_name(g) for g in one.groups),
            f"{one.statistic:.2f} on {one.df}",
            f"{one.p:.3f}" if one.p >= 0.001 else "under 0.001",
        )
        for one in result.tests
    )
    tables = (
        [
            Table(
                "Gray's test between groups, not adjusted",
                ("event", "by", "groups", "statistic, degrees of freedom", "p"),
                tests,
            )
        ]
        if tests
        else []
    )
    definitions = [
        (NOT_STATED if word is None else word.replace("_", " "), count)
        for word, count in result.local_failure_definitions
    ]
    if definitions:
        hidden = suppress([count for _, count in definitions], threshold=result.threshold)
        tables.append(
            Table(
                "Definition of local failure, in courses that had it",
                ("definition", "courses"),
                tuple(
                    (word, HIDDEN if n is None else f"{n:,}") for (word, _), n in zip(definitions, hidden, strict=True)
                ),
            )
        )
    if drawings or text:
        yield Section("What happened afterwards", tuple(text), tuple(drawings), tuple(tables), anchor="outcomes")
