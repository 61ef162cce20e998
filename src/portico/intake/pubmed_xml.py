"""PubMed XML, article by article: the file streams through expat, and entities are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Final
from xml.parsers import expat

from portico.errors import Problem
from portico.intake.record import MAX_RECORD_BYTES, Record, record_from

__all__ = ["read_pubmed_xml"]

_CHUNK: Final = 1 << 16
_ARTICLE: Final = ("PubmedArticle", "PubmedBookArticle")
_DEEPEST: Final = 60
#: Elements whose text is kept, joined where they stand several times.
_KEPT: Final = frozenset(
    (
        "ArticleTitle",
        "BookTitle",
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
        "MedlineDate",
        "PMID",
        "ArticleId",
        "ELocationID",
    )
)


class _Refused(Exception):
    pass


class _Article:
    def __init__(self, number: int, line: int) -> None:
        self.number, self.line = number, line
        self.found: dict[str, list[str]] = {}
        self.authors: list[list[str]] = []
        self.size = 0
        self.too_large = False


class _Reader:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data
        self.parser.EntityDeclHandler = self.entity
        self.parser.ExternalEntityRefHandler = self.external
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.stack: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.keeping: int | None = None
        self.article: _Article | None = None
        self.count = 0
        self.done: list[Record | Problem] = []

    def entity(self, *_: Any) -> None:
        raise _Refused("entity")

    def external(self, *_: Any) -> int:
        raise _Refused("entity")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.stack.append((name, attributes))
        if len(self.stack) > _DEEPEST:
            raise _Refused("too-deep")
        if name in _ARTICLE:
            self.count += 1
            self.article = _Article(self.count, self.parser.CurrentLineNumber)
        elif self.article is not None and name == "Author":
            self.article.authors.append([])
        elif self.article is not None and name in _KEPT and self.keeping is None:
            self.keeping, self.text = len(self.stack), []

    def data(self, text: str) -> None:
        if self.article is None:
            return
        self.article.size += len(text)
        if self.article.size > MAX_RECORD_BYTES:
            self.article.too_large, self.text = True, []
        elif self.keeping is not None:
            self.text.append(text)

    def end(self, name: str) -> None:
        _, attributes = self.stack.pop()
        if self.article is None:
            return
        if self.keeping == len(self.stack) + 1:
            self.keep(name, attributes, "".join(self.text))
            self.keeping = None
        if name in _ARTICLE:
            self.done.append(_made(self.article))
            self.article = None

    def keep(self, name: str, attributes: dict[str, str], text: str) -> None:
        assert self.article is not None
        within = [one for one, _ in self.stack]
        if "CommentsCorrectionsList" in within or "ReferenceList" in within:
            return
        if name in ("LastName", "ForeName", "CollectiveName"):
            if self.article.authors and "AuthorList" in within:
                self.article.authors[-1].append(text)
            return
        key = name
        if name == "Year":
            if "PubDate" not in within:
                return
        elif name in ("ArticleId", "ELocationID"):
            if (attributes.get("IdType") or attributes.get("EIdType")) != "doi":
                return
            key = "doi"
        elif (name == "Title" and "Journal" not in within) or (name == "AbstractText" and "Abstract" not in within):
            return
        self.article.found.setdefault(key, []).append(text)


def _made(article: _Article) -> Record | Problem:
    number, line, found = article.number, article.line, article.found
    if article.too_large:
        return Problem("record-too-large", f"Record {number} is larger than a record can be.", line=line)
    made = record_from(
        number,
        line,
        "pubmed-xml",
        title=next(iter(found.get("ArticleTitle") or found.get("BookTitle") or ()), None),
        authors=[" ".join(reversed(one)) for one in article.authors],
        journal=next(iter(found.get("Title") or found.get("ISOAbbreviation") or ()), None),
        date=next(iter(found.get("Year") or found.get("MedlineDate") or ()), None),
        doi=next(iter(found.get("doi", ())), None),
        pmid=next(iter(found.get("PMID", ())), None),
        abstract=" ".join(found.get("AbstractText", ())) or None,
        keywords=(*found.get("Keyword", ()), *found.get("DescriptorName", ())),
        language=next(iter(found.get("Language", ())), None),
    )
    return made if made is not None else Problem("no-title", f"Record {number} has no title.", line=line)


def read_pubmed_xml(file: IO[bytes]) -> Iterator[Record | Problem]:
    """Records of a PubMed XML file; what stood before a fault is kept, the fault is the last thing given."""
    reader = _Reader()
    while True:
        chunk = file.read(_CHUNK)
        try:
            reader.parser.Parse(chunk, not chunk)
        except (_Refused, expat.ExpatError, ValueError) as error:
            yield from reader.done
            yield _stopped(error, reader)
            return
        yield from reader.done
        reader.done.clear()
        if not chunk:
            return


def _stopped(error: Exception, reader: _Reader) -> Problem:
    line = reader.parser.CurrentLineNumber
    after = f"after record {reader.count - (reader.article is not None)}"
    if isinstance(error, _Refused) and str(error) == "entity":
        return Problem("xml-entities", "The file declares entities, which no PubMed download does.", line=line)
    if isinstance(error, _Refused):
        return Problem("xml-too-deep", f"Elements are nested too deep {after}.", line=line)
    if reader.article is not None:
        return Problem(
            "record-truncated",
            f"Record {reader.article.number} has no end.",
            line=reader.article.line,
            fix="Download the file again; its other records are kept.",
        )
    return Problem("not-xml", f"The file is no well-formed XML {after}.", line=line)
