"""Histograms as data: the JSON document ``dvh/1`` and the table of curves."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from portico import __version__
from portico.directive import Metric
from portico.dosimetry import (
    Dvh,
    PlanCheck,
    Prescription,
    StructureDose,
    evaluate_metric,
    plan_objects,
)
from portico.errors import CannotTell, Exit, Problem
from portico.intended_use import ANALYSIS_USE

__all__ = ["dvh_csv", "dvh_data"]

_USUAL: Final = ("D98%", "D95%", "D50%", "D2%", "D0.03cc", "D0.035cc")
#: Problems that leave nothing unknown: there was nothing to measure.
_HARMLESS: Final = ("structure-empty", "structure-point")
#: Structures that are larger than a dose grid as a rule.
_AROUND: Final = ("external", "support")


def dvh_data(check: PlanCheck, refused: Sequence[Problem], metrics: Sequence[Metric], bin_gy: float) -> dict[str, Any]:
    """The document of a plan's histograms.

    Parameters
    ----------
    check : histograms
    refused : objects of the study that could not be used
    metrics : asked for beside the usual ones
    bin_gy : width of a dose bin in Gy

    Returns
    -------
    plain data; a value that cannot be told is None and its ``why`` says so
    """
    plan, dose = check.plan_set.plan, check.plan_set.dose
    fractions = plan.fractions if plan is not None else None
    structures = [_structure(one, metrics, fractions, bin_gy) for one in check.structures]
    findings = [problem.to_dict() for problem in (*check.plan_set.findings, *refused)]
    shown = next((one.dvh for one in check.structures if one.dvh is not None), None)
    unknown = any(
        one["problem"] is not None and one["problem"]["code"] not in _HARMLESS and one["role"] not in _AROUND
        for one in structures
    )
    none = not any(one["problem"] is None for one in structures)
    status = Exit.CANNOT_TELL if unknown or none else Exit.FINE
    return {
        "schema": "dvh/1",
        "intended_use": ANALYSIS_USE,
        "software_version": __version__,
        "end_cap": {"rule": shown and shown.end_cap, "says": shown and shown.end_cap_text},
        "objects": [one.model_dump(mode="json") for one in plan_objects(check.plan_set)],
        "plan": None
        if plan is None
        else {
            "fractions": fractions,
            "approval": plan.approval,
            "prescribed_gy": [one.prescribed_gy for one in plan.dose_references if one.prescribed_gy is not None],
        },
        "dose": None
        if dose is None
        else {
            "summation": dose.summation,
            "type": dose.dose_type,
            "spacing_mm": [float(v) for v in dose.grid.spacing],
            "shape_kji": list(dose.grid.shape),
            "highest_gy": round(float(dose.gy.max()), 6),
        },
        "findings": findings,
        "notes": list(check.notes),
        "structures": structures,
        "exit_status": int(status),
    }


def _structure(one: StructureDose, metrics: Sequence[Metric], fractions: int | None, bin_gy: float) -> dict[str, Any]:
    found = one.dvh
    made: dict[str, Any] = {
        "number": one.number,
        "label": one.label,
        "name": one.name,
        "matched": one.how,
        "role": one.role,
        "volume_cm3": _told(lambda: found.volume_cm3) if found else None,
        "outside_dose_grid_cm3": _told(lambda: found.outside_cm3) if found else None,
        "min_gy": _told(lambda: found.min) if found else None,
        "mean_gy": _told(lambda: found.mean) if found else None,
        "max_gy": _told(lambda: found.max) if found else None,
        "gaps_mm": [list(gap) for gap in found.gaps] if found else [],
        "metrics": {},
        "curve": None,
        "problem": None if one.problem is None else one.problem.to_dict(),
    }
    if found is None:
        return made
    if not found.complete:
        made["problem"] = Problem(
            "structure-off-dose-grid", "A part of the structure lies off the dose grid, where the dose is unknown."
        ).to_dict()
        return made
    from portico.directive import parse_metric

    for metric in dict.fromkeys([*(parse_metric(text) for text in _USUAL), *metrics]):
        for unit in ("Gy",) if metric.is_dose else ("%", "cm3"):
            key = metric.text if metric.is_dose else f"{metric.text} {unit}"
            made["metrics"][key] = _metric(found, metric, unit, fractions)
    doses = _doses(found, bin_gy)
    made["curve"] = {
        "dose_gy": [round(float(v), 6) for v in doses],
        "volume_cm3": [round(float(v), 6) for v in found.cumulative(doses)[1]],
    }
    return made


def _metric(found: Dvh, metric: Metric, unit: Any, fractions: int | None) -> dict[str, Any]:
    given = None if fractions is None else Prescription(1.0, fractions)  # only the fractions count here
    try:
        value = evaluate_metric(found, metric, given, unit=unit)
    except CannotTell as error:
        return {"value": None, "unit": unit, "why": error.problem.message}
    return {"value": round(value.value, 6), "unit": unit, "why": None}


def _told(compute: Callable[[], float]) -> float | None:
    try:
        return round(compute(), 6)
    except CannotTell:
        return None


def _doses(found: Dvh, bin_gy: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Doses from 0 to the first beyond the highest, by the bin width."""
    return np.arange(int(np.ceil(found.max / bin_gy)) + 2, dtype=np.float64) * bin_gy


def dvh_csv(check: PlanCheck, bin_gy: float) -> str:
    """Cumulative and differential curves as a table: structure, dose in Gy, cm3 with at least that dose, cm3 in the bin.

    Text that a spreadsheet could take for a formula is put behind an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["number", "name", "label", "dose_gy", "volume_at_least_cm3", "volume_at_least_percent", "volume_in_bin_cm3"]
    )
    for one in check.structures:
        if one.dvh is None or not one.dvh.complete:
            continue
        doses = _doses(one.dvh, bin_gy)
        at_least = one.dvh.cumulative(doses)[1]
        inside = [*(-np.diff(at_least)), 0.0]
        for gy, volume, part in zip(doses, at_least, inside, strict=True):
            share = 100.0 * volume / one.dvh.volume_cm3
            writer.writerow(
                [
                    one.number,
                    _safe(one.name),
                    _safe(one.label),
                    f"{gy:.4f}",
                    f"{volume:.6f}",
                    f"{share:.4f}",
                    f"{part:.6f}",
                ]
            )
    return out.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
