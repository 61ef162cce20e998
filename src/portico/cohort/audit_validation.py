"""The validation report: one line for each problem of each refused row, and for each used row that may be a second entry, by row.

>>> problem_lines([RowProblem(7, "bone", "unknown-word", "bone holds a word that is not allowed; did you mean femur?")]).decode()
'7,bone,unknown-word,bone holds a word that is not allowed; did you mean femur?\\n'

No cell of the registry is repeated, so nothing in the file can be a name, or a formula for a spreadsheet.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from portico.cohort.registry_rows import RowProblem
from portico.errors import ReadingRefused

__all__ = ["HEADING", "problem_lines", "write_validation"]

HEADING: Final = ("row", "column", "code", "problem")


def problem_lines(problems: Iterable[RowProblem]) -> bytes:
    """Lines without a heading."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows((one.row, one.column, one.code, one.sentence) for one in problems)
    return text.getvalue().encode()


def write_validation(path: Path, parts: Sequence[Path]) -> None:
    """One file of several, with its heading; whole or not there.

    Raises
    ------
    ReadingRefused : ``cannot-write``
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as out:
            out.write((",".join(HEADING) + "\n").encode())
            for part in parts:
                with part.open("rb") as one:
                    shutil.copyfileobj(one, out)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ReadingRefused(
            f"The validation report cannot be written: {error.strerror}.", code="cannot-write"
        ) from None
