"""Page 1, for the tumour board: what is decided, what stands against it, options side by side, timing, volumes.

The page is plain data (:func:`board_view`); HTML, PDF and terminal print the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from portico.advice.model import Advice, Statement
from portico.intended_use import INTENDED_USE
from portico.knowledge import Library
from portico.report import wording
from portico.report.amounts import day_text
from portico.report.case_line import case_line
from portico.report.clock import clock_alt
from portico.report.option_rows import dose_notes, option_row, settle_groups, statement_view, stopped_groups
from portico.report.references import References
from portico.report.second_course import review_view

__all__ = ["board_view", "frame_view", "missing_view"]


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
        first = "What is listed first comes before any choice. " if advice.notices else ""
        return (
            f"{first}Which course of radiotherapy follows, if any. "
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
        "survival": [*advice.survival, *([advice.survival_flag] if advice.survival_flag else [])],
        "case": case_line(advice.row, advice.timing.surgery_date if advice.timing else None, advice.levels),
        "decided": _decided(advice, counts),
        "blocked": advice.signing_blocked,
        "counts": counts,
        "notices": _notices(advice, references),
        "options": [option_row(o, references) for o in advice.options if o.status == "eligible"],
        "dose_notes": dose_notes([o for o in advice.options if o.status == "eligible"]),
        "undetermined_groups": settle_groups(advice),
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


def _review(advice: Advice, references: References) -> dict[str, Any] | None:
    found = advice.reirradiation
    return None if found is None else review_view(found, references)
