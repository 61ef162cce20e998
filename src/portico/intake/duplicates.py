"""Records that are the same publication: by DOI, by PubMed number, or by nearly the same title in nearly the same year."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rapidfuzz.fuzz import ratio, token_sort_ratio

from portico.intake.record import Record, doi_of
from portico.knowledge import Study

__all__ = ["Duplicates", "Match", "library_index", "record_match", "title_key"]

#: Similarity in percent from which two titles are the same.
SAME_TITLE: Final = 93.0
#: A shorter title says too little to be compared loosely.
_LEAST_CHARACTERS: Final = 25
#: Short forms and spellings that one title has and another spells out.
_SPELLED: Final = {
    "sbrt": "stereotactic body radiotherapy", "sabr": "stereotactic ablative radiotherapy", "srs": "stereotactic radiosurgery",
    "ebrt": "external beam radiotherapy", "rt": "radiotherapy", "tumour": "tumor", "tumours": "tumors", "randomised": "randomized",
    "vcf": "vertebral compression fracture", "mescc": "metastatic epidural spinal cord compression",
}  # fmt: skip
_SMALL: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "for",
        "and",
        "in",
        "on",
        "to",
        "with",
        "after",
        "from",
        "by",
        "at",
        "or",
        "its",
        "is",
        "are",
    ]
)


@dataclass(frozen=True, slots=True)
class Match:
    """Why a record is one that is known: the name of the known one, and the reason in words."""

    known: str
    why: str


class Duplicates:
    """An index that grows with each record; it keeps identifiers and titles, no abstracts.

    >>> index = Duplicates()
    >>> index.add("first", "Dose escalation in the operated spine: a phase 2 study", 2020, doi="10.1000/a") is None
    True
    >>> index.add("second", "Dose Escalation in the Operated Spine - A Phase 2 Study", 2021).why
    'the same title, 2020 and 2021'
    """

    def __init__(self) -> None:
        self._by_doi: dict[str, str] = {}
        self._by_pmid: dict[str, str] = {}
        self._by_title: dict[str, list[int]] = {}
        self._blocks: dict[str, list[int]] = {}
        self._known: list[tuple[str, str, int | None, str | None, str | None]] = []

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
        key = title_key(title)
        self._known.append((name, key, year, doi, pmid))
        if doi:
            self._by_doi.setdefault(doi, name)
        if pmid:
            self._by_pmid.setdefault(pmid, name)
        self._by_title.setdefault(key, []).append(at)
        for block in _blocks(key):
            self._blocks.setdefault(block, []).append(at)
        return None

    def find(self, title: str, year: int | None, *, doi: str | None = None, pmid: str | None = None) -> Match | None:
        """The known record a record repeats, without adding it; None when there is none."""
        if doi and doi in self._by_doi:
            return Match(self._by_doi[doi], "the same DOI")
        if pmid and pmid in self._by_pmid:
            return Match(self._by_pmid[pmid], "the same PubMed number")
        key = title_key(title)
        for at in self._by_title.get(key, ()):
            if self._may_be(at, year, doi, pmid):
                return Match(self._known[at][0], f"the same title, {_years(self._known[at][2], year)}")
        if len(key) < _LEAST_CHARACTERS:
            return None
        for at in dict.fromkeys(at for block in _blocks(key) for at in self._blocks.get(block, ())):
            other = self._known[at][1]
            if abs(len(other) - len(key)) > 0.25 * len(key) or not self._may_be(at, year, doi, pmid):
                continue
            if _numbers(other) != _numbers(key):
                continue  # "part 1" is not "part 2", and 8 Gy is not 30 Gy
            alike = max(ratio(key, other), token_sort_ratio(key, other))
            if alike >= SAME_TITLE:
                return Match(
                    self._known[at][0], f"nearly the same title ({alike:.0f} %), {_years(self._known[at][2], year)}"
                )
        return None

    def _may_be(self, at: int, year: int | None, doi: str | None, pmid: str | None) -> bool:
        """Whether years are at most one apart, and no two identifiers of one kind differ."""
        _, _, other, its_doi, its_pmid = self._known[at]
        if (doi and its_doi and doi != its_doi) or (pmid and its_pmid and pmid != its_pmid):
            return False
        return year is None or other is None or abs(year - other) <= 1

    def __len__(self) -> int:
        return len(self._known)


def _years(one: int | None, other: int | None) -> str:
    if one == other and one is not None:
        return str(one)
    return f"{one if one is not None else 'no year'} and {other if other is not None else 'no year'}"


def title_key(title: str) -> str:
    """A title as it is compared: letters and digits without accents, lower case, single blanks.

    >>> title_key("Métastases: 8 Gy vs. 30 Gy?")
    'metastases 8 gy vs 30 gy'
    """
    plain = "".join(one for one in unicodedata.normalize("NFKD", title) if not unicodedata.combining(one))
    words = re.sub(r"[^0-9a-zα-ω]+", " ", plain.lower()).replace("radiation therapy", "radiotherapy").split()
    return " ".join(_SPELLED.get(word, word) for word in words)


def _numbers(key: str) -> list[str]:
    return sorted(re.findall(r"\d+", key))


def _blocks(key: str) -> Iterator[str]:
    """Keys under which similar titles meet: first, last and longest words that carry meaning."""
    words = [word for word in key.split() if word not in _SMALL]
    if len(words) < 3:
        yield f"= {key}"
        return
    yield f"< {' '.join(words[:3])}"
    yield f"> {' '.join(words[-3:])}"
    yield f"# {' '.join(sorted(sorted(set(words), key=lambda word: (-len(word), word))[:4]))}"


def library_index(studies: Iterable[Study]) -> Duplicates:
    """An index of the studies of the library; the title is what stands between authors and journal in the citation."""
    index = Duplicates()
    for study in studies:
        for title in _titles(study.citation):
            index.add(study.id, title, study.year, doi=doi_of(study.doi), pmid=study.pmid)
    return index


def _titles(citation: str) -> list[str]:
    """Sentences of a citation that may be its title: the longest comes first."""
    parts = [part.strip() for part in re.split(r"(?<=[.?!])\s+|;", citation) if len(part.strip()) >= _LEAST_CHARACTERS]
    parts.sort(key=len, reverse=True)
    return parts[:2] or [citation]


def record_match(index: Duplicates, record: Record) -> Match | None:
    """The study of an index that a record is."""
    return index.find(record.title, record.year, doi=record.doi, pmid=record.pmid)
