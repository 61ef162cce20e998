"""Percentages that belong to an outcome: which one, and at what time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from portico.intake.candidate import Candidate, Kind, number
from portico.intake.figure_patterns import (
    AT_FOLLOW_UP,
    BETWEEN,
    CONTROL,
    FAILURE,
    FREE_AFTER,
    FREE_BEFORE,
    FREE_SURVIVAL,
    INTERVAL,
    LINK,
    LOST_BEFORE,
    OTHER,
    PERCENT,
    PERCENTS,
    SPREAD,
    SURVIVAL,
    TIME,
    TIMES,
)

__all__ = ["rates"]

#: Of a rate in a list whose times do not go with it.
_NO_TIME = -1.0
_SEPARATOR = r"\s*(?:,\s*(?:and|&)|,|\band\b|&|\s)\s*"
#: Characters before a figure in which a word that turns it round may stand.
_LOOK_BACK = 60
#: A longer sentence is read in pieces.
_LONGEST_SENTENCE = 2000
#: Place of an outcome's name in its sentence, and which it is; None for one that is not taken.
Name = tuple[int, int, Kind | None]


def rates(text: str) -> Iterator[Candidate]:
    """Percentages that belong to an outcome named in their sentence."""
    for start, end in _sentences(text):
        sentence = text[start:end]
        names = _names(sentence)
        if all(name[2] is None for name in names):
            continue
        at_follow_up = AT_FOLLOW_UP.search(sentence) is not None
        apart = [match.span() for match in INTERVAL.finditer(sentence)]
        rates = [one for one in PERCENT.finditer(sentence) if _is_rate(sentence, one, apart)]
        listed = _listed(sentence, rates, names)
        for one in rates:
            kind, months = listed.get(one.start()) or (None, None)
            end_of_name = one.end()
            if one.start() not in listed:
                nearest = _nearest(names, one.start(), one.end(), sentence)
                kind = None if nearest is None else nearest[2]
                end_of_name = end_of_name if nearest is None else max(end_of_name, nearest[1])
            if kind is None:
                continue
            if months == _NO_TIME:
                months = None
            elif months is None:
                months = _months(sentence, one.start(), end_of_name)
            place = (start + one.start(), start + one.end())
            yield Candidate(
                kind,
                round(number(one[1]) / 100.0, 6),
                None,
                "proportion",
                months,
                *place,
                at_follow_up=months is None and at_follow_up,
            )


def _names(sentence: str) -> list[Name]:
    """Outcomes named in a sentence; those that are not taken have no kind."""
    found: list[Name] = [(one.start(), one.end(), "overall_survival") for one in re.finditer(SURVIVAL, sentence, re.I)]
    for one in re.finditer(CONTROL, sentence, re.I):
        lost = LOST_BEFORE.search(sentence[max(0, one.start() - _LOOK_BACK) : one.start()]) is not None
        found.append((one.start(), one.end(), "local_failure" if lost else "local_control"))
    for one in re.finditer(FAILURE, sentence, re.I):
        kind: Kind | None = "local_failure"
        if FREE_SURVIVAL.match(sentence, one.end()):
            kind = None
        elif FREE_AFTER.match(sentence, one.end()) or FREE_BEFORE.search(
            sentence[max(0, one.start() - _LOOK_BACK) : one.start()]
        ):
            kind = "local_control"
        found.append((one.start(), one.end(), kind))
    taken = [(one[0], one[1]) for one in found]
    for one in re.finditer(OTHER, sentence, re.I):
        if not any(start < one.end() and one.start() < end for start, end in taken):
            found.append((one.start(), one.end(), None))
    return sorted(found, key=lambda name: name[:2])


def _is_rate(sentence: str, one: re.Match[str], apart: list[tuple[int, int]]) -> bool:
    if (
        number(one[1]) > 100
        or any(a <= one.start() < b for a, b in apart)
        or SPREAD.search(sentence[max(0, one.start() - _LOOK_BACK) : one.start()])
    ):
        return False
    return not _is_level(sentence, one)


def _listed(
    sentence: str, rates: list[re.Match[str]], names: list[Name]
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
            values = [number(value) for value in re.split(_SEPARATOR, times[0][1]) if value]
            scale = 12.0 if times[0][2].lower().startswith("y") else 1.0
            found.update(_in_order(inside, before[-1][2], [scale * value for value in values]))
        elif len(behind := list(TIME.finditer(sentence, listing.end(), listing.end() + 80))) > 1:
            values = [number(one[1]) * (12.0 if one[2].lower().startswith("y") else 1.0) for one in behind]
            found.update(_in_order(inside, before[-1][2], values))
    return found


def _in_order(
    rates: list[re.Match[str]], kind: Kind | None, months: list[float]
) -> dict[int, tuple[Kind | None, float | None]]:
    """Rates and times one by one; where their numbers differ, the times tell nothing about any of them."""
    fits = len(rates) == len(months)
    return {one.start(): (kind, months[at] if fits else _NO_TIME) for at, one in enumerate(rates)}


def _joined(sentence: str, before: list[Name]) -> list[Kind | None]:
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


def _nearest(names: list[Name], start: int, end: int, sentence: str) -> Name | None:
    """The outcome of a percentage: the last named before it, else the first after it, both near it."""
    before = [one for one in names if one[1] <= start]
    after = [one for one in names if one[0] >= end]
    if after and after[0][0] - end <= 25 and ";" not in sentence[end : after[0][0]]:
        between = sentence[end : after[0][0]].lower()
        close = bool(before) and start - before[-1][1] <= 20
        if LINK.fullmatch(between) and not close:
            return after[0]
    if before and start - before[-1][1] <= 110:
        return before[-1]
    if after and after[0][0] - end <= 60:
        return after[0]
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
            if gap > 80 or not BETWEEN.fullmatch(sentence, end, one.start()):
                continue
        value = number(one[1]) * (12.0 if one[2].lower().startswith("y") else 1.0)
        if gap <= 80 and (best is None or gap < best[0]):
            best = (gap, value)
    return None if best is None else best[1]


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for one in re.finditer(r"(?<=[a-z%)\d])[.!?](?=\s+[A-Z(])|(?<=[%)])\.(?=\s+\d)|\n", text):
        yield from _pieces(at, one.start())
        at = one.end()
    yield from _pieces(at, len(text))


def _pieces(start: int, end: int) -> Iterator[tuple[int, int]]:
    for at in range(start, end, _LONGEST_SENTENCE):
        yield at, min(at + _LONGEST_SENTENCE, end)
