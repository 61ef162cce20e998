"""The data files of the library: their bytes, their digest, and the plain rows in them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from portico.errors import KnowledgeRefused, PorticoError, Problem
from portico.knowledge.shape_types import faults
from portico.knowledge.shapes import SHAPES
from portico.reading import Document, Limits, parse_yaml

__all__ = [
    "KINDS",
    "DataFiles",
    "Row",
    "Tables",
    "columns_sha256",
    "data_root",
    "read_data_files",
    "read_tables",
    "rows_of",
    "with_files",
]

#: Bounds of one data file.
FILE_LIMITS = Limits()

#: Schema name to the kind of record and the key that holds its rows; None when the file is one record.
KINDS: dict[str, tuple[str, str | None]] = {
    "study/1": ("studies", None),
    "limit/1": ("limits", "rows"),
    "precedence/1": ("precedence", None),
    "volume/1": ("volumes", "rows"),
    "regimen/1": ("regimens", "regimens"),
    "rule/1": ("rules", "rules"),
    "policy/1": ("policy", None),
    "history/1": ("history", "entries"),
    "model/1": ("models", "rows"),
    "question/1": ("questions", "questions"),
    "score/1": ("scores", None),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One plain record: what was read, and where it stands."""

    plain: Mapping[str, Any]
    file: str
    line: int


#: Kind of record to its rows, in the order of files and lines.
Tables = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class DataFiles:
    """Names (relative, with ``/``) and bytes of every YAML file, and the digest over both."""

    root: Path
    contents: Mapping[str, bytes]
    sha256: str


def data_root() -> Path:
    """The folder of the shipped data files."""
    return Path(str(resources.files("portico"))) / "knowledge" / "data"


def columns_sha256() -> str:
    """Hash of ``columns.yaml``, which every predicate was checked against."""
    path = Path(str(resources.files("portico"))) / "case" / "columns.yaml"
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_data_files(root: Path | None = None) -> DataFiles:
    """Read the bytes of every YAML file below a folder.

    Parameters
    ----------
    root : the folder; the shipped data when left out

    Raises
    ------
    KnowledgeRefused : ``library-missing`` when the folder holds no YAML file
    """
    folder = root or data_root()
    contents: dict[str, bytes] = {}
    digest = hashlib.sha256()
    for name in sorted(_names(folder)):
        data = (folder / name).read_bytes()
        contents[name] = data
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    if not contents:
        raise KnowledgeRefused(
            "The library holds no data file.", code="library-missing", fix="Install the package again."
        )
    return DataFiles(folder, contents, digest.hexdigest())


def with_files(files: DataFiles, changed: Mapping[str, bytes]) -> DataFiles:
    """The same files with some put in or replaced, and the digest over all.

    Parameters
    ----------
    changed : name (relative, with ``/``) to bytes
    """
    contents = {**files.contents, **changed}
    digest = hashlib.sha256()
    for name in sorted(contents):
        digest.update(f"{name}\0{len(contents[name])}\0".encode())
        digest.update(contents[name])
    return DataFiles(files.root, {name: contents[name] for name in sorted(contents)}, digest.hexdigest())


def _names(folder: Path) -> Iterator[str]:
    """Names of the YAML files below a folder, relative and with ``/``; plain text, because a start waits for it."""
    cut = len(str(folder)) + 1
    for above, _, names in os.walk(folder):
        inner = above[cut:].replace(os.sep, "/")
        for name in names:
            if name.endswith(".yaml"):
                yield f"{inner}/{name}" if inner else name


def read_tables(files: DataFiles) -> tuple[Tables, dict[str, Document], tuple[Problem, ...]]:
    """Parse every file and check it against its shape.

    Returns
    -------
    rows by kind, parsed documents by file name, and all problems of reading and shape. A file with a problem
    gives no rows.
    """
    tables: Tables = {kind: [] for kind, _ in KINDS.values()}
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    for name, data in files.contents.items():
        try:
            document = parse_yaml(data, name=name, limits=FILE_LIMITS)
        except PorticoError as error:
            problems.append(error.problem)
            continue
        found = tuple(_shape_problems(document))
        problems.extend(found)
        documents[name] = document
        if not found:
            for kind, row in rows_of(document):
                tables[kind].append(row)
    return tables, documents, tuple(problems)


def rows_of(document: Document) -> Iterator[tuple[str, Row]]:
    """The records of a document that has its shape, each with its kind."""
    kind, key = KINDS[document.value["schema"]]
    if key is None:
        yield kind, Row(document.value, document.name, 1)
        return
    for position, plain in enumerate(document.value[key]):
        yield kind, Row(plain, document.name, document.line((key, position)) or 1)


def _shape_problems(document: Document) -> Iterator[Problem]:
    value = document.value
    schema = value.get("schema") if isinstance(value, dict) else None
    if schema not in KINDS:
        yield Problem(
            "unknown-schema",
            "The file names no schema of the library.",
            "schema",
            document.name,
            document.line(("schema",)),
            f"Write one of {', '.join(sorted(KINDS))}.",
        )
        return
    if schema not in SHAPES:  # scores have their own checks
        return
    for code, path, message in faults(value, SHAPES[schema]):
        yield Problem(code, message, document.place(path), document.name, document.line(path))
