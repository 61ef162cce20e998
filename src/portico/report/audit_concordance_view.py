"""Concordance in the report of an audit: verdicts by group, step by step, and the reasons, with small counts hidden across them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from portico.cohort.audit_result import (
    AuditResult,
    VerdictCounts,
)
from portico.cohort.suppression import suppress
from portico.report.audit_counts import (
    HIDDEN,
    counted_text,
    group_name,
    shown_groups,
    total_shown,
    verdicts,
)
from portico.report.evidence_page import Section, Table

__all__ = ["concordance_sections"]

_VERDICT_HEADS: Final = ("offered by the rules", "not offered", "cannot be told")
_PARTS: Final = {
    "technique": "an eligible regimen has the technique",
    "dose": "… the technique and the dose",
    "fractions": "… the technique, dose and fractions",
    "delivered": "what was delivered is what was prescribed",
}
#: Steps of which each holds the next.
_NESTED: Final = ("technique", "dose", "fractions")


def concordance_sections(result: AuditResult) -> Iterator[Section]:
    found, threshold = result.concordance, result.threshold
    shown = total_shown(result)
    tables = [
        Table(
            "All courses by verdict",
            ("courses", *_VERDICT_HEADS),
            ((f"{found.total.courses:,} courses", *counted_text(shown, found.total.courses)),),
        )
    ]
    tables += _by_group("centre", found.centres, shown, threshold)
    tables += _by_group("technique prescribed", found.options, shown, threshold)
    text = [
        'Each course is judged by the rules that advise on one patient. "Cannot be told" says that an answer is missing that would '
        "settle it; it is neither concordance nor deviation."
    ]
    # Regimens make up techniques, so beside these a hidden count of a regimen would follow: all are shown, or none.
    regimens = shown_groups(verdicts(found.regimens), threshold=threshold)
    if regimens is not None and not regimens.joined and not any(None in one for one in regimens.counts):
        tables += _by_group("regimen that decided", found.regimens, shown, threshold)
    elif found.regimens:
        text.append("By regimen, some counts are too small to be shown beside those by technique.")
    steps = _steps(result, shown)
    if steps:
        tables.append(Table("The same, step by step", ("step", "yes", "no", "cannot be told"), tuple(steps)))
    yield Section(
        "Concordance with the rules",
        tuple(text),
        tables=tuple(tables),
        anchor="concordance",
    )
    reasons = _reasons(result, dict(zip(("offered", "not_offered", "undetermined"), shown, strict=True)))
    if reasons:
        yield Section(
            "Why courses are not offered, or cannot be told",
            ("Each course counts under the first rule that decides it.",),
            tables=(
                Table(
                    "Reasons, the most frequent first, those hidden last",
                    ("reason", "verdict", "rule", "courses"),
                    reasons,
                ),
            ),
            anchor="reasons",
        )


def _steps(result: AuditResult, shown: Sequence[int | None]) -> list[tuple[str, ...]]:
    """Technique, then dose, then fractions: a step that differs by a small count from what is shown above it is hidden."""
    above, found = [list(shown)], []
    for one in result.concordance.parts:
        counts = [one.offered, one.not_offered, one.undetermined]
        row = suppress(counts, threshold=result.threshold)
        if one.group in _NESTED:
            if any(_near(counts, other, result.threshold) for other in above):
                row = [None, None, None]
            if None not in row:
                above.append(row)
        found.append((_PARTS.get(one.group or "", one.group or ""), *counted_text(row, one.courses)))
    return found


def _near(counts: Sequence[int], other: Sequence[int | None], threshold: int) -> bool:
    """Whether the difference from a row above would tell a small count, or the row above is hidden in part."""
    return any(n is None or 0 < abs(m - n) < threshold for m, n in zip(counts, other, strict=True))


def _reasons(result: AuditResult, totals: Mapping[str, int | None]) -> tuple[tuple[str, ...], ...]:
    """Reasons with counts that neither each other, nor their order, nor the total of their verdict give back."""
    hidden: dict[int, int | None] = {}
    for verdict in ("not_offered", "undetermined"):
        places = [n for n, one in enumerate(result.concordance.reasons) if one.verdict == verdict]
        counts = suppress([result.concordance.reasons[n].courses for n in places], threshold=result.threshold)
        hidden |= {n: None if totals[verdict] is None else count for n, count in zip(places, counts, strict=True)}
    return tuple(
        (
            one.says,
            one.verdict.replace("_", " ").replace("undetermined", "cannot be told"),
            one.reason if one.kind else "",
            HIDDEN if hidden[n] is None else f"{hidden[n]:,}",
        )
        for n, one in sorted(enumerate(result.concordance.reasons), key=lambda pair: hidden[pair[0]] is None)
    )


def _by_group(head: str, groups: Sequence[VerdictCounts], sums: Sequence[int | None], threshold: int) -> list[Table]:
    shown = shown_groups(verdicts(groups), threshold=threshold, sums=sums)
    if shown is None or len(shown.names) < 2:
        return []
    rows = tuple(
        (group_name(name), f"{size:,}", *counted_text(counts, size))
        for name, size, counts in zip(shown.names, shown.sizes, shown.counts, strict=True)
    )
    return [Table(f"By {head}", (head, "courses", *_VERDICT_HEADS), rows)]
