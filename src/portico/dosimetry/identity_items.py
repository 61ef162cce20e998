"""Items of identity: side, level and interval of the plan against the Directive.

The side is read from where the target lies in the body, the level from names of structures, and the interval from the day that a
person states: a plan holds no day of treatment.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from portico.directive import CheckItem, Directive
from portico.dosimetry.plan_beams import single_isocentres
from portico.dosimetry.plan_check import StructureDose
from portico.dosimetry.plan_contours import slices_for, target_slices
from portico.dosimetry.plan_fact import Verdict, fact, listed
from portico.geometry import Slices, even_odd_area
from portico.rt.plan_set import PlanSet

__all__ = ["identity_items"]

_LEVEL: Final = re.compile(
    r"(?<![A-Za-z0-9])([CTLS])0?([1-9][0-2]?)(?![0-9])(?:\s*[-–]\s*([CTLS])?0?([1-9][0-2]?)(?![0-9]))?", re.IGNORECASE
)
_ORDER: Final = [
    f"{letter}{n}" for letter, most in (("C", 7), ("T", 12), ("L", 5), ("S", 5)) for n in range(1, most + 1)
]
#: Part of the half width of the body within which a target lies in the middle.
_MIDDLE: Final = 0.15


def identity_items(
    plan_set: PlanSet, directive: Directive, structures: Sequence[StructureDose], start: dt.date | None
) -> tuple[CheckItem, ...]:
    """Side, level, interval.

    Parameters
    ----------
    start : day of the first fraction; None when it is not known
    """
    return (_side(plan_set, directive, structures), *_levels(directive, structures), *_interval(directive, start))


def _side(plan_set: PlanSet, directive: Directive, structures: Sequence[StructureDose]) -> CheckItem:
    code, side = "side", directive.site.side
    if side is None or side == "bilateral":
        return fact("identity", code, "cannot_tell", "The Directive states no single side.")
    outer = [found for one in structures if one.role == "external" and (found := slices_for(plan_set, one)) is not None]
    place = _target_place(plan_set, structures)
    if len(outer) != 1 or place is None:
        return fact(
            "identity",
            code,
            "cannot_tell",
            "Without an outer contour and a target or isocentre the side cannot be told.",
        )
    rings = np.concatenate([ring for level in outer[0].polygons for ring in level])
    low, high = float(rings[:, 0].min()), float(rings[:, 0].max())
    apart = (place - 0.5 * (low + high)) / (0.5 * (high - low))
    where = "midline" if abs(apart) <= _MIDDLE else "left" if apart > 0 else "right"
    away = abs(place - 0.5 * (low + high))
    hand = "left" if apart > 0 else "right"
    why = f"The target lies {away:.0f} mm {hand} of the middle of the body: {where}. The Directive says {side}."
    if where == side:
        return fact("identity", code, "met", why)
    # a lesion at the edge of the midline, or a body that is not scanned whole, is no proof of a wrong side
    return fact("identity", code, "not_met" if {where, side} == {"left", "right"} else "cannot_tell", why)


def _target_place(plan_set: PlanSet, structures: Sequence[StructureDose]) -> float | None:
    """x in mm of the target's centre, or of the only isocentre."""
    targets = target_slices(plan_set, [one for one in structures if one.role == "target"])
    if targets:
        weighted = [_centre_x(one) for one in targets]
        total = sum(area for _, area in weighted)
        return sum(x * area for x, area in weighted) / total if total > 0 else None
    if plan_set.plan is None:
        return None
    points = single_isocentres(plan_set.plan, 0.5)
    return points[0][0] if len(points) == 1 else None


def _centre_x(slices: Slices) -> tuple[float, float]:
    areas = [even_odd_area(rings) for rings in slices.polygons]
    centres = [float(np.concatenate(rings)[:, 0].mean()) for rings in slices.polygons]
    total = float(sum(areas))
    return (sum(x * a for x, a in zip(centres, areas, strict=True)) / total if total > 0 else 0.0), total


def _levels(directive: Directive, structures: Sequence[StructureDose]) -> list[CheckItem]:
    if directive.site.region != "spine":
        return []
    wanted = {level.upper() for level in directive.site.levels}
    targets = [one for one in structures if one.role == "target" or one.label.upper().startswith("VB")]
    named = {level for one in targets for level in _named(one.label)}
    code = "spine-level"
    if not wanted:
        return [fact("identity", code, "cannot_tell", "The Directive states no level.")]
    if not named:
        return [fact("identity", code, "cannot_tell", "No target or vertebra of the plan is named with its level.")]
    verdict: Verdict = "met" if wanted <= named else "cannot_tell" if wanted & named else "not_met"
    shown = [level for level in _ORDER if level in named]
    why = f"Levels in the names of the plan: {listed(shown)}; the Directive says {listed(sorted(wanted))}."
    return [fact("identity", code, verdict, why)]


def _named(label: str) -> set[str]:
    """Levels in a name, ranges filled in.

    >>> sorted(_named("CTV_T7-T9")), _named("PTV_T08")
    (['T7', 'T8', 'T9'], {'T8'})
    """
    found: set[str] = set()
    for match in _LEVEL.finditer(label.replace("_", " ")):
        first = f"{match[1].upper()}{int(match[2])}"
        last = f"{(match[3] or match[1]).upper()}{int(match[4])}" if match[4] else first
        if first in _ORDER and last in _ORDER:
            found |= set(_ORDER[_ORDER.index(first) : _ORDER.index(last) + 1])
    return found


def _interval(directive: Directive, start: dt.date | None) -> list[CheckItem]:
    code, timing = "interval", directive.timing
    if start is None:
        why = "The day of the first fraction is in no file of the plan: state it with --start."
        return [fact("identity", code, "cannot_tell", why)]
    if timing.surgery_date is None:
        return [fact("identity", code, "cannot_tell", "The Directive does not know the day of surgery.")]
    days = (start - timing.surgery_date).days
    said = f"The first fraction is {days} days after surgery."
    if days < 0:
        return [fact("identity", code, "not_met", f"The first fraction is {-days} days before surgery.")]
    if timing.earliest is not None and start < timing.earliest:
        return [fact("identity", code, "not_met", f"{said} The Directive's earliest day is {timing.earliest}.")]
    made = [fact("identity", code, "met", f"{said} It is not before the Directive's earliest day.")]
    if timing.late_after is not None and start > timing.late_after:
        why = f"It is after {timing.late_after}, which counts as late. Lateness alone never makes radiotherapy ineligible."
        made.append(fact("identity", "interval-late", "info", why))
    elif timing.aim_by is not None and start > timing.aim_by:
        made.append(fact("identity", "interval-late", "info", f"It is after {timing.aim_by}, the day aimed at."))
    return made
