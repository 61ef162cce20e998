"""Metrics of the shared grammar, read off a histogram.

Doses at a volume pass through EQD2 and BED unchanged in order, so each is the transform of the physical dose. The
mean of EQD2 is not the EQD2 of the mean: it is summed over the histogram.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from portico.biology import bed, eqd2
from portico.directive import Metric
from portico.dosimetry.dvh import Dvh
from portico.errors import CannotTell, UsageError

__all__ = ["MetricValue", "Prescription", "evaluate_metric"]


@dataclass(frozen=True, slots=True)
class Prescription:
    """What the dose grid delivers as a whole.

    Parameters
    ----------
    dose_gy : prescribed dose of the level in Gy over the whole course; for SIB the level that is meant
    fractions : number of fractions that the dose grid stands for; needed for EQD2 and BED

    Raises
    ------
    UsageError : ``prescription-invalid``
    """

    dose_gy: float
    fractions: int

    def __post_init__(self) -> None:
        sound = np.isfinite(self.dose_gy) and self.dose_gy > 0 and type(self.fractions) is int and self.fractions > 0
        if not sound:
            raise UsageError("A prescription has a dose above 0 Gy and whole fractions.", code="prescription-invalid")


@dataclass(frozen=True, slots=True)
class MetricValue:
    """A metric's value.

    Parameters
    ----------
    metric : the metric
    value : in ``unit``
    unit : ``Gy`` for doses (EQD2 and BED included), ``%`` or ``cm3`` for volumes
    bound : ``exact``, or ``at_least`` when a part of the structure lies off the dose grid and can only raise it
    """

    metric: Metric
    value: float
    unit: Literal["Gy", "%", "cm3"]
    bound: Literal["exact", "at_least"] = "exact"


def evaluate_metric(
    dvh: Dvh,
    metric: Metric,
    prescription: Prescription | None = None,
    *,
    unit: Literal["Gy", "%", "cm3"] | None = None,
) -> MetricValue:
    """Value of a plan metric.

    Parameters
    ----------
    dvh : histogram of the structure in physical dose
    metric : from :func:`portico.directive.parse_metric`
    prescription : gives the fractions for EQD2 and BED; may be None for physical dose
    unit : unit of a volume, ``%`` or ``cm3``: it must be given for ``V20Gy``, since none is implied. For doses
        ``Gy`` or None

    Raises
    ------
    CannotTell : ``fractions-unknown`` for EQD2 or BED without prescription; ``volume-beyond-structure``;
        ``structure-off-dose-grid`` (except for ``Dmax``, which is then a lower bound)
    UsageError : ``metric-unit`` when the unit does not fit the metric
    """
    if metric.is_dose and unit not in (None, "Gy"):
        raise UsageError("The value of this metric is a dose in Gy.", code="metric-unit")
    if not metric.is_dose:
        if unit not in ("%", "cm3"):
            raise UsageError("Say whether the volume is wanted in % or in cm3.", code="metric-unit")
        gy = _physical(metric, metric.amount or 0.0, prescription)
        return MetricValue(metric, dvh.percent_at_dose(gy) if unit == "%" else dvh.volume_at_dose(gy), unit)
    if metric.kind == "dmax":
        value = _scaled(metric, dvh.max_on_grid, prescription)
        return MetricValue(metric, value, "Gy", "exact" if dvh.complete else "at_least")
    if metric.kind == "dmin":
        value = _scaled(metric, dvh.min, prescription)
    elif metric.kind == "dmean":
        value = _mean(dvh, metric, prescription)
    elif metric.amount_unit == "%":
        value = _scaled(metric, dvh.dose_at_percent(metric.amount or 0.0), prescription)
    else:
        value = _scaled(metric, dvh.dose_at_volume_cm3(metric.amount or 0.0), prescription)
    return MetricValue(metric, value, "Gy")


def _fractions(prescription: Prescription | None) -> int:
    if prescription is None:
        raise CannotTell(
            "EQD2 and BED need the number of fractions.", code="fractions-unknown", fix="Give the prescription."
        )
    return prescription.fractions


def _scaled(metric: Metric, gy: float, prescription: Prescription | None) -> float:
    """Physical dose turned into the metric's own dose."""
    if metric.eqd2_alpha_beta is not None:
        return eqd2(gy, _fractions(prescription), metric.eqd2_alpha_beta)
    if metric.bed_alpha_beta is not None:
        return bed(gy, _fractions(prescription), metric.bed_alpha_beta)
    return gy


def _physical(metric: Metric, gy: float, prescription: Prescription | None) -> float:
    """Physical dose whose EQD2 or BED is given: the positive root of ``D + D² / (n α/β) = BED``."""
    ratio = metric.eqd2_alpha_beta if metric.eqd2_alpha_beta is not None else metric.bed_alpha_beta
    if ratio is None:
        return gy
    full = gy if metric.bed_alpha_beta is not None else gy * (1.0 + 2.0 / ratio)  # EQD2 as BED
    scale = _fractions(prescription) * ratio
    return float(0.5 * scale * (np.sqrt(1.0 + 4.0 * full / scale) - 1.0))


def _mean(dvh: Dvh, metric: Metric, prescription: Prescription | None) -> float:
    """Mean of the metric's own dose; EQD2 and BED are summed over the steps of the histogram."""
    mean = dvh.mean
    ratio = metric.eqd2_alpha_beta if metric.eqd2_alpha_beta is not None else metric.bed_alpha_beta
    if ratio is None:
        return mean
    volume = np.diff(dvh.sums.below)
    middle = 0.5 * (dvh.sums.nodes[1:] + dvh.sums.nodes[:-1])
    total = float(volume.sum())
    variance = float((volume * middle**2).sum()) / total - (float((volume * middle).sum()) / total) ** 2
    # both are linear in D and D squared: the value at the mean, plus the share of the variance
    at_mean = _scaled(metric, mean, prescription)
    per_square = 1.0 / (_fractions(prescription) * (ratio + (2.0 if metric.eqd2_alpha_beta is not None else 0.0)))
    return at_mean + max(0.0, variance) * per_square
