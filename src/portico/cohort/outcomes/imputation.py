"""Multiple imputation by chained equations, and Rubin's rules.

>>> pooled = rubin([1.0, 1.2, 0.8], [0.04, 0.04, 0.04])
>>> round(pooled.estimate, 3), round(pooled.se ** 2, 4)
(1.0, 0.0933)

Unknown is never filled once: each copy draws model and value anew, so that the spread between copies shows what is not
known. Give the outcome as columns too (the event and its cumulative hazard at the row's time, White & Royston 2009,
doi:10.1002/sim.3618). Valid when what is missing depends on what is recorded (missing at random); the data cannot prove that.
Source: Rubin 1987; Barnard & Rubin 1999, doi:10.1093/biomet/86.4.948; van Buuren 2018.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit
from scipy.stats import t as student

from portico.cohort.outcomes.events import Vector, numbers
from portico.cohort.outcomes.logistic import logistic
from portico.errors import CannotTell, InputRefused

__all__ = ["ColumnKind", "PooledEstimate", "imputations", "rubin"]

ColumnKind = Literal["number", "yes_no"]


@dataclass(frozen=True, slots=True)
class PooledEstimate:
    """Pooled over ``copies``: estimate, standard error, degrees of freedom, interval, and the share of the variance that is
    due to what is missing."""

    estimate: float
    se: float
    df: float
    lo: float
    hi: float
    missing_share: float
    copies: int


def rubin(
    estimates: ArrayLike | Sequence[float],
    variances: ArrayLike | Sequence[float],
    *,
    complete_df: float | None = None,
    level: float = 0.95,
) -> PooledEstimate:
    """Pool one figure over the copies.

    Parameters
    ----------
    estimates, variances : (m,) from each completed copy, on a scale where normal theory holds (log ratios)
    complete_df : degrees of freedom had nothing been missing; unlimited when left out

    Raises
    ------
    CannotTell : ``too-few-copies``
    InputRefused : ``lengths-differ``, ``not-positive``
    """
    values, within = numbers(estimates, "estimates"), numbers(variances, "variances")
    if len(values) != len(within):
        raise InputRefused("estimates and variances are of unequal length.", code="lengths-differ")
    if (within <= 0).any():
        raise InputRefused("A variance must be above zero.", code="not-positive", path="variances")
    m = len(values)
    if m < 2:
        raise CannotTell(
            "One copy shows no spread.", code="too-few-copies", fix="Impute at least twice, better 20 times."
        )
    inner, between = float(within.mean()), float(values.var(ddof=1))
    total = inner + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    df = (m - 1) / share**2 if share > 0 else np.inf
    if complete_df is not None:
        observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
        df = observed if np.isinf(df) else df * observed / (df + observed)
    half = float(student.ppf(0.5 + level / 2, df)) * float(np.sqrt(total))
    estimate = float(values.mean())
    return PooledEstimate(estimate, float(np.sqrt(total)), float(df), estimate - half, estimate + half, share, m)


def imputations(
    columns: ArrayLike, kinds: Sequence[ColumnKind], *, copies: int = 20, rounds: int = 10, seed: int
) -> Iterator[Vector]:
    """Completed copies of a table; NaN marks what is unknown.

    Parameters
    ----------
    columns : (n, p) everything the later analysis uses, its outcome included
    kinds : (p,) ``"number"`` or ``"yes_no"`` (0 or 1)
    copies : at least two
    rounds : passes over the columns before a copy is taken
    seed : of the generator; the same seed gives the same copies

    Raises
    ------
    InputRefused : ``not-a-list``, ``not-zero-or-one``, ``lengths-differ``
    CannotTell : ``nothing-known`` for a column without a single value; ``collinear``, ``separated``
    """
    table = np.asarray(columns, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(kinds):
        raise InputRefused("kinds do not fit the columns.", code="lengths-differ", path="kinds")
    hidden = np.isnan(table)
    for place, kind in enumerate(kinds):
        known = table[~hidden[:, place], place]
        if not len(known):
            raise CannotTell("A column is unknown throughout.", code="nothing-known", path=f"columns[{place}]")
        if kind == "yes_no" and not np.isin(known, (0.0, 1.0)).all():
            raise InputRefused("A yes_no column must be 0 or 1.", code="not-zero-or-one", path=f"columns[{place}]")
    return _copies(table, hidden, list(kinds), copies, rounds, np.random.default_rng(seed))


def _copies(
    table: Vector, hidden: Vector, kinds: list[ColumnKind], copies: int, rounds: int, draw: np.random.Generator
) -> Iterator[Vector]:
    gaps = sorted(np.flatnonzero(hidden.any(axis=0)), key=lambda place: int(hidden[:, place].sum()))
    for _ in range(copies):
        filled = table.copy()
        for place in gaps:
            known = table[hidden[:, place] == 0, place]
            filled[hidden[:, place] != 0, place] = draw.choice(known, int(hidden[:, place].sum()))
        for _ in range(rounds):
            for place in gaps:
                missing = hidden[:, place] != 0
                others = np.delete(filled, place, axis=1)
                spread = others.std(axis=0)
                others = (others - others.mean(axis=0))[:, spread > 0] / spread[spread > 0]
                fill = _yes_no if kinds[place] == "yes_no" else _number
                filled[missing, place] = fill(others, table[:, place], missing, draw)
        yield filled


def _number(x: Vector, y: Vector, missing: Vector, draw: np.random.Generator) -> Vector:
    """Draw variance and coefficients from their posterior, then values (Bayesian normal regression)."""
    design = np.column_stack([np.ones(len(x)), x])
    known = design[~missing.astype(bool)]
    inverse = np.linalg.pinv(known.T @ known)
    beta = inverse @ (known.T @ y[~missing.astype(bool)])
    left = y[~missing.astype(bool)] - known @ beta
    free = max(len(known) - design.shape[1], 1)
    sigma = float(np.sqrt(left @ left / draw.chisquare(free)))
    drawn = draw.multivariate_normal(beta, sigma**2 * (inverse + inverse.T) / 2)
    return np.asarray(design[missing.astype(bool)] @ drawn + sigma * draw.normal(size=int(missing.sum())))


def _yes_no(x: Vector, y: Vector, missing: Vector, draw: np.random.Generator) -> Vector:
    """Draw coefficients from the normal approximation of their posterior, then answers."""
    shown = ~missing.astype(bool)
    fit = logistic(x[shown], y[shown])
    beta = draw.multivariate_normal(fit.coefficients, fit.information_covariance)
    chance = expit(beta[0] + x[~shown] @ beta[1:])
    return np.asarray((draw.random(int((~shown).sum())) < chance).astype(np.float64))
