"""An audit in plain text, with small counts hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from portico.cli.output import number, plain_table
from portico.cohort.audit_result import AuditResult, VerdictCounts
from portico.cohort.suppression import suppress
from portico.intended_use import INTENDED_USE_SHORT

__all__ = ["audit_text"]

#: Lines that a list of the most frequent things has.
_MOST: Final = 10


def audit_text(result: AuditResult) -> str:
    """Rows, verdicts, reasons, schedules, interval, referral and local failure."""
    rows = result.rows
    lines = [
        f"SYNTHETIC: nobody here ever lived. {INTENDED_USE_SHORT}" if result.synthetic else INTENDED_USE_SHORT,
        "",
        f"{rows.read:,} rows in = {rows.used:,} used + {rows.refused:,} refused; {rows.patients:,} patients.",
    ]
    if rows.alike:
        lines.append(f"{rows.alike:,} of the used rows may be second entries: only the course key differs.")
    if rows.problems:
        body = [[one.column, one.code, f"{one.rows:,}"] for one in rows.problems[:_MOST]]
        lines += ["", plain_table(["column", "problem", "rows"], body)]
    hide = _hider(result.threshold)
    found = result.concordance
    if found.total.courses:
        groups = [_verdicts(found.total, hide), *(_verdicts(one, hide) for one in found.centres[:_MOST])]
        lines += ["", plain_table(["centre", "offered", "not offered", "undetermined"], groups)]
        reasons = [
            [one.verdict.replace("_", " "), shown, f"{one.reason}: {one.says}"]
            for one, shown in zip(found.reasons, hide([one.courses for one in found.reasons]), strict=True)
        ]
        if reasons:
            lines += ["", plain_table(["verdict", "courses", "why"], reasons[:_MOST])]
        lines += ["", *_practice(result, hide)]
    lines += ["", *result.notes]
    return "\n".join(lines)


class _hider:  # noqa: N801 - used as a function
    """Counts of one table as text, small ones hidden."""

    def __init__(self, threshold: int) -> None:
        self._threshold = threshold

    def __call__(self, counts: Sequence[int]) -> list[str]:
        return ["hidden" if one is None else f"{one:,}" for one in suppress(counts, threshold=self._threshold)]


def _verdicts(one: VerdictCounts, hide: _hider) -> list[str]:
    return ["not stated" if one.group is None else one.group, *hide([one.offered, one.not_offered, one.undetermined])]


def _practice(result: AuditResult, hide: _hider) -> list[str]:
    used, days, referral = result.schedules, result.interval.total, result.referral
    shown = hide([one.courses for one in used.used])
    most = ", ".join(
        f"{one.dose_gy:g} Gy in {one.fractions} ({count})" for one, count in zip(used.used[:5], shown, strict=False)
    )
    lines = [
        f"Schedules in use: {len(used.used)}; entropy {number(used.entropy_bits)} bits. Most frequent: {most or 'none'}."
    ]
    if days.median is not None:
        lines.append(
            f"Surgery to radiotherapy: median {days.median:g} days ({number(days.q1, 0)} to {number(days.q3, 0)}); "
            f"not known in {days.unknown:,} courses."
        )
    if referral.share_known is not None and referral.published:
        shares = [one.share for one in referral.published]
        levels = ", ".join(sorted({one.verified for one in referral.published}))
        lines.append(
            f"Referred within {referral.days} days: {100 * referral.share_known:.0f} % of those with a known day, "
            f"{100 * (referral.share_all or 0.0):.0f} % of all if nobody else was. Published: {100 * min(shares):.0f} to "
            f"{100 * max(shares):.0f} % ({referral.published[0].study}; verified: {levels})."
        )
    for one in result.incidence:
        for point in one.at:
            if one.by == "prescribed_option" and point.day == 365 and one.events >= result.threshold:
                lines.append(
                    f"Local failure at one year, {one.group or 'technique not stated'}: {100 * point.share:.1f} % "
                    f"({100 * point.low:.1f} to {100 * point.high:.1f}), {one.n:,} courses."
                )
    return lines
