"""Records of the library as plain data: one record, lists, counts, and the timeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from portico import __version__
from portico.errors import UsageError
from portico.knowledge import Library
from portico.reading import did_you_mean

__all__ = ["KINDS", "counts", "list_json", "record_json", "record_plain", "timeline_json", "version_json"]

KINDS: Final = ("studies", "limits", "rules", "regimens", "scores", "volumes", "history", "waiting")
"""Kinds of record that can be listed."""
#: What a list says of a record: the field of it.
_WHAT: Final[Mapping[str, str]] = {
    "studies": "citation",
    "limits": "organ_as_recorded",
    "rules": "says",
    "regimens": "label",
    "scores": "name",
    "volumes": "says",
    "history": "what",
}


def record_plain(value: Any) -> Any:
    """A record as plain JSON data; the parsed tree of a rule is left out, its text stays.

    Parameters
    ----------
    value : a record of :mod:`portico.knowledge.records`, a score, or a part of one
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: record_plain(getattr(value, f.name)) for f in fields(value) if f.name != "node"}
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): record_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [record_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def record_json(library: Library, record_id: str) -> dict[str, Any]:
    """The document ``record/1`` of one record.

    Raises
    ------
    UsageError : ``unknown-record``, with the nearest id
    """
    return {"schema": "record/1", "record": record_plain(library.record(record_id))}


def counts(library: Library) -> dict[str, int]:
    """Number of records of each kind."""
    sizes = {kind: len(_table(library, kind)) for kind in KINDS if kind != "scores"}
    return {**sizes, "scores": len(library.score_levels)}


def list_json(library: Library, kind: str) -> dict[str, Any]:
    """The document ``knowledge-list/1`` of one kind.

    Raises
    ------
    UsageError : ``unknown-kind``
    """
    if kind not in KINDS:
        guess = did_you_mean(kind, KINDS)
        raise UsageError(
            "There is no such kind of record.", code="unknown-kind",
            fix=f"Did you mean {guess}?" if guess else f"One of {', '.join(KINDS)}.",
        )  # fmt: skip
    rows = [
        {"id": key, "verified": getattr(record, "verified", None), "what": _what(record, kind)}
        for key, record in _table(library, kind).items()
    ]
    return {"schema": "knowledge-list/1", "kind": kind, "records": rows}


def version_json(library: Library) -> dict[str, Any]:
    """The document ``version/1``: versions of software and knowledge."""
    return {"schema": "version/1", "software": __version__, "knowledge": library.version}


def timeline_json(library: Library) -> dict[str, Any]:
    """The document ``timeline/1``: oldest first, entries without a year last."""
    entries = sorted(library.history, key=lambda one: (one.year is None, one.year or 0))
    return {"schema": "timeline/1", "entries": [record_plain(one) for one in entries]}


def _table(library: Library, kind: str) -> Mapping[str, Any]:
    if kind == "history":
        return {entry.id: entry for entry in library.history}
    found: Mapping[str, Any] = getattr(library, kind)
    return found


def _what(record: Any, kind: str) -> str:
    if kind == "waiting":
        return str(getattr(record, "says", None) or record.label)
    if kind == "limits":
        shown = (
            "value not recorded" if record.value is None else f"{record.op or ''} {record.value:g} {record.unit or ''}"
        )
        count = "" if record.fractions is None else f" in {record.fractions}"
        return f"{record.organ} {record.metric_as_recorded} {shown}{count} ({record.kind}, {record.setting})"
    if kind == "rules":
        return f"{record.kind}: {record.title or record.says}"
    return str(getattr(record, _WHAT[kind]))
