"""Page 1, for the tumour board: what is decided, what stands against it, options side by side, timing, volumes.

The page is plain data (:func:`board_view`); HTML, PDF and terminal print the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from portico.advice.model import Advice, Option, Outcome, Statement
from portico.intended_use import INTENDED_USE
from portico.knowledge import Library
from portico.report import wording
from portico.report.amounts import bed_text, cord_text, day_text, outcome_text, visits_text
from portico.report.clock import clock_alt
from portico.report.references import References

__all__ = [
    "board_view",
    "dose_notes",
    "frame_view",
    "headline",
    "missing_view",
    "option_row",
    "review_view",
    "settle_lines",
    "statement_view",
    "stopped_groups",
]


def frame_view(advice: Advice, library: Library) -> dict[str, Any]:
    """What stands on every page: intended use, versions, watermark."""
    return {
        "title": advice.label or "Case without a label",
        "as_of": day_text(advice.as_of),
        "intended_use": INTENDED_USE,
        "stamp": (
            f"Portico {advice.software_version}, knowledge {advice.knowledge_version[:12]}, "
            f"case {advice.case_sha256[:12]}"
        ),
        "watermark": advice.watermark or library.watermark,
    }


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
    open_rows = [row for row in option.limits if row.neural and row.value is None]
    return f"NO LIMIT: {', '.join(dict.fromkeys(row.roi for row in open_rows))}" if open_rows else ""


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


def missing_view(advice: Advice) -> list[dict[str, Any]]:
    """Missing answers; those that block signing come first."""
    ordered = sorted(advice.missing, key=lambda item: not item.blocks_signing)
    return [
        {"ask": m.ask, "rules": m.rules, "options": m.options, "blocks": m.blocks_signing, "column": m.column}
        for m in ordered
    ]


def _notices(advice: Advice, references: References) -> list[dict[str, Any]]:
    return [
        {
            "head": wording.pathway(notice.kind, notice.state),
            "unknown": notice.state == "unknown",
            "title": notice.title,
            "text": notice.text,
            "ask": list(notice.ask),
            "records": references.cite(*notice.records),
        }
        for notice in advice.notices
    ]


def _timing(advice: Advice, references: References) -> dict[str, Any] | None:
    timing = advice.timing
    if timing is None:
        return None
    return {
        "text": timing.text,
        "wound": timing.wound,
        "surgery": day_text(timing.surgery_date),
        "day": timing.days_since_surgery,
        "alt": clock_alt(timing),
        "marks": [
            {
                "name": wording.mark_name(mark.name),
                "day": mark.day,
                "date": day_text(mark.date),
                "text": mark.text,
                "records": references.cite(mark.record),
            }
            for mark in timing.marks
        ],
        "statements": [statement_view(statement, references) for statement in timing.statements],
    }


def _conflicts(advice: Advice, references: References) -> list[dict[str, Any]]:
    """Statements behind the offered options that another source disputes, each once."""
    shown: dict[str, Statement] = {}
    for option in advice.options:
        if option.status == "not eligible":
            continue
        for statement in _all(option.why, option.reasons_for, option.reasons_against):
            if statement.disagrees:
                shown.setdefault(statement.text, statement)
    return [statement_view(statement, references) for statement in shown.values()]


def _all(*groups: Sequence[Statement]) -> Iterable[Statement]:
    for group in groups:
        yield from group


def _decided(advice: Advice, counts: dict[str, int]) -> str:
    if advice.signing_blocked:
        return "Nothing can be signed yet: what is listed first must be settled."
    if counts["eligible"]:
        more = f" {counts['undetermined']} more wait for an answer." if counts["undetermined"] else ""
        return (
            "Which course of radiotherapy follows, if any. "
            f"Eligible options: {counts['eligible']}.{more} A physician chooses and signs."
        )
    return "No option is eligible as the case stands."


def board_view(advice: Advice, references: References) -> dict[str, Any]:
    """Page 1 as plain data.

    Parameters
    ----------
    advice : of one case
    references : collects the records that the page names
    """
    counts = {
        state: sum(o.status == state for o in advice.options) for state in ("eligible", "undetermined", "not eligible")
    }
    return {
        "decided": _decided(advice, counts),
        "blocked": advice.signing_blocked,
        "counts": counts,
        "notices": _notices(advice, references),
        "options": [option_row(o, references) for o in advice.options if o.status == "eligible"],
        "dose_notes": dose_notes([o for o in advice.options if o.status == "eligible"]),
        "undetermined_groups": _settle_groups(advice),
        "stopped": stopped_groups(advice, references),
        "order": advice.why_this_order,
        "band": advice.band.label,
        "would_change": list(advice.would_change),
        "timing": _timing(advice, references),
        "volumes": [
            {
                "name": wording.recipe(choice.recipe),
                "proposed": choice.proposed,
                **statement_view(choice.statement, references),
            }
            for choice in advice.volumes
        ],
        "volume_notes": [statement_view(statement, references) for statement in advice.volume_notes],
        "conflicts": _conflicts(advice, references),
        "alongside": [statement_view(statement, references) for statement in advice.alongside],
        "missing": missing_view(advice),
        "evidence_note": statement_view(advice.evidence_note, references),
        "reirradiation": _review(advice, references),
    }


def _settle_groups(advice: Advice) -> list[dict[str, Any]]:
    """Undetermined options that the same answers would settle, together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for option in advice.options:
        if option.status == "undetermined":
            groups.setdefault(tuple(settle_lines(option)), []).append(option.label)
    return [{"labels": labels, "settle": list(lines)} for lines, labels in groups.items()]


def _review(advice: Advice, references: References) -> dict[str, Any] | None:
    found = advice.reirradiation
    return None if found is None else review_view(found, references)


def review_view(found: dict[str, Any], references: References) -> dict[str, Any]:
    """The conditions on a second course, each with its answer, and what they leave.

    Parameters
    ----------
    found : as the biology room gives it; ``budget`` may be absent
    references : collects the records
    """
    verdicts = {"met": "met", "not_met": "NOT MET", "cannot_tell": "cannot tell"}
    return {
        "overall": found["overall"],
        "assumption": found["assumption"],
        "factors": [
            {
                "name": wording.words(factor["code"]),
                "verdict": verdicts[factor["verdict"]],
                "value": "unknown"
                if factor["value"] is None
                else f"{factor['value']:g} {_unit(factor['unit'])}".strip(),
                "limit": f"{'≤' if factor['op'] == '<=' else '≥'} {factor['limit']:g} {_unit(factor['unit'])}".strip(),
                "reason": factor["reason"],
                "records": references.cite(*factor["source_ids"]),
            }
            for factor in found["factors"]
        ],
        "budget": [
            {
                "fractions": row["fractions"],
                "dose": "cannot tell" if row["dose_gy"] is None else f"{row['dose_gy']:g} Gy",
                "eqd2": "cannot tell" if row["eqd2_gy"] is None else f"{row['eqd2_gy']:g} Gy",
                "why": wording.words(row["why"]),
            }
            for row in found.get("budget", ())
        ],
    }


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit
