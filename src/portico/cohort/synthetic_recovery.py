"""Is the truth of a synthetic registry found again? The main estimands, each with its interval, right and naive.

>>> from portico.cohort.synthetic import synthetic_registry
>>> found = recover(synthetic_registry(400, seed=1), seed=1)
>>> sorted({one.name for one in found if not one.right})
['interval, naive', 'technique, naive']
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from portico.cohort.outcomes import (
    cause_specific,
    cumulative_hazard,
    cumulative_incidence,
    imputations,
    landmark,
    rubin,
    weighted_difference,
)
from portico.cohort.outcomes.events import Index, Mask, Vector
from portico.cohort.synthetic_model import World

__all__ = ["HORIZON", "LANDMARK", "Recovered", "columns_of", "recover"]

#: Days after surgery at which incidences are compared.
HORIZON: Final = 365.0
#: Six weeks, the interval asked for in practice.
LANDMARK: Final = 42.0
_COPIES: Final = 5


@dataclass(frozen=True, slots=True)
class Recovered:
    """One estimate with its 95 % interval beside the truth; ``right`` is false for an analysis known to be wrong."""

    name: str
    truth: float
    estimate: float
    lo: float
    hi: float
    right: bool

    @property
    def covers(self) -> bool:
        """Whether the interval holds the truth."""
        return self.lo <= self.truth <= self.hi


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What the estimands need; ``x`` without and ``known`` with the performance status (NaN unknown)."""

    time: Vector
    cause: Index
    start: Vector
    sbrt: Vector
    patient: Index
    first: Vector
    x: Vector
    poor: Vector
    names: tuple[str, ...]


def columns_of(table: pl.DataFrame) -> Columns:
    """Time to the first of local failure (1) and death (2), and covariates, from the columns of a registry."""
    failure = table["local_failure_day"].to_numpy().astype(np.float64)
    followed, dead = table["follow_up_day"].to_numpy().astype(np.float64), table["dead"].to_numpy()
    failed = ~np.isnan(failure)
    cause = np.where(failed, 1, np.where(dead, 2, 0)).astype(np.int64)
    ecog = table["ecog"].cast(pl.Float64).to_numpy()
    patient = table["patient_key"].rank("dense").to_numpy().astype(np.int64) - 1
    centre = table["centre"].to_numpy()
    centres = sorted(set(centre.tolist()))[1:]
    flags = [table["visceral_metastases"].to_numpy(), table["radiosensitivity"].to_numpy() == "radioresistant"]
    x = np.column_stack([*flags, *(centre == one for one in centres)]).astype(np.float64)
    return Columns(
        np.where(failed, failure, followed),
        cause,
        table["start_day"].cast(pl.Float64).to_numpy().astype(np.float64),
        (table["prescribed_option"].to_numpy() == "sbrt").astype(np.float64),
        patient,
        np.concatenate([[True], patient[1:] != patient[:-1]]),
        x,
        np.where(np.isnan(ecog), np.nan, (ecog >= 2).astype(np.float64)),
        ("visceral", "resistant", *(str(one) for one in centres)),
    )


def recover(table: pl.DataFrame, *, seed: int, world: World | None = None) -> tuple[Recovered, ...]:
    """Every estimand on one registry.

    Parameters
    ----------
    table : of :func:`portico.cohort.synthetic.synthetic_registry`
    seed : of the imputation
    world : the truth the table was drawn from; the default world when left out
    """
    world, c = world or World(), columns_of(table)
    curve = cumulative_incidence(c.time[c.first], c.cause[c.first])
    low, high = curve.interval_at([HORIZON])
    gap = world.overlap_difference(HORIZON)
    found = [
        Recovered(
            "incidence", world.incidence(HORIZON), float(curve.at([HORIZON])[0]), float(low[0]), float(high[0]), True
        ),
        *_pooled(c, world, gap, seed),
        _plain("technique, naive", gap, c, c.sbrt == 1),
        *_interval(c),
    ]
    return tuple(found)


def _pooled(c: Columns, world: World, gap: float, seed: int) -> tuple[Recovered, Recovered]:
    """Technique: difference in incidence and hazard ratio, performance imputed."""
    hazards = [np.interp(c.time, one.time, one.hazard) for one in cumulative_hazard(c.time, c.cause)]
    table = np.column_stack([c.poor, c.x, c.sbrt, c.cause == 1, c.cause == 2, *hazards])
    kinds = ["yes_no"] * (4 + c.x.shape[1]) + ["number"] * len(hazards)
    shares, ratios = [], []
    for copy in imputations(table, kinds, copies=_COPIES, rounds=1, seed=seed):  # type: ignore[arg-type]
        x = np.column_stack([copy[:, 0], c.x])
        effect = weighted_difference(
            c.time, c.cause, c.sbrt, x, names=("poor", *c.names), at=HORIZON, cluster=c.patient
        )
        names = ("sbrt", "poor", *c.names)
        model = cause_specific(c.time, c.cause, np.column_stack([c.sbrt, x]), names=names, cluster=c.patient)
        shares.append((effect.difference, effect.se**2))
        ratios.append((model.coefficients[0], model.se[0] ** 2))
    difference, ratio = (rubin(*zip(*pairs, strict=True)) for pairs in (shares, ratios))
    return (
        Recovered("technique, difference in incidence", gap, difference.estimate, difference.lo, difference.hi, True),
        Recovered("technique, log hazard ratio", world.sbrt_log_ratio, ratio.estimate, ratio.lo, ratio.hi, True),
    )


def _plain(name: str, truth: float, c: Columns, group: Mask) -> Recovered:
    """Two curves set side by side from the day of surgery, nothing adjusted."""
    one, two = (cumulative_incidence(c.time[g], c.cause[g]) for g in (group, ~group))
    gap = float(one.at([HORIZON])[0] - two.at([HORIZON])[0])
    half = 1.959964 * float(np.sqrt(one.variance_at([HORIZON])[0] + two.variance_at([HORIZON])[0]))
    return Recovered(name, truth, gap, gap - half, gap + half, False)


def _interval(c: Columns) -> tuple[Recovered, Recovered]:
    """Radiotherapy by six weeks or not: it makes no difference in this world, and dying is what tells.

    Rows with a known performance status are used (it is missing at random given the covariates). Both analyses carry the
    same weights; the naive one starts its clock at surgery.
    """
    known = ~np.isnan(c.poor)
    time, event, start = c.time[known], np.where(c.cause > 0, 1, 0)[known], c.start[known]
    x, patient = np.column_stack([c.x, c.sbrt, c.poor])[known], c.patient[known]
    names = (*c.names, "sbrt", "poor")
    cut = landmark(start, time, event, at=LANDMARK)
    fair = weighted_difference(
        cut.time, cut.cause, cut.exposed, x[cut.kept], names=names, at=HORIZON - LANDMARK, cluster=patient[cut.kept]
    )
    naive = weighted_difference(time, event, start <= LANDMARK, x, names=names, at=HORIZON, cluster=patient)
    return (
        Recovered("interval, landmark", 0.0, fair.difference, fair.lo, fair.hi, True),
        Recovered("interval, naive", 0.0, naive.difference, naive.lo, naive.hi, False),
    )
