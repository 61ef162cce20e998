"""Candidate figures in a title and abstract, each with the place it came from. Candidates only: nothing is believed.

Numbers of patients and lesions, doses and fractions, rates with their time, counts, intervals, hazard ratios, p-values. A
number without a unit is never a dose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from portico.intake.candidate import Candidate, Kind, number
from portico.intake.figure_patterns import (
    DOSE,
    EQUIVALENT,
    EVENTS,
    FOLLOW,
    FRACTIONS,
    FRACTIONS_OF,
    HAZARD,
    INTERVAL,
    LESIONS,
    P_VALUE,
    PART_OF,
    PATIENTS,
    PATIENTS_N,
    PER,
    REGIMEN,
    REVERSED,
    TIMES_AFTER,
    TIMES_BEFORE,
)
from portico.intake.rates import rates

__all__ = ["LONGEST_TEXT", "extract"]

#: No abstract is longer; what stands beyond is not read.
LONGEST_TEXT = 50_000
#: Candidates before and after one that may hold it.
_NEIGHBOURS = 6
#: Counts written as a fraction with a smaller denominator are grades ("3/4") or parts ("2/3").
_LEAST_FRACTION = 10
#: "One of two" is a way of speaking.
_LEAST_IN_WORDS = 5
#: Years that stand where a denominator could.
_YEARS = range(1900, 2100)


def extract(text: str) -> list[Candidate]:
    """Candidates of a text, in its order.

    >>> [one.kind for one in extract("We treated 47 patients with 24 Gy in 2 fractions; 1-year local control was 83 %.")]
    ['patients', 'regimen', 'local_control']

    Parameters
    ----------
    text : plain text, read up to :data:`LONGEST_TEXT` characters; a dose is in Gy or cGy, a time in months or years, a
        rate in percent
    """
    text = text[:LONGEST_TEXT]
    found = [*_regimens(text), *_people(text), *_per_fraction(text), *_doses(text), *rates(text), *_others(text)]
    found.sort(key=lambda one: (one.start, -one.end))
    kept: dict[Candidate, None] = {}
    for at, one in enumerate(found):
        near = (found[i] for i in range(max(0, at - _NEIGHBOURS), min(at + _NEIGHBOURS, len(found))))
        if not any(other.start <= one.start and one.end <= other.end and _swallows(other, one) for other in near):
            kept[one] = None
    return list(kept)


def _swallows(whole: Candidate, part: Candidate) -> bool:
    return (whole.kind in ("regimen", "dose_per_fraction") and part.kind == "dose") or (
        whole.kind == "regimen" and part.kind == "fractions"
    )


def _gray(value: str, unit: str) -> float:
    return round(number(value) / (100.0 if unit.lower() == "cgy" else 1.0), 6)


def _regimens(text: str) -> Iterator[Candidate]:
    for one in REGIMEN.finditer(text):
        named = re.search(r"(fractions?|fx|fr)\s*$", one[0], re.I) is not None
        upper = re.search(r"\d\s*(?:-|–|to)\s*$", text[max(0, one.start() - 8) : one.start()])
        if (not named and "/" not in one[0]) or upper or _computed(text, one.start(), one.end()):
            continue  # the upper end of a range is no regimen of its own
        yield Candidate("regimen", _gray(one[1], one[2]), number(one[3]), "Gy", None, one.start(), one.end())
    for one in REVERSED.finditer(text):
        yield Candidate("regimen", _gray(one[2], one[3]), number(one[1]), "Gy", None, one.start(), one.end())


def _computed(text: str, start: int, end: int) -> bool:
    """Whether a dose is said to be a BED or EQD2."""
    return EQUIVALENT.search(text, max(0, start - 45), min(len(text), end + 10)) is not None


def _people(text: str) -> Iterator[Candidate]:
    pairs: tuple[tuple[re.Pattern[str], Kind], ...] = (
        (PATIENTS, "patients"),
        (PATIENTS_N, "patients"),
        (LESIONS, "lesions"),
    )
    for pattern, kind in pairs:
        for one in pattern.finditer(text):
            value = number(one[1])
            before = text[max(0, one.start() - 24) : one.start()]
            if 1800 <= value <= 2099 and re.search(r"(?:\b(?:in|since|until|from|to|and)|-|–)\s*$", before, re.I):
                continue
            if PART_OF.search(before):
                continue
            yield Candidate(kind, value, None, "1", None, one.start(), one.end())


def _per_fraction(text: str) -> Iterator[Candidate]:
    for pattern in (PER, FRACTIONS_OF):
        for one in pattern.finditer(text):
            if re.search(r"dose in\s*$", text[max(0, one.start() - 10) : one.start()], re.I):
                continue  # "equivalent dose in 2-Gy fractions" names a unit
            yield Candidate("dose_per_fraction", _gray(one[1], one[2]), None, "Gy", None, one.start(), one.end())
    for pattern, dose, count in ((TIMES_AFTER, 1, 3), (TIMES_BEFORE, 2, 1)):
        for one in pattern.finditer(text):
            unit = one[2] if pattern is TIMES_AFTER else one[3]
            yield Candidate("dose_per_fraction", _gray(one[dose], unit), None, "Gy", None, one.start(), one.end())
            if not re.match(r"\s*fractions?", text[one.end() : one.end() + 12], re.I):
                yield Candidate("fractions", number(one[count]), None, "1", None, one.start(), one.end())


def _doses(text: str) -> Iterator[Candidate]:
    for one in DOSE.finditer(text):
        if re.search(r"dose in\s*$", text[max(0, one.start() - 10) : one.start()], re.I):
            continue
        second = None if one[2] is None else _gray(one[2], one[3])
        unit = "Gy BED or EQD2" if _computed(text, one.start(), one.end()) else "Gy"
        yield Candidate("dose", _gray(one[1], one[3]), second, unit, None, one.start(), one.end())
    for one in FRACTIONS.finditer(text):
        second = None if one[2] is None else number(one[2])
        yield Candidate("fractions", number(one[1]), second, "1", None, one.start(), one.end())


def _others(text: str) -> Iterator[Candidate]:
    for one in EVENTS.finditer(text):
        events, n = number(one[1]), number(one[4])
        least = _LEAST_FRACTION if one[3] == "/" else 2 if one[1][0].isdigit() else _LEAST_IN_WORDS
        if events <= n and n >= least and not (one[3] == "/" and n in _YEARS):
            yield Candidate("events", events, n, "1", None, one.start(), one.end())
    for one in INTERVAL.finditer(text):
        low, high = number(one[1]), number(one[2])
        share = one[3] is not None
        if low <= high:
            scale, unit = (100.0, "proportion") if share else (1.0, "1")
            values = (round(low / scale, 6), round(high / scale, 6))
            yield Candidate("interval", *values, unit, None, one.start(), one.end())
    for one in HAZARD.finditer(text):
        yield Candidate("hazard_ratio", number(one[1]), None, "1", None, one.start(), one.end())
    for one in P_VALUE.finditer(text):
        yield Candidate("p_value", number(one[2]), None, "1", None, one.start(), one.end(), sign=one[1])
    for one in FOLLOW.finditer(text):
        months = number(one[1]) * (12.0 if one[2].lower().startswith("y") else 1.0)
        yield Candidate("follow_up_months", months, None, "months", None, one.start(), one.end())
