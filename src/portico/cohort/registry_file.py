"""A registry file, read in parts: rows that can be used, rows that are refused and why. No row is dropped without a word.

Rows in are rows used plus rows refused. A part is worked on at a time, so memory does not grow with the file; only the keys of all rows
are kept, as 64-bit hashes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.exceptions import PolarsError

from portico.cohort.csv_lines import count_cells, headings_of
from portico.cohort.dictionary import KEYS
from portico.cohort.registry_rows import MARK, NEEDED, Part, RowProblem, all_columns, check_rows, stripped
from portico.errors import InputRefused, UsageError

__all__ = ["PART_ROWS", "Block", "Doubles", "Part", "RegistryFile", "RowProblem"]

#: Rows that are worked on at once.
PART_ROWS: Final = 250_000
_UNKNOWN: Final = np.uint64(0)  # stands for an empty key among the hashes
Rows = NDArray[np.int64]
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some rows as they stand in the file; ``first`` is the number of the first, from 1. The last block may be empty."""

    first: int
    raw: pl.DataFrame
    twice: tuple[int, ...]
    alike: tuple[int, ...]
    ragged: tuple[int, ...]

    def check(self) -> Part:
        """Judge the rows."""
        return check_rows(self.raw, self.first, self.twice, self.alike, self.ragged)


@dataclass(frozen=True, slots=True, eq=False)
class Doubles:
    """What a first look at all rows tells.

    Parameters
    ----------
    rows : in the file
    twice : numbers of rows whose course key stands in an earlier row, whether or not that one can be used; rising
    alike : of rows that differ from an earlier one of the same patient in nothing but the course key; rising
    patients : different patients
    ragged : of rows with another number of cells than the heading; rising
    """

    rows: int
    twice: Rows
    alike: Rows
    patients: int
    ragged: Rows


