"""Write the JSON Schemas of the formats into ``src/portico/schemas``.

python tools/build_schemas.py           write
python tools/build_schemas.py --check   exit 1 when a file is not current
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portico.case import Case
from portico.knowledge.json_schemas import SCHEMAS

TARGET = Path(__file__).parents[1] / "src" / "portico" / "schemas"
#: Formats of other rooms: file name, module, and the function that gives the schema.
OTHERS = (
    ("directive", "portico.directive.model", "json_schema"),
    ("check-result", "portico.directive.check_result", "json_schema"),
    ("columns", "portico.case.schemas", "columns_schema"),
    ("registry", "portico.case.schemas", "registry_schema"),
    ("earlier", "portico.cli.earlier_form", "json_schema"),
)


def case() -> dict[str, Any]:
    """Schema of a case file."""
    body = Case.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **body}


def schemas() -> dict[str, dict[str, Any]]:
    """File name without ending to schema; a room that offers none yet is left out."""
    found: dict[str, Callable[[], dict[str, Any]]] = {"case": case, **SCHEMAS}
    for name, module, function in OTHERS:
        give = getattr(importlib.import_module(module), function, None)
        if give is not None:
            found[name] = give
    return {name: give() for name, give in sorted(found.items())}


def text_of(schema: dict[str, Any]) -> str:
    """The file's text."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write or check the files."""
    stale = 0
    for name, schema in schemas().items():
        path = TARGET / f"{name}.json"
        text = text_of(schema)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if "--check" in arguments:
            print(f"{path.name} is not current")
            stale = 1
        else:
            TARGET.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
