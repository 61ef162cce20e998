"""A curator's file of judgements: ``certainty-override/1``, each with a name, a date and a reason.

schema: certainty-override/1
overrides:
- {question: bone-postop-lf-crude, domain: risk of bias, judgement: serious, by: "A. Reader", date: "2026-11-27", why: "..."}
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from portico.errors import ReadingRefused

if TYPE_CHECKING:
    from portico.knowledge import Library

__all__ = ["read_overrides"]

_KEYS: Final = ("question", "domain", "judgement", "by", "date", "why")


def read_overrides(path: Path, library: Library) -> dict[str, dict[str, tuple[str, str]]]:
    """Question to domain to judgement and sentence.

    Raises
    ------
    ReadingRefused : ``bad-override`` with file and line; what the YAML reader refuses
    """
    from portico.reading import read_document
    from portico.synthesis import DOMAINS, JUDGEMENTS

    document = read_document(path)
    value = document.value

    def refuse(message: str, *place: str | int) -> ReadingRefused:
        return ReadingRefused(
            message, code="bad-override", file=document.name, line=document.line(place), path=document.place(place)
        )

    if not isinstance(value, Mapping) or value.get("schema") != "certainty-override/1":
        raise refuse("The file names no schema certainty-override/1.", "schema")
    rows = value.get("overrides")
    if not isinstance(rows, list):
        raise refuse("The overrides are a list.", "overrides")
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for position, row in enumerate(rows):
        place = ("overrides", position)
        if not isinstance(row, Mapping) or set(row) != set(_KEYS):
            raise refuse(f"An override has exactly {', '.join(_KEYS)}.", *place)
        if not all(isinstance(row[key], str) and row[key].strip() for key in _KEYS):
            raise refuse("Every key of an override is a text, and none is empty.", *place)
        _check(row, place, library, DOMAINS, JUDGEMENTS, refuse)
        own = found.setdefault(row["question"], {})
        if row["domain"] in own:
            raise refuse("This domain is judged twice.", *place, "domain")
        own[row["domain"]] = (row["judgement"], f"{row['by']}, {row['date']}: {row['why']}")
    return found


def _check(row: Any, place: Any, library: Library, domains: Any, judgements: Any, refuse: Any) -> None:
    if row["question"] not in library.questions:
        raise refuse("The library has no such question.", *place, "question")
    if row["domain"] not in domains:
        raise refuse(f"A domain is one of {', '.join(domains)}.", *place, "domain")
    if row["judgement"] not in judgements:
        raise refuse(f"A judgement is one of {', '.join(judgements)}.", *place, "judgement")
    try:
        dt.date.fromisoformat(row["date"])
    except ValueError:
        raise refuse("A date reads 2026-11-27.", *place, "date") from None
