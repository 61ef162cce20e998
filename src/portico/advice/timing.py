"""The clocks from surgery to radiotherapy: one for the spine, one for other bones.

A clock says where a day lies; it never overrides an unhealed wound, and being late never makes radiotherapy ineligible.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from portico.advice.model import Mark
from portico.knowledge import Rule

__all__ = ["clock_state", "dated_marks", "state_text", "wound_condition"]


def clock_state(region: str, day: int | None, marks: Mapping[str, int], *, wound_ready: bool | None) -> str:
    """Where a day lies on the clock of a region.

    Example
    -------
    >>> spine = {"earliest": 14, "wound_watch_until": 21, "aim_by": 28, "late_after": 40, "very_late_after": 90}
    >>> [clock_state("spine", day, spine, wound_ready=True) for day in (6, 14, 28, 41, 90)]
    ['early', 'open', 'open', 'late', 'very late']
    >>> clock_state("spine", 28, spine, wound_ready=False)
    'wound first'

    Parameters
    ----------
    region : ``spine`` or ``non_spine``
    day : whole days since surgery; None when unknown
    marks : mark name to day, from the timing rule of the region
    wound_ready : True when the wound is closed and clean; False stops the clock; None is unknown

    Returns
    -------
    ``unknown``, ``wound first``, ``early``, ``open``, ``past aim``, ``late`` or ``very late``
    """
    if wound_ready is False:
        return "wound first"
    if day is None:
        return "unknown"
    if region == "spine":
        if day < marks["earliest"]:
            return "early"
        if day >= marks["very_late_after"]:
            return "very late"
        if day > marks["late_after"]:
            return "late"
        return "open" if day <= marks["aim_by"] else "past aim"
    if day < marks["usual_from"]:
        return "before the usual weeks"
    if day <= marks["usual_to"]:
        return "open"
    return "past the usual weeks" if day <= marks["refer_by"] else "past referral mark"


_TEXT = {
    "unknown": "The day of surgery is not known; no clock can be read.",
    "wound first": "The wound is not ready. No clock counts until it is.",
    "early": "Earlier than the first mark; agree the day with the surgeon.",
    "open": "Inside the window.",
    "past aim": "Later than aimed for; start as soon as the wound allows.",
    "late": "Late (see the mark): image the site again and start as soon as possible. Lateness alone is no reason not to treat.",
    "very late": "Very late (see the mark): image the site again before planning. Lateness alone is no reason not to treat.",
    "before the usual weeks": "Before the usual weeks; the healed wound decides.",
    "past the usual weeks": "Past the usual weeks; start when the wound allows.",
    "past referral mark": "Past the referral mark. Lateness alone is no reason not to treat.",
}


def state_text(state: str) -> str:
    """The sentence printed for a state of the clock."""
    return _TEXT[state]


def wound_condition(row: Mapping[str, Any]) -> tuple[bool | None, str]:
    """Whether the wound allows radiotherapy, and the words for it; None while an answer is missing."""
    state, infection, leak = row.get("wound_state"), row.get("infection"), row.get("csf_leak")
    spine = row.get("site_region") != "non_spine"
    if state in ("open", "dehisced") or infection or (leak and spine):
        return False, "The wound is open, infected or leaking: it comes first."
    if state is None or infection is None or (leak is None and spine):
        return None, "The state of the wound is not known."
    if state == "healing":
        return True, "The wound is closed and healing: look at it on the day of simulation."
    return True, "The wound has healed."


def dated_marks(rule: Rule, surgery: dt.date | None) -> tuple[Mark, ...]:
    """The marks of a timing rule with their calendar dates, in order of days."""
    marks = sorted(rule.marks, key=lambda mark: int(mark["day"]))
    return tuple(
        Mark(
            name=str(mark["name"]),
            day=int(mark["day"]),
            date=surgery + dt.timedelta(days=int(mark["day"])) if surgery else None,
            text=str(mark["says"]),
            record=str(mark["source"]["id"]),
        )
        for mark in marks
    )
