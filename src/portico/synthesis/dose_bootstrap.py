"""Bootstrap band of a dose-response curve: thousands of refits of the mixed model at once.

Two kinds, named in the band. ``parametric`` draws study effects and counts from the fitted model; it keeps the doses
and sizes and needs the model to be right. ``studies`` draws whole studies with replacement; it trusts the model less
and needs more studies. Draws depend on the seed only, never on the number of threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from portico.errors import CannotTell, InputRefused
from portico.synthesis.dose_response import Band, DoseResponse, fit_curve, on_scale, unit_of
from portico.synthesis.heterogeneity import Bounds
from portico.synthesis.inputs import Mask, Vector, chosen, probability
from portico.synthesis.mixed_fit import NODES, climb, hermite
from portico.synthesis.mixed_likelihood import MixedData, Tensor
from portico.synthesis.outcome_families import Binomial

__all__ = ["BOOTSTRAPS", "Bootstrap", "DoseBootstrap", "bootstrap_band"]

Bootstrap = Literal["parametric", "studies"]

BOOTSTRAPS: Final[dict[Bootstrap, str]] = {
    "parametric": "study effects and counts drawn from the fitted model",
    "studies": "whole studies drawn with replacement",
}

BLOCK = 250
"""Replicates worked on together: few enough for the cache of one core."""

QUADRATURE = 7
"""Nodes a study in a refit; the fit itself uses more."""

GAIN = 1e-5
"""Log-likelihood still to be gained when a replicate counts as fitted: far below what moves a percentile."""

MOST_UNFITTED = 0.05
"""Share of replicates without a fit beyond which there is no band."""

LEAST = 200
"""Fewer replicates cannot hold a percentile of a usual level."""

TAU_START = 0.3
"""Standard deviation between studies from which refits begin where the fit itself found less."""


@dataclass(frozen=True, slots=True, eq=False)
class DoseBootstrap:
    """Percentile band and what it rests on.

    Parameters
    ----------
    band : probability in a typical study with percentiles of the refits
    slope : percentile interval of the slope, on the scale of :class:`DoseResponse`
    tau : percentile interval of the standard deviation between studies
    kind, seed, replicates : how it was drawn
    unfitted : replicates that were left out: all their studies had one dose, or no summit was reached
    """

    band: Band
    slope: Bounds
    tau: Bounds
    kind: Bootstrap
    seed: int
    replicates: int
    unfitted: int


def bootstrap_band(
    curve: DoseResponse,
    dose: ArrayLike,
    *,
    kind: Bootstrap = "parametric",
    replicates: int = 10_000,
    seed: int = 1,
    level: float = 0.95,
    threads: int = 2,
) -> DoseBootstrap:
    """Refit the curve to replicates of its data and take percentiles.

    Threads are used because the work is done inside numpy, which lets them run side by side; starting processes would
    cost more than the work.

    Parameters
    ----------
    curve : from :func:`dose_response`
    dose : (g,) in Gy, within the range of the studies
    kind : see :data:`BOOTSTRAPS`
    replicates : 200 or more
    seed : whole number, zero or more; one seed gives one band
    level : at each dose by itself
    threads : at work side by side, one or more

    Raises
    ------
    CannotTell : ``model-out-of-range``; ``bootstrap-unstable`` when more than one in twenty replicates have no fit
    InputRefused : ``too-few-replicates``, ``bad-count``, ``not-a-probability``
    UsageError : ``unknown-option``

    Source: Efron and Tibshirani, An Introduction to the Bootstrap 1993; van der Leeden et al., Handbook of Multilevel
    Analysis 2008, chapter 11.
    """
    chosen(kind, BOOTSTRAPS, "kind")
    probability(level, "level")
    if replicates < LEAST:
        raise InputRefused(f"{LEAST} replicates at least.", code="too-few-replicates", path="replicates")
    if seed < 0 or threads < 1:
        raise InputRefused("The seed must not be negative, and one thread is needed.", code="bad-count")
    near = curve.band(dose, level=level)
    arms, scale = curve.arms, curve.scale
    fit, data, centre = fit_curve(arms, scale, NODES)
    start = np.array([*fit.beta, max(fit.tau, TAU_START)])
    sizes = [min(BLOCK, replicates - done) for done in range(0, replicates, BLOCK)]
    seeds = np.random.SeedSequence(seed).spawn(len(sizes))

    def refit(job: tuple[int, np.random.SeedSequence]) -> tuple[Tensor, Mask]:
        size, source = job
        generator = np.random.default_rng(source)
        if kind == "parametric":
            drawn, usable = _from_model(data, fit.beta, fit.tau, size, generator), np.ones(size, dtype=bool)
        else:
            drawn, usable = _from_studies(data, size, generator)
        psi, _, settled = climb(
            drawn,
            np.repeat(start[None], size, axis=0),
            nodes=hermite(QUADRATURE),
            rounds=60,
            tolerance=GAIN,
            mode_tolerance=1e-2,
        )
        return psi, settled & usable

    with ThreadPoolExecutor(threads) as workers:
        found = list(workers.map(refit, zip(sizes, seeds, strict=True)))
    psi = np.concatenate([part for part, _ in found])
    good = np.concatenate([part for _, part in found])
    unfitted = int((~good).sum())
    if unfitted > MOST_UNFITTED * replicates:
        raise CannotTell(
            f"{unfitted} of {replicates} replicates have no fit; the studies are too few for a band.",
            code="bootstrap-unstable",
        )
    psi = psi[good]
    unit = unit_of(arms, scale)
    tails = [50.0 * (1.0 - level), 50.0 * (1.0 + level)]
    column = (on_scale(near.dose, scale) - centre) / unit
    lo, hi = np.percentile(psi[:, :1] + psi[:, 1:2] * column, tails, axis=0)
    method = f"bootstrap percentiles, {BOOTSTRAPS[kind]}, {replicates} replicates"
    slope = np.percentile(psi[:, 1] / unit, tails)
    tau = np.percentile(np.abs(psi[:, 2]), tails)
    return DoseBootstrap(
        Band(near.dose, near.probability, expit(lo), expit(hi), level, method),
        Bounds(float(slope[0]), float(slope[1]), level, method),
        Bounds(float(tau[0]), float(tau[1]), level, method),
        kind,
        seed,
        replicates,
        unfitted,
    )


def _from_model(data: MixedData, beta: Vector, tau: float, size: int, generator: np.random.Generator) -> MixedData:
    effects = generator.standard_normal((size, len(data.starts)))
    share = expit(data.design @ beta + tau * effects[:, data.study])
    assert isinstance(data.family, Binomial)
    n = data.family.n
    x = generator.binomial(n.astype(np.int64), share).astype(np.float64)
    return replace(data, family=Binomial(x, n))


def _from_studies(data: MixedData, size: int, generator: np.random.Generator) -> tuple[MixedData, Mask]:
    """Weights of studies, and where at least two doses were drawn."""
    studies = len(data.starts)
    weights = generator.multinomial(studies, np.full(studies, 1.0 / studies), size).astype(np.float64)
    dose, inside = data.design[:, 1], weights[:, data.study] > 0
    low = np.where(inside, dose, np.inf).min(1)
    high = np.where(inside, dose, -np.inf).max(1)
    return replace(data, weights=weights), high > low
