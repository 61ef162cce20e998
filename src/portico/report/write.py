"""Writing a report: the whole file or nothing."""

from __future__ import annotations

import os

from portico.reading import write_atomic

__all__ = ["write_report"]


def write_report(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a report.

    Parameters
    ----------
    path : file to write; one that is there already is replaced whole
    content : HTML as text, written as UTF-8, or the bytes of a PDF

    Raises
    ------
    ReadingRefused : ``cannot-write``; an older file then stays as it was
    """
    write_atomic(path, content.encode("utf-8") if isinstance(content, str) else content)
