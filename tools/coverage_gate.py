"""Judge a coverage report against the gates in pyproject.toml, ``[tool.portico.coverage]``.

    python tools/coverage_gate.py out/coverage.json

``total`` is the least share of lines and branches in percent over the whole package. ``complete`` lists
files (patterns as in fnmatch) in which no line and no branch may be missed. A pattern that matches no
file is a failure: a renamed module must not slip out of its gate. Exit status 0 or 1.
"""

from __future__ import annotations

import json
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def failures(report: dict[str, Any], total: float, complete: list[str]) -> list[str]:
    """One sentence for each gate that does not hold; an empty list when all hold."""
    found = []
    reached = report["totals"]["percent_covered"]
    if reached < total:
        found.append(f"total coverage {reached:.1f} % is below {total} %")
    for pattern in complete:
        files = [name for name in sorted(report["files"]) if fnmatch(name, pattern)]
        if not files:
            found.append(f"{pattern}: no measured file matches")
        for name in files:
            lines = report["files"][name]["missing_lines"]
            branches = [f"{start}->{end}" for start, end in report["files"][name]["missing_branches"]]
            if lines or branches:
                found.append(f"{name}: missing lines {lines}, missing branches {branches}")
    return found


def main(arguments: list[str]) -> int:
    report = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    gates = settings["tool"]["portico"]["coverage"]
    found = failures(report, gates["total"], gates["complete"])
    for sentence in found:
        print(f"coverage gate: {sentence}", file=sys.stderr)
    if not found:
        reached = report["totals"]["percent_covered"]
        print(f"coverage {reached:.1f} % (gate {gates['total']} %), {len(gates['complete'])} complete patterns hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
