"""Decisions of screening: a CSV file of record number, yes or no, who and when; the last word on a record counts."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from portico.errors import InputRefused, ReadingRefused
from portico.reading import read_bytes, write_atomic

__all__ = ["Decision", "add_decisions", "read_decisions"]

_COLUMNS = ("record", "relevant", "by", "date")
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision on a record by its place in ``records.jsonl``, from 1."""

    record: int
    relevant: bool
    by: str
    date: str


def read_decisions(path: Path) -> list[Decision]:
    """Decisions in the order in which they were made; empty when the file is not there.

    Raises
    ------
    ReadingRefused : ``bad-decisions`` with the line
    """
    if not path.exists():
        return []
    text = read_bytes(path, max_bytes=_MOST_BYTES).decode("utf-8-sig", errors="replace")
    found = []
    for line, row in enumerate(csv.DictReader(io.StringIO(text)), 2):
        try:
            if row["relevant"] not in ("yes", "no") or int(row["record"]) < 1 or not row["by"].strip():
                raise ValueError
            found.append(Decision(int(row["record"]), row["relevant"] == "yes", row["by"], row["date"]))
        except (KeyError, ValueError, TypeError, AttributeError):
            raise ReadingRefused(
                "A decision is record, yes or no, who and when.", code="bad-decisions", file=str(path), line=line
            ) from None
    return found


def add_decisions(path: Path, decisions: Iterable[Decision]) -> list[Decision]:
    """Put decisions behind those of the file, and write it whole.

    Raises
    ------
    InputRefused : ``no-name`` when nobody stands behind a decision
    ReadingRefused : as :func:`read_decisions`; ``cannot-write``
    """
    new = list(decisions)
    if any(not one.by.strip() for one in new):
        raise InputRefused("A decision needs a name.", code="no-name", fix="--by NAME")
    found = [*read_decisions(path), *new]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for one in found:
        writer.writerow([one.record, "yes" if one.relevant else "no", one.by, one.date or dt.date.today().isoformat()])
    write_atomic(path, out.getvalue())
    return found
