"""Pooling counts of two arms without weights from each study's variance: Mantel–Haenszel and Peto.

Both stay steady where events are rare: no constant is added, and a study with an empty cell takes part as it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import chdtrc

from portico.errors import CannotTell
from portico.synthesis.effects import LeftOut, Measure
from portico.synthesis.heterogeneity import Bounds
from portico.synthesis.inference import Reference
from portico.synthesis.inputs import Vector, chosen
from portico.synthesis.two_by_two import NO_EVENTS, TwoByTwo, o_minus_e, table_effects

__all__ = ["PooledTables", "mantel_haenszel", "peto"]


@dataclass(frozen=True, slots=True, eq=False)
class PooledTables:
    """A common effect from tables.

    Parameters
    ----------
    measure : ``OR``, ``RR``, ``RD`` or ``PETO``
    method : in words
    k : studies that take part
    estimate, se, bounds : logarithm of the ratio, or the difference, with a Wald interval
    p : two-sided
    q, q_df, q_p : heterogeneity of the studies' own effects about the estimate; None with a single study
    weights : (k,) percent
    left_out : studies without information
    """

    measure: Measure
    method: str
    k: int
    estimate: float
    se: float
    bounds: Bounds
    p: float
    q: float | None
    q_df: int | None
    q_p: float | None
    weights: Vector
    left_out: tuple[LeftOut, ...]


def mantel_haenszel(
    tables: TwoByTwo, *, measure: Literal["OR", "RR", "RD"] = "OR", level: float = 0.95
) -> PooledTables:
    """Mantel–Haenszel odds ratio, risk ratio or risk difference.

    Parameters
    ----------
    tables : counts, uncorrected
    measure : the ratios are given as logarithms
    level : of the interval

    Raises
    ------
    CannotTell : ``too-few-studies`` with fewer than two; ``no-events`` when an arm, over all studies, has no event
    UsageError : ``unknown-option``

    Source: variances of Robins, Breslow, Greenland 1986 (OR), Greenland and Robins 1985 (RR), Sato 1989 (RD).
    """
    chosen(measure, ("OR", "RR", "RD"), "measure")
    _enough(tables)
    inside = np.ones(tables.k, dtype=bool) if measure == "RD" else tables.informative > 0
    used = tables.take(inside)
    left = tuple(LeftOut(name, NO_EVENTS) for name, ok in zip(tables.labels, inside, strict=True) if not ok)
    a, b, c, d, n = used.first, used.first_without, used.second, used.second_without, used.n
    n1, n2 = used.first_n, used.second_n
    if measure == "OR":
        up, down = a * d / n, b * c / n
        _events(float(up.sum()), float(down.sum()))
        estimate = math.log(up.sum() / down.sum())
        same, cross = (a + d) / n, (b + c) / n
        variance = 0.5 * (
            (same * up).sum() / up.sum() ** 2
            + ((same * down).sum() + (cross * up).sum()) / (up.sum() * down.sum())
            + (cross * down).sum() / down.sum() ** 2
        )
        weights = down
    elif measure == "RR":
        up, down = a * n2 / n, c * n1 / n
        _events(float(up.sum()), float(down.sum()))
        estimate = math.log(up.sum() / down.sum())
        variance = ((n1 * n2 * (a + c) - a * c * n) / n**2).sum() / (up.sum() * down.sum())
        weights = down
    else:
        weights = n1 * n2 / n
        estimate = float((a * n2 / n - c * n1 / n).sum() / weights.sum())
        left_part = c * (n1 / n) ** 2 - a * (n2 / n) ** 2 + n1 * n2 * (n2 - n1) / (2.0 * n**2)
        right_part = (a * (n2 - c) + c * (n1 - a)) / (2.0 * n)
        variance = (estimate * left_part.sum() + right_part.sum()) / weights.sum() ** 2
    own = table_effects(used, measure=measure)
    q = float((1.0 / own.vi) @ (own.yi - estimate) ** 2)
    return _result(
        measure, "Mantel–Haenszel, common effect", used.k, estimate, math.sqrt(variance), level, q, weights, left
    )


def peto(tables: TwoByTwo, *, level: float = 0.95) -> PooledTables:
    """Peto's odds ratio: sum of observed minus expected over the sum of variances.

    It is biased where the effect is strong or the arms of a study are of very unequal size.

    Parameters
    ----------
    tables : counts, uncorrected
    level : of the interval

    Raises
    ------
    CannotTell : ``too-few-studies``, ``no-events``

    Source: Yusuf, Peto et al., Prog Cardiovasc Dis 1985;27:335.
    """
    _enough(tables)
    inside = tables.informative > 0
    if not inside.any():
        _events(0.0, 0.0)
    used = tables.take(inside)
    left = tuple(LeftOut(name, NO_EVENTS) for name, ok in zip(tables.labels, inside, strict=True) if not ok)
    excess, variance = o_minus_e(used)
    estimate = float(excess.sum() / variance.sum())
    q = float(variance @ (excess / variance - estimate) ** 2)
    se = float(variance.sum() ** -0.5)
    return _result("PETO", "Peto, common effect", used.k, estimate, se, level, q, variance, left)


def _enough(tables: TwoByTwo) -> None:
    if tables.k < 2:
        raise CannotTell("One study, or none, cannot be pooled.", code="too-few-studies")


def _events(up: float, down: float) -> None:
    if not (up > 0 and down > 0):
        raise CannotTell("An arm has no event in any study: the ratio is not defined.", code="no-events")


def _result(
    measure: Measure,
    method: str,
    k: int,
    estimate: float,
    se: float,
    level: float,
    q: float,
    weights: Vector,
    left: tuple[LeftOut, ...],
) -> PooledTables:
    normal = Reference(None)
    half = normal.quantile(level) * se
    df = k - 1
    return PooledTables(
        measure,
        method,
        k,
        estimate,
        se,
        Bounds(estimate - half, estimate + half, level, "Wald (normal)"),
        normal.two_sided_p(estimate / se) if se > 0 else 1.0,
        q if df else None,
        df or None,
        float(chdtrc(df, q)) if df else None,
        100.0 * weights / weights.sum(),
        left,
    )
