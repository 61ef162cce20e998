"""What the page of a case shows: the options side by side, and what holds for all of them said once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from markupsafe import Markup

from portico.advice import Advice, Option, Statement
from portico.knowledge import Library
from portico.report.answer_picture import answer_picture
from portico.report.board import board_view
from portico.report.clock import clock_svg
from portico.report.evidence import evidence_view
from portico.report.option_rows import statement_view
from portico.report.references import References

__all__ = ["case_page_view"]


def case_page_view(advice: Advice, library: Library) -> dict[str, Any]:
    """The page as plain data.

    Parameters
    ----------
    advice : of the case
    library : the one the advice came from

    Returns
    -------
    ``board`` as the report has it, with for each option what is said of it and not of every other; ``shared``, the
    reasons that hold for every eligible option; ``pooled``, the pooled answers with their forest plots; ``clock``
    """
    references = References(library)
    board = board_view(advice, references)
    eligible = [one for one in advice.options if one.status == "eligible"]
    by_id = {one.id: one for one in eligible}
    sides: tuple[tuple[str, Callable[[Option], tuple[Statement, ...]]], ...] = (
        ("reasons_for", lambda one: one.reasons_for),
        ("reasons_against", lambda one: one.reasons_against),
    )
    shared: dict[str, list[dict[str, Any]]] = {}
    for side, pick in sides:
        common = _common(eligible, pick)
        shared[side] = [statement_view(one, references) for one in common]
        for row in board["options"]:
            own = [one for one in pick(by_id[row["id"]]) if one not in common]
            row[side] = [statement_view(one, references) for one in own]
    pooled = evidence_view(advice, library, references)["pooled"]
    for row in pooled:
        row["drawing"] = answer_picture(library, row["question"])
    clock = "" if advice.timing is None else clock_svg(advice.timing, accent="var(--accent)")
    return {"board": board, "shared": shared, "pooled": pooled, "clock": Markup(clock)}  # clock_svg escapes all text


def _common(options: Iterable[Option], pick: Callable[[Option], tuple[Statement, ...]]) -> list[Statement]:
    """Statements of every option, in the order of the first; none when there is only one option."""
    every = [pick(one) for one in options]
    if len(every) < 2:
        return []
    return [one for one in every[0] if all(one in others for others in every[1:])]
