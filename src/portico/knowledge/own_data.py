"""A department's own figures in a study record: which record is one, and who signed exactly these figures.

>>> record = {"design_as_recorded": OWN, "arms": [], "results": [], "verified": "derived", "curator_note": None}
>>> signed = signed_off(record, name="A. Physician", role="head of department", date="2026-11-27")
>>> signed["verified"], signature_holds(signed), signature_holds({**signed, "results": [1]})
('full_text', True, False)

An audit makes such a record at level ``derived``: it is shown and, when asked for, pooled, and drives nothing. Signed by a named
person it becomes ``full_text``. The signature names a hash of what was counted, so figures that are changed later lose it.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from portico.errors import UsageError

__all__ = ["OWN", "figures_sha256", "is_own_data", "signature_holds", "signed_off"]

#: Word of ``design_as_recorded`` that marks a record as a department's own.
OWN: Final = "own registry"
_SIGNED: Final = re.compile(
    r"Signed off by (?P<name>[^,]*[^,\s][^,]*), (?P<role>.+), on \d{4}-\d{2}-\d{2}; figures (?P<sha>[0-9a-f]{64})\."
)
_COUNTED: Final = ("id", "site", "directness", "population", "n_patients", "n_lesions", "years", "arms", "results")


def is_own_data(record: Mapping[str, Any]) -> bool:
    """Whether a plain study record came from an audit of the department's own registry."""
    return str(record.get("design_as_recorded") or "").startswith(OWN)


def figures_sha256(record: Mapping[str, Any]) -> str:
    """Hash of who was counted and what was found."""
    plain = json.dumps({key: record.get(key) for key in _COUNTED}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def signed_off(record: Mapping[str, Any], *, name: str, role: str, date: str) -> dict[str, Any]:
    """The record at level ``full_text``, with who answers for it.

    Parameters
    ----------
    record : of :func:`portico.cohort.study_export.study_export`
    name, role : of the person; neither is empty, and a name holds no comma
    date : day of the signature, YYYY-MM-DD

    Raises
    ------
    UsageError : ``not-own-data``, ``signer-unnamed``, ``bad-date``
    """
    if not is_own_data(record):
        raise UsageError("Only a record of the department's own registry is signed off here.", code="not-own-data")
    if not name.strip() or not role.strip() or "," in name:
        raise UsageError(
            "A signature needs a name and a role.", code="signer-unnamed", fix="Write the name without a comma."
        )
    try:
        day = datetime.date.fromisoformat(date).isoformat()
    except ValueError:
        raise UsageError("The day of the signature is no date.", code="bad-date", fix="Write YYYY-MM-DD.") from None
    note = f"Signed off by {name.strip()}, {role.strip()}, on {day}; figures {figures_sha256(record)}."
    return {**record, "verified": "full_text", "curator_note": note}


def signature_holds(record: Mapping[str, Any]) -> bool:
    """Whether a named person signed exactly the figures that stand in the record."""
    found = _SIGNED.fullmatch(str(record.get("curator_note") or ""))
    return found is not None and found["sha"] == figures_sha256(record)
