"""Drafts: a record and the figures a text may report, all unconfirmed; and how a curator turns one into a study.

A draft holds where each figure stands in the title and abstract, and the few characters of the figure itself; the
abstract stays out of it.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any, Final, get_args

from portico.errors import InputRefused, Problem
from portico.intake.candidate import Kind
from portico.intake.counts import contradictions, owners
from portico.intake.extraction import extract
from portico.intake.record import Record

__all__ = ["DRAFT_SCHEMA", "checked_draft", "citation_of", "draft_from", "is_number", "study_id"]

DRAFT_SCHEMA: Final = "draft/1"
_LONGEST: Final = 60
#: An id is a file name as well.
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
#: Fields of a study, and the kinds of figure that may fill them.
_FIELDS: Final = {
    "n_patients": ("patients",),
    "n_lesions": ("lesions",),
    "arms": ("regimen", "dose", "fractions", "dose_per_fraction"),
    "results": ("local_control", "local_failure", "overall_survival", "events", "hazard_ratio", "follow_up_months"),
}


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
    marks = itertools.chain("bcdefghijklmnopqrstuvwxyz", map(str, itertools.count(27)))
    return next(name for mark in marks if (name := f"{stem}-{mark}") not in taken)


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
    owner = owners(found)
    figures = [
        {
            "id": f"f{number}",
            "kind": one.kind,
            "value": one.value,
            "second": one.second,
            "unit": one.unit,
            "months": one.months,
            "sign": one.sign,
            "at_follow_up": one.at_follow_up,
            "belongs_to": f"f{owner[number - 1] + 1}" if number - 1 in owner else None,
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
        "proposed": {
            "citation": citation_of(record),
            "year": record.year,
            "doi": record.doi,
            "pmid": record.pmid,
            **{field: [one["id"] for one in figures if one["kind"] in kinds] for field, kinds in _FIELDS.items()},
        },
        "figures": figures,
    }
    return draft, contradictions(text, found, record=record.number)


def citation_of(record: Record) -> str:
    """Authors, title, journal and year in one line, as the library cites."""
    names = record.authors
    authors = f"{', '.join(names[:3])}{' et al' if len(names) > 3 else ''}. " if names else ""
    journal = f" {record.journal}" if record.journal else ""
    return f"{authors}{record.title.rstrip('.')}.{journal} {record.year or '(year not shown)'}"


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
            or _ID.fullmatch(plain["id"]) is None
            or not isinstance(plain["record"]["has_abstract"], bool)
            or not isinstance(plain["proposed"]["citation"], str)
        ):
            raise ValueError("figures")
        for one in plain["figures"]:
            owner = one.get("belongs_to")
            if (
                one["kind"] not in get_args(Kind)
                or not isinstance(one["unit"], str)
                or (owner is not None and owner not in ids)
            ):
                raise ValueError("figures")
            if not is_number(one["value"]) or not all(
                one[key] is None or is_number(one[key]) for key in ("months", "second")
            ):
                raise ValueError("figures")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputRefused("The file is no draft/1.", code="bad-draft") from error
    found: Mapping[str, Any] = plain
    return found


def is_number(value: Any) -> bool:
    """Whether a value is a finite number, and no truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
