"""The compiled library: the plain values of every data file in one JSON file, so that a start takes milliseconds.

    python -m portico.knowledge.compiled          build ``data/compiled.json`` again

It is built only from a library without problems.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from portico.case.predicate import to_json
from portico.knowledge.compiled_file import COMPILED_NAME, SCHEMA
from portico.knowledge.files import columns_sha256, read_data_files
from portico.knowledge.library import parse_library
from portico.reading import write_atomic

__all__ = ["build_compiled", "write_compiled"]


def build_compiled(root: Path | None = None) -> str:
    """The text of ``compiled.json`` for the data files below a folder; one record a line.

    Raises
    ------
    KnowledgeRefused : with every problem of the library
    """
    files = read_data_files(root)
    tables, nodes = parse_library(files)
    head: dict[str, Any] = {
        "schema": SCHEMA,
        "built_from": files.sha256,
        "columns": columns_sha256(),
    }
    lines = [f"{_dump(key)}:{_dump(value)}" for key, value in head.items()]
    for kind, rows in tables.items():
        body = ",\n".join(_dump([row.file, row.line, row.plain]) for row in rows)
        lines.append(f"{_dump(kind)}:[\n{body}\n]")
    body = ",\n".join(_dump([text, to_json(node)]) for text, node in sorted(nodes.items()))
    lines.append(f'"predicates":[\n{body}\n]')
    return "{" + ",\n".join(lines) + "}\n"


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def write_compiled(root: Path | None = None) -> Path:
    """Build the compiled file and write it beside the data.

    Raises
    ------
    KnowledgeRefused : with every problem of the library; nothing is written
    """
    text = build_compiled(root)
    path = read_data_files(root).root / COMPILED_NAME
    write_atomic(path, text.encode())
    return path


if __name__ == "__main__":
    from portico.errors import PorticoError

    try:
        write_compiled()
    except PorticoError as error:
        for problem in error.problems:
            sys.stderr.write(f"{problem}\n")
        sys.exit(int(error.exit_status))
