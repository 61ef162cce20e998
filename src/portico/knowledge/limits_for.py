"""Which limits hold for a course, organ by organ: those that bind, those that wait, and the organs without one.

>>> from portico.knowledge import load_library
>>> found = load_library().limits_for(Course("sbrt", 2, 24), ["SpinalCord", "Larynx"], prior_rt=False)
>>> [(item.organ, item.state, item.limit and item.limit.value) for item in found][:2]
[('Larynx', 'no limit', None), ('SpinalCord', 'binding', 17.0)]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from portico.knowledge.precedence import Course, SignedBy, can_bind, matches, pick, preferred_row, setting_order
from portico.knowledge.records import Limit, Precedence
from portico.knowledge.shapes import SIGNED_LEVELS

__all__ = ["ResolvedLimit", "resolve"]

State = Literal["binding", "needs signature", "no limit", "cannot tell"]
_STATES: tuple[State, ...] = ("no limit", "cannot tell", "binding", "needs signature")
#: Organ, contour, metric, direction and scope: one row binds in each.
_Group = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class ResolvedLimit:
    """What holds for an organ.

    Parameters
    ----------
    organ : the organ that was asked about; ``covers`` names further ones that the same row stands for
    roi : contour the row is read on; the organ's own name without a row
    state : ``binding``, ``needs signature``, ``no limit`` or ``cannot tell``
    limit : the row; None for the last two states
    fractions : of the course; None when not fixed
    neural : whether a missing row keeps a Directive from being signed for planning
    signed_by : who signed the row; None when it binds by itself or nobody signed
    why : one or two sentences
    candidates : ids of rows that would fit and wait for a signature
    others : ids of rows set aside, or of rows that are shown only
    """

    organ: str
    roi: str
    state: State
    limit: Limit | None
    fractions: int | None
    neural: bool
    signed_by: str | None
    why: str
    candidates: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()

    @property
    def scope(self) -> str:
        """``course`` or ``cumulative``."""
        return self.limit.scope if self.limit else "course"


def resolve(
    limits: Iterable[Limit],
    precedence: Precedence,
    course: Course,
    organs: Sequence[str],
    *,
    prior_rt: bool | None,
    signed_by: SignedBy = lambda _: None,
) -> tuple[ResolvedLimit, ...]:
    """Which limits hold for a course.

    Parameters
    ----------
    limits : all rows of the library
    course : technique, fractions and dose
    organs : TG-263 names in the order wanted
    prior_rt : whether the site was irradiated before; None is unknown, and then nothing can be told
    signed_by : who signed a row, by id

    Returns
    -------
    organs without a row first, then the rows in the order of the organs. An organ has several rows when sources give
    it several metrics or contours.
    """
    rows = tuple(limits)
    found: list[ResolvedLimit] = []
    for organ in organs:
        if prior_rt is None or course.fractions is None:
            found.append(_cannot_tell(organ, course, precedence, prior_rt))
            continue
        settings = setting_order(precedence, course, prior_rt=prior_rt)
        own = _of_organ(rows, organ, course, precedence, settings, signed_by)
        if not any(item.state == "binding" for item in own):
            own = _from_container(rows, organ, course, precedence, settings, signed_by) + own
        if not any(item.state == "binding" for item in own):
            own = [_no_limit(rows, organ, course, precedence, own, prior_rt=prior_rt), *own]
        found.extend(own)
    return tuple(sorted(_merged(found), key=lambda item: min(_STATES.index(item.state), 2)))


def _of_organ(
    rows: Sequence[Limit],
    organ: str,
    course: Course,
    precedence: Precedence,
    settings: Sequence[str],
    signed_by: SignedBy,
) -> list[ResolvedLimit]:
    names = (organ, *precedence.includes.get(organ, ()))
    groups: dict[_Group, list[Limit]] = {}
    for row in rows:
        name = next((name for name in names if name in row.organs), None)
        if name is None or not can_bind(row) or row.setting not in settings or not matches(row, course):
            continue
        key = (name, row.defined_on, row.metric or "", row.op or "", row.scope)
        groups.setdefault(key, []).append(row)
    neural = organ in precedence.neural
    found: list[ResolvedLimit] = []
    for (name, *_), members in groups.items():
        picked = pick(members, precedence, settings, signed_by)
        waiting = tuple(r.id for r in members if r.verified in SIGNED_LEVELS and signed_by(r.id) is None)
        if picked.limit is not None:
            found.append(
                ResolvedLimit(
                    organ,
                    picked.limit.roi(name),
                    "binding",
                    picked.limit,
                    course.fractions,
                    neural,
                    signed_by(picked.limit.id),
                    picked.why,
                    waiting,
                    tuple(row.id for row in picked.others),
                )
            )
            continue
        best = preferred_row(members, precedence, settings)
        found.append(
            ResolvedLimit(
                organ,
                best.roi(name),
                "needs signature",
                best,
                course.fractions,
                neural,
                None,
                f"Known at {best.verified} level only: it binds once the site has signed it.",
                waiting,
            )
        )
    return found


def _from_container(
    rows: Sequence[Limit],
    organ: str,
    course: Course,
    precedence: Precedence,
    settings: Sequence[str],
    signed_by: SignedBy,
) -> list[ResolvedLimit]:
    if organ not in precedence.containers:
        return []
    container, says = precedence.containers[organ]
    outer = _of_organ(rows, container, course, precedence, settings, signed_by)
    return [
        replace(item, organ=organ, neural=organ in precedence.neural, why=f"{says} {item.why}")
        for item in outer
        if item.limit is not None and item.limit.op == "<=" and str(item.limit.metric).endswith("Dmax")
    ]


def _cannot_tell(organ: str, course: Course, precedence: Precedence, prior_rt: bool | None) -> ResolvedLimit:
    if prior_rt is None:
        why = "Whether the site was irradiated before is not known, so no limit can be chosen."
    else:
        why = "The number of fractions is not fixed, and limits hold for an exact number only."
    neural = organ in precedence.neural
    return ResolvedLimit(organ, organ, "cannot tell", None, course.fractions, neural, None, why)


def _no_limit(
    rows: Sequence[Limit],
    organ: str,
    course: Course,
    precedence: Precedence,
    waiting: Sequence[ResolvedLimit],
    *,
    prior_rt: bool,
) -> ResolvedLimit:
    names = (organ, *precedence.includes.get(organ, ()))
    candidates = tuple(dict.fromkeys(key for item in waiting for key in item.candidates))
    shown = tuple(
        row.id
        for row in rows
        if row.id not in candidates
        and row.verified != "memory"
        and any(name in row.organs for name in names)
        and matches(row, course)
        and (row.setting == "reirradiation") == prior_rt
    )
    visits = "1 fraction" if course.fractions == 1 else f"{course.fractions} fractions"
    again = "a second course" if prior_rt else "a first course"
    why = f"No limit of a kind that may bind is known for {again}, {course.technique}, in exactly {visits}."
    if candidates:
        why = f"No limit binds for {again}, {course.technique}, in {visits}; {len(candidates)} wait for a signature."
    if shown:
        why += f" {len(shown)} published figures are shown only."
    neural = organ in precedence.neural
    return ResolvedLimit(organ, organ, "no limit", None, course.fractions, neural, None, why, candidates, shown)


def _merged(found: Iterable[ResolvedLimit]) -> list[ResolvedLimit]:
    """A row that stands for several organs is kept once; ``covers`` names the others."""
    kept: dict[tuple[str, str], ResolvedLimit] = {}
    for position, item in enumerate(found):
        key = (item.roi, item.limit.id) if item.limit else (item.organ, f"{item.state} {position}")
        first = kept.get(key)
        if first is None:
            kept[key] = item
        elif item.organ != first.organ and item.organ not in first.covers:
            kept[key] = replace(first, covers=(*first.covers, item.organ), neural=first.neural or item.neural)
    return list(kept.values())
