"""A site's signatures: who lets which row bind, when and why.

A signature names the row and the hash of its content. When the row changes, the signature is void and loading stops, so
that a person looks again. Rows at ``memory`` level cannot be signed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portico.errors import KnowledgeRefused, Problem
from portico.knowledge.shape_types import faults
from portico.knowledge.shapes import FIRM, SIGNATURE, SIGNED_LEVELS
from portico.reading import Document, did_you_mean, read_document

__all__ = ["Signable", "Signature", "Signatures", "check_signatures", "read_signatures"]


@dataclass(frozen=True, slots=True)
class Signable:
    """What a signature can name: the verification level and the hash of a row.

    ``may_bind`` is false for limits of a kind that never binds, such as a survey of practice.
    """

    verified: str | None
    sha256: str
    may_bind: bool = True


@dataclass(frozen=True, slots=True)
class Signature:
    """One signed row; ``date`` is the day of signing."""

    id: str
    sha256: str
    by: str
    role: str
    date: dt.date
    reason: str
    line: int

    @property
    def signed_by(self) -> str:
        """Name and role as outputs print them."""
        return f"{self.by}, {self.role}, {self.date.isoformat()}"


@dataclass(frozen=True, slots=True)
class Signatures:
    """The signature file of one site. ``watermark`` marks every output that rests on it."""

    site: str
    watermark: bool
    rows: Mapping[str, Signature]
    file: str

    @property
    def watermark_text(self) -> str | None:
        """What outputs print across the page; None when the file asks for no mark."""
        return f"{self.site}: not for clinical use" if self.watermark else None


def read_signatures(path: str | Path) -> Signatures:
    """Read a signature file and check its shape.

    Parameters
    ----------
    path : a YAML or JSON file, ``schema: signature/1``

    Raises
    ------
    ReadingRefused : the file cannot be read
    KnowledgeRefused : the file has not the shape, a date is none, or a row is signed twice
    """
    document = read_document(path)
    problems = [
        Problem(code, message, document.place(place), document.name, document.line(place))
        for code, place, message in faults(document.value, SIGNATURE)
    ]
    rows: dict[str, Signature] = {}
    if not problems:
        for position, plain in enumerate(document.value["rows"]):
            line = document.line(("rows", position)) or 1
            row = _row(plain, line, document, position, problems)
            if row is None:
                continue
            if row.id in rows:
                problems.append(
                    Problem("signed-twice", "The row is signed twice.", f"rows[{position}].id", document.name, line)
                )
            rows[row.id] = row
    if problems:
        raise KnowledgeRefused.from_problems(problems)
    return Signatures(document.value["site"], document.value["watermark"], rows, document.name)


def _row(
    plain: Mapping[str, Any], line: int, document: Document, position: int, problems: list[Problem]
) -> Signature | None:
    for key in ("by", "role", "reason"):
        if not plain[key].strip():
            problems.append(
                Problem("signature-empty", f"A signature needs {key}.", f"rows[{position}].{key}", document.name, line)
            )
            return None
    try:
        date = dt.date.fromisoformat(plain["date"])
    except ValueError:
        problems.append(
            Problem(
                "signature-date",
                "The date is not a date.",
                f"rows[{position}].date",
                document.name,
                line,
                "Write it as 2025-03-31.",
            )
        )
        return None
    return Signature(plain["id"], plain["sha256"], plain["by"], plain["role"], date, plain["reason"], line)


def check_signatures(signatures: Signatures, signable: Mapping[str, Signable]) -> None:
    """Refuse signatures that do not hold for this library.

    Parameters
    ----------
    signable : id of every limit, score, rule and regimen to its level and hash

    Raises
    ------
    KnowledgeRefused : with all of ``signature-unknown``, ``signature-void``, ``signature-memory``,
        ``signature-kind``, ``signature-not-needed``
    """
    problems = list(_problems(signatures, signable))
    if problems:
        raise KnowledgeRefused.from_problems(problems)


def _problems(signatures: Signatures, signable: Mapping[str, Signable]) -> Iterator[Problem]:
    for row in signatures.rows.values():
        known = signable.get(row.id)
        if known is None:
            guess = did_you_mean(row.id, list(signable))
            yield Problem(
                "signature-unknown",
                "The signed row is not in the library.",
                row.id,
                signatures.file,
                row.line,
                f"Did you mean {guess}?" if guess else "",
            )
        elif known.verified == "memory":
            yield Problem(
                "signature-memory",
                "A row known from memory only cannot be signed.",
                row.id,
                signatures.file,
                row.line,
                "Have it read in its source first.",
            )
        elif not known.may_bind:
            yield Problem(
                "signature-kind",
                "A row of this kind never binds, so it cannot be signed.",
                row.id,
                signatures.file,
                row.line,
            )
        elif known.verified is None or known.verified in FIRM:
            yield Problem(
                "signature-not-needed",
                "The row binds without a signature.",
                row.id,
                signatures.file,
                row.line,
                f"Signatures are for rows at {' or '.join(sorted(SIGNED_LEVELS))} level.",
            )
        elif known.sha256 != row.sha256:
            yield Problem(
                "signature-void",
                "The row has changed since it was signed, so the signature is void.",
                row.id,
                signatures.file,
                row.line,
                "Read the row again and sign it anew.",
            )
