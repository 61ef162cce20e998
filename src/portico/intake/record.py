"""One bibliographic record, whatever the form it came in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from portico.intake.plain_text import plain_text

__all__ = ["MAX_RECORD_BYTES", "Record", "doi_of", "pmid_of", "record_from", "year_of"]

#: A record larger than this is refused: no abstract is near it.
MAX_RECORD_BYTES: Final = 1_000_000
_DOI: Final = re.compile(r"10\.\d{4,9}/[^\s\"]+")
#: Brackets that may stand around a DOI or belong to it: older ones name their issue and page in brackets.
_BRACKETS: Final = {")": "(", ">": "<", "]": "[", "}": "{"}
_YEAR: Final = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class Record:
    """Title, abstract and where to find it; all text is plain, without markup or control characters.

    Parameters
    ----------
    number, line : position in its file, from 1; line of its first field
    form : ``nbib``, ``pubmed-xml``, ``ris``, ``bibtex`` or ``json-lines``
    title : never empty
    authors : as written
    journal, year, date, doi, pmid, abstract, language : None when not given; ``date`` is the text of the file
    keywords : as written
    notes : what was done to read it, such as a line in another encoding
    """

    number: int
    line: int
    form: str
    title: str
    authors: tuple[str, ...] = ()
    journal: str | None = None
    year: int | None = None
    date: str | None = None
    doi: str | None = None
    pmid: str | None = None
    abstract: str | None = None
    keywords: tuple[str, ...] = ()
    language: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Title and abstract, as the screener and the extraction read them."""
        return f"{self.title}\n{self.abstract}" if self.abstract else self.title

    def to_plain(self) -> dict[str, Any]:
        """Plain values for one line of JSON; empty fields are left out."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in found.items()
            if value not in (None, ())
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Record:
        """The record of :meth:`to_plain`."""
        lists = ("authors", "keywords", "notes")
        own: dict[str, Any] = {key: tuple(value) if key in lists else value for key, value in plain.items()}
        return cls(**own)


def record_from(
    number: int,
    line: int,
    form: str,
    *,
    title: str | None,
    authors: Iterable[str] = (),
    journal: str | None = None,
    date: str | None = None,
    doi: str | None = None,
    pmid: str | None = None,
    abstract: str | None = None,
    keywords: Iterable[str] = (),
    language: str | None = None,
    notes: Iterable[str] = (),
) -> Record | None:
    """A record from text as it stood in the file; None without a title."""
    name = plain_text(title)
    if not name:
        return None
    return Record(
        number,
        line,
        form,
        name,
        tuple(text for one in authors if (text := plain_text(one))),
        plain_text(journal) or None,
        year_of(date),
        plain_text(date) or None,
        doi_of(doi),
        pmid_of(pmid),
        plain_text(abstract) or None,
        tuple(text for one in keywords if (text := plain_text(one))),
        plain_text(language) or None,
        tuple(dict.fromkeys(notes)),
    )


def doi_of(text: str | None) -> str | None:
    """The DOI in a text, in lower case and without a resolver's address; None when there is none.

    >>> doi_of("https://doi.org/10.21037/APM-24-168.")
    '10.21037/apm-24-168'
    >>> doi_of("10.1002/(SICI)1097-0142(19990101)85:1<72::AID-CNCR12>3.0.CO;2-#")
    '10.1002/(sici)1097-0142(19990101)85:1<72::aid-cncr12>3.0.co;2-#'

    Source: DOI Handbook, 2.2 (syntax) and 2.4 (case does not count).
    """
    found = _DOI.search(unquote(text) if text and "%" in text else text or "")
    if found is None:
        return None
    doi = re.split(r"</?(?:a|p|b|i|br|span|div)/?(?:>|$)", found[0], maxsplit=1, flags=re.IGNORECASE)[
        0
    ]  # markup behind it
    while doi and (doi[-1] in ".,;" or (doi[-1] in _BRACKETS and doi.count(doi[-1]) > doi.count(_BRACKETS[doi[-1]]))):
        doi = doi[:-1]
    return doi.lower() if not doi.endswith("/") else None


def pmid_of(text: str | None) -> str | None:
    """A PubMed number of one to nine digits; None for anything else."""
    found = re.fullmatch(r"\s*(?:PMID:?\s*)?(\d{1,9})\s*", text or "")
    return None if found is None else found[1].lstrip("0") or None


def year_of(text: str | None) -> int | None:
    """The first year from 1800 to 2099 in a text; None when there is none.

    >>> year_of("2025-03-01"), year_of("Mar 1998"), year_of("soon")
    (2025, 1998, None)
    """
    found = _YEAR.search(text or "")
    return None if found is None else int(found[1])
