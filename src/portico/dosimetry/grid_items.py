"""Items of the grids: is the dose fine enough, does it cover what is read on it, and are the images thin and whole?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portico.directive import CheckItem, Directive
from portico.dosimetry.plan_check import StructureDose
from portico.dosimetry.plan_fact import fact, grid_kind, is_neural, listed
from portico.rt.plan_set import PlanSet

__all__ = ["grid_items"]


def grid_items(
    plan_set: PlanSet, directive: Directive, structures: Sequence[StructureDose], policy: Mapping[str, Any]
) -> tuple[CheckItem, ...]:
    """Spacing and cover of the dose grid, and the slices of the images.

    Parameters
    ----------
    plan_set : dose and images; what is missing cannot be told
    structures : of the plan; targets and nerve tissue must lie on the grid as a whole
    policy : ``dose_grid_mm``, ``slice_mm``, each with ``stereotactic`` and ``conventional``
    """
    items = [_spacing(plan_set, directive, policy), *_cover(plan_set, directive, structures)]
    return (*items, *_images(plan_set, directive, policy))


def _spacing(plan_set: PlanSet, directive: Directive, policy: Mapping[str, Any]) -> CheckItem:
    code, kind = "dose-grid", grid_kind(directive)
    coarsest = float(policy["dose_grid_mm"][kind])
    if plan_set.dose is None:
        return fact("integrity", code, "cannot_tell", "There is no dose grid.")
    x, y, z = sorted(float(one) for one in plan_set.dose.grid.spacing)
    said = f"The dose grid has voxels of {x:g} x {y:g} x {z:g} mm; a {kind} plan is computed on {coarsest:g} mm or less (house policy)."
    if round(z, 3) <= coarsest:
        return fact("integrity", code, "met", said)
    return fact("integrity", code, "not_met", f"{said} Steep gradients are flattened on this grid: compute it again.")


def _cover(plan_set: PlanSet, directive: Directive, structures: Sequence[StructureDose]) -> list[CheckItem]:
    """One item for each structure that reaches beyond the grid, and one for all others."""
    code = "dose-grid-cover"
    needed = [one for one in structures if one.role == "target" or is_neural(one, directive)]
    whole = 0
    items = []
    for one in needed:
        if one.dvh is None:
            continue
        if one.dvh.complete:
            whole += 1
            continue
        share = 100.0 * one.dvh.outside_cm3 / one.dvh.volume_cm3
        why = f"{one.dvh.outside_cm3:.2f} cm3 ({share:.1f} %) of this structure lie off the dose grid, where the dose is not known."
        items.append(fact("integrity", code, "not_met", why, structure=one))
    if whole:
        why = f"{whole} of {len(needed)} targets and neural structures lie on the dose grid as a whole."
        items.append(fact("integrity", code, "met" if whole == len(needed) else "info", why))
    if not items:
        why = "No target and no neural structure has a dose, so whether the grid covers them cannot be told."
        items.append(fact("integrity", code, "cannot_tell", why))
    return items


def _images(plan_set: PlanSet, directive: Directive, policy: Mapping[str, Any]) -> list[CheckItem]:
    kind, image = grid_kind(directive), plan_set.image
    thickest = float(policy["slice_mm"][kind])
    if image is None:
        return [fact("integrity", "ct-slices", "cannot_tell", "The images are not here: their slices cannot be told.")]
    step = float(image.grid.spacing[2])
    thickness = image.slice_thickness_mm
    largest = max(step, thickness or 0.0)
    stated = "the thickness is not stated" if thickness is None else f"slices of {thickness:g} mm"
    said = f"The images are {step:g} mm apart, {stated}; for a {kind} plan {thickest:g} mm or less (house policy)."
    verdict = "met" if round(largest, 3) <= thickest else "not_met"
    items = [fact("integrity", "ct-slices", "met" if verdict == "met" else "not_met", said)]
    whole = f"The {image.grid.shape[0]} images follow one another evenly; a missing one is refused when they are read."
    if thickness is not None and round(step - thickness, 3) > 0.0:
        gap = f"The images leave {step - thickness:g} mm between slices that were not scanned."
        items.append(fact("integrity", "ct-gaps", "not_met", gap))
    else:
        items.append(fact("integrity", "ct-gaps", "met", whole))
    beyond = _beyond(plan_set)
    if beyond:
        items.append(fact("integrity", "ct-extent", "info", beyond))
    return items


def _beyond(plan_set: PlanSet) -> str:
    """Which sides of the dose grid reach beyond the images; empty when none does."""
    if plan_set.dose is None or plan_set.image is None:
        return ""
    ends = []
    for grid in (plan_set.dose.grid, plan_set.image.grid):
        nk, nj, ni = grid.shape
        low, high = grid.points([[0, 0, 0], [ni - 1, nj - 1, nk - 1]])
        ends.append(sorted((float(low[2]), float(high[2]))))
    slack = float(plan_set.image.grid.spacing[2])
    words = []
    if ends[0][0] < ends[1][0] - slack:
        words.append(f"{ends[1][0] - ends[0][0]:.0f} mm below")
    if ends[0][1] > ends[1][1] + slack:
        words.append(f"{ends[0][1] - ends[1][1]:.0f} mm above")
    return f"The dose grid reaches {listed(words)} the images, where no tissue was scanned." if words else ""
