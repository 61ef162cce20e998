"""Items of the organ limits: each limit of the Directive on the contour it was defined on, for exactly its fractions.

A true cord, a planning organ at risk, a thecal sac and a canal are different contours: none stands in for another. A missing
structure is never met. What a steep gradient taught is not asked of a cord that lies in a uniform dose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portico.directive import CheckItem, Directive, Limit
from portico.dosimetry.measured import Measured, measure
from portico.dosimetry.metrics import Prescription
from portico.dosimetry.plan_check import StructureDose
from portico.dosimetry.uniform import is_uniform
from portico.errors import CannotTell
from portico.knowledge import Library
from portico.rt.plan_set import PlanSet

__all__ = ["LimitContext", "limit_items", "structures_for"]

#: What each contour is called here.
_CONTOURS: Final = {
    "true_cord": "the true cord",
    "prv": "the planning organ at risk of the cord",
    "thecal_sac": "the thecal sac",
    "cauda_equina": "the cauda equina",
    "canal": "the spinal canal",
    "organ": "the organ itself",
}
_SIDES: Final = ("_L", "_R")


@dataclass(frozen=True, slots=True, eq=False)
class LimitContext:
    """What limits are judged with.

    Parameters
    ----------
    plan_set : plan, structures and dose
    structures : with their names and histograms
    target_numbers : ROI numbers of the targets of the levels
    library : for the wording of the source
    policy : body of the policy ``plan-check``
    prior_known_absent : True when earlier radiotherapy at this site is known to be absent; None when it is not known
    """

    plan_set: PlanSet
    structures: Sequence[StructureDose]
    target_numbers: Sequence[int]
    library: Library
    policy: Mapping[str, Any]
    prior_known_absent: bool | None


def structures_for(roi: str, structures: Sequence[StructureDose]) -> tuple[tuple[StructureDose, ...], str]:
    """Structures that a limit on ``roi`` is read on, or why there is none.

    The one of that name; where an organ is listed without side, its left and right parts, each by itself.
    """
    own = [one for one in structures if one.name == roi and one.role in ("organ", "target", "other", "hardware")]
    exact = [one for one in own if one.how == "exact"]
    if len(own) > 1 and len(exact) == 1:
        own = exact
    if len(own) == 1:
        return (own[0],), ""
    if own:
        return (), f"more than one structure is matched to {roi}: say which with --match {roi}=NAME"
    sides = [one for side in _SIDES for one in structures if one.name == roi + side]
    if len(sides) == 2 and len({one.name for one in sides}) == 2:
        return tuple(sides), ""
    base = roi.removesuffix("_L").removesuffix("_R")
    joint = [one for one in structures if base != roi and one.name in (base, f"{base}s")]
    if joint:
        return (), f"the plan has {joint[0].name} and not {roi}; a limit of one side is not read on both"
    return (), f"no structure is matched to {roi}"


def limit_items(directive: Directive, context: LimitContext) -> tuple[CheckItem, ...]:
    """One item for each limit of the course (two for a paired organ listed without side); cumulative limits are left out.

    Parameters
    ----------
    directive : sealed
    context : see :class:`LimitContext`
    """
    items: list[CheckItem] = []
    for limit in directive.limits:
        if limit.scope == "cumulative":
            continue
        found, why_not = structures_for(limit.roi, context.structures)
        if not found:
            items.append(_item(limit, measure(None, limit.metric, limit.unit, None, missing=why_not)))
        items += [_judged(directive, limit, one, context) for one in found]
    return tuple(items)


def _item(limit: Limit, found: Measured, note: str = "") -> CheckItem:
    return found.judged(
        kind="limit", code="limit", roi=limit.roi, op=limit.op, limit=limit.value, shown_only=limit.strength != "hard",
        note=note, defined_on=limit.defined_on, limit_id=limit.limit_id, source_id=limit.source_id,
        verified=limit.verified,
    )  # fmt: skip


def _judged(directive: Directive, limit: Limit, one: StructureDose, context: LimitContext) -> CheckItem:
    plan = context.plan_set.plan
    fractions = plan.fractions if plan is not None else None
    dose = next(iter(directive.doses_gy), None)
    given = None if fractions is None or dose is None else Prescription(dose, fractions)
    found = measure(one, limit.metric, limit.unit, given)
    why = _cannot_judge(directive, limit, one, fractions, context)
    if why:
        return _cannot_tell(limit, found, why)
    item = _item(limit, found, _note(limit, one, context.library))
    if item.verdict == "met" and limit.neural and directive.technique in ("sbrt", "sib"):
        try:
            uniform = is_uniform(directive, one, context.plan_set, context.target_numbers, context.policy)
        except CannotTell as error:
            return _cannot_tell(limit, found, error.problem.message)
        if uniform:
            return _cannot_tell(limit, found, uniform)
    return item


def _cannot_tell(limit: Limit, found: Measured, why: str) -> CheckItem:
    value = (
        ""
        if found.value is None
        else f" Read on {found.structure.name if found.structure else ''}: {found.value:.2f} {found.unit}."
    )
    verdict = "cannot_tell" if limit.strength == "hard" else "info"
    return found.item(
        kind="limit", code="limit", roi=limit.roi, op=limit.op, limit=limit.value, verdict=verdict, why=f"{why}{value}",
        defined_on=limit.defined_on, limit_id=limit.limit_id, source_id=limit.source_id, verified=limit.verified,
    )  # fmt: skip


def _cannot_judge(
    directive: Directive, limit: Limit, one: StructureDose, fractions: int | None, context: LimitContext
) -> str:
    """Why this limit does not judge this plan; empty when it does."""
    if fractions is None:
        return "The number of fractions of the plan is not known, and a limit holds for exactly its own."
    if fractions != limit.fractions:
        return f"The limit holds for {limit.fractions} fractions, and the plan has {fractions}."
    if limit.setting == "de_novo" and context.prior_known_absent is not True:
        return (
            "A limit of a first course needs earlier radiotherapy at this site to be known to be absent, and it is not."
        )
    if limit.defined_on.startswith("prv+"):
        asked = float(limit.defined_on.partition("+")[2])
        if one.prv_mm is None:
            return f"The limit is read on a margin of {asked:g} mm, and the structure's name states none."
        if one.prv_mm != asked:
            return f"The limit is read on a margin of {asked:g} mm, and the structure's name states {one.prv_mm:g} mm."
    return ""


def _note(limit: Limit, one: StructureDose, library: Library) -> str:
    words = [f"The figure is read on {_CONTOURS[limit.defined_on.partition('+')[0]]}."]
    if limit.defined_on == "prv":
        words[0] = (
            words[0].rstrip(".")
            + ", whose margin the source does not state"
            + (
                f"; here the name states {one.prv_mm:g} mm."
                if one.prv_mm is not None
                else "; here the name states none."
            )
        )
    row = library.limits.get(limit.limit_id)
    if row is not None and row.metric_as_recorded and row.metric_as_recorded != limit.metric:
        words.append(f"The record says {row.metric_as_recorded}.")
    if limit.metric == "Dmax":
        words.append("Dmax is the highest dose anywhere in the contour, between voxels too.")
        small = measure(one, "D0.035cc", "Gy", None)
        if small.value is not None and small.bound == "exact":
            words.append(f"D0.035cc is {small.value:.2f} Gy.")
    if limit.signed_by is not None:
        words.append("It binds by a signature of the site.")
    return " ".join(words)
