"""Candidate figures in a title and abstract, each with the place it came from. Candidates only: nothing is believed.

Numbers of patients and lesions, doses and fractions, rates with their time, counts, intervals, hazard ratios. A number
without a unit is never a dose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from portico.errors import Problem
from portico.intake.figure_patterns import (
    CONTROL,
    DECIMAL,
    DOSE,
    EVENTS,
    FAILURE,
    FOLLOW,
    FRACTIONS,
    HAZARD,
    INTERVAL,
    LESIONS,
    LINK,
    PATIENTS,
    PATIENTS_N,
    PER,
    PERCENT,
    PERCENTS,
    REGIMEN,
    SURVIVAL,
    TIME,
    TIMES,
    WORDS,
)

__all__ = ["Candidate", "Kind", "contradictions", "extract"]

Kind = Literal[
    "patients", "lesions", "dose", "fractions", "dose_per_fraction", "regimen", "local_control", "local_failure", "overall_survival",
    "events", "interval", "hazard_ratio", "follow_up_months",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """One figure a text may report.

    Parameters
    ----------
    kind : what it may be
    value : in ``unit``; of ``events`` the events
    second : of ``events`` the number, of ``regimen`` the fractions, of ``interval`` and ranges the upper end; else None
    unit : ``Gy``, ``months``, ``proportion``, ``1`` (a count or ratio)
    months : time of a rate; None when the text gives none near it
    start, end : place in the text, so that ``text[start:end]`` is what was read
    """

    kind: Kind
    value: float
    second: float | None
    unit: str
    months: float | None
    start: int
    end: int


def extract(text: str) -> list[Candidate]:
    """Candidates of a text, in its order.

    >>> [one.kind for one in extract("We treated 47 patients with 24 Gy in 2 fractions; 1-year local control was 83 %.")]
    ['patients', 'regimen', 'local_control']
    """
    found = [*_regimens(text), *_people(text), *_doses(text), *_rates(text), *_others(text)]
    found.sort(key=lambda one: (one.start, -one.end))
    kept: list[Candidate] = []
    for one in found:
        inside = any(
            other.start <= one.start and one.end <= other.end and other.kind != one.kind and _swallows(other, one)
            for other in kept
        )
        if not inside and one not in kept:
            kept.append(one)
    return kept


def _swallows(whole: Candidate, part: Candidate) -> bool:
    return whole.kind in ("regimen", "dose_per_fraction") and part.kind in ("dose", "fractions")


def _number(text: str) -> float:
    plain = re.sub(r"[,\u2009 ](?=\d{3})", "", text.lower()).replace("·", ".")
    if re.fullmatch(r"\d+(?:\.\d+)?", plain):
        return float(plain)
    return float(sum(WORDS[word] for word in re.split(r"[- ]", plain)))


def _gray(value: str, unit: str) -> float:
    return _number(value) / (100.0 if unit.lower() == "cgy" else 1.0)


def _regimens(text: str) -> Iterator[Candidate]:
    for one in REGIMEN.finditer(text):
        tail = one[0].lower()
        named = re.search(r"(fractions?|fx|fr)$", tail) is not None
        if (not named and "/" not in one[0]) or re.search(
            r"\d\s*(?:-|–|to)\s*$", text[max(0, one.start() - 8) : one.start()]
        ):
            continue  # the upper end of a range is no regimen of its own
        yield Candidate("regimen", _gray(one[1], one[2]), _number(one[3]), "Gy", None, one.start(), one.end())


def _people(text: str) -> Iterator[Candidate]:
    for pattern, kind in ((PATIENTS, "patients"), (PATIENTS_N, "patients"), (LESIONS, "lesions")):
        for one in pattern.finditer(text):
            value = _number(one[1])
            before = text[max(0, one.start() - 14) : one.start()].lower()
            if 1800 <= value <= 2099 and re.search(r"(?:\b(?:in|since|until|from|to|and)|-|–)\s*$", before):
                continue
            if re.search(r"(?:/|\d\s+of|of the|out of|grade|stage)\s*$", before):
                continue
            yield Candidate(kind, value, None, "1", None, one.start(), one.end())  # type: ignore[arg-type]


def _doses(text: str) -> Iterator[Candidate]:
    for one in PER.finditer(text):
        yield Candidate("dose_per_fraction", _gray(one[1], one[2]), None, "Gy", None, one.start(), one.end())
    for one in DOSE.finditer(text):
        second = None if one[2] is None else _gray(one[2], one[3])
        yield Candidate("dose", _gray(one[1], one[3]), second, "Gy", None, one.start(), one.end())
    for one in FRACTIONS.finditer(text):
        second = None if one[2] is None else _number(one[2])
        yield Candidate("fractions", _number(one[1]), second, "1", None, one.start(), one.end())


def _rates(text: str) -> Iterator[Candidate]:
    """Percentages that belong to an outcome named in their sentence."""
    patterns: tuple[tuple[Kind, str], ...] = (
        ("local_control", CONTROL),
        ("local_failure", FAILURE),
        ("overall_survival", SURVIVAL),
    )
    for start, end in _sentences(text):
        sentence = text[start:end]
        names = sorted(
            (match.start(), match.end(), kind)
            for kind, pattern in patterns
            for match in re.finditer(pattern, sentence, re.I)
        )
        if not names:
            continue
        apart = [match.span() for match in INTERVAL.finditer(sentence)]
        rates = [one for one in PERCENT.finditer(sentence) if _is_rate(sentence, one, apart)]
        listed = _listed(sentence, rates, names)
        for one in rates:
            kind, months = listed.get(one.start()) or (_nearest(names, one.start(), one.end(), sentence), None)
            if kind is None:
                continue
            if months is None:
                months = _months(sentence, one.start(), one.end())
            place = (start + one.start(), start + one.end())
            yield Candidate(kind, round(_number(one[1]) / 100.0, 6), None, "proportion", months, *place)


def _is_rate(sentence: str, one: re.Match[str], apart: list[tuple[int, int]]) -> bool:
    if _number(one[1]) > 100 or any(a <= one.start() < b for a, b in apart):
        return False
    return not _is_level(sentence, one)


def _listed(
    sentence: str, rates: list[re.Match[str]], names: list[tuple[int, int, Kind]]
) -> dict[int, tuple[Kind | None, float | None]]:
    """Rates in a list that go in order with a list of times, or with a list of outcomes, named before it."""
    found: dict[int, tuple[Kind | None, float | None]] = {}
    for listing in PERCENTS.finditer(sentence):
        inside = [one for one in rates if listing.start() <= one.start() < listing.end()]
        before = [one for one in names if one[1] <= listing.start() and listing.start() - one[1] <= 120]
        if not before:
            continue
        times = [
            one for one in TIMES.finditer(sentence) if one.end() <= listing.start() or one.start() >= listing.end()
        ]
        outcomes = _joined(sentence, before)
        if len(outcomes) == len(inside):
            months = _months(sentence, listing.start(), listing.end())
            found.update({one.start(): (kind, months) for one, kind in zip(inside, outcomes, strict=True)})
        elif times:
            values = [_number(value) for value in re.findall(DECIMAL, times[0][1])]
            if len(values) == len(inside):
                scale = 12.0 if times[0][2].lower().startswith("y") else 1.0
                found.update(
                    {one.start(): (before[-1][2], scale * value) for one, value in zip(inside, values, strict=True)}
                )
            else:  # a list of times that does not go with the rates tells nothing about any of them
                found.update({one.start(): (before[-1][2], -1.0) for one in inside})
    return {at: (kind, None if months == -1.0 else months) for at, (kind, months) in found.items()}


def _joined(sentence: str, before: list[tuple[int, int, Kind]]) -> list[Kind]:
    """Outcomes named one after the other, joined by "and" or a comma, up to the last one."""
    chain = [before[-1]]
    for one in reversed(before[:-1]):
        if re.fullmatch(
            r"\s*(?:\([^)]*\))?\s*(?:rates?)?\s*(?:,|and|,\s*and)\s*(?:the\s+)?(?:\w+-year\s+|\d+-month\s+)?",
            sentence[one[1] : chain[0][0]],
            re.I,
        ):
            chain.insert(0, one)
        else:
            break
    return [kind for _, _, kind in chain] if len(chain) > 1 else []


def _is_level(sentence: str, one: re.Match[str]) -> bool:
    after = sentence[one.end() : one.end() + 22].lower()
    return re.match(r"\s*(?:ci\b|confidence|isodose|of the (?:prescri|patients|dose)|hardware)", after) is not None


def _nearest(names: list[tuple[int, int, Kind]], start: int, end: int, sentence: str) -> Kind | None:
    """The outcome a percentage belongs to: the last named before it, else the first after it, at most 90 characters off."""
    before = [one for one in names if one[1] <= start]
    after = [one for one in names if one[0] >= end]
    if after and after[0][0] - end <= 25 and ";" not in sentence[end : after[0][0]]:
        between = sentence[end : after[0][0]].lower()
        close = bool(before) and start - before[-1][1] <= 20
        if LINK.fullmatch(between) and not close:
            return after[0][2]
    if before and start - before[-1][1] <= 110:
        return before[-1][2]
    if after and after[0][0] - end <= 60:
        return after[0][2]
    return None


def _months(sentence: str, start: int, end: int) -> float | None:
    """Time of a rate: the nearest named before it in its clause, or right after it with "at"; None without one."""
    best: tuple[int, float] | None = None
    if any(one.end() <= start and start - one.end() <= 80 for one in TIMES.finditer(sentence)):
        return None
    for one in TIME.finditer(sentence):
        before = sentence[max(0, one.start() - 26) : one.start()].lower()
        if re.search(r"follow-?\s?up[^,;]*$|(?:survival|median)[^,;]{0,12}(?:of|was|time)\s*$|within\s*$", before):
            continue
        if one.end() <= start:
            gap = start - one.end()
            if ";" in sentence[one.end() : start]:
                continue
        else:
            gap = one.start() - end
            if gap > 12 or not re.search(r"\b(?:at|after|by)\s*(?:an?\s*)?$", before):
                continue
        value = _number(one[1]) * (12.0 if one[2].lower().startswith("y") else 1.0)
        if gap <= 80 and (best is None or gap < best[0]):
            best = (gap, value)
    return None if best is None else best[1]


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for one in re.finditer(r"(?<=[a-z%)\d])[.!?](?=\s+[A-Z(])|(?<=[%)])\.(?=\s+\d)|\n", text):
        yield at, one.start()
        at = one.end()
    yield at, len(text)


def _others(text: str) -> Iterator[Candidate]:
    for one in EVENTS.finditer(text):
        events, n = _number(one[1]), _number(one[2])
        if 0 <= events <= n and n > 1:
            yield Candidate("events", events, n, "1", None, one.start(), one.end())
    for one in INTERVAL.finditer(text):
        low, high = _number(one[1]), _number(one[2])
        share = one[3] is not None
        if low <= high:
            scale = 100.0 if share else 1.0
            yield Candidate(
                "interval", low / scale, high / scale, "proportion" if share else "1", None, one.start(), one.end()
            )
    for one in HAZARD.finditer(text):
        yield Candidate("hazard_ratio", _number(one[1]), None, "1", None, one.start(), one.end())
    for one in FOLLOW.finditer(text):
        months = _number(one[1]) * (12.0 if one[2].lower().startswith("y") else 1.0)
        yield Candidate("follow_up_months", months, None, "months", None, one.start(), one.end())


def contradictions(text: str, found: list[Candidate], *, number: int | None = None) -> list[Problem]:
    """Counts that contradict the percentage printed beside them.

    Parameters
    ----------
    text : the text the candidates came from
    number : of the record, for the message
    """
    problems = []
    for one in found:
        if one.kind != "events" or one.second is None:
            continue
        near = PERCENT.match(text, _after_bracket(text, one.end)) or _before(text, one.start)
        if near is None:
            continue
        stated, counted = _number(near[1]), 100.0 * one.value / one.second
        decimals = len(near[1].partition(".")[2])
        if abs(stated - counted) > 0.5 * 10.0**-decimals + 0.51:
            name = "The text" if number is None else f"Record {number}"
            problems.append(
                Problem(
                    "count-contradicts-percentage",
                    f"{name} states {stated:g} % beside {one.value:g} of {one.second:g}, which is {counted:.1f} %.",
                    path=f"characters {one.start} to {near.end()}",
                )
            )
    return problems


def _after_bracket(text: str, at: int) -> int:
    found = re.compile(r"[^.;%\d]{0,24}?[(\[,;]\s*").match(text, at)
    return at if found is None else found.end()


def _before(text: str, at: int) -> re.Match[str] | None:
    found = list(PERCENT.finditer(text, max(0, at - 14), at))
    return found[-1] if found and re.fullmatch(r"\s*[(\[]\s*", text[found[-1].end() : at]) else None
