"""Records that are the same publication: by DOI, by PubMed number, or by nearly the same title in nearly the same year."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rapidfuzz.fuzz import token_sort_ratio

from portico.intake.record import Record, doi_of
from portico.intake.titles import LEAST_CHARACTERS, blocks, nearly_same, numbers, title_key
from portico.knowledge import Study

__all__ = ["Duplicates", "Match", "library_index", "record_match"]

#: Similarity in percent of titles below which one identifier for both is worth a look.
_SAME_WORK: Final = 60.0


@dataclass(frozen=True, slots=True)
class Match:
    """Why a record is one that is known: the name of the known one, and the reason in words."""

    known: str
    why: str


@dataclass(frozen=True, slots=True)
class _Known:
    name: str
    key: str
    numbers: str
    year: int | None
    doi: str | None
    pmid: str | None


class Duplicates:
    """An index that grows with each record; it keeps identifiers and titles, no abstracts.

    >>> index = Duplicates()
    >>> index.add("first", "Dose escalation in the operated spine: a phase 2 study", 2020, doi="10.1000/a") is None
    True
    >>> index.add("second", "Dose Escalation in the Operated Spine - A Phase 2 Study", 2021).why
    'the same title, 2020 and 2021'
    """

    def __init__(self) -> None:
        self._by_doi: dict[str, int] = {}
        self._by_pmid: dict[str, int] = {}
        self._by_title: dict[str, list[int]] = {}
        self._blocks: dict[tuple[str, str], list[int]] = {}
        self._known: list[_Known] = []

    def add(
        self, name: str, title: str, year: int | None, *, doi: str | None = None, pmid: str | None = None
    ) -> Match | None:
        """The known record this one repeats; None, and it is known from now on, when there is none.

        Parameters
        ----------
        name : how the record is named in a match
        title : plain text
        year : None when not known; it then fits every year
        doi, pmid : normalised, see :func:`portico.intake.doi_of`
        """
        found = self.find(title, year, doi=doi, pmid=pmid)
        if found is not None:
            return found
        at = len(self._known)
        known = _Known(name, title_key(title), numbers(title_key(title)), year, doi, pmid)
        self._known.append(known)
        if doi:
            self._by_doi.setdefault(doi, at)
        if pmid:
            self._by_pmid.setdefault(pmid, at)
        self._by_title.setdefault(known.key, []).append(at)
        for block in blocks(known.key):
            self._blocks.setdefault((block, known.numbers), []).append(at)
        return None

    def find(self, title: str, year: int | None, *, doi: str | None = None, pmid: str | None = None) -> Match | None:
        """The known record a record repeats, without adding it; None when there is none."""
        key = title_key(title)
        for what, at in (("DOI", self._by_doi.get(doi or "")), ("PubMed number", self._by_pmid.get(pmid or ""))):
            if at is not None:
                known = self._known[at]
                odd = "" if token_sort_ratio(key, known.key) >= _SAME_WORK else "; the titles differ, look at both"
                return Match(known.name, f"the same {what}{odd}")
        for at in self._by_title.get(key, ()):
            if self._may_be(at, year, doi, pmid):
                return Match(self._known[at].name, f"the same title, {_years(self._known[at].year, year)}")
        if len(key) < LEAST_CHARACTERS:
            return None
        own = numbers(key)
        for at in dict.fromkeys(at for block in blocks(key) for at in self._blocks.get((block, own), ())):
            if not self._may_be(at, year, doi, pmid):
                continue
            known = self._known[at]
            alike = nearly_same(key, known.key)
            if alike is not None:
                return Match(known.name, f"nearly the same title ({alike:.0f} %), {_years(known.year, year)}")
        return None

    def _may_be(self, at: int, year: int | None, doi: str | None, pmid: str | None) -> bool:
        """Whether years are at most one apart, and no two identifiers of one kind differ."""
        known = self._known[at]
        if (doi and known.doi and doi != known.doi) or (pmid and known.pmid and pmid != known.pmid):
            return False
        return year is None or known.year is None or abs(year - known.year) <= 1

    def __len__(self) -> int:
        return len(self._known)


def _years(one: int | None, other: int | None) -> str:
    if one == other and one is not None:
        return str(one)
    return f"{one if one is not None else 'no year'} and {other if other is not None else 'no year'}"


def library_index(studies: Iterable[Study]) -> Duplicates:
    """An index of the studies of the library; the title is what stands between authors and journal in the citation."""
    index = Duplicates()
    for study in studies:
        for title in _titles(study.citation):
            index.add(study.id, title, study.year, doi=doi_of(study.doi), pmid=study.pmid)
    return index


def _titles(citation: str) -> list[str]:
    """Sentences of a citation that may be its title: the longest comes first."""
    parts = [part.strip() for part in re.split(r"(?<=[.?!])\s+|;", citation) if len(part.strip()) >= LEAST_CHARACTERS]
    parts.sort(key=len, reverse=True)
    return parts[:2] or [citation]


def record_match(index: Duplicates, record: Record) -> Match | None:
    """The study of an index that a record is."""
    return index.find(record.title, record.year, doi=record.doi, pmid=record.pmid)
