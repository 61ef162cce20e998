"""The audit of a registry: parts judged and counted one after the other or on several machines, and kept until the whole is done.

The counts of each finished part are a small file in a folder ``.work`` inside the output, written to a temporary name and renamed. A run
that was killed goes on where it stood; its result is the same bytes as that of an unbroken run, and the same whatever ran the parts.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from portico import __version__
from portico.advice import Engine
from portico.cohort.audit_counts import count_part
from portico.cohort.audit_practice import refer_by
from portico.cohort.audit_result import AuditResult
from portico.cohort.audit_summary import FileFacts, summary
from portico.cohort.audit_validation import problem_lines, write_validation
from portico.cohort.audit_work import all_counts, is_done, open_work, part_name, save_part, saved_doubles
from portico.cohort.concordance import Concordance
from portico.cohort.registry_file import PART_ROWS, Block, Doubles, RegistryFile
from portico.errors import InputRefused, ReadingRefused, UsageError
from portico.knowledge import load_library
from portico.reading import write_atomic
from portico.runs import Where, run_all

__all__ = ["RESULT", "THRESHOLD", "VALIDATION", "WORK", "Progress", "audit_registry"]

#: Files of an audit in its folder.
RESULT: Final = "audit.json"
VALIDATION: Final = "validation.csv"
WORK: Final = ".work"
#: The smallest count that may be shown outside, when nobody says another.
THRESHOLD: Final = 5

#: Called with rows done and rows of the file.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Counter:
    """Judges and counts one block, and leaves its two files behind; travels to the workers."""

    folder: Path
    knowledge: str

    def __call__(self, block: Block) -> int:
        """Rows of the block."""
        engine, concordance = _judges(self.knowledge)
        part = block.check()
        counts = count_part(part, concordance.judge(part.frame), refer_by=refer_by(engine.library)[0])
        save_part(
            self.folder,
            block.first,
            problem_lines(sorted((*part.problems, *part.alike), key=lambda one: one.row)),
            counts,
        )
        return part.rows


_LOADED: list[tuple[Engine, Concordance]] = []


def _judges(knowledge: str | None = None) -> tuple[Engine, Concordance]:
    """The shipped library, loaded once in each process."""
    if not _LOADED:
        engine = Engine(load_library())
        _LOADED.append((engine, Concordance(engine)))
    found = _LOADED[0]
    if knowledge is not None and found[0].library.version != knowledge:
        raise ReadingRefused("A worker has another library of knowledge.", code="other-knowledge")
    return found


def audit_registry(
    path: Path,
    folder: Path,
    *,
    names: Mapping[str, str] | None = None,
    threshold: int = THRESHOLD,
    rows: int = PART_ROWS,
    where: Where = "here",
    workers: int | None = None,
    progress: Progress | None = None,
) -> AuditResult:
    """Audit a registry.

    Writes ``audit.json`` (:meth:`AuditResult.to_json`) and ``validation.csv`` (one line for each problem of a refused row; no cell of the
    file is repeated) into ``folder``, each as a whole.

    Parameters
    ----------
    path : CSV or Parquet, see :class:`portico.cohort.registry_file.RegistryFile`
    folder : made when it is not there
    names : heading of the file by column of the registry; None when they are the same
    threshold : the smallest count that may be shown outside, 1 or more; it is written into the result, where counts are whole
    rows : rows in a part
    where, workers : see :func:`portico.runs.run_all`
    progress : called after each part

    Raises
    ------
    InputRefused : as :class:`RegistryFile`; ``synthetic-and-real``, ``too-many-centres``, ``no-rows``
    UsageError : ``bad-threshold``; ``other-settings``: an unfinished audit of another file, or by other rules, stands in the folder
    ReadingRefused : ``cannot-write``
    """
    if threshold < 1:
        raise UsageError("The threshold is 1 or more.", code="bad-threshold")
    file = RegistryFile(path, names, rows)
    engine, _ = _judges()
    work = folder / WORK
    open_work(work, _settings(path, names, rows, engine))
    doubles = saved_doubles(work, file.doubles)
    if not doubles.rows:
        raise InputRefused("The file has no row.", code="no-rows", file=path.name)
    todo = _Todo(file, doubles, work, progress)
    for done in run_all(_Counter(work.resolve(), engine.library.version), todo.blocks(), where=where, workers=workers):
        todo.finished(done)
    names_of = [part_name(first) for first in range(1, doubles.rows + 1, rows)]
    about = FileFacts(doubles.patients, file.absent, len(file.ignored))
    try:
        counts = all_counts(work, names_of)
        result = summary(counts, about, engine, threshold=threshold, software_version=__version__)
        if result.rows.read != doubles.rows or result.rows.read != result.rows.used + result.rows.refused:
            raise InputRefused("The file changed while it was read.", code="file-changed", file=path.name)
    except InputRefused:
        shutil.rmtree(work)  # the file will be another one next time
        raise
    write_validation(folder / VALIDATION, [work / f"{name}.csv" for name in names_of])
    write_atomic(folder / RESULT, result.to_json().encode())
    shutil.rmtree(work)
    return result


class _Todo:
    """Blocks that no earlier run has finished, and how far the whole is."""

    def __init__(self, file: RegistryFile, doubles: Doubles, work: Path, progress: Progress | None) -> None:
        self._file, self._doubles, self._work, self._progress = file, doubles, work, progress
        self._done = 0

    def blocks(self) -> Iterator[Block]:
        return self._file.blocks(self._doubles, self._is_done)

    def _is_done(self, first: int) -> bool:
        done = is_done(self._work, first)
        if done:
            self.finished(min(self._file.rows, self._doubles.rows - first + 1))
        return done

    def finished(self, rows: int) -> None:
        self._done += rows
        if self._progress is not None:
            self._progress(self._done, self._doubles.rows)


def _settings(path: Path, names: Mapping[str, str] | None, rows: int, engine: Engine) -> Mapping[str, Any]:
    """Everything that decides the counts."""
    about = path.stat()
    return {
        "size": about.st_size, "changed": about.st_mtime_ns, "names": dict(names or {}), "rows": rows, "software": __version__,
        "knowledge": engine.library.version,
    }  # fmt: skip
