"""What a code of another system means here: a table with the place each code was read in, and nothing beyond it.

A code whose text does not fit is told apart from one that is unknown: either could be the error, so it answers nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

from portico.case import load_columns
from portico.case.site import LEVEL_ORDER
from portico.errors import KnowledgeRefused
from portico.reading import Document, parse_yaml, read_document

__all__ = ["CodeTable", "Entry", "Found", "codes_from", "load_codes", "site_codes"]

SCHEMA: Final = "fhir-codes/1"
_TAIL: Final = re.compile(r"\s*\([a-z/ ]+\)\s*$")
_NOT_WORD: Final = re.compile(r"[\W_]+")
_PLAIN: Final[Mapping[str, tuple[str, ...]]] = {
    "metastasis": ("bone", "brain", "visceral"),
    "implant": ("yes",),
    "radiotherapy": ("course", "phase", "plan", "any"),
    "modality": ("photons", "electrons", "particle", "brachytherapy"),
    "technique": ("imrt", "vmat", "3d", "2d"),
    "intent": ("curative", "palliative"),
    "timing": ("no relation to surgery", "after surgery", "before surgery", "during surgery", "additive", "other"),
    "scale": ("ECOG", "KPS"),
    "ecog": ("0", "1", "2", "3", "4"),
    "kps": tuple(str(n) for n in range(10, 101, 10)),
    "kind": ("cytotoxic", "antiangiogenic", "targeted", "immunotherapy", "endocrine", "radioligand", "other"),
    "level": LEVEL_ORDER,
}
_COLUMN: Final[Mapping[str, str]] = {
    "bone": "bone",
    "part": "bone_part",
    "side": "index_side",
    "histology": "histology",
    "procedure": "procedure",
    "material": "hardware_material",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One code: its texts, what it means (axis to value) and where that was read."""

    system: str
    code: str
    means: Mapping[str, str]
    source: str
    display: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    family: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a coding turned out to be: ``fits``, ``mismatch`` (code and text disagree) or ``unknown``."""

    state: Literal["fits", "mismatch", "unknown"]
    entry: Entry | None = None

    @property
    def means(self) -> Mapping[str, str]:
        """What the code means; empty unless it fits."""
        return self.entry.means if self.entry is not None and self.state == "fits" else {}


@dataclass(frozen=True)
class CodeTable:
    """Every code that is understood.

    >>> table = load_codes()
    >>> table.find({"system": "http://snomed.info/sct", "code": "71341001"}).means["bone"]
    'femur'
    >>> table.find({"system": "http://snomed.info/sct", "code": "71341001", "display": "Humerus"}).state
    'mismatch'
    """

    entries: tuple[Entry, ...]
    sources: Mapping[str, str]
    _exact: dict[tuple[str, str], Entry] = field(default_factory=dict, repr=False)
    _families: dict[str, tuple[Entry, ...]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for entry in self.entries:
            if (entry.system, entry.code) in self._exact:
                raise KnowledgeRefused(f"The code {entry.code} stands in the table twice.", code="code-twice")
            self._exact[entry.system, entry.code] = entry
            if entry.family:
                self._families[entry.system] = (*self._families.get(entry.system, ()), entry)

    def find(self, coding: object) -> Found:
        """Look one coding up, and hold its text against the code.

        Parameters
        ----------
        coding : a FHIR Coding; without ``display`` the code stands for itself
        """
        if not isinstance(coding, Mapping):
            return Found("unknown")
        system, code, text = coding.get("system"), coding.get("code"), coding.get("display")
        if not isinstance(system, str) or not isinstance(code, str):
            return Found("unknown")
        entry = self._exact.get((system, code)) or next(
            (one for one in self._families.get(system, ()) if code.startswith(f"{one.code}.")), None
        )
        if entry is None:
            return Found("unknown")
        if text is None:
            return Found("fits", entry)
        return Found("fits" if isinstance(text, str) and _fits(entry, text) else "mismatch", entry)

    def coding(self, system: str, **means: str) -> dict[str, str] | None:
        """The coding of a system that means exactly this; None when the table has none.

        >>> load_codes().coding("http://snomed.info/sct", bone="femur")["code"]
        '71341001'
        """
        for entry in self.entries:
            if entry.system == system and dict(entry.means) == means and entry.display:
                return {"system": system, "code": entry.code, "display": entry.display[0]}
        return None


def plain_text(text: str) -> str:
    """A text as it is compared: without case, punctuation and the kind in brackets at its end.

    >>> plain_text("Structure of  prostate (body structure)")
    'structure of prostate'
    """
    return _NOT_WORD.sub(" ", _TAIL.sub("", text.casefold())).strip()


def _fits(entry: Entry, text: str) -> bool:
    given = plain_text(text)
    if any(given == plain_text(one) for one in entry.display):
        return True
    return any(word in given for word in entry.words)


@cache
def load_codes() -> CodeTable:
    """The table that is shipped."""
    text = resources.files("portico.interop").joinpath("fhir_codes.yaml").read_text(encoding="utf-8")
    return codes_from(parse_yaml(text, name="fhir_codes.yaml"))


def site_codes(path: str | Path) -> CodeTable:
    """The shipped table with the codes of a department behind it.

    Parameters
    ----------
    path : a file in the form of ``fhir_codes.yaml``; a code that is shipped already is refused

    Raises
    ------
    ReadingRefused : the file cannot be read safely
    KnowledgeRefused : ``bad-code``, ``code-twice``
    """
    shipped, own = load_codes(), codes_from(read_document(path))
    return CodeTable((*shipped.entries, *own.entries), {**shipped.sources, **own.sources})


def codes_from(document: Document) -> CodeTable:
    """A table from a document.

    Raises
    ------
    KnowledgeRefused : ``bad-code``, ``code-twice``
    """
    value = document.value

    def refused(message: str, *place: str | int) -> KnowledgeRefused:
        return KnowledgeRefused(
            message, code="bad-code", file=document.name, path=document.place(place), line=document.line(place)
        )

    if not isinstance(value, Mapping) or value.get("schema") != SCHEMA:
        raise refused(f"This is not a table of codes: its schema is not {SCHEMA}.")
    systems, sources, rows = value.get("systems"), value.get("sources"), value.get("codes")
    for name, part in (("systems", systems), ("sources", sources)):
        if not isinstance(part, Mapping) or not all(isinstance(one, str) and one for one in part.values()):
            raise refused("Each entry is a name with a text.", name)
    if not isinstance(rows, list):
        raise refused("The codes are missing.", "codes")
    assert isinstance(systems, Mapping)
    assert isinstance(sources, Mapping)
    entries = []
    for i, row in enumerate(rows):
        problem, entry = _entry(row, systems, sources)
        if entry is None:
            raise refused(problem, "codes", i)
        entries.append(entry)
    return CodeTable(tuple(entries), dict(sources))


def _entry(row: Any, systems: Mapping[str, str], sources: Mapping[str, str]) -> tuple[str, Entry | None]:
    if not isinstance(row, Mapping) or set(row) - {"system", "code", "means", "source", "display", "words", "family"}:
        return "A code has system, code, means, source, and display, words or family.", None
    code, means = row.get("code"), row.get("means")
    display, words = row.get("display", []), row.get("words", [])
    if row.get("system") not in systems or row.get("source") not in sources:
        return "The system or the source is none of those above.", None
    if not isinstance(code, str) or not code:
        return "The code is missing, or is no text: put it in quotes.", None
    if not isinstance(means, Mapping) or not means:
        return "What the code means is missing.", None
    wrong = next((f"{axis}: {value}" for axis, value in means.items() if not _known(axis, value)), None)
    if wrong is not None:
        return "This meaning is none that Portico has.", None
    texts = [*display, *words] if isinstance(display, list) and isinstance(words, list) else []
    if not texts or not all(isinstance(one, str) and plain_text(one) for one in texts):
        return "Give the texts that go with the code under display, or words of them under words.", None
    if not isinstance(row.get("family", False), bool):
        return "family is true or false.", None
    return "", Entry(
        systems[row["system"]], code, dict(means), str(row["source"]), tuple(display),
        tuple(plain_text(word) for word in words), bool(row.get("family", False)),
    )  # fmt: skip


def _known(axis: object, value: object) -> bool:
    if axis == "agent":
        return isinstance(value, str) and bool(re.fullmatch(r"[a-z][a-z0-9 -]{1,60}", value))
    if not isinstance(axis, str):
        return False
    column = _COLUMN.get(axis)
    allowed = load_columns()[column].values if column else _PLAIN.get(axis, ())
    return value in allowed


def meanings(codes: Iterator[Found]) -> dict[str, str]:
    """The meanings of several codings together; one that two of them state differently is left out.

    >>> both = [load_codes().find({"system": "http://snomed.info/sct", "code": c}) for c in ("71341001", "41111004")]
    >>> meanings(iter(both))
    {'bone': 'femur', 'part': 'shaft'}
    """
    found: dict[str, set[str]] = {}
    for one in codes:
        for axis, value in one.means.items():
            found.setdefault(axis, set()).add(value)
    return {axis: next(iter(values)) for axis, values in found.items() if len(values) == 1}
