"""Items of the dose itself: its unit, what it sums, which kind it is, and whether it is that of the whole course."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from portico.directive import CheckItem, Directive
from portico.dosimetry.plan_beams import deliveries
from portico.dosimetry.plan_check import StructureDose
from portico.dosimetry.plan_fact import Verdict, fact
from portico.dosimetry.point_items import dose_at_point_gy, prescription_points
from portico.dosimetry.target_items import LevelTarget, level_targets
from portico.errors import PorticoError
from portico.rt.dose import DoseGrid
from portico.rt.plan_set import PlanSet

__all__ = ["dose_items"]

#: What a sum that is not that of a plan says.
_PARTS: Final = {
    "FRACTION": "the dose of one fraction group",
    "BEAM": "the dose of single beams",
    "BRACHY": "a dose of brachytherapy",
    "FRACTION_SESSION": "the dose of one session",
    "BEAM_SESSION": "the dose of beams in one session",
    "CONTROL_POINT": "the dose of control points",
    "RECORD": "a dose that was recorded, not planned",
}


def dose_items(plan_set: PlanSet, directive: Directive, structures: Sequence[StructureDose]) -> tuple[CheckItem, ...]:
    """Unit, summation, type and scale of the dose.

    Parameters
    ----------
    plan_set : what was read; without a dose nothing can be told
    structures : of the plan; the median of each level tells whether the dose is that of one fraction
    """
    dose = plan_set.dose
    if dose is None:
        return (_item("dose", "cannot_tell", "There is no dose of the whole plan."),)
    return (
        _item("dose-units", "met", "The dose is in Gy; a relative dose is refused when it is read."),
        _summation(dose, plan_set),
        _type(dose),
        *_scale(plan_set, dose, directive, structures),
    )


def _item(code: str, verdict: Verdict, why: str, target: LevelTarget | None = None) -> CheckItem:
    if target is None:
        return fact("prescription", code, verdict, why)
    return fact("prescription", code, verdict, why, structure=target.structure, roi=target.level.roi)


def _summation(dose: DoseGrid, plan_set: PlanSet) -> CheckItem:
    code = "dose-summation"
    if dose.summation == "PLAN":
        summed = any(one.code == "dose-summed" for one in plan_set.findings)
        return _item(
            code, "met", "The dose is the sum of its beams' doses." if summed else "The dose is that of the whole plan."
        )
    if dose.summation in _PARTS:
        return _item(code, "not_met", f"This is {_PARTS[dose.summation]}, not the dose of the whole plan.")
    if dose.summation == "MULTI_PLAN":
        return _item(code, "cannot_tell", "The dose is the sum of several plans; the part of this plan is not known.")
    return _item(code, "cannot_tell", "The dose does not say what it sums.")


def _type(dose: DoseGrid) -> CheckItem:
    if dose.dose_type == "PHYSICAL":
        return _item("dose-type", "met", "The dose is physical.")
    if dose.dose_type == "EFFECTIVE":
        why = "The dose is weighted by a biological effect; limits and prescriptions in physical dose cannot be read on it."
        return _item("dose-type", "cannot_tell", why)
    return _item("dose-type", "cannot_tell", "Whether the dose is physical or biologically weighted is not stated.")


def _scale(
    plan_set: PlanSet, dose: DoseGrid, directive: Directive, structures: Sequence[StructureDose]
) -> list[CheckItem]:
    """Is the dose that of the whole course, or off by the number of fractions?"""
    targets = level_targets(directive, structures)
    items = []
    for target in targets:
        level = target.level
        if level.dose_gy is None or level.fractions is None or target.structure is None or target.structure.dvh is None:
            continue
        try:
            median = target.structure.dvh.dose_at_percent(50.0)
        except PorticoError:
            continue
        said = f"The median of the target is {median:.2f} Gy"
        verdict, why = _by_fractions(median, level.dose_gy, level.fractions, said)
        if verdict == "met" and target.structure.how == "guessed":
            verdict, why = "cannot_tell", f"{why} The target was guessed: confirm it with --match ROI=NAME."
        items.append(_item("dose-scale", verdict, why, target))
    if not items and plan_set.plan is not None and directive.levels:
        level = directive.levels[0]
        for said, point in prescription_points(plan_set.plan):
            found = dose_at_point_gy(dose, point)
            if found is not None and level.dose_gy is not None and level.fractions is not None:
                said = f"The dose at the {said} is {found:.2f} Gy"
                verdict, why = _by_fractions(found, level.dose_gy, level.fractions, said)
                items.append(_item("dose-scale", verdict, why))
    if not items:
        why = "Neither the median of a target nor the dose at a prescription point is known."
        items.append(_item("dose-scale", "cannot_tell", why))
    return items + _beam_point(plan_set, dose)


def _by_fractions(gy: float, whole: float, fractions: int, said: str) -> tuple[Verdict, str]:
    """Which of the whole dose, its share of a fraction and its multiple by the fractions a dose is nearest to, as a ratio."""
    said = f"{said}; the whole course is {whole:g} Gy and a fraction {whole / fractions:.2f} Gy."
    if gy <= 0.0:
        return "not_met", said
    if fractions == 1:
        return "met", f"{said} In one fraction both are the same."
    power = round(math.log(gy / whole) / math.log(fractions))
    if power < 0:
        return "not_met", f"{said} The dose looks like that of one fraction, not of the course."
    if power > 0:
        return "cannot_tell", f"{said} The dose looks as if it had been multiplied by the fractions once too often."
    return "met", f"{said} The dose is that of the course."


def _beam_point(plan_set: PlanSet, dose: DoseGrid) -> list[CheckItem]:
    """The dose that the plan states where all beams meet, beside the grid there."""
    plan = plan_set.plan
    if plan is None or plan.fractions is None:
        return []
    given = deliveries(plan)
    doses = [one.dose_gy for one in given if one.dose_gy is not None]
    points = {one.point_mm for one in given}
    if not given or len(doses) != len(given) or len(points) != 1 or sum(doses) <= 0.0:
        return []
    point = points.pop()
    found = None if point is None else dose_at_point_gy(dose, point)
    if found is None:
        return []
    stated = sum(doses) * plan.fractions
    said = f"The grid holds {found:.2f} Gy at the point that all beams share; by the doses of the beams"
    verdict, why = _by_fractions(found, stated, plan.fractions, said)
    return [_item("beam-dose-grid", "info" if verdict == "met" else verdict, why.replace("beams; ", "beams "))]
