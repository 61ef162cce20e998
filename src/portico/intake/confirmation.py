"""A curator's word on every figure of a draft, and the study that comes of it.

    schema: confirmation/1
    draft: muller-2024
    by: "A. Reader"
    date: "2026-11-27"
    study: {site: spine, directness: post_operative, design: retrospective_cohort, technique: sbrt, population: "…", findings: ["…"]}
    figures:
    - {id: f1, decision: confirm}
    - {id: f2, decision: correct, value: 0.17, months: 12, n: 83, why: "read in the abstract"}
    - {id: f3, decision: reject, why: "of another paper"}
    - {id: f4, decision: confirm, outcome: reoperation}

Site, directness and design are said by the curator and never guessed; a count or a hazard ratio becomes a result once its
outcome is named. A row may carry its own ``by`` and ``date``.

Nothing counts until each number is confirmed, corrected or rejected by name. Without an abstract the study stays at
level ``memory`` and carries no figures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from portico.errors import InputRefused
from portico.intake.drafts import checked_draft, is_number
from portico.intake.promotion import study_of

__all__ = ["DECISIONS", "promote"]

DECISIONS: Final = ("confirm", "correct", "reject")
_STUDY_KEYS: Final = ("site", "directness", "design", "technique", "population", "findings")
#: What was read; a figure with another one is corrected, not confirmed.
_READ: Final = ("value", "second", "months")
#: What a curator may add to a figure from the abstract.
_ADDED: Final = ("n", "events", "lo", "hi", "measure", "outcome", "versus", "definition")
_WORDS: Final = ("measure", "outcome", "versus", "definition")
_FIGURE_KEYS: Final = frozenset(("id", "decision", "why", "by", "date", *_READ, *_ADDED))
#: A study has these; none of them is guessed.
_NEEDED: Final = ("site", "directness", "design")


def promote(draft: Any, confirmation: Any) -> dict[str, Any]:
    """The ``study/1`` record of a draft whose every figure has been decided.

    Parameters
    ----------
    draft : plain ``draft/1``
    confirmation : plain ``confirmation/1``

    Raises
    ------
    InputRefused : ``bad-draft``, ``bad-confirmation``, ``other-draft``, ``figure-undecided``, ``figure-unknown``,
        ``figure-twice``, ``correction-empty``, ``why-missing``
    """
    draft = checked_draft(draft)
    head, rows = _checked(confirmation)
    if confirmation["draft"] != draft["id"]:
        raise InputRefused("The confirmation is of another draft.", code="other-draft", path="draft")
    figures = {one["id"]: one for one in draft["figures"]}
    decided: dict[str, dict[str, Any]] = {}
    for position, row in enumerate(rows):
        if row["id"] not in figures:
            raise InputRefused("The draft has no such figure.", code="figure-unknown", path=f"figures[{position}].id")
        if row["id"] in decided:
            raise InputRefused("A figure is decided twice.", code="figure-twice", path=f"figures[{position}].id")
        decided[row["id"]] = _decided(figures[row["id"]], row, position)
    open_ones = [name for name in figures if name not in decided]
    if open_ones:
        raise InputRefused(
            f"Not decided: {', '.join(open_ones)}.",
            code="figure-undecided",
            fix="Confirm, correct or reject each figure.",
        )
    kept = [decided[name] for name in figures if decided[name]["decision"] != "reject"]
    return study_of(draft, confirmation, head, kept)


def _checked(confirmation: Any) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    def refuse(message: str, path: str) -> InputRefused:
        return InputRefused(message, code="bad-confirmation", path=path)

    if not isinstance(confirmation, Mapping) or confirmation.get("schema") != "confirmation/1":
        raise refuse("The file names no schema confirmation/1.", "schema")
    for key in ("draft", "by", "date"):
        if not isinstance(confirmation.get(key), str) or not confirmation[key].strip():
            raise refuse("A draft, a name and a date are needed.", key)
    if not _is_date(confirmation["date"]):
        raise refuse("A date reads 2026-11-27.", "date")
    head = confirmation.get("study")
    if not isinstance(head, Mapping) or not set(head) <= set(_STUDY_KEYS) or not all(head.get(key) for key in _NEEDED):
        raise refuse(f"The study has {', '.join(_STUDY_KEYS)}; {', '.join(_NEEDED)} are needed.", "study")
    rows = confirmation.get("figures")
    if not isinstance(rows, list):
        raise refuse("The figures are a list.", "figures")
    for position, row in enumerate(rows):
        place = f"figures[{position}]"
        if not isinstance(row, Mapping) or not set(row) <= _FIGURE_KEYS or not isinstance(row.get("id"), str):
            raise refuse("A figure has an id and a decision.", place)
        if row.get("decision") not in DECISIONS:
            raise refuse(f"A decision is one of {', '.join(DECISIONS)}.", f"{place}.decision")
        for key in (*_READ, "n", "events", "lo", "hi"):
            if row.get(key) is not None and not is_number(row[key]):
                raise refuse("A number is expected.", f"{place}.{key}")
        for key in ("n", "events"):
            if row.get(key) is not None and row[key] != int(row[key]):
                raise refuse("A whole number is expected.", f"{place}.{key}")
        for key in (*_WORDS, "by", "why"):
            if row.get(key) is not None and not isinstance(row[key], str):
                raise refuse("A text is expected.", f"{place}.{key}")
        if row.get("date") is not None and not _is_date(row["date"]):
            raise refuse("A date reads 2026-11-27.", f"{place}.date")
        if "value" in row and row["value"] is None:
            raise refuse("A number is expected.", f"{place}.value")
    return head, rows


def _is_date(value: Any) -> bool:
    try:
        dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _decided(figure: Mapping[str, Any], row: Mapping[str, Any], position: int) -> dict[str, Any]:
    place = f"figures[{position}]"
    given = [key for key in (*_READ, *_ADDED) if key in row]
    if row["decision"] == "correct" and not given:
        raise InputRefused("A correction says what is right.", code="correction-empty", path=place)
    if row["decision"] == "confirm" and any(row[key] != figure[key] for key in _READ if key in row):
        raise InputRefused(
            "A figure is confirmed with another value or time.",
            code="correction-empty",
            path=place,
            fix="Write correct.",
        )
    if row["decision"] != "confirm" and not str(row.get("why") or "").strip():
        raise InputRefused("A correction or rejection says why.", code="why-missing", path=f"{place}.why")
    if figure["kind"] in ("patients", "lesions") and row.get("value", figure["value"]) % 1:
        raise InputRefused("A whole number is expected.", code="bad-confirmation", path=f"{place}.value")
    return {**figure, **{key: row[key] for key in given}, "decision": row["decision"], "why": row.get("why")}
