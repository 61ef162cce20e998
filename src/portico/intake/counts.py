"""Which counts, intervals and p-values stand with which rate, and counts that contradict it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from portico.errors import Problem
from portico.intake.candidate import Candidate, number
from portico.intake.figure_patterns import PERCENT

__all__ = ["contradictions", "owners"]

_OWNERS = ("local_control", "local_failure", "overall_survival", "hazard_ratio")
#: Characters that may lie between a rate and what belongs to it.
_NEAR = {"interval": 24, "events": 12, "p_value": 60}


def owners(found: Sequence[Candidate]) -> dict[int, int]:
    """Position of an interval, a count or a p-value to the position of the rate or ratio it stands beside.

    A proposal for the curator, as every candidate is: an interval and a p-value follow their figure, a count stands on either side.
    """
    pairs: dict[int, int] = {}
    for at, one in enumerate(found):
        reach = _NEAR.get(one.kind)
        if reach is None:
            continue
        best: tuple[int, int] | None = None
        for owner, other in enumerate(found):
            if other.kind not in _OWNERS:
                continue
            if other.unit == "1" and (one.kind == "events" or one.unit == "proportion"):
                continue  # a ratio has neither counts nor limits in percent
            if one.start <= other.start and other.end <= one.end:
                gap = 0
            elif other.end <= one.start:
                gap = one.start - other.end
            elif one.kind == "events":
                gap = other.start - one.end
            else:
                continue
            if gap <= reach and (best is None or gap < best[0]):
                best = (gap, owner)
        if best is not None:
            pairs[at] = best[1]
    return pairs


def contradictions(text: str, found: Sequence[Candidate], *, record: int | None = None) -> list[Problem]:
    """Counts that contradict the percentage printed beside them.

    Parameters
    ----------
    text : the text the candidates came from
    record : its number, for the message
    """
    problems = []
    for one in found:
        if one.kind != "events" or one.second is None:
            continue
        inside = PERCENT.search(text, one.start, one.end)
        near = inside or PERCENT.match(text, _after_bracket(text, one.end)) or _before(text, one.start)
        if near is None:
            continue
        stated, counted = number(near[1]), 100.0 * one.value / one.second
        decimals = len(near[1].partition(".")[2])
        if abs(stated - counted) > 0.5 * 10.0**-decimals + 0.51:
            name = "The text" if record is None else f"Record {record}"
            problems.append(
                Problem(
                    "count-contradicts-percentage",
                    f"{name} states {stated:g} % beside {one.value:g} of {one.second:g}, which is {counted:.1f} %.",
                    path=f"characters {one.start} to {max(one.end, near.end())}",
                )
            )
    return problems


def _after_bracket(text: str, at: int) -> int:
    found = re.compile(r"[^.;%\d]{0,24}?[(\[,;]\s*").match(text, at)
    return at if found is None else found.end()


def _before(text: str, at: int) -> re.Match[str] | None:
    found = list(PERCENT.finditer(text, max(0, at - 14), at))
    return found[-1] if found and re.fullmatch(r"\s*[(\[]\s*", text[found[-1].end() : at]) else None
