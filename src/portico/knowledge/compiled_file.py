"""Reading the compiled library.

The file names the digest of the YAML files and the hash of ``columns.yaml`` it was built from. When either differs, it
is ignored and the YAML files are read instead.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from portico.knowledge.files import DataFiles, Row, Tables, columns_sha256

if TYPE_CHECKING:
    from portico.case.predicate import Node

__all__ = ["COMPILED_NAME", "SCHEMA", "read_compiled"]

COMPILED_NAME = "compiled.json"
SCHEMA = "compiled/1"


def read_compiled(files: DataFiles) -> tuple[Tables, dict[str, Node]] | None:
    """The rows and predicates of the compiled file; None when it is missing or was built from other files.

    Parameters
    ----------
    files : the YAML files that the compiled file must have been built from
    """
    path = files.root / COMPILED_NAME
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        return None
    if found["built_from"] != files.sha256 or found["columns"] != columns_sha256():
        return None
    from portico.case.predicate import from_json

    nodes = {text: from_json(body) for text, body in found.pop("predicates")}
    tables: Tables = {
        kind: [Row(plain, file, line) for file, line, plain in rows]
        for kind, rows in found.items()
        if kind not in ("schema", "built_from", "columns")
    }
    return tables, nodes
