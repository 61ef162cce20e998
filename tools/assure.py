"""Run the suites with full counts and write the dated table docs/assurance.md.

    python tools/assure.py                  # every suite; writes the table
    python tools/assure.py --only published # suites whose name holds the word; prints, writes nothing

The suites stand in pyproject.toml, ``[[tool.portico.assure]]``: a name, what pytest is to run, and the
counts given as environment variables. The exit status is 1 when a suite fails; the table then says so.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
import tempfile
import time
import tomllib
import xml.etree.ElementTree as ElementTree  # reads only the file that pytest wrote a moment before
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "assurance.md"


@dataclass(frozen=True)
class Outcome:
    """What one suite gave: numbers of tests, wall time in seconds, pytest's exit status."""

    name: str
    counts: dict[str, int]
    tests: int
    failed: int
    skipped: int
    seconds: float
    status: int

    @property
    def fine(self) -> bool:
        """Passed, ran at least one test and skipped none."""
        return self.status == 0 and self.tests > 0 and self.skipped == 0


def run(suite: dict[str, Any]) -> Outcome:
    """Run one suite with its counts."""
    counts = {key: int(value) for key, value in suite["counts"].items()}
    environment = {**os.environ, "PORTICO_ASSURE": "1", **{key: str(value) for key, value in counts.items()}}
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "junit.xml"
        command = [sys.executable, "-m", "pytest", *suite["tests"], "-p", "no:cacheprovider", f"--junit-xml={record}"]
        start = time.perf_counter()
        status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        seconds = time.perf_counter() - start
        found = ElementTree.parse(record).getroot().find("testsuite") if record.is_file() else None
    numbers = {} if found is None else found.attrib
    tests, failures, errors, skipped = (int(numbers.get(key, 0)) for key in ("tests", "failures", "errors", "skipped"))
    return Outcome(suite["name"], counts, tests, failures + errors, skipped, seconds, status)


def table(outcomes: list[Outcome], date: datetime.date, version: str) -> str:
    """The page as Markdown."""
    lines = [
        "# Assurance runs",
        "",
        f"Last run of `make assure`: {date.isoformat()}, Portico {version}, Python {platform.python_version()}.",
        "A suite is fine when every test passed and none was skipped.",
        "",
        "| suite | counts | tests | failed | skipped | seconds | result |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    for one in outcomes:
        counts = ", ".join(f"`{key}` {value:,}" for key, value in sorted(one.counts.items())) or "as they stand"
        result = "fine" if one.fine else "FAILED"
        lines.append(
            f"| {one.name} | {counts} | {one.tests} | {one.failed} | {one.skipped} | {one.seconds:.0f} | {result} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="WORD", help="suites whose name holds WORD; the table is not written")
    asked = parser.parse_args()
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    suites = [one for one in settings["tool"]["portico"]["assure"] if (asked.only or "") in one["name"]]
    if not suites:
        print(f"no suite has {asked.only!r} in its name", file=sys.stderr)
        return 2
    outcomes = [run(suite) for suite in suites]
    page = table(outcomes, datetime.date.today(), settings["project"]["version"])
    print(page)
    if not asked.only:
        TABLE.write_text(page, encoding="utf-8")
        print(f"written: {TABLE.relative_to(ROOT)}")
    return 0 if all(one.fine for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
