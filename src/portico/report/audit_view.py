"""What the report of an audit says, section by section, as plain data for the page and the PDF alike.

Every count goes through :mod:`portico.report.audit_counts` first: small ones are hidden within their table, beside its totals, and
where two tables show the same courses (verdicts by centre and the funnel) beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from portico.cohort.audit_result import (
    AuditResult,
    Chart,
    ChartDot,
    Days,
    DaysGroup,
    FunnelFigure,
    FunnelRow,
    VerdictCounts,
)
from portico.cohort.suppressed_table import suppress_table
from portico.cohort.suppression import suppress
from portico.report.audit_counts import (
    HIDDEN,
    NOT_STATED,
    ShownGroups,
    counted_text,
    few,
    share_text,
    shown_groups,
    verdicts,
)
from portico.report.audit_figures import chart_drawing, days_drawing, funnel_picture, schedules_drawing
from portico.report.audit_incidence import incidence_drawing
from portico.report.drawing import Drawing
from portico.report.evidence_page import Section, Table
from portico.report.wording import verified, verified_sign

__all__ = ["audit_sections", "audit_summary"]

_VERDICT_HEADS: Final = ("offered by the rules", "not offered", "cannot be told")
_PARTS: Final = {
    "technique": "an eligible regimen has the technique",
    "dose": "… the technique and the dose",
    "fractions": "… the technique, dose and fractions",
    "delivered": "what was delivered is what was prescribed",
}
_PROPERTIES: Final = {"offered": "courses as the rules offer", "referred_in_time": "courses referred in time"}
_BY: Final = {"all": "all courses", "prescribed_option": "technique prescribed", "verdict": "verdict of the rules"}
_MOST_SCHEDULES: Final = 20


def audit_summary(result: AuditResult) -> list[tuple[str, str]]:
    """What the first page says in a few lines: name and figure."""
    rows = result.rows
    found = [("Courses used", f"{rows.used:,} of {rows.read:,} rows; {rows.refused:,} refused")]
    found.append(("Patients", f"{rows.patients:,}"))
    total = result.concordance.total
    shown = _total(result)
    if shown[0] is not None:
        found.append(("As the rules offer", f"{shown[0]:,} ({share_text(shown[0], total.courses)})"))
    if shown[2] is not None:
        found.append(("Cannot be told", f"{shown[2]:,} ({share_text(shown[2], total.courses)})"))
    if result.schedules.entropy_bits is not None:
        found.append(
            ("Schedules in use", f"{len(result.schedules.used)}; entropy {result.schedules.entropy_bits:.2f} bits")
        )
    days = result.interval.total
    if days.median is not None and days.known >= result.threshold:
        found.append(("Surgery to radiotherapy", f"median {days.median:g} days (quartiles {days.q1:g} to {days.q3:g})"))
    if result.referral.share_known is not None and _referral_shown(result):
        found.append(
            (
                f"Referred within {result.referral.days} days",
                f"{100 * result.referral.share_known:.0f} % of those with a known day",
            )
        )
    return found


@lru_cache(maxsize=2)
def audit_sections(result: AuditResult) -> tuple[Section, ...]:
    """Everything but Table 1 and what needs the rows themselves; the page and the PDF of one audit draw it once."""
    return (
        _rows(result),
        *_concordance(result),
        _schedules(result),
        _interval(result),
        _referral(result),
        _hardware(result),
        *_variation(result),
        *_outcomes(result),
    )


def _total(result: AuditResult) -> list[int | None]:
    total = result.concordance.total
    return suppress([total.offered, total.not_offered, total.undetermined], threshold=result.threshold)


def _rows(result: AuditResult) -> Section:
    rows = result.rows
    text = [
        f"{rows.read:,} rows were read: {rows.used:,} are used and {rows.refused:,} refused. They are of {rows.patients:,} patients."
    ]
    if rows.absent:
        text.append(
            f"Columns that the file does not have, so that their answer is unknown in every row: {', '.join(rows.absent)}."
        )
    if rows.ignored:
        text.append(f"Headings that are no column of a registry and were not read: {rows.ignored}.")
    tables = ()
    if rows.problems:
        tables = (
            Table(
                "Why rows are refused; a row with several problems counts in each",
                ("column", "problem", "rows"),
                tuple(
                    (one.column, one.code.replace("-", " "), few(one.rows, result.threshold)) for one in rows.problems
                ),
            ),
        )  # type: ignore[assignment]
    return Section("Rows read, used and refused", tuple(text), tables=tables, anchor="rows")


def _concordance(result: AuditResult) -> Iterator[Section]:
    found, threshold = result.concordance, result.threshold
    shown = _total(result)
    tables = [
        Table(
            "All courses by verdict",
            ("courses", *_VERDICT_HEADS),
            ((f"{found.total.courses:,} courses", *counted_text(shown, found.total.courses)),),
        )
    ]
    for head, groups in (
        ("centre", found.centres),
        ("technique prescribed", found.options),
        ("regimen that decided", found.regimens),
    ):
        tables += _by_group(head, groups, shown, threshold)
    parts = [
        (
            _PARTS.get(one.group or "", one.group or ""),
            *counted_text(suppress([one.offered, one.not_offered, one.undetermined], threshold=threshold), one.courses),
        )
        for one in found.parts
    ]
    if parts:
        tables.append(Table("The same, step by step", ("step", "yes", "no", "cannot be told"), tuple(parts)))
    yield Section(
        "Concordance with the rules",
        (
            'Each course is judged by the rules that advise on one patient. "Cannot be told" says that an answer is missing that would '
            "settle it; it is neither concordance nor deviation.",
        ),
        tables=tuple(tables),
        anchor="concordance",
    )
    reasons = [
        (
            one.says,
            one.verdict.replace("_", " ").replace("undetermined", "cannot be told"),
            one.reason if one.kind else "",
            few(one.courses, threshold),
        )
        for one in found.reasons
    ]
    if reasons:
        yield Section(
            "Why courses are not offered, or cannot be told",
            ("A course may have several reasons.",),
            tables=(
                Table("Reasons, the most frequent first", ("reason", "verdict", "rule", "courses"), tuple(reasons)),
            ),
            anchor="reasons",
        )


def _by_group(head: str, groups: Sequence[VerdictCounts], sums: Sequence[int | None], threshold: int) -> list[Table]:
    shown = shown_groups(verdicts(groups), threshold=threshold, sums=sums)
    if shown is None or len(shown.names) < 2:
        return []
    rows = tuple(
        (_name(name), f"{size:,}", *counted_text(counts, size))
        for name, size, counts in zip(shown.names, shown.sizes, shown.counts, strict=True)
    )
    return [Table(f"By {head}", (head, "courses", *_VERDICT_HEADS), rows)]


def _name(group: str | None) -> str:
    """A group as people read it: the mark of an invented patient stands on the page already."""
    return NOT_STATED if group is None else group.removeprefix("SYNTHETIC-").replace("_", " ")


def _schedules(result: AuditResult) -> Section:
    found = result.schedules
    total = sum(one.courses for one in found.used)
    large = [one for one in found.used if one.courses >= result.threshold][:_MOST_SCHEDULES]
    rest = [one for one in found.used if one not in large]
    while rest and large and sum(one.courses for one in rest) < result.threshold:
        rest.insert(0, large.pop())
    bars = [(f"{one.dose_gy:g} Gy in {one.fractions}", one.courses) for one in large]
    if rest and sum(one.courses for one in rest) >= result.threshold:
        bars.append((f"{len(rest)} others together", sum(one.courses for one in rest)))
    drawing = schedules_drawing(bars, total)
    text = [
        "Entropy says how evenly practice is spread: 0 bits when all do the same, log2 of k when k schedules are equally frequent."
    ]
    if found.entropy_bits is not None:
        unknown = few(found.unknown, result.threshold)
        text.insert(
            0,
            f"{len(found.used)} different schedules; entropy {found.entropy_bits:.2f} bits. "
            f"No schedule is stated in {unknown} courses.",
        )
    rows = tuple(
        (
            _name(one.centre),
            f"{one.courses:,}",
            str(one.different),
            "" if one.entropy_bits is None else f"{one.entropy_bits:.2f}",
        )
        for one in found.centres
        if one.courses >= result.threshold
    )
    tables = (Table("By centre", ("centre", "courses", "different schedules", "entropy, bits"), rows),) if rows else ()
    return Section("Schedules in use", tuple(text), (drawing,) if drawing else (), tables, anchor="schedules")


def _interval(result: AuditResult) -> Section:
    days: Days = result.interval
    shown: list[DaysGroup] = []
    for one in (days.total, *days.centres):
        known = suppress([one.known, one.unknown], threshold=result.threshold)
        if known[0] is not None and one.known >= result.threshold:
            shown.append(replace(one, group="all" if one is days.total else one.group))
    drawing = days_drawing(shown, None, "days from surgery to the first fraction")
    unknown = few(days.total.unknown, result.threshold)
    text = f"The first fraction is known in {days.total.known:,} courses and not in {unknown}: not irradiated, or not recorded."
    if not shown:
        text = "The day of the first fraction is known in too few courses."
    return Section("From surgery to radiotherapy", (text,), (drawing,) if drawing else (), anchor="interval")


def _referral_shown(result: AuditResult) -> bool:
    found = result.referral
    return None not in suppress([found.within, found.later, found.unknown], threshold=result.threshold)


def _referral(result: AuditResult) -> Section:
    found = result.referral
    total = found.within + found.later + found.unknown
    counts = suppress([found.within, found.later, found.unknown], threshold=result.threshold)
    text = []
    if (
        _referral_shown(result)
        and found.share_known is not None
        and found.known_low is not None
        and found.known_high is not None
    ):
        text.append(
            f"Of courses with a known day of referral, {100 * found.share_known:.1f} % were referred within {found.days} days of surgery "
            f"(exact 95 % interval {100 * found.known_low:.1f} to {100 * found.known_high:.1f} %). If nobody without a day had been "
            f"referred, it would be {100 * (found.share_all or 0.0):.1f} % of all."
        )
    else:
        text.append("Counts are too small for a share to be shown.")
    tables = [
        Table(
            f"Referral within {found.days} days of surgery",
            ("courses", f"within {found.days} days", "later", "day not known"),
            ((f"{total:,} courses", *counted_text(counts, total)),),
        )
    ]
    if found.published:
        rows = []
        for one in found.published:
            share = f"{100 * one.share:.0f} %"
            if one.low is not None and one.high is not None:
                share += f" ({100 * one.low:.0f} to {100 * one.high:.0f} %)"
            counted = "" if one.events is None or one.n is None else f"{one.events} of {one.n}"
            rows.append(
                (one.study, one.label, share, counted, f"{verified_sign(one.verified)} {verified(one.verified)}")
            )
        tables.append(
            Table(
                "Published, to set beside it",
                ("record and group", "what", "share", "counted", "how far the record was checked"),
                tuple(rows),
            )
        )
        text.append(
            "Published shares are of other patients and other definitions; they are a place to look from, not a target."
        )
    return Section("Referral to radiotherapy", tuple(text), tables=tuple(tables), anchor="referral")


def _hardware(result: AuditResult) -> Section:
    found = result.hardware
    total = found.whole + found.part + found.unknown
    if not total:
        return Section("Coverage of the implant", ("No course has an implant on record.",), anchor="hardware")
    shown = suppress([found.whole, found.part, found.unknown], threshold=result.threshold)
    row = (f"{total:,} courses with an implant", *counted_text(shown, total))
    table = Table(
        "How much of the implant's length was in the field", ("courses", "all of it", "a part", "not known"), (row,)
    )
    return Section("Coverage of the implant", (), tables=(table,), anchor="hardware")


def _variation(result: AuditResult) -> Iterator[Section]:
    drawings: list[Drawing] = []
    said: list[str] = []
    sums = _total(result)
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
        if not _referral_shown(result) or figure.left_out != found.unknown:
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


def _outcomes(result: AuditResult) -> Iterator[Section]:
    drawings: list[Drawing] = []
    text = []
    for by in dict.fromkeys(one.by for one in result.incidence):
        groups = [one for one in result.incidence if one.by == by]
        counts = {_name(one.group): (one.events, one.deaths, one.n - one.events - one.deaths) for one in groups}
        shown = shown_groups(counts, threshold=result.threshold)
        kept = (
            []
            if shown is None
            else [one for one in groups if (own := shown.of(_name(one.group))) and own[0] is not None]
        )
        event = groups[0].event.replace("_", " ")
        drawing = incidence_drawing(
            kept, {one.group: _BY["all"] if by == "all" else _name(one.group) for one in kept}, event, result.threshold
        )
        if drawing is None:
            text.append(f"By {_BY.get(by, by)}: too few events or courses to be shown.")
        else:
            drawings.append(drawing)
    tests = tuple(
        (
            one.event.replace("_", " "),
            _BY.get(one.by, one.by),
            ", ".join(_name(g) for g in one.groups),
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
