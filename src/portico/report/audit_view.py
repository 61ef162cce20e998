"""What the report of an audit says, section by section, as plain data for the page and the PDF alike.

Every count goes through :mod:`portico.report.audit_counts` first: small ones are hidden within their table, beside its totals, and
where two tables show the same courses (verdicts by centre and the funnel, steps of one another) beside each other.
"""

from __future__ import annotations

from functools import lru_cache

from portico.cohort.audit_result import (
    AuditResult,
)
from portico.report.audit_concordance_view import concordance_sections
from portico.report.audit_counts import (
    few,
    share_text,
    total_shown,
)
from portico.report.audit_practice_view import practice_sections, referral_shown
from portico.report.audit_variation_view import outcome_sections, variation_sections
from portico.report.evidence_page import Section, Table

__all__ = ["audit_sections", "audit_summary"]


def audit_summary(result: AuditResult) -> list[tuple[str, str]]:
    """What the first page says in a few lines: name and figure."""
    rows = result.rows
    found = [("Courses used", f"{rows.used:,} of {rows.read:,} rows; {rows.refused:,} refused")]
    found.append(("Patients", f"{rows.patients:,}"))
    total = result.concordance.total
    shown = total_shown(result)
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
    if result.referral.share_known is not None and referral_shown(result):
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
        *concordance_sections(result),
        *practice_sections(result),
        *variation_sections(result),
        *outcome_sections(result),
    )


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
