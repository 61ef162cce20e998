"""Items of the contours: gaps, margins that are what their name says, reach beside the target, and what could not be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portico.directive import CheckItem, Directive
from portico.dosimetry.plan_check import StructureDose
from portico.dosimetry.plan_contours import slices_for, target_slices
from portico.dosimetry.plan_fact import Verdict, fact, is_neural, listed
from portico.dosimetry.prv_margin import real_margin
from portico.dosimetry.target_items import level_targets
from portico.geometry import Slices
from portico.rt.plan_set import PlanSet

__all__ = ["contour_items"]


def contour_items(
    plan_set: PlanSet, directive: Directive, structures: Sequence[StructureDose], policy: Mapping[str, Any]
) -> tuple[CheckItem, ...]:
    """Gaps of targets and nerve tissue, real margins of planning organs at risk, reach of the nerve tissue, unusable structures.

    Parameters
    ----------
    plan_set : structures; without them nothing can be told
    policy : ``prv_margin_tolerance_mm``
    """
    if plan_set.structure_set is None:
        return (fact("integrity", "contours", "cannot_tell", "There are no structures."),)
    neural = [one for one in structures if is_neural(one, directive)]
    return (
        *_gaps(plan_set, [one for one in structures if one.role == "target"], neural),
        *_margins(plan_set, structures, float(policy["prv_margin_tolerance_mm"])),
        *_reach(plan_set, directive, structures, neural),
        *_unusable(plan_set, structures),
    )


def _gaps(plan_set: PlanSet, targets: Sequence[StructureDose], neural: Sequence[StructureDose]) -> list[CheckItem]:
    items = []
    whole = looked_at = 0
    for one in (*targets, *(other for other in neural if other not in targets)):
        slices = slices_for(plan_set, one)
        if slices is None:
            continue
        looked_at += 1
        gaps = slices.gaps
        if not gaps:
            whole += 1
            continue
        where = listed(f"z {low:g} to {high:g} mm" for low, high in gaps)
        said = f"Slices {slices.step_mm:g} mm apart are missing at {where}; nothing is filled in."
        if one.role == "target" and any(_may_be_apart(slices, gap) for gap in gaps):
            why = f"{said} They may be missing, or the target may have separate parts."
            items.append(fact("integrity", "contour-gaps", "cannot_tell", why, structure=one))
        else:
            items.append(fact("integrity", "contour-gaps", "not_met", said, structure=one))
    if whole:
        why = f"{whole} of {looked_at} targets and neural structures are drawn without a gap."
        items.append(fact("integrity", "contour-gaps", "met" if whole == looked_at else "info", why))
    if not looked_at:
        why = "There is no target and no neural structure to look at."
        items.append(fact("integrity", "contour-gaps", "cannot_tell", why))
    return items


def _may_be_apart(slices: Slices, gap: tuple[float, float]) -> bool:
    """Whether a gap is longer than one of the parts beside it: two targets, or slices that were forgotten."""
    bounds = [float(slices.z[0]), *(edge for pair in slices.gaps for edge in pair), float(slices.z[-1])]
    at = bounds.index(gap[0])
    below, above = bounds[at] - bounds[at - 1], bounds[at + 2] - bounds[at + 1]
    return gap[1] - gap[0] > min(below, above)


def _margins(plan_set: PlanSet, structures: Sequence[StructureDose], tolerance: float) -> list[CheckItem]:
    return [
        _margin(plan_set, one, structures, tolerance)
        for one in structures
        if one.name.endswith("_PRV") and slices_for(plan_set, one) is not None
    ]


def _margin(plan_set: PlanSet, one: StructureDose, structures: Sequence[StructureDose], tolerance: float) -> CheckItem:
    base = one.name.removesuffix("_PRV")
    organs = [other for other in structures if other.name == base and slices_for(plan_set, other) is not None]
    if len(organs) > 1 and [other for other in organs if other.how == "exact"]:
        organs = [other for other in organs if other.how == "exact"]
    unknown: Verdict = "info" if one.prv_mm is None else "cannot_tell"
    if len(organs) != 1:
        many = "more than one contour" if organs else "no contour"
        why = f"The margin cannot be measured: there is {many} of the organ it was made from ({base})."
        return fact("integrity", "prv-margin", unknown, why, structure=one)
    around, organ = slices_for(plan_set, one), slices_for(plan_set, organs[0])
    assert around is not None and organ is not None
    found = real_margin(around, organ)
    if found is None:
        why = f"The margin cannot be measured: it shares no slice with {base}."
        return fact("integrity", "prv-margin", unknown, why, structure=one)
    said = (
        f"Measured around {base}: median {found.median_mm:.1f} mm, least {found.least_mm:.1f} mm, largest "
        f"{found.largest_mm:.1f} mm within {found.slices} slices."
    )
    if found.bare:
        said += f" On {found.bare} slices the organ is drawn and the margin is not."
    if one.prv_mm is None:
        return fact("integrity", "prv-margin", "info", f"{said} The name states no margin.", structure=one)
    asked = f"The name states {one.prv_mm:g} mm, {tolerance:g} mm off is allowed (house policy)."
    off = abs(found.median_mm - one.prv_mm) > tolerance or found.least_mm < one.prv_mm - tolerance
    verdict: Verdict = "not_met" if off or found.bare else "met"
    if verdict == "met" and organs[0].how == "guessed":
        return fact("integrity", "prv-margin", "cannot_tell", f"{said} {asked} The organ was guessed.", structure=one)
    return fact("integrity", "prv-margin", verdict, f"{said} {asked}", structure=one)


def _reach(
    plan_set: PlanSet, directive: Directive, structures: Sequence[StructureDose], neural: Sequence[StructureDose]
) -> list[CheckItem]:
    """How far nerve tissue is drawn beyond the target; the length to be drawn depends on the level, so it only informs."""
    found = [one.structure for one in level_targets(directive, structures) if one.structure is not None]
    levels = target_slices(plan_set, found)
    if not levels:
        return []
    low = min(float(one.z[0]) for one in levels)
    high = max(float(one.z[-1]) for one in levels)
    items = []
    for one in neural:
        slices = slices_for(plan_set, one)
        if slices is None:
            continue
        below, above = low - float(slices.z[0]), float(slices.z[-1]) - high
        words = [
            f"{abs(mm):.0f} mm {'beyond' if mm >= 0 else 'short of'} the {end} end of the target"
            for mm, end in ((above, "upper"), (below, "lower"))
        ]
        items.append(
            fact("integrity", "neural-reach", "info", f"It is drawn to {words[0]} and {words[1]}.", structure=one)
        )
    if directive.site.region == "spine" and not items:
        why = "The target lies in the spine, and no cord, canal, thecal sac or cauda equina is drawn."
        items.append(fact("integrity", "neural-reach", "not_met", why))
    return items


def _unusable(plan_set: PlanSet, structures: Sequence[StructureDose]) -> list[CheckItem]:
    assert plan_set.structure_set is not None
    usable = plan_set.structure_set.structures.values()
    items = []
    if refused := plan_set.structure_set.refused:
        codes = sorted({problem.code for problem in refused.values()})
        why = f"{len(refused)} structures cannot be used ({listed(codes)}); what they are and what dose they get is not known."
        items.append(fact("integrity", "structures-refused", "cannot_tell", why))
    empty = [one for one in usable if not one.contours]
    if empty:
        wanted = {one.number for one in empty}
        named = sorted({one.name for one in structures if one.number in wanted and one.how in ("exact", "synonym")})
        known = f", among them {listed(named)}" if named else ""
        why = f"{len(empty)} structures are listed without a contour{known}."
        items.append(fact("integrity", "structures-empty", "info", why))
    points = sum(one.is_point for one in usable)
    if points:
        items.append(
            fact("integrity", "structures-points", "info", f"{points} structures are points and have no volume.")
        )
    lost = sum(one.without_area for one in usable)
    if lost:
        why = f"{lost} contours have one or two points, bound no area and were left out."
        items.append(fact("integrity", "contours-without-area", "info", why))
    return items
