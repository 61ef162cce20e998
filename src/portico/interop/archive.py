"""Runs over an archive of studies: in parallel, resumable after any end, the same bytes whatever the number of workers.

Each finished study is one small file in the folder ``OUT.part``, written to a temporary name and renamed; a study whose file is
there is not judged again. When all are done, the files become one Parquet table, sorted by study, and the folder goes. A study is
known by the SHA-256 of its place in the archive, so that no name of a folder or file, which may be a patient's, gets into a result.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from portico.errors import PorticoError, ReadingRefused, UsageError
from portico.reading import write_atomic
from portico.runs import Where, run_all

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ArchiveSummary", "find_studies", "run_archive"]

_FIRST: Final[Mapping[str, str]] = {"study": "text", "status": "text", "code": "text"}
_MANIFEST: Final = "manifest.json"
_MOST_STUDIES: Final = 1_000_000

Judge = Callable[[Path], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class ArchiveSummary:
    """What a run gave.

    Parameters
    ----------
    studies : number of studies
    done_before : studies that an earlier run had finished
    statuses : number of studies by status: ``checked``, ``refused`` (with a code), ``failed`` (a fault of the software)
    rows : rows of the table
    table : the table itself
    """

    studies: int
    done_before: int
    statuses: Mapping[str, int]
    rows: int
    table: pl.DataFrame

    def counts(self, column: str) -> dict[str, int]:
        """Rows by the value of a text column; rows without a value are left out."""
        values = self.table[column].drop_nulls().to_list()
        return dict(sorted(Counter(values).items()))


def find_studies(root: Path) -> tuple[tuple[str, Path], ...]:
    """Studies below a folder: each folder that directly holds files other than archives, and each zip archive.

    Returns
    -------
    hash of the place below ``root`` and path, sorted by hash; links are not followed

    Raises
    ------
    ReadingRefused : ``no-such-file``, ``too-many-files``
    """
    if not root.is_dir():
        raise ReadingRefused("There is no such folder.", code="no-such-file")
    found: list[Path] = []
    for at, names, files in os.walk(root):
        names.sort()
        plain = [name for name in files if not Path(at, name).is_symlink() and not name.startswith(".")]
        archives = [name for name in plain if name.lower().endswith(".zip")]
        found.extend(Path(at, name) for name in archives)
        if len(archives) < len(plain):
            found.append(Path(at))
        if len(found) > _MOST_STUDIES:
            raise ReadingRefused(f"There are more than {_MOST_STUDIES:,} studies.", code="too-many-files")
    return tuple(sorted((_place(root, path), path) for path in found))


def _place(root: Path, path: Path) -> str:
    return hashlib.sha256(path.relative_to(root).as_posix().encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Task:
    """Judges one study in a worker and leaves its file behind."""

    judge: Judge
    folder: Path
    columns: Mapping[str, str]

    def __call__(self, item: tuple[str, Path]) -> str:
        study, path = item
        status, code, rows = "checked", None, []
        try:
            rows = self.judge(path)
        except PorticoError as error:
            status, code = "refused", error.code
        except Exception as error:  # its message could hold something of the patient
            status, code = "failed", type(error).__name__
        first = {"study": study, "status": status, "code": code}
        made = [{**first, **{name: row.get(name) for name in self.columns}} for row in rows] or [
            {**first, **dict.fromkeys(self.columns)}
        ]
        write_atomic(self.folder / f"{study}.json", json.dumps(made, allow_nan=False).encode())
        return study


def run_archive(
    root: Path,
    out: Path,
    judge: Judge,
    *,
    columns: Mapping[str, str],
    settings: Mapping[str, Any],
    workers: int = 1,
    where: Where = "here",
    progress: Callable[[int, int], None] | None = None,
) -> ArchiveSummary:
    """Judge every study of an archive and write one table.

    Parameters
    ----------
    root : folder of the archive
    out : Parquet file; replaced as a whole at the end
    judge : takes the path of a study and gives its rows; must pickle for other places than ``"here"``
    columns : columns of a row and their kind: ``text``, ``number`` or ``whole``
    settings : everything that decides the result beside the studies; an unfinished run with other settings is refused
    workers, where : see :func:`portico.runs.run_all`
    progress : called with the number done and the number of studies

    Raises
    ------
    ReadingRefused : ``no-such-file``, ``cannot-write``
    UsageError : ``other-settings``: an unfinished run of other settings stands beside ``out``
    """
    studies = find_studies(root)
    folder = out.with_name(f"{out.name}.part").resolve()
    _open(folder, settings)
    done = {path.stem for path in folder.glob("*.json")} - {Path(_MANIFEST).stem}
    known = {study for study, _ in studies}
    waiting = [(study, path.resolve()) for study, path in studies if study not in done]
    before = len(known & done)
    task = _Task(judge, folder, columns)
    for number, _ in enumerate(run_all(task, waiting, where=where, workers=workers), start=1):
        if progress is not None:
            progress(before + number, len(studies))
    table = _table(folder, [study for study, _ in studies], columns)
    write_atomic(out, _parquet(table))
    shutil.rmtree(folder)
    per_study = table.group_by("study", maintain_order=True).first()
    statuses = Counter(per_study["status"].to_list())
    return ArchiveSummary(len(studies), before, dict(sorted(statuses.items())), table.height, table)


def _open(folder: Path, settings: Mapping[str, Any]) -> None:
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()
    manifest = folder / _MANIFEST
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if manifest.exists():
            before = json.loads(manifest.read_text(encoding="utf-8")).get("settings")
        else:
            before = digest
            write_atomic(manifest, json.dumps({"settings": digest}).encode())
    except OSError as error:
        raise ReadingRefused(
            f"The folder of unfinished results cannot be used: {error.strerror}.", code="cannot-write"
        ) from None
    if before != digest:
        raise UsageError(
            "An unfinished run with other settings stands beside the output.", code="other-settings",
            fix="Give another --out, or remove the folder that ends in .part.",
        )  # fmt: skip


def _table(folder: Path, studies: list[str], columns: Mapping[str, str]) -> pl.DataFrame:
    import polars as pl

    kinds = {"text": pl.String, "number": pl.Float64, "whole": pl.Int64}
    schema = {name: kinds[kind] for name, kind in {**_FIRST, **columns}.items()}
    rows = [row for study in studies for row in json.loads((folder / f"{study}.json").read_text(encoding="utf-8"))]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _parquet(table: pl.DataFrame) -> bytes:
    """Bytes that depend on the rows alone."""
    out = io.BytesIO()
    table.write_parquet(out, compression="zstd", compression_level=3, row_group_size=100_000, statistics=True)
    return out.getvalue()
