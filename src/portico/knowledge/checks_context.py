"""What the checks look at: records with their place, and the verification level of everything that can be cited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portico.errors import Problem
from portico.knowledge.files import KINDS, Tables
from portico.reading import Document

__all__ = ["Context", "Located"]


@dataclass(frozen=True, slots=True)
class Located:
    """A plain record and where it stands in its document."""

    plain: Mapping[str, Any]
    document: Document
    prefix: tuple[str | int, ...]

    @property
    def id(self) -> str:
        """Id of the record."""
        return str(self.plain["id"])

    def problem(self, code: str, message: str, *path: str | int, fix: str = "") -> Problem:
        """A problem at a place inside the record."""
        place = (*self.prefix, *path)
        return Problem(code, message, self.document.place(place), self.document.name, self.document.line(place), fix)


@dataclass(frozen=True, slots=True)
class Context:
    """All records by kind, and the level of each study, older study id and score."""

    records: Mapping[str, tuple[Located, ...]]
    levels: Mapping[str, str]
    studies: Mapping[str, Located]

    @classmethod
    def of(cls, tables: Tables, documents: Mapping[str, Document]) -> Context:
        """Put the records of well-shaped files beside their places."""
        sound = {row.file for rows in tables.values() for row in rows}
        records: dict[str, list[Located]] = {kind: [] for kind, _ in KINDS.values()}
        for name, document in documents.items():
            if name in sound:
                kind, key = KINDS[document.value["schema"]]
                records[kind].extend(_located(document, key))
        studies: dict[str, Located] = {}
        levels: dict[str, str] = {}
        for item in records["studies"]:
            for name in (item.id, *(item.plain.get("aliases") or ())):
                studies.setdefault(name, item)
                levels.setdefault(name, item.plain["verified"])
        for item in records["scores"]:
            levels.setdefault(item.id, item.plain["verified"])
        return cls({kind: tuple(items) for kind, items in records.items()}, levels, studies)


def _located(document: Document, key: str | None) -> Iterator[Located]:
    if key is None:
        yield Located(document.value, document, ())
        return
    for position, plain in enumerate(document.value[key]):
        yield Located(plain, document, (key, position))
