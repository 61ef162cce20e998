"""What was done, in the report of an audit: schedules, the interval from surgery, referral, coverage of the implant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from portico.cohort.audit_result import AuditResult, Days, DaysGroup, ScheduleCount
from portico.cohort.suppression import suppress
from portico.report.audit_counts import NOT_STATED, counted_text, group_name
from portico.report.audit_figures import days_drawing, schedules_drawing
from portico.report.evidence_page import Section, Table
from portico.report.wording import verified, verified_sign

__all__ = ["practice_sections", "referral_shown"]

_MOST_SCHEDULES: Final = 20


def practice_sections(result: AuditResult) -> tuple[Section, ...]:
    """Schedules, interval, referral and coverage."""
    return _schedules(result), _interval(result), _referral(result), _hardware(result)


def _schedules(result: AuditResult) -> Section:
    found = result.schedules
    total = sum(one.courses for one in found.used) + found.unknown
    large = [one for one in found.used if one.courses >= result.threshold][:_MOST_SCHEDULES]
    rest = [one for one in found.used if one not in large]
    # What stands for itself, and what is not stated, make up all courses: what is small among them stands together.
    apart = 0 if 0 < found.unknown < result.threshold else found.unknown
    while large and 0 < _together(rest, found.unknown - apart) < result.threshold:
        rest.insert(0, large.pop())
    bars = [(f"{one.dose_gy:g} Gy in {one.fractions}", one.courses) for one in large]
    if _together(rest, found.unknown - apart) >= result.threshold:
        others = "1 other" if len(rest) == 1 else f"{len(rest)} others together"
        bars.append(
            (others if apart == found.unknown else f"{others}, or not stated", _together(rest, found.unknown - apart))
        )
    if apart:
        bars.append((NOT_STATED, apart))
    drawing = schedules_drawing(bars, total)
    text = [
        "Entropy says how evenly practice is spread: 0 bits when all do the same, log2 of k when k schedules are equally frequent."
    ]
    if found.entropy_bits is not None:
        text.insert(0, f"{len(found.used)} different schedules; entropy {found.entropy_bits:.2f} bits.")
    rows = tuple(
        (
            group_name(one.centre),
            f"{one.courses:,}",
            str(one.different),
            "" if one.entropy_bits is None else f"{one.entropy_bits:.2f}",
        )
        for one in found.centres
        if one.courses >= result.threshold
    )
    tables = (Table("By centre", ("centre", "courses", "different schedules", "entropy, bits"), rows),) if rows else ()
    return Section("Schedules in use", tuple(text), (drawing,) if drawing else (), tables, anchor="schedules")


def _together(rest: Sequence[ScheduleCount], unknown: int) -> int:
    return sum(one.courses for one in rest) + unknown


def _interval(result: AuditResult) -> Section:
    days: Days = result.interval
    shown: list[DaysGroup] = []
    for one in (days.total, *days.centres):
        if one.known >= result.threshold:
            shown.append(replace(one, group="all" if one is days.total else one.group))
    drawing = days_drawing(shown, None, "days from surgery to the first fraction")
    known, unknown = suppress([days.total.known, days.total.unknown], threshold=result.threshold)
    text = "The day of the first fraction is not known in some courses: not irradiated, or not recorded."
    if not shown:
        text = "The day of the first fraction is known in too few courses."
    elif known is not None and unknown is not None:
        text = (
            f"The first fraction is known in {known:,} courses and not in {unknown:,}: not irradiated, or not recorded."
        )
    return Section("From surgery to radiotherapy", (text,), (drawing,) if drawing else (), anchor="interval")


def referral_shown(result: AuditResult) -> bool:
    """Whether no count of referral is hidden, so that shares may be given."""
    found = result.referral
    return None not in suppress([found.within, found.later, found.unknown], threshold=result.threshold)


def _referral(result: AuditResult) -> Section:
    found = result.referral
    total = found.within + found.later + found.unknown
    counts = suppress([found.within, found.later, found.unknown], threshold=result.threshold)
    text = []
    if (
        referral_shown(result)
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
                (
                    f"{one.study}, {one.arm.replace('-', ' ')}",
                    one.label,
                    share,
                    counted,
                    f"{verified_sign(one.verified)} {verified(one.verified)}",
                )
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
