"""PubMed XML, article by article: each is cut out of the stream and read by itself, so that one fault costs one record."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import IO, Final
from xml.parsers import expat

from portico.errors import Problem
from portico.intake.lines import decoded
from portico.intake.pubmed_article import ArticleReader, Refused
from portico.intake.record import MAX_RECORD_BYTES, Record

__all__ = ["read_pubmed_xml"]

_CHUNK: Final = 1 << 16
#: An article with its markup and references; the text of a record is bounded by it too.
_MOST_BYTES: Final = 4 * MAX_RECORD_BYTES
#: What may stand before the first article.
_HEAD_BYTES: Final = MAX_RECORD_BYTES
_START: Final = re.compile(rb"<Pubmed(?:Book)?Article[\s>]")
_EDGE: Final = re.compile(rb"<Pubmed(?:Book)?Article[\s>]|</Pubmed(?:Book)?Article\s*>")
_CLOSED: Final = b"</PubmedArticleSet"
#: Longest start or end of an article that a chunk may cut in two.
_LONGEST: Final = 40


def read_pubmed_xml(file: IO[bytes]) -> Iterator[Record | Problem]:
    """Records of a PubMed XML file; a record that is not well-formed is a problem, and the next one is read.

    A file that declares entities is not read at all: no PubMed download does.
    """
    stream = _Stream(file)
    head = ArticleReader()
    fault = _read_head(stream, head)
    if fault is not None:
        yield fault
        return
    number, cut = 0, False
    while (found := stream.article()) is not None:
        number, cut = number + 1, found[2] == "record-truncated"
        yield _read_article(found[0], number, *found[1:])
    if number and not cut and b"<PubmedArticleSet" in stream.head and not stream.at_end():
        yield Problem("file-truncated", f"The file has no end after record {number}.", line=stream.line)


def _read_head(stream: _Stream, head: ArticleReader) -> Problem | None:
    """Read what stands before the first article; a problem that ends the reading, or None."""
    try:
        for piece, last in stream.before_first():
            head.feed(piece, last=last)
    except Refused as refused:
        return _refused(refused, head.parser.CurrentLineNumber, "before the first record")
    except (expat.ExpatError, ValueError):
        return Problem("not-xml", "The file is no well-formed XML.", line=head.parser.CurrentLineNumber)
    if stream.head_too_large:
        return Problem("not-xml", "No record stands near the start of the file.", line=1)
    return None


def _read_article(data: bytes, number: int, line: int, fault: str) -> Record | Problem:
    if fault == "record-too-large":
        return Problem(fault, f"Record {number} is larger than a record can be.", line=line)
    if fault:
        return Problem(
            fault,
            f"Record {number} has no end.",
            line=line,
            fix="Download the file again; its other records are kept.",
        )
    notes: list[str] = []
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        lines = [decoded(one) for one in data.split(b"\n")]
        data, notes = "\n".join(text for text, _ in lines).encode(), [note for _, note in lines if note]
    reader = ArticleReader(number, line)
    try:
        reader.feed(data, last=True)
    except Refused as refused:
        return _refused(refused, line + reader.parser.CurrentLineNumber - 1, f"in record {number}")
    except (expat.ExpatError, ValueError):
        place = line + reader.parser.CurrentLineNumber - 1
        return Problem("not-xml", f"Record {number} is no well-formed XML.", line=place)
    if sum(len(text) for values in reader.found.values() for text in values) > MAX_RECORD_BYTES:
        return Problem("record-too-large", f"Record {number} is larger than a record can be.", line=line)
    return reader.made(tuple(notes))


def _refused(refused: Refused, line: int, where: str) -> Problem:
    if str(refused) == "entity":
        return Problem("xml-entities", "The file declares entities, which no PubMed download does.", line=line)
    return Problem("xml-too-deep", f"Elements are nested too deep {where}.", line=line)


class _Stream:
    """The bytes of the file as UTF-8, cut into articles."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        start = file.read(2)
        file.seek(0)
        wide = start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        self._wide = codecs.getincrementaldecoder("utf-16")("replace") if wide else None
        self._rest = b""
        self._over = False
        self.line = 1
        self.head = b""
        self.head_too_large = False
        self.closed = False

    def _more(self) -> bool:
        """Put a chunk behind the rest; False at the end of the file."""
        chunk = self._file.read(_CHUNK)
        if not chunk:
            self._over = True
        elif self._wide is not None:
            chunk = self._wide.decode(chunk).encode()
        self._rest += chunk
        return not self._over

    def _drop(self, end: int) -> bytes:
        gone, self._rest = self._rest[:end], self._rest[end:]
        self.line += gone.count(b"\n")
        self.closed = self.closed or _CLOSED in gone
        return gone

    def before_first(self) -> Iterator[tuple[bytes, bool]]:
        """Pieces before the first article, and whether the file ends with one."""
        while (found := _START.search(self._rest)) is None:
            if len(self.head) > _HEAD_BYTES:
                self.head_too_large = True
                return
            if not self._more():
                yield self._take_head(len(self._rest)), True
                return
            if _START.search(self._rest) is None:
                yield self._take_head(max(0, len(self._rest) - _LONGEST)), False
        yield self._take_head(found.start()), False

    def _take_head(self, end: int) -> bytes:
        piece = self._drop(end)
        self.head += piece
        return piece

    def article(self) -> tuple[bytes, int, str] | None:
        """Bytes, first line and fault of the next article; None after the last."""
        while (start := _START.search(self._rest)) is None:
            if self._over or not self._more():
                return None
            if _START.search(self._rest) is None:
                self._drop(max(0, len(self._rest) - 4 * _LONGEST))
        self._drop(start.start())
        line, at, size = self.line, 1, 0
        while (edge := _EDGE.search(self._rest, at)) is None:
            at = max(1, len(self._rest) - _LONGEST)
            if len(self._rest) > _MOST_BYTES:
                size += len(self._drop(at - 1))
                at = 1
            if not self._more():
                self._drop(len(self._rest))
                return b"", line, "record-too-large" if size else "record-truncated"
        if edge[0].startswith(b"</"):
            data = self._drop(edge.end())
            return (data, line, "") if not size else (b"", line, "record-too-large")
        self._drop(edge.start())
        return b"", line, "record-too-large" if size else "record-truncated"

    def at_end(self) -> bool:
        """Whether the set of articles was closed."""
        return self.closed or _CLOSED in self._rest
