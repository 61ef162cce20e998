"""Items of the prescription: does the plan say what the Directive says, in fractions, dose and their product?

For a simultaneous boost each level is compared by itself. A dose that the plan ties to no structure is tied to a level only
where nothing else fits, and the item says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portico.directive import CheckItem, Directive
from portico.dosimetry.plan_beams import deliveries
from portico.dosimetry.plan_check import StructureDose
from portico.dosimetry.plan_fact import Verdict, fact, listed
from portico.dosimetry.target_items import LevelTarget, level_targets
from portico.rt.plan import Plan
from portico.rt.plan_set import PlanSet

__all__ = ["prescription_items"]


@dataclass(frozen=True, slots=True)
class _Prescribed:
    """Dose that the plan prescribes to a level.

    Parameters
    ----------
    target : the level and its structure
    doses : doses in Gy that may be meant; one when it is clear
    how : how it was found
    """

    target: LevelTarget
    doses: tuple[float, ...]
    how: str


def prescription_items(
    plan_set: PlanSet, directive: Directive, structures: Sequence[StructureDose], policy: Mapping[str, Any]
) -> tuple[CheckItem, ...]:
    """Fractions, prescribed dose and fraction dose of each level, and the doses of the beams.

    Parameters
    ----------
    plan_set : what was read; without a plan nothing can be told
    structures : of the plan, to find the structure of each level
    policy : ``prescription_tolerance_percent``, ``point_tolerance_percent``
    """
    plan = plan_set.plan
    if plan is None:
        return (_item("plan", "cannot_tell", "There is no RTPLAN: its fractions and prescription cannot be told."),)
    tolerance = float(policy["prescription_tolerance_percent"])
    items = [_fractions(plan, directive)]
    for one in _prescribed(plan, level_targets(directive, structures)):
        items.append(_dose(one, plan.fractions, tolerance))
        if len(one.doses) == 1 and plan.fractions:
            items.append(_fraction_dose(one, plan.fractions, tolerance))
    items.append(_beam_doses(plan, directive, float(policy["point_tolerance_percent"])))
    return tuple(items)


def _item(code: str, verdict: Verdict, why: str, target: LevelTarget | None = None) -> CheckItem:
    if target is None:
        return fact("prescription", code, verdict, why)
    return fact("prescription", code, verdict, why, structure=target.structure, roi=target.level.roi)


def _fractions(plan: Plan, directive: Directive) -> CheckItem:
    groups = tuple(plan.fraction_groups.values())
    code, asked = "fractions", directive.fractions
    if len(groups) > 1:
        counts = listed("unknown" if group.fractions is None else group.fractions for group in groups)
        why = f"The plan has {len(groups)} fraction groups ({counts} fractions); which of them the Directive means is not known."
        return _item(code, "cannot_tell", why)
    if plan.fractions is None:
        return _item(code, "cannot_tell", "The plan does not state its number of fractions.")
    if asked is None:
        why = f"The plan has {plan.fractions} fractions; the Directive states no single number."
        return _item(code, "cannot_tell", why)
    verdict: Verdict = "met" if plan.fractions == asked else "not_met"
    return _item(code, verdict, f"The plan has {plan.fractions} fractions, the Directive {asked}.")


def _prescribed(plan: Plan, targets: Sequence[LevelTarget]) -> list[_Prescribed]:
    """The prescribed doses of each level, tied by structure where the plan does so."""
    stated = [
        (one.roi_number, one.prescribed_gy)
        for one in plan.dose_references
        if one.kind == "TARGET" and one.prescribed_gy is not None
    ]
    numbers = {
        target.level.roi: target.structure.number
        for target in targets
        if target.structure is not None and target.structure.how != "guessed"
    }
    found: dict[str, _Prescribed] = {}
    for target in targets:
        roi = target.level.roi
        own = _distinct(gy for number, gy in stated if roi in numbers and number == numbers[roi])
        if own:
            found[roi] = _Prescribed(target, own, "The plan ties it to this structure.")
    rest = [target for target in targets if target.level.roi not in found]
    free = _distinct(gy for number, gy in stated if number not in numbers.values())
    for target, doses, how in _by_order(rest, free):
        found[target.level.roi] = _Prescribed(target, doses, how)
    return [found[target.level.roi] for target in targets]


def _distinct(doses: Any) -> tuple[float, ...]:
    return tuple(sorted({round(float(gy), 6) for gy in doses}, reverse=True))


def _by_order(
    targets: Sequence[LevelTarget], doses: tuple[float, ...]
) -> list[tuple[LevelTarget, tuple[float, ...], str]]:
    """Doses tied to no structure: one for each level by their order, or each to the nearest level."""
    rest = sorted(targets, key=lambda target: -(target.level.dose_gy or 0.0))
    if len(doses) > len(rest):
        return [(target, doses, "The plan ties them to no structure of a level.") for target in rest]
    if len(doses) == len(rest):
        how = "The plan ties it to no structure of a level" + (
            ": the order of the doses decides." if len(rest) > 1 else "."
        )
        return [(target, (gy,), how) for target, gy in zip(rest, doses, strict=True)]
    made = []
    for gy in doses:
        nearest = min(rest, key=lambda target: abs(gy - (target.level.dose_gy or math.inf)))
        rest.remove(nearest)
        made.append((nearest, (gy,), "The plan ties it to no structure: the nearest level is taken."))
    return made + [(target, (), "The plan states no prescribed dose for this level.") for target in rest]


def _dose(one: _Prescribed, fractions: int | None, tolerance: float) -> CheckItem:
    level, code = one.target.level, "prescribed-dose"
    if level.dose_gy is None:
        return _item(code, "cannot_tell", f"The Directive states no dose for the {level.name} level.", one.target)
    if not one.doses:
        return _item(code, "cannot_tell", one.how, one.target)
    fitting = [gy for gy in one.doses if _same(gy, level.dose_gy, tolerance)]
    said = f"The plan prescribes {listed(f'{gy:g}' for gy in one.doses)} Gy, the Directive {level.dose_gy:g} Gy."
    why = f"{said} {one.how}"
    if fitting:
        return _item(code, "met" if len(one.doses) == 1 else "cannot_tell", why, one.target)
    if fractions and fractions > 1 and any(_same(gy * fractions, level.dose_gy, tolerance) for gy in one.doses):
        why += " It is the dose of one fraction: a total dose belongs there."
    return _item(code, "not_met", why, one.target)


def _fraction_dose(one: _Prescribed, fractions: int, tolerance: float) -> CheckItem:
    level, code = one.target.level, "fraction-dose"
    planned = one.doses[0] / fractions
    said = f"{one.doses[0]:g} Gy in {fractions} fractions are {planned:.3f} Gy each"
    if level.dose_gy is None or level.fractions is None:
        return _item(code, "cannot_tell", f"{said}; the Directive states no dose of a fraction.", one.target)
    asked = level.dose_gy / level.fractions
    verdict: Verdict = "met" if _same(planned, asked, tolerance) else "not_met"
    why = f"{said}; {level.dose_gy:g} Gy in {level.fractions} of the Directive are {asked:.3f} Gy each."
    return _item(code, verdict, why, one.target)


def _same(value: float, asked: float, tolerance_percent: float) -> bool:
    return abs(value / asked - 1.0) * 100.0 <= tolerance_percent + 1e-9


def _beam_doses(plan: Plan, directive: Directive, tolerance: float) -> CheckItem:
    """Beam doses stand at their specification points, so their sum informs; it judges only where it is off by the fractions."""
    code, given, fractions = "beam-doses", deliveries(plan), plan.fractions
    doses = [one.dose_gy for one in given]
    levels = directive.doses_gy
    if not given or fractions is None or not levels or None in doses:
        return _item(code, "info", "The plan does not state the dose of every beam, so their sum is not known.")
    each = sum(gy for gy in doses if gy is not None)
    whole = each * fractions
    points = {one.point_mm for one in given}
    where = "at the point that all share" if len(points) == 1 and None not in points else "each at its own point"
    said = f"The beams give {each:.3f} Gy in a fraction and {whole:.2f} Gy in {fractions}, {where}."
    if each <= 0.0:
        return _item(code, "not_met", said)
    if fractions > 1 and any(_same(each, gy, tolerance) for gy in levels):
        return _item(code, "not_met", f"{said} Each fraction would give the dose of the whole course.")
    if fractions > 1 and any(_same(whole, gy / fractions, tolerance) for gy in levels):
        return _item(code, "not_met", f"{said} The whole course would give the dose of one fraction.")
    level = max(levels)
    return _item(code, "info", f"{said} That is {100.0 * whole / level:.0f} % of {level:g} Gy.")
