"""Drafts: a record and the figures a text may report, all unconfirmed; and how a curator turns one into a study.

A draft holds where each figure stands in the title and abstract, and the few characters of the figure itself; the
abstract stays out of it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any, Final

from portico.errors import InputRefused, Problem
from portico.intake.counts import contradictions
from portico.intake.extraction import extract
from portico.intake.record import Record

__all__ = ["DRAFT_SCHEMA", "draft_from", "study_id"]

DRAFT_SCHEMA: Final = "draft/1"
_LONGEST: Final = 60


def study_id(record: Record, taken: Collection[str]) -> str:
    """An id for a study: first author and year, with a letter where that is taken.

    >>> study_id(Record(1, 1, "ris", "T", authors=("Müller, K",), year=2024), {"muller-2024"})
    'muller-2024-b'
    """
    name = record.authors[0] if record.authors else record.title
    last = name.split(",")[0] if "," in name else name.split()[-1] if record.authors else name.split()[0]
    if "," not in name and record.authors and re.fullmatch(r"[A-Z]{1,3}", last):
        last = name.split()[0]  # "Smith AB": initials come last
    plain = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode().lower()
    stem = f"{re.sub(r'[^a-z0-9]+', '-', plain).strip('-') or 'study'}-{record.year or 'undated'}"
    if stem not in taken:
        return stem
    return next(name for letter in "bcdefghijklmnopqrstuvwxyz" if (name := f"{stem}-{letter}") not in taken)


def draft_from(record: Record, taken: Collection[str] = ()) -> tuple[dict[str, Any], list[Problem]]:
    """A draft of a record, and counts in it that contradict their percentages.

    Parameters
    ----------
    record : with or without an abstract
    taken : ids in use

    Returns
    -------
    the draft as plain data, level ``memory``; problems
    """
    text = record.text
    found = extract(text)
    figures = [
        {
            "id": f"f{number}",
            "kind": one.kind,
            "value": one.value,
            "second": one.second,
            "unit": one.unit,
            "months": one.months,
            "start": one.start,
            "end": one.end,
            "read": text[one.start : one.end][:_LONGEST],
            "state": "unconfirmed",
        }
        for number, one in enumerate(found, 1)
    ]
    draft = {
        "schema": DRAFT_SCHEMA,
        "id": study_id(record, taken),
        "verified": "memory",
        "record": {
            "title": record.title,
            "authors": list(record.authors),
            "journal": record.journal,
            "year": record.year,
            "doi": record.doi,
            "pmid": record.pmid,
            "form": record.form,
            "number": record.number,
            "has_abstract": record.abstract is not None,
            "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
        },
        "figures": figures,
    }
    return draft, contradictions(text, found, record=record.number)


def checked_draft(plain: Any) -> Mapping[str, Any]:
    """A draft as it was read.

    Raises
    ------
    InputRefused : ``bad-draft``
    """
    try:
        if plain["schema"] != DRAFT_SCHEMA or plain["verified"] != "memory":
            raise ValueError("schema")
        ids = [one["id"] for one in plain["figures"]]
        if (
            len(set(ids)) != len(ids)
            or not isinstance(plain["record"]["title"], str)
            or not isinstance(plain["id"], str)
        ):
            raise ValueError("figures")
        for one in plain["figures"]:
            _ = one["kind"], float(one["value"]), one["unit"], one["months"], one["second"]
    except (KeyError, TypeError, ValueError) as error:
        raise InputRefused("The file is no draft/1.", code="bad-draft") from error
    found: Mapping[str, Any] = plain
    return found
