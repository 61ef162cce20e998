"""Guarded reading of what comes from outside, and writing that is whole or not there.

>>> document = parse_yaml("surgeries:\\n  - date: 2024-05-01\\n")
>>> document.line(("surgeries", 0, "date")), document.place(("surgeries", 0, "date"))
(2, 'surgeries[0].date')

Every refusal is a :class:`portico.errors.ReadingRefused` with a code, the file, the line and the place in it.
"""

from portico.reading.archive import Archive, open_archive
from portico.reading.document import Document, PathParts, format_path
from portico.reading.files import read_bytes, read_document, write_atomic
from portico.reading.json_text import json_value, parse_json
from portico.reading.limits import DEFAULT, DEFAULT_ARCHIVE, ArchiveLimits, Limits
from portico.reading.suggest import did_you_mean
from portico.reading.yaml_text import parse_yaml

__all__ = [
    "DEFAULT",
    "DEFAULT_ARCHIVE",
    "Archive",
    "ArchiveLimits",
    "Document",
    "Limits",
    "PathParts",
    "did_you_mean",
    "format_path",
    "json_value",
    "open_archive",
    "parse_json",
    "parse_yaml",
    "read_bytes",
    "read_document",
    "write_atomic",
]
