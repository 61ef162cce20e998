"""What the checks of an archive of plans found together: the table of ``portico check --archive`` as an input of the audit.

A row of that table is one item of one study. Here items are counted over studies: how often each limit, target and fact is met, not met or
cannot be told, and where between its lowest and highest value a measured one lies.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
from polars.exceptions import PolarsError

from portico.errors import InputRefused

__all__ = ["ArchiveAudit", "ItemCount", "audit_archive", "is_archive"]

#: What an item is known by.
_KEYS: Final = (
    "kind",
    "item_code",
    "roi",
    "defined_on",
    "metric",
    "op",
    "limit",
    "unit",
    "limit_id",
    "source_id",
    "verified",
)
_NEEDED: Final = frozenset({"study", "status", "code", "exit_status", "verdict", "value", *_KEYS})
_VERDICTS: Final = ("met", "not_met", "cannot_tell", "no_limit", "info")


@dataclass(frozen=True)
class ItemCount:
    """One item over all studies that have it; the first eleven fields are those of the table, None where an item has none.

    Parameters
    ----------
    met, not_met, cannot_tell, no_limit, info : studies by verdict; one with the item twice counts twice
    low, median, high : of the values in ``unit``; None without a value
    """

    kind: str | None
    item_code: str | None
    roi: str | None
    defined_on: str | None
    metric: str | None
    op: str | None
    limit: float | None
    unit: str | None
    limit_id: str | None
    source_id: str | None
    verified: str | None
    met: int
    not_met: int
    cannot_tell: int
    no_limit: int
    info: int
    low: float | None
    median: float | None
    high: float | None


@dataclass(frozen=True)
class ArchiveAudit:
    """All of it.

    Parameters
    ----------
    studies : in the archive
    checked, refused, failed : they add up to ``studies``; failed is a fault of the software
    reasons : studies refused or failed, by code
    all_met, not_met, cannot_tell : checked studies by exit status: 0, 1 with an item that is not met, 4 with one that cannot be told
    items : sorted by kind and code
    """

    studies: int
    checked: int
    refused: int
    failed: int
    reasons: tuple[tuple[str, int], ...]
    all_met: int
    not_met: int
    cannot_tell: int
    items: tuple[ItemCount, ...]

    def to_json(self) -> str:
        """Canonical text with ``schema`` ``audit-archive/1``."""
        held = {"schema": "audit-archive/1", **asdict(self)}
        return json.dumps(held, sort_keys=True, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def is_archive(path: Path) -> bool:
    """Whether a file is the table of ``portico check --archive``."""
    if path.suffix != ".parquet" or not path.is_file():
        return False
    try:
        return set(pl.scan_parquet(path).collect_schema().names()) >= _NEEDED
    except (PolarsError, OSError):
        return False


def audit_archive(path: Path) -> ArchiveAudit:
    """Count the items of an archive; a group-by in one pass, so that memory does not grow with the number of studies.

    Raises
    ------
    InputRefused : ``archive-form``: no table of ``portico check --archive``
    """
    if not is_archive(path):
        raise InputRefused("This is no table of portico check --archive.", code="archive-form", file=path.name)
    rows = pl.scan_parquet(path)
    per_study = rows.group_by("study").agg(
        pl.col("status").first(), pl.col("code").first(), pl.col("exit_status").cast(pl.Int64).first()
    )
    studies = per_study.group_by("status", "code", "exit_status").len("n").collect(engine="streaming")
    verdicts = [(pl.col("verdict") == name).sum().cast(pl.Int64).alias(name) for name in _VERDICTS]
    value = pl.col("value").cast(pl.Float64)
    found = (
        rows.filter(pl.col("status") == "checked")
        .with_columns(pl.col("limit").cast(pl.Float64))
        .group_by(_KEYS)
        .agg(*verdicts, value.min().alias("low"), value.median().alias("median"), value.max().alias("high"))
        .collect(engine="streaming")
        .sort(_KEYS, nulls_last=True)
    )

    def number(test: pl.Expr) -> int:
        return int(studies.filter(test)["n"].sum())

    checked = pl.col("status") == "checked"
    reasons = (
        studies.filter(~checked).group_by("code").agg(pl.col("n").sum()).sort("n", "code", descending=[True, False])
    )
    return ArchiveAudit(
        studies=number(pl.lit(True)),
        checked=number(checked),
        refused=number(pl.col("status") == "refused"),
        failed=number(pl.col("status") == "failed"),
        reasons=tuple((str(code), int(n)) for code, n in reasons.iter_rows()),
        all_met=number(checked & (pl.col("exit_status") == 0)),
        not_met=number(checked & (pl.col("exit_status") == 1)),
        cannot_tell=number(checked & (pl.col("exit_status") == 4)),
        items=tuple(ItemCount(**_plain(row)) for row in found.iter_rows(named=True)),
    )


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Values of a row; what is not finite is unknown."""
    return {name: None if value != value else value for name, value in row.items()}
