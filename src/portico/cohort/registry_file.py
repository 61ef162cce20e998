"""A registry file, read in parts: rows that can be used, rows that are refused and why. No row is dropped without a word.

Rows in are rows used plus rows refused. A part is worked on at a time, so memory does not grow with the file; only the keys of all rows
are kept, as 64-bit hashes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.exceptions import PolarsError

from portico.cohort.csv_lines import headings_of, lines_of
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
    starts : where in a CSV file the parts begin, in bytes, and where the last ends; empty for Parquet
    """

    rows: int
    twice: Rows
    alike: Rows
    patients: int
    ragged: Rows
    starts: Rows


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
    _headings: list[str] = field(init=False)
    _taken: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        known = (*KEYS, *all_columns().names)
        wrong = sorted(set(self.names or {}) - set(known))
        if wrong:
            raise UsageError("A column of the map is none of a registry.", code="unknown-column", path=wrong[0])
        if not self.path.is_file():
            raise InputRefused("There is no such file.", code="file-missing", file=self.path.name)
        try:
            if self.path.suffix == ".parquet":
                scan = pl.scan_parquet(self.path)
                headings = scan.collect_schema().names()
            else:
                scan, headings = pl.LazyFrame(), headings_of(self.path)
        except (PolarsError, OSError):
            raise self._no_table() from None
        if len(set(headings)) < len(headings):
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
        self._headings, self._taken = headings, taken
        if self.path.suffix == ".parquet":
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
        courses, people, whole = list[Hashes](), list[Hashes](), list[Hashes]()
        rows, ragged, starts = self._outline()
        for raw in (self._raw(first, rows, starts) for first in range(1, rows + 1, self.rows)):
            keys = raw.select(stripped(name, raw.schema[name]) for name in NEEDED)
            coded = [name for name, kind in raw.schema.items() if isinstance(kind, pl.Categorical | pl.Enum)]
            rest = raw.drop(NEEDED).with_columns(pl.col(coded).cast(pl.String)).with_columns(keys["patient_key"])
            for into, key, hashes in (
                (courses, keys["course_key"], keys["course_key"].hash(7)),
                (people, keys["patient_key"], keys["patient_key"].hash(7)),
                (whole, keys["patient_key"], rest.hash_rows(7)),
            ):
                into.append(np.where(key.is_null().to_numpy(), _UNKNOWN, hashes.to_numpy()))
        twice, alike = _later(courses), _later(whole)
        return Doubles(rows, twice, np.setdiff1d(alike, twice, assume_unique=True), _different(people), ragged, starts)

    def blocks(self, doubles: Doubles, done: Callable[[int], bool] | None = None) -> Iterator[Block]:
        """The file in blocks of exactly ``rows`` rows, the last one shorter.

        Parameters
        ----------
        doubles : of this file
        done : told the first row of a block; true where it need not be read

        Raises
        ------
        InputRefused : ``registry-form`` where a line is no row
        """
        for first in range(1, doubles.rows + 1, self.rows):
            if done is None or not done(first):
                yield _block(self._raw(first, doubles.rows, doubles.starts), first, doubles)

    def _outline(self) -> tuple[int, Rows, Rows]:
        """Rows, those with another number of cells than the heading, and where the parts begin."""
        nothing = np.empty(0, np.int64)
        try:
            if self.path.suffix == ".parquet":
                return int(self._scan.select(pl.len()).collect().item()), nothing, nothing
            found = lines_of(self.path, self.rows)
        except (PolarsError, OSError):
            raise self._no_table() from None
        return found.rows, found.odd, found.starts

    def _raw(self, first: int, rows: int, starts: Rows) -> pl.DataFrame:
        """The block that begins with a row, under the names of a registry; nothing else of the file is held."""
        wanted = min(self.rows, rows - first + 1)
        try:
            if self.path.suffix == ".parquet":
                raw = self._scan.slice(first - 1, wanted).collect()
            else:
                part = (first - 1) // self.rows
                with self.path.open("rb") as stream:
                    stream.seek(int(starts[part]))
                    raw = self._csv_rows(stream.read(int(starts[part + 1] - starts[part])))
        except (PolarsError, OSError, IndexError):
            raise self._no_table() from None
        if raw.height != wanted:  # a quote in a wrong place: it cannot be said where a row ends
            raise self._no_table()
        return raw

    def _csv_rows(self, text: bytes) -> pl.DataFrame:
        # A heading of plain names, since the reader takes the first line for what all are like; and another line behind, dropped again,
        # since an empty line is a row to it unless it is the last.
        places = {heading: f"c{place}" for place, heading in enumerate(self._headings)}
        heading = (",".join(places.values()) + "\n").encode()
        found = pl.read_csv(
            heading + text + (b"" if text.endswith(b"\n") else b"\n") + b"0\n", infer_schema=False, encoding="utf8-lossy",
            truncate_ragged_lines=True,
        )  # fmt: skip
        return found.head(-1).select(pl.col(places[heading]).alias(name) for name, heading in self._taken.items())

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
