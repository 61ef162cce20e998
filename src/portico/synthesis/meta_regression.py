"""Effects against features of the studies: mixed-effects meta-regression.

A slope over studies is no slope over patients, and with few studies almost any feature fits: about ten studies for
each moderator is the usual advice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, fdtrc

from portico.errors import CannotTell, InputRefused, UsageError
from portico.synthesis.effects import Effects
from portico.synthesis.heterogeneity import (
    METHODS,
    Bounds,
    Method,
    i2_h2,
    q_i2_h2,
    q_test,
    tau2_estimate,
    tau2_interval,
)
from portico.synthesis.inference import (
    INTERVALS,
    IntervalMethod,
    Reference,
    covariance_of,
    ratio,
    standard_errors,
)
from portico.synthesis.inputs import same_length, vector
from portico.synthesis.weighted import Matrix, fit_at

__all__ = ["Coefficient", "MetaRegression", "meta_regression"]

INTERCEPT = "intercept"


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient.

    Parameters
    ----------
    name : moderator, or ``intercept``
    estimate, se : per unit of the moderator, on the scale of the effects
    statistic, p : estimate over standard error, two-sided p
    bounds : interval
    """

    name: str
    estimate: float
    se: float
    statistic: float
    p: float
    bounds: Bounds


@dataclass(frozen=True, slots=True, eq=False)
class MetaRegression:
    """Result of a meta-regression.

    Parameters
    ----------
    method, interval : see :data:`METHODS` and :data:`INTERVALS`
    k : studies
    coefficients : the intercept first when there is one
    covariance : (p, p) of the coefficients
    df : degrees of freedom of t; None for Wald
    tau2, tau2_bounds : variance between studies that the moderators do not explain, and its Q-profile interval
    i2, h2 : of that residual heterogeneity, I² in percent
    qm, qm_df, qm_p : test of all moderators together: chi-squared for Wald, F with ``qm_df`` over ``df`` otherwise
    qe, qe_df, qe_p : test of residual heterogeneity
    r2 : percent of τ² that the moderators explain; None when there was none to explain
    """

    method: Method
    interval: IntervalMethod
    k: int
    coefficients: tuple[Coefficient, ...]
    covariance: Matrix
    df: int | None
    tau2: float
    tau2_bounds: Bounds | None
    i2: float
    h2: float
    qm: float
    qm_df: int
    qm_p: float
    qe: float
    qe_df: int
    qe_p: float
    r2: float | None

    def __getitem__(self, name: str) -> Coefficient:
        """The coefficient of that name. Raises KeyError."""
        return {c.name: c for c in self.coefficients}[name]

    @property
    def said(self) -> str:
        """Model and interval in one line."""
        level = self.coefficients[0].bounds.level
        return f"{METHODS[self.method]}, with moderators; {INTERVALS[self.interval]} {100 * level:g} % interval"

    def predict(self, values: Mapping[str, float]) -> tuple[Bounds, Bounds | None, float]:
        """Mean effect at the given moderators: its interval, the prediction interval (None for ``common``), the mean.

        Parameters
        ----------
        values : one number for each moderator

        Raises
        ------
        InputRefused : ``moderators-differ``
        """
        named = [c.name for c in self.coefficients if c.name != INTERCEPT]
        if set(named) != set(values):
            raise InputRefused(f"Values are needed for: {', '.join(named)}.", code="moderators-differ")
        row = np.array([1.0 if c.name == INTERCEPT else float(values[c.name]) for c in self.coefficients])
        mean = float(row @ [c.estimate for c in self.coefficients])
        variance = float(row @ self.covariance @ row)
        level = self.coefficients[0].bounds.level
        times = Reference(self.df).quantile(level)
        near, far = times * math.sqrt(variance), times * math.sqrt(variance + self.tau2)
        name = INTERVALS[self.interval]
        new = None if self.method == "common" else Bounds(mean - far, mean + far, level, f"prediction, {name}")
        return Bounds(mean - near, mean + near, level, name), new, mean


