"""Records of tagged lines: PubMed's NBIB and RIS. A tag, a dash, a value; more lines belong to the value before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from portico.errors import Problem
from portico.intake.lines import CUT, Line
from portico.intake.record import MAX_RECORD_BYTES, Record, record_from

__all__ = ["read_nbib", "read_ris"]

_NBIB: Final = re.compile(r"^([A-Z][A-Z0-9]{1,3}) *- ?(.*)$")
_RIS: Final = re.compile(r"^([A-Z][A-Z0-9])  ?- ?(.*)$")
#: Tags that stand once in a record; a second, different value makes the record doubtful.
_NBIB_ONCE: Final = ("PMID", "TI", "DP", "JT")
_RIS_ONCE: Final = ("TY", "TI", "T1", "DO", "PY", "Y1")
#: Names under which an export calls PubMed its source.
_PUBMED: Final = ("pubmed", "medline", "nlm")

Fields = dict[str, list[str]]


def read_nbib(lines: Iterable[Line]) -> Iterator[Record | Problem]:
    """Records of a PubMed download (MEDLINE tags)."""
    yield from _read(lines, _NBIB, _is_nbib_start, None, _NBIB_ONCE, _nbib, "nbib")


def read_ris(lines: Iterable[Line]) -> Iterator[Record | Problem]:
    """Records of an RIS file; a record without its end (``ER``) is a problem."""
    yield from _read(lines, _RIS, _is_ris_start, "ER", _RIS_ONCE, _ris, "ris")


def _is_nbib_start(tag: str) -> bool:
    return tag == "PMID"


def _is_ris_start(tag: str) -> bool:
    return tag == "TY"


class _Open:
    """The record that is being read."""

    def __init__(self, number: int, line: int) -> None:
        self.number, self.line = number, line
        self.fields: Fields = {}
        self.notes: list[str] = []
        self.size = 0
        self.last: list[str] | None = None
        self.problem: Problem | None = None

    def add(self, tag: str, value: str) -> None:
        self.last = self.fields.setdefault(tag, [])
        self.last.append(value)

    def grow(self, text: str, note: str, line: int) -> None:
        self.size += len(text)
        if note == CUT or self.size > MAX_RECORD_BYTES:
            self.problem = self.problem or Problem(
                "record-too-large", f"Record {self.number} is larger than a record can be.", line=line
            )
            self.fields.clear()
            self.last = None
        elif note:
            self.notes.append(note)


def _read(
    lines: Iterable[Line],
    pattern: re.Pattern[str],
    starts: Callable[[str], bool],
    ends: str | None,
    once: tuple[str, ...],
    build: Callable[[_Open], Record | None],
    form: str,
) -> Iterator[Record | Problem]:
    count = 0
    current: _Open | None = None
    stray = False
    for line, text, note in lines:
        found = pattern.match(text)
        tag = found[1] if found else ""
        if found and starts(tag):
            if current is not None:
                yield _closed(current, once, build, truncated=ends is not None)
            count += 1
            current, stray = _Open(count, line), False
        elif current is None:
            if text.strip() and not stray:
                stray = True  # one problem for a whole stretch of such lines
                yield Problem("not-a-record", f"Text after record {count} belongs to no record.", line=line)
            continue
        if ends is not None and tag == ends:
            yield _closed(current, once, build, truncated=False)
            current = None
            continue
        current.grow(text, note, line)
        if found and current.problem is None:
            current.add(tag, found[2])
        elif text.strip() and current.last:
            current.last[-1] += f" {text.strip()}"
    if current is not None:
        yield _closed(current, once, build, truncated=ends is not None)


def _closed(
    current: _Open, once: tuple[str, ...], build: Callable[[_Open], Record | None], *, truncated: bool
) -> Record | Problem:
    number, line = current.number, current.line
    if current.problem is not None:
        return current.problem
    if truncated:
        return Problem(
            "record-truncated",
            f"Record {number} has no end.",
            line=line,
            fix="Export the file again; its other records are kept.",
        )
    for tag in once:
        if len(set(current.fields.get(tag, ()))) > 1:
            return Problem("duplicate-key", f"Record {number} has {tag} twice, and they differ.", path=tag, line=line)
    made = build(current)
    return made if made is not None else Problem("no-title", f"Record {number} has no title.", line=line)


def _first(fields: Mapping[str, list[str]], *tags: str) -> str | None:
    return next((fields[tag][0] for tag in tags if fields.get(tag)), None)


def _nbib(current: _Open) -> Record | None:
    fields = current.fields
    doi = next((one for one in (*fields.get("AID", ()), *fields.get("LID", ())) if "[doi]" in one), None)
    return record_from(
        current.number,
        current.line,
        "nbib",
        title=_first(fields, "TI", "BTI", "TT"),
        authors=fields.get("FAU") or fields.get("AU") or (),
        journal=_first(fields, "JT", "TA"),
        date=_first(fields, "DP"),
        doi=doi,
        pmid=_first(fields, "PMID"),
        abstract=_first(fields, "AB"),
        keywords=(*fields.get("OT", ()), *fields.get("MH", ())),
        language=_first(fields, "LA"),
        notes=current.notes,
    )


def _ris(current: _Open) -> Record | None:
    fields = current.fields
    pmid = next((one for tag in ("AN", "C2", "U2") for one in fields.get(tag, ()) if one.strip().isdigit()), None)
    source = " ".join((*fields.get("DB", ()), *fields.get("DP", ()))).lower()
    if source and not any(name in source for name in _PUBMED):
        pmid = None  # an accession number of another database is no PubMed number
    return record_from(
        current.number,
        current.line,
        "ris",
        title=_first(fields, "TI", "T1", "CT"),
        authors=(*fields.get("AU", ()), *fields.get("A1", ())),
        journal=_first(fields, "JO", "JF", "T2", "JA"),
        date=_first(fields, "PY", "Y1", "DA"),
        doi=_first(fields, "DO", "M3", "UR"),
        pmid=pmid,
        abstract=" ".join(fields.get("AB") or fields.get("N2") or ()) or None,
        keywords=fields.get("KW", ()),
        language=_first(fields, "LA"),
        notes=current.notes,
    )
