"""Options as rows: what is offered, what would settle the open ones, what stops the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portico.advice.model import Advice, Option, Outcome, Statement
from portico.report import wording
from portico.report.amounts import bed_text, cord_text, outcome_text, visits_text
from portico.report.references import References

__all__ = ["dose_notes", "headline", "option_row", "settle_groups", "settle_lines", "statement_view", "stopped_groups"]


def statement_view(statement: Statement, references: References) -> dict[str, Any]:
    """A statement with its certainty, its records, and who says otherwise."""
    return {
        "text": statement.text,
        "certainty": wording.certainty(statement.certainty),
        "directness": wording.directness(statement.directness),
        "basis": statement.basis,
        "records": references.cite(*statement.records),
        "disagrees": [{"text": d.says, "records": references.cite(d.record)} for d in statement.disagrees],
    }


def headline(option: Option) -> Outcome | None:
    """The published figure that lies closest to an option: the first one the advice gives."""
    return option.outcomes[0] if option.outcomes else None


def option_row(option: Option, references: References) -> dict[str, Any]:
    """One option as a row of the table."""
    outcome = headline(option)
    notes = sorted({level.note for level in option.levels if level.note})
    star = "\u00a0*" if notes else ""
    return {
        "id": option.id,
        "rank": "" if option.rank is None else f"{option.rank}{'=' if option.tied else ''}",
        "label": option.label,
        "status": option.status if option.signable else f"{option.status}, cannot be signed as it stands",
        "signable": option.signable,
        "no_limit": _open_nerve(option),
        "technique": wording.technique(option.technique),
        "visits": visits_text(option.visits),
        "bed": bed_text(option.levels) + star,
        "cord": cord_text(option.levels) + star,
        "outcome": "" if outcome is None else outcome_text(outcome),
        "outcome_source": [] if outcome is None else references.cite(outcome.study),
        "outcome_match": "" if outcome is None else f"{outcome.match}, {wording.directness(outcome.directness)}",
        "certainty": wording.certainty(option.certainty),
        "directness": wording.directness(option.directness),
        "verified": wording.verified(option.verified),
        "verified_level": option.verified,
        "sign": wording.verified_sign(option.verified),
        "note": option.note,
        "doses": notes,
    }


def _open_nerve(option: Option) -> str:
    """Nerve tissue for which no limit binds, in words; empty when there is none."""
    parts = []
    for state in ("no limit", "cannot tell"):
        rois = dict.fromkeys(r.roi for r in option.limits if r.neural and r.value is None and r.state == state)
        if rois:
            parts.append(f"{wording.limit_state(state)}: {', '.join(rois)}")
    return "; ".join(parts)


def dose_notes(options: Sequence[Option]) -> list[str]:
    """What an asterisk beside BED and EQD2 means, with the options it stands at."""
    found: dict[str, list[str]] = {}
    for option in options:
        for note in sorted({level.note for level in option.levels if level.note}):
            found.setdefault(note, []).append(option.label)
    return [f"* {'; '.join(labels)}: {note}" for note, labels in found.items()]


def settle_lines(option: Option) -> list[str]:
    """Which answers would settle an undetermined option."""
    lines = []
    for settle in option.settle:
        ends = "any answer settles it" if settle.always else "some answers settle it"
        lines.append(f"{' '.join(settle.ask)} ({ends})")
    return lines


def settle_groups(advice: Advice) -> list[dict[str, Any]]:
    """Undetermined options that the same answers would settle, together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for option in advice.options:
        if option.status == "undetermined":
            groups.setdefault(tuple(settle_lines(option)), []).append(option.label)
    return [{"labels": labels, "settle": list(lines)} for lines, labels in groups.items()]


def stopped_groups(advice: Advice, references: References) -> list[dict[str, Any]]:
    """Options that are not eligible, grouped by the statement that stops them."""
    groups: dict[tuple[str, ...], dict[str, Any]] = {}
    for option in advice.options:
        if option.status != "not eligible":
            continue
        key = tuple(statement.records[0] if statement.records else statement.text for statement in option.why)
        group = groups.setdefault(
            key,
            {
                "labels": [],
                "stopped": any(_stops(advice, statement) for statement in option.why),
                "why": [statement_view(statement, references) for statement in option.why],
            },
        )
        group["labels"].append(option.label)
    return list(groups.values())


def _stops(advice: Advice, statement: Statement) -> bool:
    """True when a gate or contraindication holds; False when an indication simply does not."""
    return bool(statement.records) and advice.rules.get(statement.records[0]) is True
