"""Wrong versions of a score that circulate, as negative tests: our checks must refuse each of them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from portico.errors import KnowledgeRefused
from portico.knowledge.scores_check import check_score
from portico.knowledge.scores_model import Change
from portico.reading import Document

__all__ = ["TrapOutcome", "apply_changes", "try_traps"]


@dataclass(frozen=True, slots=True)
class TrapOutcome:
    """What became of one wrong version. ``got`` is the code of the refusal, None when it passed unseen."""

    score_id: str
    trap_id: str
    expected: str
    got: str | None


def try_traps(document: Document) -> Iterator[TrapOutcome]:
    """Give every wrong version of a score file to :func:`check_score` and say what became of it.

    Parameters
    ----------
    document : a score file that passes as it stands

    Raises
    ------
    KnowledgeRefused : the file does not pass as it stands, or a change names a place that is not there
    """
    score = check_score(document)
    for trap in score.traps:
        if trap.variant is None:
            continue
        edited = Document(apply_changes(document, trap.variant.changes), document.lines, document.name)
        got = None
        try:
            check_score(edited)
        except KnowledgeRefused as refusal:
            got = refusal.code
        yield TrapOutcome(score.id, trap.id, trap.variant.refused_as, got)


def apply_changes(document: Document, changes: tuple[Change, ...]) -> dict[str, Any]:
    """A copy of the record with ``changes`` made; a step that is a word finds the list entry of that id."""
    record: dict[str, Any] = copy.deepcopy(document.value)
    for change in changes:
        node: Any = record
        for step in change.at[:-1]:
            node = _step(document, node, step)
        last = change.at[-1]
        if isinstance(node, list):
            if not isinstance(last, int) or not 0 <= last < len(node):
                raise _no_place(document)
            node[last] = change.value
        elif isinstance(node, dict) and isinstance(last, str):
            node[last] = change.value
        else:
            raise _no_place(document)
    return record


def _step(document: Document, node: Any, step: str | int) -> Any:
    if isinstance(node, list):
        if isinstance(step, int) and 0 <= step < len(node):
            return node[step]
        for entry in node:
            if isinstance(entry, dict) and entry.get("id") == step:
                return entry
    elif isinstance(node, dict) and step in node:
        return node[step]
    raise _no_place(document)


def _no_place(document: Document) -> KnowledgeRefused:
    return KnowledgeRefused(
        "A trap changes a place that does not exist.",
        code="score-trap",
        path="traps",
        file=document.name,
        line=document.line(("traps",)),
    )
