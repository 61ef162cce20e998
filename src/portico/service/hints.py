"""Which unanswered questions matter most now, as the form and the case page point them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from portico.advice import Advice
from portico.case import load_columns
from portico.case.questions import QUESTIONS

__all__ = ["Hint", "hints"]

#: How many are pointed out.
_MOST: Final = 5
#: What must be answered before the questions of a part of the case concern it: first key of their place, column.
_GATES: Final[Mapping[str, str]] = {"surgeries": "surgery_done", "spine": "bone"}


@dataclass(frozen=True, slots=True)
class Hint:
    """A question worth answering next.

    Parameters
    ----------
    column : its column, which names the field of the form too
    ask : the question
    blocks_signing : whether nothing can be signed before it is answered
    options : how many options wait for it
    """

    column: str
    ask: str
    blocks_signing: bool
    options: int


def hints(advice: Advice, draft: Mapping[str, Any]) -> tuple[Hint, ...]:
    """The questions that matter most, those that block signing first.

    A question that does not concern the case yet stands behind the one that opens it: the state of the wound is
    asked once an operation is stated.

    Parameters
    ----------
    advice : of the case
    draft : the same case as plain data
    """
    found: dict[str, Hint] = {}
    for one in sorted(advice.missing, key=lambda missing: not missing.blocks_signing):
        hint = Hint(one.column, one.ask, one.blocks_signing, one.options)
        opens = _opens(one.column, draft, advice.row)
        if opens is not None:
            hint = replace(hint, column=opens, ask=load_columns()[opens].ask)
        before = found.get(hint.column)
        if before is not None:
            hint = replace(
                hint, options=max(hint.options, before.options),
                blocks_signing=hint.blocks_signing or before.blocks_signing,
            )  # fmt: skip
        found[hint.column] = hint
    return tuple(found.values())[:_MOST]


def _opens(column: str, draft: Mapping[str, Any], row: Mapping[str, Any]) -> str | None:
    """The unanswered question that a question waits for; None when it concerns the case, or never will."""
    question = next((one for one in QUESTIONS if one.column == column), None)
    if question is None or question.when(draft, row):
        return None
    gate = _GATES.get(str(question.steps[0]))
    return gate if gate is not None and row.get("site_region" if gate == "bone" else gate) is None else None