@dataclass(slots=True, eq=False)
class RegistryFile:
    """One CSV or Parquet file.

    Parameters
    ----------
    path : file; CSV in UTF-8 with a heading, or Parquet
    names : heading of the file by column of the registry; None when they are the same
    rows : rows in a part

    What it says of the file fills while :meth:`parts` is read:

    rows_in, rows_used, rows_refused : the first is the sum of the others
    counts : problems by column and code
    ignored, absent : headings that are no column of a registry, and columns that the file lacks: their values are unknown

    Raises
    ------
    InputRefused : ``file-missing``, ``registry-form`` for a file that is no table, ``key-column-missing``, ``heading-twice``
    UsageError : ``unknown-column`` for a name in ``names`` that a registry does not have
    """

    path: Path
    names: Mapping[str, str] | None = None
    rows: int = PART_ROWS
    rows_in: int = 0
    rows_used: int = 0
    rows_refused: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    ignored: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    _scan: pl.LazyFrame = field(init=False)

    def __post_init__(self) -> None:
        known = (*KEYS, *all_columns().names)
        wrong = sorted(set(self.names or {}) - set(known))
        if wrong:
            raise UsageError("A column of the map is none of a registry.", code="unknown-column", path=wrong[0])
        if not self.path.is_file():
            raise InputRefused("There is no such file.", code="file-missing", file=self.path.name)
        try:
            scan = pl.scan_parquet(self.path) if self.path.suffix == ".parquet" else _csv(self.path)
            headings = scan.collect_schema().names()
        except (PolarsError, OSError):
            raise self._no_table() from None
        plain = headings if self.path.suffix == ".parquet" else headings_of(self.path)
        if len(set(plain)) < len(plain):
            raise InputRefused("A heading stands twice.", code="heading-twice", file=self.path.name)
        given = {**{name: name for name in known}, **(self.names or {})}
        found = [heading for heading in given.values() if heading in headings]
        if len(set(found)) < len(found):
            raise InputRefused("One heading serves two columns.", code="heading-twice", file=self.path.name)
        for key in NEEDED:
            if given[key] not in headings:
                raise InputRefused(
                    f"The file has no {key}.", code="key-column-missing", file=self.path.name, path=key,
                    fix="Add it, or name its heading in the map.",
                )  # fmt: skip
        used = {*given.values(), MARK}
        self.ignored = tuple(one for one in headings if one not in used)
        self.absent = tuple(name for name in known if given[name] not in headings)
        taken = {name: given[name] for name in known if given[name] in headings}
        if MARK in headings and MARK not in taken.values():
            taken[MARK] = MARK
        self._scan = scan.select(pl.col(heading).alias(name) for name, heading in taken.items())

    def _no_table(self) -> InputRefused:
        return InputRefused(
            "This file is no table that can be read.", code="registry-form", file=self.path.name,
            fix="CSV in UTF-8 with commas, one heading and closed quotes, or Parquet.",
        )  # fmt: skip

    def doubles(self) -> Doubles:
        """Rows that stand twice; one pass over the file.

        Keys are compared as 64-bit hashes: among ten million rows two different keys are taken for one with a chance of three in a million.

        Raises
        ------
        InputRefused : ``registry-form``
        """
        rows, courses, people, whole = 0, list[Hashes](), list[Hashes](), list[Hashes]()
        for batch in self._batches():
            keys = batch.select(stripped(name, batch.schema[name]) for name in NEEDED)
            coded = [name for name, kind in batch.schema.items() if isinstance(kind, pl.Categorical | pl.Enum)]
            rest = batch.drop(NEEDED).with_columns(pl.col(coded).cast(pl.String)).with_columns(keys["patient_key"])
            for into, key, hashes in (
                (courses, keys["course_key"], keys["course_key"].hash(7)),
                (people, keys["patient_key"], keys["patient_key"].hash(7)),
                (whole, keys["patient_key"], rest.hash_rows(7)),
            ):
                into.append(np.where(key.is_null().to_numpy(), _UNKNOWN, hashes.to_numpy()))
            rows += batch.height
        counted, ragged = (rows, np.empty(0, np.int64)) if self.path.suffix == ".parquet" else count_cells(self.path)
        if counted != rows:  # a quote in a wrong place: it cannot be said where a row ends
            raise self._no_table()
        twice, alike = _later(courses), _later(whole)
        return Doubles(rows, twice, np.setdiff1d(alike, twice, assume_unique=True), _different(people), ragged)

    def blocks(self, doubles: Doubles) -> Iterator[Block]:
        """The file in blocks of exactly ``rows`` rows, the last one shorter.

        Raises
        ------
        InputRefused : ``registry-form`` where a line is no row
        """
        first, waiting, height = 1, list[pl.DataFrame](), 0
        for batch in self._batches():
            waiting.append(batch)
            height += batch.height
            while height >= self.rows:
                whole = pl.concat(waiting)
                yield _block(whole.head(self.rows), first, doubles)
                first, height = first + self.rows, height - self.rows
                waiting = [whole.slice(self.rows)]
        if height:
            yield _block(pl.concat(waiting), first, doubles)

    def _batches(self) -> Iterator[pl.DataFrame]:
        try:
            yield from self._scan.collect_batches(chunk_size=self.rows, maintain_order=True)
        except (PolarsError, OSError):
            raise self._no_table() from None

    def parts(self) -> Iterator[Part]:
        """The file from its first row to its last; raises ``registry-form`` where a line is no row."""
        self.rows_in = self.rows_used = self.rows_refused = 0
        self.counts.clear()
        for block in self.blocks(self.doubles()):
            part = block.check()
            self.rows_in += part.rows
            self.rows_used += part.frame.height
            self.rows_refused += part.rows - part.frame.height
            self.counts.update((one.column, one.code) for one in part.problems)
            yield part


def _csv(path: Path) -> pl.LazyFrame:
    return pl.scan_csv(path, infer_schema=False, encoding="utf8-lossy", truncate_ragged_lines=True)


def _later(hashes: list[Hashes]) -> Rows:
    """Numbers, from 1, of the rows whose hash stands in an earlier row; unknown is equal to nothing."""
    found = np.concatenate([*hashes, np.empty(0, np.uint64)])
    ranked = np.sort(found)
    several = np.unique(ranked[1:][(ranked[1:] == ranked[:-1]) & (ranked[1:] != _UNKNOWN)])
    if not len(several):
        return np.empty(0, np.int64)
    rows = np.flatnonzero(np.isin(found, several))
    first = np.unique(found[rows], return_index=True)[1]
    return np.delete(rows, first).astype(np.int64) + 1


def _different(hashes: list[Hashes]) -> int:
    ranked = np.sort(np.concatenate([*hashes, np.empty(0, np.uint64)]))
    known = ranked[ranked != _UNKNOWN]
    return int((known[1:] != known[:-1]).sum()) + bool(len(known))


def _block(raw: pl.DataFrame, first: int, doubles: Doubles) -> Block:
    def inside(rows: Rows) -> tuple[int, ...]:
        low, high = np.searchsorted(rows, [first, first + raw.height])
        return tuple(int(row) for row in rows[low:high])

    return Block(first, raw, inside(doubles.twice), inside(doubles.alike), inside(doubles.ragged))
