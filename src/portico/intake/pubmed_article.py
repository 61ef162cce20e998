"""One article of PubMed XML: expat reads it, entities are refused, and what a record needs is kept."""

from __future__ import annotations

from typing import Any, Final
from xml.parsers import expat

from portico.errors import Problem
from portico.intake.record import Record, record_from

__all__ = ["ArticleReader", "Refused"]

_DEEPEST: Final = 60
_ARTICLE: Final = ("PubmedArticle", "PubmedBookArticle")
#: Elements whose text is kept, joined where they stand several times.
_KEPT: Final = frozenset(
    (
        "ArticleTitle",
        "BookTitle",
        "VernacularTitle",
        "AbstractText",
        "Title",
        "ISOAbbreviation",
        "Language",
        "Keyword",
        "DescriptorName",
        "LastName",
        "ForeName",
        "CollectiveName",
        "Year",
        "Month",
        "MedlineDate",
        "PMID",
        "ArticleId",
        "ELocationID",
    )
)


class Refused(Exception):
    """The reason in one word: ``entity``, ``too-deep``."""


class ArticleReader:
    """Reads one article, or what stands before the first.

    Parameters
    ----------
    number, line : of the record
    """

    def __init__(self, number: int = 0, line: int = 1) -> None:
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.EntityDeclHandler = self._entity
        self.parser.ExternalEntityRefHandler = self._entity
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.number, self.line = number, line
        self.found: dict[str, list[str]] = {}
        self.authors: list[list[str]] = []
        self._stack: list[str] = []
        self._attributes: dict[str, str] = {}
        self._text: list[str] = []
        self._keeping: int | None = None

    def feed(self, data: bytes, *, last: bool = False) -> None:
        """Read some bytes.

        Raises
        ------
        Refused, xml.parsers.expat.ExpatError
        """
        self.parser.Parse(data, last)

    def _entity(self, *_: Any) -> int:
        raise Refused("entity")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._stack.append(name)
        if len(self._stack) > _DEEPEST:
            raise Refused("too-deep")
        if name == "Author":
            self.authors.append([])
        elif self._keeping is not None:
            if name == "sup":
                self._text.append("^")  # 10 to the third must not read as 103
        elif name in _KEPT and self._stack[0] in _ARTICLE:
            self._keeping, self._text, self._attributes = len(self._stack), [], attributes

    def _data(self, text: str) -> None:
        if self._keeping is not None:
            self._text.append(text)

    def _end(self, name: str) -> None:
        if self._keeping == len(self._stack):
            self._keep(name, "".join(self._text))
            self._keeping = None
        self._stack.pop()

    def _keep(self, name: str, text: str) -> None:
        within = self._stack
        if "CommentsCorrectionsList" in within or "ReferenceList" in within:
            return
        if name in ("LastName", "ForeName", "CollectiveName"):
            if self.authors and "AuthorList" in within:
                self.authors[-1].append(text)
            return
        key = name
        if name in ("Year", "Month"):
            if "PubDate" not in within:
                return
        elif name in ("ArticleId", "ELocationID"):
            if (self._attributes.get("IdType") or self._attributes.get("EIdType")) != "doi":
                return
            key = "doi"
        elif (name == "Title" and "Journal" not in within) or (name == "AbstractText" and "Abstract" not in within):
            return
        self.found.setdefault(key, []).append(text)

    def made(self, notes: tuple[str, ...]) -> Record | Problem:
        """The record, once its last byte was read."""
        first = {key: values[0] for key, values in self.found.items()}
        date = " ".join(first[key] for key in ("Year", "Month") if key in first) or first.get("MedlineDate")
        made = record_from(
            self.number,
            self.line,
            "pubmed-xml",
            title=next(
                (first[key] for key in ("ArticleTitle", "BookTitle", "VernacularTitle") if first.get(key)), None
            ),
            authors=[" ".join(reversed(one)) for one in self.authors],
            journal=first.get("Title") or first.get("ISOAbbreviation"),
            date=date,
            doi=first.get("doi"),
            pmid=first.get("PMID"),
            abstract=" ".join(self.found.get("AbstractText", ())) or None,
            keywords=(*self.found.get("Keyword", ()), *self.found.get("DescriptorName", ())),
            language=first.get("Language"),
            notes=notes,
        )
        return made if made is not None else Problem("no-title", f"Record {self.number} has no title.", line=self.line)
