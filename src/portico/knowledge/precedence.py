"""Which of several published limits binds: one row per organ, fractionation, contour and metric, and why.

The order of preference is data (``data/limits/precedence.yaml``): setting, kind of source, preferred source,
verification, then the stricter value. Only the exact number of fractions counts: nothing is interpolated and
nothing is converted. Rows of a kind that may not bind, and rows that nobody has signed, are named beside the
result and never bind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portico.knowledge.records import Limit, Precedence
from portico.knowledge.shapes import BINDING_KINDS, FIRM, SIGNED_LEVELS

__all__ = ["Course", "Picked", "SignedBy", "can_bind", "matches", "pick", "preferred_row", "setting_order"]

#: Who signed a row, by its id; None when nobody did.
SignedBy = Callable[[str], str | None]


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


def preferred_row(rows: Sequence[Limit], precedence: Precedence, settings: Sequence[str]) -> Limit:
    """The first row in the order of preference, whether or not anybody signed it."""
    return min(rows, key=lambda row: _key(row, precedence, settings))


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


def can_bind(row: Limit) -> bool:
    """Whether a row could bind at all, signed or not: its kind may, and metric and value are known."""
    return not row.display_only and row.kind in BINDING_KINDS and row.metric is not None and row.value is not None
