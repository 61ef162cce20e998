"""Items of the beams: what they are, their monitor units, their control points, and what no file says of the computation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from portico.directive import CheckItem, Directive
from portico.dosimetry.plan_beams import gantry_range, metersets, setup_beams, treatment_beams
from portico.dosimetry.plan_fact import Verdict, fact, listed
from portico.rt.plan import Beam, Plan
from portico.rt.plan_set import PlanSet

__all__ = ["beam_items"]

#: Largest difference of a weight from the final one: rounding of the text in the file.
_WEIGHT_TOLERANCE: Final = 1e-4


def beam_items(
    plan_set: PlanSet, directive: Directive, policy: Mapping[str, Any], stated: Mapping[str, str] | None = None
) -> tuple[CheckItem, ...]:
    """Monitor units, control points and a list of the beams; algorithm, tissue correction and density curve.

    Parameters
    ----------
    plan_set : what was read; without a plan only the computation is looked at
    policy : ``mu_per_gy`` with ``low`` and ``high``
    stated : what a person says of ``algorithm`` and ``density-curve``, which no file holds; shown, not judged
    """
    items: list[CheckItem] = []
    if plan_set.plan is not None:
        plan = plan_set.plan
        items += [_meterset(plan, directive, policy), *_control_points(plan), *_list(plan)]
    return (*items, *_computation(plan_set, stated or {}))


def _meterset(plan: Plan, directive: Directive, policy: Mapping[str, Any]) -> CheckItem:
    code, low, high = "mu-per-gy", float(policy["mu_per_gy"]["low"]), float(policy["mu_per_gy"]["high"])
    found = metersets(plan)
    if not found:
        return fact(
            "integrity",
            code,
            "cannot_tell",
            "The monitor units of a fraction are not known: there is not one fraction group.",
        )
    unit = {plan.beams[number].dosimeter_unit for number in found}
    if unit != {"MU"}:
        return fact("integrity", code, "cannot_tell", "Not every beam is measured in monitor units.")
    each = [value for value in found.values() if value is not None]
    if len(each) != len(found):
        return fact(
            "integrity", code, "cannot_tell", f"{len(found) - len(each)} of {len(found)} beams state no monitor units."
        )
    doses = [level.dose_gy / level.fractions for level in directive.levels if level.dose_gy and level.fractions]
    total = sum(each)
    said = f"{total:.0f} MU in a fraction"
    if not doses:
        return fact("integrity", code, "cannot_tell", f"{said}; the Directive states no dose of a fraction.")
    rate = total / max(doses)
    why = f"{said} for {max(doses):g} Gy: {rate:.0f} MU per Gy; {low:g} to {high:g} are plausible (house policy)."
    if min(each) <= 0.0:
        return fact("integrity", code, "not_met", f"{why} A beam has no monitor units.")
    verdict: Verdict = "met" if low <= rate <= high else "not_met"
    return fact("integrity", code, verdict, why)


def _control_points(plan: Plan) -> list[CheckItem]:
    code = "control-points"
    beams = treatment_beams(plan)
    if not beams:
        return [fact("integrity", code, "cannot_tell", "The plan has no beam that treats.")]
    states = {beam.number: _weights(beam) for beam in beams}
    bad = [number for number, state in states.items() if state == "not_met"]
    unknown = [number for number, state in states.items() if state == "cannot_tell"]
    if bad:
        why = f"The weights of the control points do not rise from 0 to the final weight in beam {listed(bad)}."
        return [fact("integrity", code, "not_met", why)]
    if unknown:
        return [
            fact(
                "integrity",
                code,
                "cannot_tell",
                f"The weights of the control points are not stated in beam {listed(unknown)}.",
            )
        ]
    points = sum(len(beam.control_points) for beam in beams)
    why = f"The weights of {points} control points in {len(beams)} beams rise from 0 to the final weight."
    return [fact("integrity", code, "met", why)]


def _weights(beam: Beam) -> Verdict:
    weight, final = beam.control_points.weight, beam.final_weight
    known = weight[np.isfinite(weight)]
    if (np.diff(known) < -_WEIGHT_TOLERANCE).any():
        return "not_met"
    if final is None or not len(known) or not np.isfinite(weight[[0, -1]]).all():
        return "cannot_tell"
    slack = _WEIGHT_TOLERANCE * max(1.0, abs(final))
    return "met" if abs(known[0]) <= slack and abs(known[-1] - final) <= slack and final > 0.0 else "not_met"


def _list(plan: Plan) -> list[CheckItem]:
    given = metersets(plan)
    items = [
        fact("integrity", "beam", "info", _described(beam, given.get(beam.number))) for beam in treatment_beams(plan)
    ]
    pictures = len(setup_beams(plan))
    if pictures:
        items.append(fact("integrity", "setup-beams", "info", f"{pictures} beams take pictures only and are left out."))
    machines = {beam.machine for beam in treatment_beams(plan) if beam.machine}
    if len(machines) > 1:
        items.append(fact("integrity", "machines", "info", f"The beams are planned on {len(machines)} machines."))
    return items


def _described(beam: Beam, meterset: float | None) -> str:
    energy = np.unique(beam.control_points.energy[np.isfinite(beam.control_points.energy)])
    unit = {"PHOTON": "MV", "ELECTRON": "MeV"}.get(beam.radiation or "", "")
    shown = listed(f"{value:g} {unit}".strip() for value in energy) if len(energy) else "energy not stated"
    radiation = (beam.radiation or "radiation not stated").lower()
    fluence = (
        ", fluence not standard (such as without flattening filter)" if beam.fluence_mode == "NON_STANDARD" else ""
    )
    unit_of = {"MU": "MU", "MINUTE": "min"}.get(beam.dosimeter_unit or "", "")
    amount = "meterset not stated" if meterset is None else f"{meterset:.1f} {unit_of}".strip()
    couch = beam.control_points.couch_deg
    turned = np.unique(couch[np.isfinite(couch)])
    table = f", couch {listed(f'{angle:g}°' for angle in turned)}" if (turned != 0).any() else ""
    return f"Beam {beam.number}: {radiation}, {shown}{fluence}, {gantry_range(beam)}{table}, {amount} in a fraction."


def _computation(plan_set: PlanSet, stated: Mapping[str, str]) -> list[CheckItem]:
    items = [_algorithm(plan_set, stated), _tissue(plan_set)]
    kvp = plan_set.image.kvp if plan_set.image is not None else None
    scan = "" if kvp is None else f" The images were taken at {kvp:g} kV."
    if said := stated.get("density-curve"):
        items.append(fact("integrity", "density-curve", "info", f"Stated by the user, not checked: {said}.{scan}"))
    else:
        why = f"No file of a plan names the curve from HU to density: look in the planning system.{scan}"
        items.append(fact("integrity", "density-curve", "cannot_tell", why))
    return items


def _algorithm(plan_set: PlanSet, stated: Mapping[str, str]) -> CheckItem:
    if said := stated.get("algorithm"):
        return fact("integrity", "algorithm", "info", f"Stated by the user, not checked: {said}.")
    return fact(
        "integrity",
        "algorithm",
        "cannot_tell",
        "No file of a plan names the algorithm of the dose: look in the planning system.",
    )


def _tissue(plan_set: PlanSet) -> CheckItem:
    code, dose = "tissue-correction", plan_set.dose
    found = dose.heterogeneity if dose is not None else None
    if not found:
        return fact("integrity", code, "cannot_tell", "Whether the dose is corrected for tissue is not stated.")
    if "WATER" in found:
        return fact("integrity", code, "not_met", "The dose was computed as if the body were water.")
    words = {"IMAGE": "the densities of the images", "ROI_OVERRIDE": "densities assigned to structures"}
    return fact(
        "integrity", code, "met", f"The dose is corrected by {listed(words.get(one, 'another way') for one in found)}."
    )
