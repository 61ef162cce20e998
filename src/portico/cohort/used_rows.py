"""The rows of a registry file that can be used, as one frame, for what a count by parts cannot give: Table 1, weights, exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from portico.cohort.dictionary import KEYS
from portico.cohort.registry_file import RegistryFile
from portico.cohort.registry_rows import MARK
from portico.errors import InputRefused

__all__ = ["used_rows"]


def used_rows(
    path: Path, names: Mapping[str, str] | None = None, *, columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """The rows, held in memory: keys, the columns asked for, and the mark of invented patients where every row bears it.

    Parameters
    ----------
    path, names : see :class:`portico.cohort.registry_file.RegistryFile`
    columns : of the registry; all when left out

    Raises
    ------
    InputRefused : as :class:`RegistryFile`; ``synthetic-and-real``
    """
    file = RegistryFile(path, names)
    frames, rows, marked = [], 0, 0
    for part in file.parts():
        rows += part.rows
        marked += part.synthetic
        frames.append(part.frame if columns is None else part.frame.select(*KEYS, *columns))
    if 0 < marked < rows:
        raise InputRefused(
            f"{marked:,} of {rows:,} rows are synthetic.", code="synthetic-and-real", file=path.name,
            fix="Audit them apart: invented patients are never mixed with real ones.",
        )  # fmt: skip
    if not frames:
        raise InputRefused("The file has no row.", code="no-rows", file=path.name)
    frame = pl.concat(frames)
    return frame.with_columns(pl.lit(True).alias(MARK)) if marked else frame
