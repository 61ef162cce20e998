"""BibTeX, entry by entry: fields, macros, and which entries are no records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from portico.errors import Problem
from portico.intake.bibtex_entries import split_entries
from portico.intake.latex import without_latex
from portico.intake.lines import Line
from portico.intake.record import Record, record_from

__all__ = ["read_bibtex"]

_IGNORED: Final = frozenset(("comment", "preamble", "string"))
_NAME: Final = re.compile(r"\s*,?\s*([A-Za-z][\w:.+/-]*)\s*=\s*")
_TOKEN: Final = re.compile(r"\\.|[{}\"]", re.DOTALL)
_JOINED: Final = re.compile(r"\s*#\s*")
#: Keys remembered to find doubles, some 40 MB of them; beyond, a double may pass, and duplicates are found by content.
_MOST_KEYS: Final = 200_000
_MOST_MACROS: Final = 10_000


def read_bibtex(lines: Iterable[Line]) -> Iterator[Record | Problem]:
    """Records of a BibTeX file; an entry without its closing brace, a key used twice and a doubled field are problems."""
    count = 0
    seen: dict[str, int] = {}
    macros: dict[str, str] = {}
    for entry in split_entries(lines):
        line = entry.line
        if entry.fault == "stray":
            yield Problem("not-a-record", f"Text after record {count} belongs to no record.", line=line)
            continue
        if entry.kind in _IGNORED:
            if entry.kind == "string" and len(macros) < _MOST_MACROS:
                macros.update(_fields(entry.body, macros)[0])
            continue
        count += 1
        if entry.fault:
            yield _fault(entry.fault, count, line)
            continue
        key, _, body = entry.body.partition(",")
        key = key.strip()
        if key and key in seen:
            yield Problem("duplicate-key", f"Record {count} has the key of record {seen[key]}.", line=line)
            continue
        if key and len(seen) < _MOST_KEYS:
            seen[key] = count
        fields, double = _fields(body, macros)
        if double is not None:
            yield Problem(
                "duplicate-key", f"Record {count} has {double} twice, and they differ.", path=double, line=line
            )
            continue
        made = _record(count, line, fields, entry.notes)
        yield made if made is not None else Problem("no-title", f"Record {count} has no title.", line=line)


def _fault(code: str, count: int, line: int) -> Problem:
    if code == "record-too-large":
        return Problem(code, f"Record {count} is larger than a record can be.", line=line)
    return Problem(
        code, f"Record {count} has no end.", line=line, fix="Export the file again; its other records are kept."
    )


def _fields(body: str, macros: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
    """Fields by lower-case name, and the name of one that stands twice with different values."""
    found: dict[str, str] = {}
    at = 0
    while (name := _NAME.match(body, at)) is not None:
        value, at = _value(body, name.end(), macros)
        key = name[1].lower()
        if found.get(key, value) != value:
            return found, key
        found[key] = value
    return found, None


def _value(body: str, at: int, macros: Mapping[str, str]) -> tuple[str, int]:
    """A value in braces, in quotes or bare, and where it ends; pieces joined by ``#`` are one value."""
    parts: list[str] = []
    while True:
        if at >= len(body):
            return "".join(parts), at
        if body[at] in '{"':
            closing = "}" if body[at] == "{" else '"'
            depth, end = 0, len(body)
            for token in _TOKEN.finditer(body, at + 1):
                if token[0] == closing and depth == 0:
                    end = token.start()
                    break
                depth += (token[0] == "{") - (token[0] == "}")
            parts.append(body[at + 1 : end])
            at = end + 1
        else:
            end = at
            while end < len(body) and body[end] not in ",#}\n":
                end += 1
            bare = body[at:end].strip()
            parts.append(macros.get(bare.lower(), bare))
            at = end
        more = _JOINED.match(body, at)
        if more is None:
            return "".join(parts), at
        at = more.end()


def _record(number: int, line: int, fields: dict[str, str], notes: list[str]) -> Record | None:
    plain = {key: without_latex(value) for key, value in fields.items()}
    raw_doi = fields.get("doi", "").replace("\\", "").strip("{}")
    return record_from(
        number,
        line,
        "bibtex",
        title=plain.get("title"),
        authors=re.split(r"\s+and\s+", plain.get("author", "")),
        journal=plain.get("journal") or plain.get("journaltitle") or plain.get("booktitle"),
        date=plain.get("date") or " ".join(plain[key] for key in ("year", "month") if plain.get(key)) or None,
        doi=raw_doi or plain.get("url"),
        pmid=plain.get("pmid"),
        abstract=plain.get("abstract"),
        keywords=re.split(r"\s*[,;]\s*", plain.get("keywords", "")),
        language=plain.get("language"),
        notes=notes,
    )
