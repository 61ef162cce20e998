"""One figure that a text may report, and numbers as they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from portico.intake.figure_patterns import WORDS

__all__ = ["Candidate", "Kind", "number"]

Kind = Literal[
    "patients", "lesions", "dose", "fractions", "dose_per_fraction", "regimen", "local_control", "local_failure", "overall_survival",
    "events", "interval", "hazard_ratio", "p_value", "follow_up_months",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """One figure a text may report.

    Parameters
    ----------
    kind : what it may be
    value : in ``unit``; of ``events`` the events
    second : of ``events`` the number, of ``regimen`` the fractions, of ``interval`` and ranges the upper end; else None
    unit : ``Gy``, ``Gy BED or EQD2`` (computed, not given), ``months``, ``proportion``, ``1`` (a count or ratio)
    months : time of a rate; None when the text gives none near it
    start, end : place in the text, so that ``text[start:end]`` is what was read
    at_follow_up : a rate without a time, stated at the median, mean or last follow-up
    sign : ``=``; of ``p_value`` also ``<``, ``>``, ``≤``, ``≥``
    """

    kind: Kind
    value: float
    second: float | None
    unit: str
    months: float | None
    start: int
    end: int
    at_follow_up: bool = False
    sign: str = "="


def number(text: str) -> float:
    """A number in digits or words, thousands grouped or not; a decimal point may be raised, and stand first."""
    plain = re.sub(r"[,\u2009 ](?=\d{3})", "", text.lower()).replace("·", ".")
    if re.fullmatch(r"\d*\.?\d+", plain):
        return float(plain)
    return float(sum(WORDS[word] for word in re.split(r"[- ]", plain)))
