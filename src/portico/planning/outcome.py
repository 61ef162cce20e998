"""What a plan gives: each line of the Directive with its value, histograms, and biological doses of targets and cord."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from portico.biology import bed, eqd2
from portico.directive import parse_metric
from portico.dosimetry import Dvh, Prescription, evaluate_metric
from portico.errors import CannotTell
from portico.planning.making import Prepared
from portico.planning.plan import Plan
from portico.planning.readiness import neural_of
from portico.planning.row_dvh import dvh_of_rows

__all__ = [
    "CORD_ALPHA_BETA_GY",
    "TARGET_ALPHA_BETA_GY",
    "BiologicalDose",
    "Line",
    "biological_doses",
    "histograms",
    "lines_of",
]

#: α/β in Gy that the names of the quantities state: BED10 of a target, EQD2(2) of the cord.
TARGET_ALPHA_BETA_GY: Final = 10.0
CORD_ALPHA_BETA_GY: Final = 2.0
#: What a value may miss by and still be met: a tenth of what is printed.
_SLACK: Final = 0.005


@dataclass(frozen=True, slots=True)
class Line:
    """One goal or limit of the Directive on a plan.

    Parameters
    ----------
    roi, metric, op, wanted, unit, strength : as in the Directive
    value : in ``unit``; None when it cannot be told, and ``why`` says why
    met : None when it cannot be told
    source : record or level that it comes from
    sampled : the structure is seen by some of its voxels only
    """

    roi: str
    metric: str
    op: str
    wanted: float
    unit: str
    strength: str
    source: str
    value: float | None
    met: bool | None
    why: str = ""
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class BiologicalDose:
    """One dose of a structure as BED and EQD2, in Gy at the stated α/β."""

    roi: str
    metric: str
    gy: float
    alpha_beta_gy: float
    bed_gy: float
    eqd2_gy: float


def histograms(prepared: Prepared, plan: Plan) -> dict[str, Dvh]:
    """Histogram of every structure that has rows, normal tissue among them."""
    return {
        name: dvh_of_rows(plan.doses_gy[region.rows], region.volumes_cm3)
        for name, region in prepared.anatomy.regions.items()
    }


def lines_of(prepared: Prepared, plan: Plan) -> tuple[Line, ...]:
    """Every goal and limit of the Directive, levels first; none is left out."""
    found = histograms(prepared, plan)
    directive = prepared.directive
    made = [
        _line(
            prepared, found, level.roi, goal.metric, goal.op, float(goal.value), goal.unit, goal.strength,
            goal.source_id or f"level {level.name}",
        )
        for level in directive.levels
        for goal in level.goals
    ]  # fmt: skip
    for level in directive.levels:
        if not any(goal.op == ">=" for goal in level.goals):
            dose = float(level.dose_gy or 0.0)
            made.append(
                _line(
                    prepared,
                    found,
                    level.roi,
                    "D95%",
                    ">=",
                    dose,
                    "Gy",
                    "info",
                    f"dose of level {level.name}; D95% is shown, no goal",
                )
            )
    for limit in directive.limits:
        if limit.scope == "cumulative":
            why = "The limit is for the sum with earlier courses."
            made.append(
                Line(
                    limit.roi,
                    limit.metric,
                    limit.op,
                    float(limit.value),
                    limit.unit,
                    limit.strength,
                    limit.limit_id,
                    None,
                    None,
                    why,
                )
            )
            continue
        made.append(
            _line(
                prepared,
                found,
                limit.roi,
                limit.metric,
                limit.op,
                float(limit.value),
                limit.unit,
                limit.strength,
                limit.limit_id,
            )
        )
    return tuple(made)


def biological_doses(prepared: Prepared, plan: Plan) -> tuple[BiologicalDose, ...]:
    """D95% of every level with BED10, and the cord's D0.03cc with EQD2(2); a smaller cord gives its maximum."""
    found = histograms(prepared, plan)
    fractions = prepared.fractions
    made = []
    for level in prepared.directive.levels:
        gy = found[level.roi].dose_at_percent(95.0)
        made.append(_biological(level.roi, "D95%", gy, fractions, TARGET_ALPHA_BETA_GY))
    for name in neural_of(prepared.directive):
        if name in found:
            small = found[name].volume_cm3 < 0.03
            gy = found[name].max if small else found[name].dose_at_volume_cm3(0.03)
            made.append(_biological(name, "Dmax" if small else "D0.03cc", gy, fractions, CORD_ALPHA_BETA_GY))
    return tuple(made)


def _biological(roi: str, metric: str, gy: float, fractions: int, alpha_beta: float) -> BiologicalDose:
    return BiologicalDose(roi, metric, gy, alpha_beta, bed(gy, fractions, alpha_beta), eqd2(gy, fractions, alpha_beta))


def _line(
    prepared: Prepared, found: dict[str, Dvh], roi: str, metric: str, op: str, wanted: float, unit: str, strength: str, source: str
) -> Line:  # fmt: skip
    if roi not in found:
        return Line(roi, metric, op, wanted, unit, strength, source, None, None, "The structure is not there.")
    prescription = Prescription(float(prepared.directive.levels[0].dose_gy or 0.0), prepared.fractions)
    name: Literal["Gy", "%", "cm3"] = "Gy" if unit == "Gy" else "%" if unit == "%" else "cm3"
    try:
        value = evaluate_metric(found[roi], parse_metric(metric), prescription, unit=name).value
    except CannotTell as error:
        return Line(roi, metric, op, wanted, unit, strength, source, None, None, error.problem.message)
    met = value <= wanted + _SLACK if op == "<=" else value >= wanted - _SLACK
    volumes = prepared.anatomy.regions[roi].volumes_cm3
    sampled = bool(np.abs(volumes - prepared.grid.voxel_cm3).max() > 1e-6)
    return Line(roi, metric, op, wanted, unit, strength, source, round(float(value), 4), bool(met), "", sampled)
