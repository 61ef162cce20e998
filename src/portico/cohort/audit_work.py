"""The folder of an unfinished audit: what is done stays done, whenever the machine stops.

Each file is written to a temporary name and renamed. A part is done when its counts are there and can be read; its problems are written
before them.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from portico.cohort.audit_counts import add_counts, counts_bytes, counts_from
from portico.cohort.registry_file import Doubles
from portico.errors import ReadingRefused, UsageError
from portico.reading import write_atomic

__all__ = ["all_counts", "is_done", "open_work", "part_name", "save_part", "saved_doubles"]

_MANIFEST: Final = "manifest.json"
_DOUBLES: Final = "doubles.npz"
#: Tables that are added at once.
_TOGETHER: Final = 32


def open_work(folder: Path, settings: Mapping[str, Any]) -> None:
    """Begin, or go on.

    Parameters
    ----------
    folder : of the unfinished audit
    settings : everything that decides its counts

    Raises
    ------
    UsageError : ``other-settings``
    ReadingRefused : ``cannot-write``
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    manifest = folder / _MANIFEST
    before = digest
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if manifest.exists():
            before = json.loads(manifest.read_text(encoding="utf-8")).get("settings")
        else:
            write_atomic(manifest, json.dumps({"settings": digest}).encode())
    except (OSError, ValueError, AttributeError):
        raise ReadingRefused("The folder of the unfinished audit cannot be used.", code="cannot-write") from None
    if before != digest:
        raise UsageError(
            "An unfinished audit of another file, or by other rules, stands in this folder.", code="other-settings",
            fix="Give another folder, or remove the one named .work in it.",
        )  # fmt: skip


def part_name(first: int) -> str:
    """Name of the files of the part that begins with this row."""
    return f"{first:012d}"


def save_part(folder: Path, first: int, problems: bytes, counts: pl.DataFrame) -> None:
    """Keep what one part gave."""
    write_atomic(folder / f"{part_name(first)}.csv", problems)
    write_atomic(folder / f"{part_name(first)}.counts", counts_bytes(counts))


def is_done(folder: Path, first: int) -> bool:
    """Whether the part that begins with this row needs no more work."""
    try:
        counts_from((folder / f"{part_name(first)}.counts").read_bytes())
    except (OSError, ValueError):
        return False
    return (folder / f"{part_name(first)}.csv").is_file()


def all_counts(folder: Path, names: Sequence[str]) -> pl.DataFrame:
    """The sum over all parts."""
    whole = add_counts([])
    for start in range(0, len(names), _TOGETHER):
        some = names[start : start + _TOGETHER]
        whole = add_counts([whole, *(counts_from((folder / f"{name}.counts").read_bytes()) for name in some)])
    return whole


def saved_doubles(folder: Path, find: Callable[[], Doubles]) -> Doubles:
    """Rows that stand twice, as an earlier run found them, or found now and kept."""
    path = folder / _DOUBLES
    try:
        with np.load(path, allow_pickle=False) as held:
            return Doubles(
                int(held["rows"]), held["twice"], held["alike"], int(held["patients"]), held["ragged"], held["starts"]
            )
    except (OSError, ValueError, KeyError, EOFError):
        found = find()
    made = io.BytesIO()
    np.savez(
        made,
        rows=found.rows,
        twice=found.twice,
        alike=found.alike,
        patients=found.patients,
        ragged=found.ragged,
        starts=found.starts,
    )
    write_atomic(path, made.getvalue())
    return found
