"""Trim and fill: how many studies one side of the funnel lacks, if its asymmetry came from missing studies alone.

It is a what-if, never an estimate to act on: it invents studies, and heterogeneity alone can make it do so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from portico.errors import CannotTell
from portico.synthesis.effects import Effects
from portico.synthesis.heterogeneity import Method, tau2_estimate
from portico.synthesis.inference import IntervalMethod
from portico.synthesis.inputs import Vector, chosen
from portico.synthesis.pooling import Pooled, pool
from portico.synthesis.weighted import fit_at

__all__ = ["TrimFill", "trim_and_fill"]

MOST_ROUNDS = 100


@dataclass(frozen=True, slots=True, eq=False)
class TrimFill:
    """Result of trim and fill.

    Parameters
    ----------
    estimator : ``L0`` or ``R0``
    side : the side on which studies seem to be missing
    missing, missing_se : how many, and the standard error of that number
    p : for ``R0``, p of none missing; None for ``L0``
    pooled : pool with the invented studies
    filled_yi, filled_vi : the invented studies
    """

    estimator: Literal["L0", "R0"]
    side: Literal["left", "right"]
    missing: int
    missing_se: float
    p: float | None
    pooled: Pooled
    filled_yi: Vector
    filled_vi: Vector


def trim_and_fill(
    effects: Effects,
    *,
    estimator: Literal["L0", "R0"] = "L0",
    side: Literal["left", "right", "auto"] = "auto",
    method: Method = "REML",
    interval: IntervalMethod = "wald",
    level: float = 0.95,
) -> TrimFill:
    """Trim the fuller side of the funnel until it is symmetric, then fill the other side with mirror images.

    Parameters
    ----------
    effects : three studies or more
    estimator : of the number of missing studies
    side : where studies are missing; ``auto`` takes the side opposite to where small studies lie
    method, interval, level : see :func:`pool`; the same method trims

    Raises
    ------
    CannotTell : ``too-few-studies``; ``not-settled`` when trimming goes round in circles
    UsageError : ``unknown-option``

    Source: Duval and Tweedie, Biometrics 2000;56:455 and J Am Stat Assoc 2000;95:89.
    """
    chosen(estimator, ("L0", "R0"), "estimator")
    chosen(side, ("left", "right", "auto"), "side")
    if effects.k < 3:
        raise CannotTell("Fewer than three studies: there is no funnel.", code="too-few-studies")
    where = _side(effects, method) if side == "auto" else side
    sign = -1.0 if where == "right" else 1.0
    order = np.argsort(sign * effects.yi, kind="stable")
    y, v = sign * effects.yi[order], effects.vi[order]
    k0, exact, centre = _settle(y, v, estimator, method)
    k = effects.k
    fill_y = sign * (2.0 * centre - y[k - k0 :])
    fill_v = v[k - k0 :]
    whole = Effects(
        np.concatenate([effects.yi, fill_y]),
        np.concatenate([effects.vi, fill_v]),
        effects.measure,
        effects.labels + tuple(f"filled {i + 1}" for i in range(k0)),
        left_out=effects.left_out,
    )
    if estimator == "R0":
        se, p = math.sqrt(2.0 * k0 + 2.0), 0.5 ** (k0 + 1)
    else:
        x = max(exact, 0.0)
        grown = 10 * x**3 + 27 * x**2 + 17 * x - 18 * k * x**2 - 18 * k * x + 6 * k**2 * x
        variance = (k * (k + 1) * (2 * k + 1) + grown) / 24.0
        se, p = 4.0 * math.sqrt(max(variance, 0.0)) / (2 * k - 1), None
    pooled = pool(whole, method=method, interval=interval, level=level)
    return TrimFill(estimator, where, k0, se, p, pooled, fill_y, fill_v)


def _side(effects: Effects, method: Method) -> Literal["left", "right"]:
    """Missing on the left when effects grow with their standard error."""
    design = np.column_stack([np.ones(effects.k), np.sqrt(effects.vi)])
    if np.linalg.matrix_rank(design) < 2:
        raise CannotTell("All studies have one precision: no side can be told.", code="same-precision")
    tau2 = tau2_estimate(effects.yi, effects.vi, design, method)
    return "right" if fit_at(effects.yi, effects.vi, design, tau2).beta[1] < 0 else "left"


def _settle(y: Vector, v: Vector, estimator: Literal["L0", "R0"], method: Method) -> tuple[int, float, float]:
    """Number of studies to trim from the top of sorted ``y``, the same before rounding, and the centre of what remains."""
    k = len(y)
    k0 = 0
    for _ in range(MOST_ROUNDS):
        keep = k - k0
        design = np.ones((keep, 1))
        tau2 = tau2_estimate(y[:keep], v[:keep], design, method) if keep > 1 else 0.0
        centre = float(fit_at(y[:keep], v[:keep], design, tau2).beta[0])
        # equal distances stay equal, whatever the last bits of the centre are
        away = np.round((y - centre) / max(float(np.ptp(y)), 1e-300), 9)
        rank = np.empty(k)
        rank[np.argsort(np.abs(away), kind="stable")] = np.arange(1, k + 1)
        if estimator == "R0":
            below = rank[away < 0]
            found = k - (float(below.max()) if len(below) else 0.0) - 1.0
        else:
            found = (4.0 * float(rank[away > 0].sum()) - k * (k + 1)) / (2 * k - 1)
        new = min(max(0, round(found)), k - 1)
        if new == k0:
            return k0, found, centre
        k0 = new
    raise CannotTell("Trimming goes round in circles; there is no answer.", code="not-settled")
