"""Which published limit holds: one row per organ, fractionation, contour and metric, and why.

The order of preference is data (``data/limits/precedence.yaml``): setting, kind of source, preferred source,
verification, then the stricter value. Only the exact number of fractions counts: nothing is interpolated and
nothing is converted. Rows of a kind that may not bind, and rows that nobody has signed, are named beside the
result and never bind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from portico.knowledge.records import Limit, Precedence
from portico.knowledge.shapes import BINDING_KINDS, FIRM, SIGNED_LEVELS

__all__ = ["Course", "Picked", "ResolvedLimit", "can_bind", "matches", "pick", "resolve", "setting_order"]

State = Literal["binding", "needs signature", "no limit", "cannot tell"]
_STATES: tuple[State, ...] = ("no limit", "cannot tell", "binding", "needs signature")
SignedBy = Callable[[str], str | None]
#: Organ, contour, metric, direction and scope: one row binds in each.
_Group = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Course:
    """What a limit must fit.

    Parameters
    ----------
    technique : ``conventional``, ``sbrt`` or ``sib``
    fractions : number of fractions; None when not fixed, and then nothing can be told
    dose_gy : highest prescribed total dose in Gy; None leaves out the rows written for one regimen
    """

    technique: str
    fractions: int | None
    dose_gy: float | None = None


@dataclass(frozen=True, slots=True)
class Picked:
    """The row that binds in one group, or none; ``others`` are the rows it was preferred to."""

    limit: Limit | None
    why: str
    others: tuple[Limit, ...] = ()


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


def setting_order(precedence: Precedence, course: Course, *, prior_rt: bool) -> tuple[str, ...]:
    """Settings whose rows fit, the best first; rows of a first course never fit an irradiated site."""
    if prior_rt:
        return precedence.settings["again"]
    key = "first_course_conventional" if course.technique == "conventional" else "first_course"
    return precedence.settings[key]


def matches(limit: Limit, course: Course) -> bool:
    """Whether technique, fractions and regimen of a row fit a course exactly.

    Parameters
    ----------
    course : its fractions must be fixed
    """
    n = course.fractions
    if n is None or course.technique not in limit.techniques:
        return False
    if limit.applies_dose_gy is not None and limit.applies_dose_gy != course.dose_gy:
        return False
    if limit.applies_fractions is not None and limit.applies_fractions != n:
        return False
    if limit.fractions is not None:
        return limit.fractions == n
    low, high = limit.fractions_low, limit.fractions_high
    if low is None and high is None:
        return limit.scope == "cumulative"
    return (low is None or low <= n) and (high is None or n <= high)


def pick(rows: Sequence[Limit], precedence: Precedence, settings: Sequence[str], signed_by: SignedBy) -> Picked:
    """The row that binds among rows of one organ, contour and metric.

    Parameters
    ----------
    rows : rows that fit the course
    settings : from :func:`setting_order`
    signed_by : who signed a row, by id
    """
    able = [
        row
        for row in rows
        if row.kind in BINDING_KINDS
        and row.setting in settings
        and (row.verified in FIRM or (row.verified in SIGNED_LEVELS and signed_by(row.id) is not None))
    ]
    if not able:
        return Picked(None, "No row may bind.", tuple(rows))
    ranked = sorted(able, key=lambda row: _key(row, precedence, settings))
    best, rest = ranked[0], ranked[1:]
    return Picked(best, _why(best, rest, precedence, settings), tuple(rest))


def _standing(row: Limit, precedence: Precedence, settings: Sequence[str]) -> tuple[int, ...]:
    neural = row.organ in precedence.neural
    kinds = precedence.kinds["neural" if neural else "other"]
    preferred = precedence.preferred_sources.get(row.organ, ())
    return (
        settings.index(row.setting),
        kinds.index(row.kind) if row.kind in kinds else len(kinds),
        preferred.index(row.source_id) if row.source_id in preferred else len(preferred),
        precedence.verified.index(row.verified),
    )


def _key(row: Limit, precedence: Precedence, settings: Sequence[str]) -> tuple[tuple[int, ...], float, str]:
    assert row.value is not None
    strict = row.value if row.op == "<=" else -row.value
    return _standing(row, precedence, settings), strict, row.id


_STEPS = ("setting", "kind of source", "preferred source", "verification")


def _why(best: Limit, rest: Sequence[Limit], precedence: Precedence, settings: Sequence[str]) -> str:
    text = f"{best.kind.replace('_', ' ')}, {best.verified.replace('_', ' ')}, {best.source_id}"
    own = _standing(best, precedence, settings)
    for row in rest:
        other = _standing(row, precedence, settings)
        step = next((name for name, a, b in zip(_STEPS, own, other, strict=True) if a != b), None)
        if step is None:
            text += f"; {row.id} ({row.value:g} {row.unit}) has the same standing and the stricter value binds"
        else:
            text += f"; preferred to {row.id} ({row.value:g} {row.unit}) by {step}"
    return f"{text}."


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
        best = min(members, key=lambda row: _key(row, precedence, settings))
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


def can_bind(row: Limit) -> bool:
    """Whether a row could bind at all, signed or not: its kind may, and metric and value are known."""
    return not row.display_only and row.kind in BINDING_KINDS and row.metric is not None and row.value is not None


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
