"""Do small studies show other effects than large ones: Egger's regression in its variants, Begg's rank test.

Asymmetry has other causes than publication bias, and with fewer than ten studies these tests see little. For
proportions and odds ratios the variance depends on the effect itself, so that the classical test finds asymmetry where
there is none; take ``inverse sample size`` there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from portico.errors import CannotTell, InputRefused
from portico.synthesis.effects import Effects
from portico.synthesis.heterogeneity import Bounds, Method
from portico.synthesis.inference import Reference
from portico.synthesis.inputs import Vector, chosen
from portico.synthesis.meta_regression import INTERCEPT, meta_regression
from portico.synthesis.weighted import fit_at

__all__ = ["PREDICTORS", "EggerTest", "Predictor", "RankTest", "begg_rank_test", "egger_test"]

Predictor = Literal["sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv"]

PREDICTORS: Final[dict[Predictor, str]] = {
    "sei": "standard error",
    "vi": "sampling variance",
    "ni": "sample size",
    "ninv": "inverse sample size",
    "sqrtni": "square root of the sample size",
    "sqrtninv": "inverse square root of the sample size",
}
"""Named as in metafor."""


@dataclass(frozen=True, slots=True)
class EggerTest:
    """Regression test of funnel asymmetry.

    Parameters
    ----------
    model : in words
    predictor : see :data:`PREDICTORS`
    slope, statistic, df, p : coefficient of the predictor, its statistic, degrees of freedom of t (None: normal), p
    limit : effect in an infinitely large study with its interval; None for predictors that grow with size
    limit_estimate : that effect; None likewise
    k : studies
    """

    model: str
    predictor: Predictor
    slope: float
    statistic: float
    df: int | None
    p: float
    limit: Bounds | None
    limit_estimate: float | None
    k: int


def egger_test(
    effects: Effects,
    *,
    model: Literal["multiplicative", "mixed-effects"] = "multiplicative",
    predictor: Predictor = "sei",
    method: Method = "REML",
    level: float = 0.95,
) -> EggerTest:
    """Regress the effects on a measure of their precision.

    Parameters
    ----------
    effects : three studies or more
    model : ``multiplicative``: weighted regression with a factor on the variances (Egger's own test), t with k - 2
        degrees of freedom; ``mixed-effects``: meta-regression with τ², normal
    predictor : see :data:`PREDICTORS`
    method : estimator of τ², for ``mixed-effects``
    level : of the interval of the limit

    Raises
    ------
    CannotTell : ``too-few-studies``, ``same-precision`` (the predictor does not vary)
    InputRefused : ``no-sample-size``
    UsageError : ``unknown-option``

    Source: Egger et al., BMJ 1997;315:629; Sterne and Egger, in Publication Bias in Meta-Analysis 2005.
    """
    chosen(model, ("multiplicative", "mixed-effects"), "model")
    column = _predictor(effects, predictor)
    if effects.k < 3:
        raise CannotTell("Fewer than three studies: there is no asymmetry to test.", code="too-few-studies")
    if np.ptp(column) <= 1e-12 * np.abs(column).max():
        raise CannotTell("All studies have one precision: asymmetry cannot be seen.", code="same-precision")
    told = predictor not in ("ni", "sqrtni")
    if model == "mixed-effects":
        fit = meta_regression(effects, {predictor: column}, method=method, interval="wald", level=level)
        slope, limit = fit[predictor], fit[INTERCEPT]
        return EggerTest(
            fit.said,
            predictor,
            slope.estimate,
            slope.statistic,
            None,
            slope.p,
            limit.bounds if told else None,
            limit.estimate if told else None,
            effects.k,
        )
    design = np.column_stack([np.ones(effects.k), column])
    line = fit_at(effects.yi, effects.vi, design, 0.0)
    df = effects.k - 2
    spread = np.sqrt(np.diag(line.covariance) * line.rss / df)
    reference = Reference(df)
    statistic = float(line.beta[1] / spread[1]) if spread[1] > 0 else 0.0
    end, half = float(line.beta[0]), reference.quantile(level) * float(spread[0])
    return EggerTest(
        "weighted regression with multiplicative dispersion",
        predictor,
        float(line.beta[1]),
        statistic,
        df,
        reference.two_sided_p(statistic),
        Bounds(end - half, end + half, level, f"t, {df} df") if told else None,
        end if told else None,
        effects.k,
    )


def _predictor(effects: Effects, predictor: Predictor) -> Vector:
    chosen(predictor, PREDICTORS, "predictor")
    if predictor == "sei":
        return np.sqrt(effects.vi)
    if predictor == "vi":
        return effects.vi
    if effects.n is None:
        raise InputRefused("This predictor needs sample sizes.", code="no-sample-size", path="n")
    return {
        "ni": effects.n,
        "ninv": 1.0 / effects.n,
        "sqrtni": np.sqrt(effects.n),
        "sqrtninv": effects.n**-0.5,
    }[predictor]


@dataclass(frozen=True, slots=True)
class RankTest:
    """Rank correlation of standardised effects with their variances.

    Parameters
    ----------
    tau : Kendall's tau (b where there are ties)
    p : two-sided
    exact : whether ``p`` counts permutations; False: normal approximation with ties
    k : studies
    """

    tau: float
    p: float
    exact: bool
    k: int


def begg_rank_test(effects: Effects) -> RankTest:
    """Begg and Mazumdar's rank test.

    Parameters
    ----------
    effects : three studies or more

    Raises
    ------
    CannotTell : ``too-few-studies``, ``same-precision``

    Source: Begg and Mazumdar, Biometrics 1994;50:1088.
    """
    if effects.k < 3:
        raise CannotTell("Fewer than three studies: there is no asymmetry to test.", code="too-few-studies")
    if np.ptp(effects.vi) == 0:
        raise CannotTell("All studies have one precision: asymmetry cannot be seen.", code="same-precision")
    w = 1.0 / effects.vi
    mean = float(w @ effects.yi / w.sum())
    spread = effects.vi - 1.0 / w.sum()
    return kendall((effects.yi - mean) / np.sqrt(spread), effects.vi)


MOST_EXACT = 50
"""From this many studies on the normal approximation is used, as R does."""


def kendall(x: Vector, y: Vector) -> RankTest:
    """Kendall's tau-b with its two-sided p: exact without ties below fifty pairs."""
    k = len(x)
    upper = np.triu_indices(k, 1)
    agree = np.sign(x[upper[0]] - x[upper[1]]) * np.sign(y[upper[0]] - y[upper[1]])
    s = float(agree.sum())
    pairs = k * (k - 1) / 2
    ties_x, ties_y = _tied(x), _tied(y)
    whole = math.sqrt((pairs - (ties_x * (ties_x - 1)).sum() / 2) * (pairs - (ties_y * (ties_y - 1)).sum() / 2))
    tau = s / whole if whole else 0.0
    exact = len(ties_x) == k and len(ties_y) == k and k < MOST_EXACT
    if exact:
        return RankTest(tau, _exact_p(k, round((s + pairs) / 2)), True, k)

    def both(power: int) -> float:
        steps = [np.prod([t - i for i in range(power)], axis=0).sum() for t in (ties_x, ties_y)]
        return float(steps[0] * steps[1])

    v0 = k * (k - 1) * (2 * k + 5)
    vt, vu = ((t * (t - 1) * (2 * t + 5)).sum() for t in (ties_x, ties_y))
    variance = (v0 - vt - vu) / 18 + both(2) / (2 * k * (k - 1)) + both(3) / (9 * k * (k - 1) * (k - 2))
    return RankTest(tau, Reference(None).two_sided_p(s / math.sqrt(variance)) if variance > 0 else 1.0, False, k)


def _tied(x: Vector) -> Vector:
    return np.unique(x, return_counts=True)[1].astype(np.float64)


def _exact_p(k: int, concordant: int) -> float:
    """Two-sided p of a number of concordant pairs: counts permutations by their inversions."""
    ways = np.array([1.0])
    for i in range(2, k + 1):
        ways = np.convolve(ways, np.ones(i)) / i
    lower = min(concordant, len(ways) - 1 - concordant)
    return min(1.0, 2.0 * float(ways[: lower + 1].sum()))
