"""JSON lines in the form of Semantic Scholar's records: one object a line, fields that may be empty, null or missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from portico.errors import Problem
from portico.intake.lines import CUT, Line
from portico.intake.record import Record, record_from

__all__ = ["read_json_lines"]

_TITLES: Final = ("title", "Title")
_DATES: Final = ("publicationDate", "EPubDate", "year", "date", "publication_date")
_PMIDS: Final = ("pmid", "PMID", "pubmed_id", "PubMed")


def read_json_lines(lines: Iterable[Line]) -> Iterator[Record | Problem]:
    """Records of a file of JSON lines; a line that is no object is a problem and the next one is read."""
    count = 0
    for line, text, note in lines:
        if not text.strip():
            continue
        count += 1
        if note == CUT:
            yield Problem("record-too-large", f"Record {count} is larger than a record can be.", line=line)
            continue
        try:
            found = json.loads(text, object_pairs_hook=_pairs)
        except _Doubled as doubled:
            yield Problem(
                "duplicate-key", f"Record {count} has a key twice, and the values differ.", path=doubled.key, line=line
            )
            continue
        except (ValueError, RecursionError):
            yield Problem("not-json", f"Record {count} is no JSON object.", line=line)
            continue
        if not isinstance(found, Mapping):
            yield Problem("not-json", f"Record {count} is no JSON object.", line=line)
            continue
        made = _record(count, line, found, [note] if note else [])
        yield made if made is not None else Problem("no-title", f"Record {count} has no title.", line=line)


class _Doubled(Exception):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key[:40]


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made and made[key] != value:
            raise _Doubled(key)
        made[key] = value
    return made


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return value if isinstance(value, str) and value.strip() else None


def _any(found: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    return next((text for key in keys if (text := _text(found.get(key))) is not None), None)


def _names(value: Any) -> list[str]:
    """Names from one text with commas, a list of texts, or a list of objects with ``name``."""
    if isinstance(value, str):
        return [one.strip() for one in value.split(";" if ";" in value else ",")]
    if isinstance(value, list):
        return [text for one in value if (text := _text(one.get("name") if isinstance(one, Mapping) else one))]
    return []


def _record(number: int, line: int, found: Mapping[str, Any], notes: list[str]) -> Record | None:
    journal = found.get("journal")
    ids = found.get("externalIds")
    ids = ids if isinstance(ids, Mapping) else {}
    return record_from(
        number,
        line,
        "json-lines",
        title=_any(found, _TITLES),
        authors=_names(found.get("authors")),
        journal=_text(journal.get("name"))
        if isinstance(journal, Mapping)
        else _text(journal) or _any(found, ("PeriodicalName", "venue")),
        date=_any(found, _DATES),
        doi=_any(found, ("doi", "DOI")) or _text(ids.get("DOI")) or _any(found, ("DOIUrl", "ListUrlMain", "url")),
        pmid=_any(found, _PMIDS) or _any(ids, _PMIDS),
        abstract=_any(found, ("abstract", "Abstract")),
        keywords=_names(found.get("keywords")),
        language=_any(found, ("language",)),
        notes=notes,
    )
