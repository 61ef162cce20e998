"""One pooled effect with its interval, heterogeneity and prediction intervals; every method is named in the result.

>>> from portico.synthesis import Effects, pool
>>> pooled = pool(Effects.of([0.1, 0.5, 0.9], [0.04, 0.05, 0.04]), method="REML", interval="knapp-hartung")
>>> pooled.k, round(pooled.estimate, 3)
(3, 0.5)
>>> pooled.said
'random effects, restricted maximum likelihood; Knapp–Hartung (t) 95 % interval'
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from portico.errors import CannotTell, UsageError
from portico.synthesis.effects import Effects, LeftOut, Measure
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
from portico.synthesis.inputs import Vector, probability
from portico.synthesis.scales import natural, size_of_pool
from portico.synthesis.weighted import fit_at

__all__ = ["NaturalScale", "Pooled", "pool"]

HIGGINS = "prediction, t with k - 2 degrees of freedom (Higgins)"
AS_INTERVAL = "prediction, same distribution as the interval of the mean (metafor)"


@dataclass(frozen=True, slots=True)
class NaturalScale:
    """A pooled effect on the scale that people read.

    Parameters
    ----------
    estimate, lo, hi : ratio, proportion, rate or unchanged
    prediction_lo, prediction_hi : Higgins prediction interval; None where there is none
    n : sample size used to turn back the double arcsine; None for other measures
    """

    estimate: float
    lo: float
    hi: float
    prediction_lo: float | None
    prediction_hi: float | None
    n: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Result of pooling ``k`` studies, on the scale of ``measure``.

    Parameters
    ----------
    measure : see :data:`portico.synthesis.MEASURES`
    method, interval : see :data:`METHODS` and :data:`INTERVALS`
    k : studies
    estimate, se : pooled effect and its standard error (Knapp–Hartung's when that interval was asked for)
    bounds : interval of the mean
    statistic, df, p : estimate over standard error, degrees of freedom of t (None: normal), two-sided p
    tau2 : between-study variance; 0 for the common-effect model
    tau2_bounds : Q-profile interval; None when Q is too small for any τ²
    q, q_df, q_p : Cochran's Q
    i2, h2 : share in percent of the total variance that lies between studies, and total over sampling variance; for
        the common-effect model from Q (Higgins), else from τ²
    prediction : interval for the effect in a new study, t with k - 2 degrees of freedom; None with fewer than three
        studies or for the common-effect model, which has no such thing
    prediction_as_interval : the same by metafor's convention, with the distribution of ``interval``
    weights : (k,) percent
    labels : (k,) study names
    left_out : studies that could not be used, and why
    n : harmonic mean of the studies' sizes; None when unknown
    """

    measure: Measure
    method: Method
    interval: IntervalMethod
    k: int
    estimate: float
    se: float
    bounds: Bounds
    statistic: float
    df: int | None
    p: float
    tau2: float
    tau2_bounds: Bounds | None
    q: float
    q_df: int
    q_p: float
    i2: float
    h2: float
    prediction: Bounds | None
    prediction_as_interval: Bounds | None
    weights: Vector
    labels: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()
    n: float | None = None

    @property
    def said(self) -> str:
        """Model and interval in one line."""
        return f"{METHODS[self.method]}; {INTERVALS[self.interval]} {100 * self.bounds.level:g} % interval"

    @property
    def natural(self) -> NaturalScale:
        """The result on the scale that people read.

        Raises
        ------
        InputRefused : ``no-sample-size`` for the double arcsine without sizes
        """
        n = self.n if self.measure == "PFT" else None
        found = [natural(y, self.measure, n=n) for y in (self.estimate, self.bounds.lo, self.bounds.hi)]
        new = self.prediction
        ends = [None if new is None else natural(y, self.measure, n=n) for y in ((new.lo, new.hi) if new else (0, 0))]
        return NaturalScale(found[0], found[1], found[2], ends[0], ends[1], n)


def pool(
    effects: Effects,
    *,
    method: Method = "REML",
    interval: IntervalMethod = "knapp-hartung",
    level: float = 0.95,
) -> Pooled:
    """Pool the effects of two or more studies.

    Studies must not share patients; this function cannot see whether they do.

    Parameters
    ----------
    effects : see :class:`Effects`
    method : ``common`` or an estimator of τ², see :data:`METHODS`
    interval : see :data:`INTERVALS`; Knapp–Hartung belongs to random effects
    level : of all intervals

    Raises
    ------
    CannotTell : ``too-few-studies`` with fewer than two
    UsageError : ``unknown-option``; ``option-conflict`` for Knapp–Hartung with ``common``
    InputRefused : ``not-a-probability`` for the level

    Source: Higgins, Thompson, Spiegelhalter, J R Stat Soc A 2009;172:137 (prediction).
    """
    probability(level, "level")
    if effects.k < 2:
        raise CannotTell(
            "One study, or none, cannot be pooled.", code="too-few-studies", fix="Show the single study as it is."
        )
    if method == "common" and interval != "wald":
        raise UsageError("The common-effect model has a Wald interval only.", code="option-conflict", path="interval")
    y, v, k = effects.yi, effects.vi, effects.k
    design = np.ones((k, 1))
    tau2 = tau2_estimate(y, v, design, method)
    fit = fit_at(y, v, design, tau2)
    covariance, reference, _ = covariance_of(fit, k, interval)
    estimate, se = float(fit.beta[0]), float(standard_errors(covariance)[0])
    statistic = ratio(estimate, se)
    test = q_test(y, v, design)
    i2, h2 = q_i2_h2(test) if method == "common" else i2_h2(tau2, v, design)
    half = reference.quantile(level) * se
    return Pooled(
        measure=effects.measure,
        method=method,
        interval=interval,
        k=k,
        estimate=estimate,
        se=se,
        bounds=Bounds(estimate - half, estimate + half, level, INTERVALS[interval]),
        statistic=statistic,
        df=reference.df,
        p=reference.two_sided_p(statistic),
        tau2=tau2,
        tau2_bounds=tau2_interval(y, v, design, level),
        q=test.q,
        q_df=test.df,
        q_p=test.p,
        i2=i2,
        h2=h2,
        prediction=_predicted(estimate, se, tau2, Reference(k - 2), level, HIGGINS)
        if method != "common" and k > 2
        else None,
        prediction_as_interval=_predicted(estimate, se, tau2, reference, level, AS_INTERVAL)
        if method != "common"
        else None,
        weights=100.0 * fit.weights / fit.weights.sum(),
        labels=effects.labels,
        left_out=effects.left_out,
        n=size_of_pool(effects),
    )


def _predicted(estimate: float, se: float, tau2: float, reference: Reference, level: float, name: str) -> Bounds:
    half = reference.quantile(level) * math.sqrt(tau2 + se**2)
    return Bounds(estimate - half, estimate + half, level, name)
