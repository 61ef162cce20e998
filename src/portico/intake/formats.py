"""Which form a file of literature has, and its records one by one."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from portico.errors import Problem, ReadingRefused, UsageError
from portico.intake.bibtex import read_bibtex
from portico.intake.json_lines import read_json_lines
from portico.intake.lines import open_binary, read_lines
from portico.intake.pubmed_xml import read_pubmed_xml
from portico.intake.record import Record
from portico.intake.tagged import read_nbib, read_ris

__all__ = ["FORMS", "form_of", "read_records"]

#: Forms that can be read.
FORMS: Final = ("nbib", "pubmed-xml", "ris", "bibtex", "json-lines")
_HEAD_BYTES: Final = 65_536
#: Records between two reports of progress.
_EVERY: Final = 500


def form_of(head: bytes) -> str | None:
    """The form from the first bytes of a file; None when it is none of ours.

    >>> form_of(b"TY  - JOUR"), form_of(b"PMID- 1"), form_of(b"@article{a,"), form_of(b"<html>")
    ('ris', 'nbib', 'bibtex', None)
    """
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = head.decode("utf-16" if wide else "utf-8-sig", errors="replace").lstrip()
    if re.search(r"<(PubmedArticleSet|PubmedArticle|PubmedBookArticle|!DOCTYPE PubmedArticleSet)\b", text):
        return "pubmed-xml"
    for form, pattern in (
        ("nbib", r"^PMID *- ?\d"),
        ("ris", r"^TY  ?- "),
        ("bibtex", r"^\s*@\s*[A-Za-z]+\s*[{(]"),
        ("json-lines", r"\A\{.*"),
    ):
        if re.search(pattern, text, re.MULTILINE):
            return form
    return None


def read_records(
    path: str | Path, form: str | None = None, *, progress: Callable[[int, int], None] | None = None
) -> Iterator[Record | Problem]:
    """Records and problems of a file in its order; memory does not grow with the file.

    Parameters
    ----------
    path : the file
    form : one of :data:`FORMS`; found from the content when left out
    progress : called now and then with the bytes read and the bytes there are

    Raises
    ------
    UsageError : ``unknown-form``
    ReadingRefused : ``cannot-read``, ``form-not-known`` (the content is of no form that can be read)
    """
    place = Path(path)
    if form is not None and form not in FORMS:
        raise UsageError("There is no such form.", code="unknown-form", fix=f"One of {', '.join(FORMS)}.")
    with open_binary(place) as file:
        head = file.read(_HEAD_BYTES)
        file.seek(0)
        chosen = form or form_of(head)
        if chosen is None:
            raise ReadingRefused(
                "The file is of no form that can be read.",
                code="form-not-known",
                file=str(path),
                fix=f"Name the form: {', '.join(FORMS)}.",
            )
        size = place.stat().st_size
        for at, one in enumerate(_records(file, chosen), 1):
            if progress is not None and at % _EVERY == 0:
                progress(min(file.tell(), size), size)
            yield replace(one, file=str(path)) if isinstance(one, Problem) else one


def _records(file: IO[bytes], form: str) -> Iterator[Record | Problem]:
    if form == "pubmed-xml":
        return read_pubmed_xml(file)
    lines = read_lines(file)
    return {"nbib": read_nbib, "ris": read_ris, "bibtex": read_bibtex, "json-lines": read_json_lines}[form](lines)