def meta_regression(
    effects: Effects,
    moderators: Mapping[str, ArrayLike],
    *,
    method: Method = "REML",
    interval: IntervalMethod = "knapp-hartung",
    level: float = 0.95,
    intercept: bool = True,
) -> MetaRegression:
    """Regress effects on moderators.

    Parameters
    ----------
    effects : see :class:`Effects`
    moderators : (k,) numbers by name; a study whose value is unknown must be left out by the caller, who says so
    method, interval, level : see :func:`pool`
    intercept : False for one coefficient a group

    Raises
    ------
    CannotTell : ``too-few-studies``: no more studies than coefficients
    InputRefused : ``collinear``, ``no-moderator``, ``lengths-differ``, ``not-finite``
    UsageError : ``unknown-option``, ``option-conflict``

    Source: Knapp and Hartung, Stat Med 2003;22:2693; R²: Raudenbush 2009, Handbook of Research Synthesis.
    """
    if not moderators:
        raise InputRefused("There is no moderator.", code="no-moderator", path="moderators")
    if method == "common" and interval != "wald":
        raise UsageError("The common-effect model has a Wald interval only.", code="option-conflict", path="interval")
    columns = {name: vector(values, name) for name, values in moderators.items()}
    same_length(yi=effects.yi, **columns)
    called = ([INTERCEPT] if intercept else []) + list(columns)
    design = np.column_stack(([np.ones(effects.k)] if intercept else []) + list(columns.values()))
    k, p = design.shape
    if k <= p:
        raise CannotTell(f"{k} studies are too few for {p} coefficients.", code="too-few-studies")
    if np.linalg.matrix_rank(design / np.maximum(np.abs(design).max(0), 1e-300)) < p:
        raise InputRefused("A moderator follows from the others.", code="collinear", path="moderators")
    y, v = effects.yi, effects.vi
    tau2 = tau2_estimate(y, v, design, method)
    fit = fit_at(y, v, design, tau2)
    covariance, reference, _ = covariance_of(fit, k, interval)
    qe = q_test(y, v, design)
    tested = slice(1, None) if intercept else slice(None)
    beta = fit.beta[tested]
    m = len(beta)
    qm = float(beta @ np.linalg.solve(covariance[tested, tested], beta))
    if reference.df is None:
        qm_p = float(chdtrc(m, qm))
    else:
        qm /= m
        qm_p = float(fdtrc(m, reference.df, qm))
    i2, h2 = q_i2_h2(qe) if method == "common" else i2_h2(tau2, v, design)
    return MetaRegression(
        method=method,
        interval=interval,
        k=k,
        coefficients=_coefficients(called, fit.beta, covariance, reference, interval, level),
        covariance=covariance,
        df=reference.df,
        tau2=tau2,
        tau2_bounds=tau2_interval(y, v, design, level),
        i2=i2,
        h2=h2,
        qm=qm,
        qm_df=m,
        qm_p=qm_p,
        qe=qe.q,
        qe_df=qe.df,
        qe_p=qe.p,
        r2=_explained(effects, tau2, method) if intercept else None,
    )


def _explained(effects: Effects, tau2: float, method: Method) -> float | None:
    before = tau2_estimate(effects.yi, effects.vi, np.ones((effects.k, 1)), method)
    return max(0.0, 100.0 * (before - tau2) / before) if before > 0 else None


def _coefficients(
    called: list[str],
    beta: Matrix,
    covariance: Matrix,
    reference: Reference,
    interval: IntervalMethod,
    level: float,
) -> tuple[Coefficient, ...]:
    times = reference.quantile(level)
    found = []
    for name, value, se in zip(called, beta, standard_errors(covariance), strict=True):
        estimate, spread = float(value), float(se)
        statistic = ratio(estimate, spread)
        bounds = Bounds(estimate - times * spread, estimate + times * spread, level, INTERVALS[interval])
        found.append(Coefficient(name, estimate, spread, statistic, reference.two_sided_p(statistic), bounds))
    return tuple(found)
