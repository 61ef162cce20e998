"""Pooling counts with their own likelihood: binomial-normal and Poisson-normal models, one arm or two.

No constant is added to a zero and no variance is taken as known, which matters where events are rare or studies small.

>>> pooled = pool_proportions([2, 0, 5], [20, 15, 30])
>>> round(pooled.natural(pooled.estimate), 3)
0.108
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from portico.errors import CannotTell, InputRefused
from portico.synthesis.effects import LeftOut, Measure, names
from portico.synthesis.heterogeneity import Bounds
from portico.synthesis.inference import Reference
from portico.synthesis.inputs import Vector, chosen, counts, positive, same_length
from portico.synthesis.mixed_fit import NODES, MixedFit, fit_mixed
from portico.synthesis.mixed_likelihood import MixedData, Tensor
from portico.synthesis.outcome_families import Binomial, Family, Hypergeometric, Poisson
from portico.synthesis.scales import natural
from portico.synthesis.two_by_two import NO_EVENTS, TwoByTwo

__all__ = ["MixedPool", "pool_proportions", "pool_rate_ratios", "pool_rates", "pool_tables"]


@dataclass(frozen=True, slots=True)
class MixedPool:
    """A pooled logit, log rate, log odds ratio or log rate ratio.

    Parameters
    ----------
    measure : see :data:`portico.synthesis.MEASURES`
    method : model and estimation, in words
    k : studies
    estimate, se, bounds, p : mean of the random effects, Wald
    tau2 : variance between studies, maximum likelihood
    prediction : interval for a new study, normal; None for a common effect (``tau2`` zero by choice)
    lr_tau, lr_tau_p : likelihood-ratio statistic of no heterogeneity, and its p (half a chi-squared: τ² has an edge);
        None for a common effect
    log_likelihood : at the summit
    left_out : studies without information
    """

    measure: Measure
    method: str
    k: int
    estimate: float
    se: float
    bounds: Bounds
    p: float
    tau2: float
    prediction: Bounds | None
    lr_tau: float | None
    lr_tau_p: float | None
    log_likelihood: float
    left_out: tuple[LeftOut, ...] = ()

    def natural(self, y: float) -> float:
        """A value of this pool on the scale that people read."""
        return natural(y, self.measure)


def _pooled(
    measure: Measure,
    method: str,
    fit: MixedFit,
    k: int,
    level: float,
    *,
    common: bool = False,
    left_out: tuple[LeftOut, ...] = (),
) -> MixedPool:
    estimate, se = float(fit.beta[0]), math.sqrt(float(fit.covariance[0, 0]))
    normal = Reference(None)
    z = normal.quantile(level)
    far = z * math.sqrt(se**2 + fit.tau**2)
    prediction = None if common else Bounds(estimate - far, estimate + far, level, "prediction, normal")
    return MixedPool(
        measure,
        method,
        k,
        estimate,
        se,
        Bounds(estimate - z * se, estimate + z * se, level, "Wald (normal)"),
        normal.two_sided_p(estimate / se),
        fit.tau**2,
        prediction,
        None if common else fit.lr_tau,
        None if common else edge_p(fit.lr_tau),
        fit.height,
        left_out,
    )


def edge_p(statistic: float) -> float:
    """p of a likelihood-ratio statistic of τ = 0, which lies on the edge: half a chi-squared with one degree."""
    return 0.5 * float(chdtrc(1, statistic)) if statistic > 0 else 1.0


def one_row_a_study(family: Family, k: int, *, offset: Vector | None = None, design: Tensor | None = None) -> MixedData:
    """Data with a random intercept and one row a study."""
    return MixedData(
        family,
        np.ones((k, 1)) if design is None else design,
        np.ones(k),
        np.zeros(k) if offset is None else offset,
        np.arange(k),
    )


def _enough(k: int) -> None:
    if k < 2:
        raise CannotTell("One study, or none, cannot be pooled.", code="too-few-studies")


def pool_proportions(
    events: ArrayLike,
    n: ArrayLike,
    *,
    common: bool = False,
    level: float = 0.95,
    nodes: int = NODES,
) -> MixedPool:
    """Mixed logistic model with a random intercept (PLO), maximum likelihood.

    The estimate is the proportion in a typical study, not the mean over studies.

    Parameters
    ----------
    events, n : (k,) counts
    common : True for one proportion in all studies (τ = 0)
    level : of the intervals
    nodes : quadrature points a study

    Raises
    ------
    CannotTell : ``too-few-studies``; ``no-events`` when no study has an event, or none is without; ``no-maximum``
    InputRefused : ``bad-count``, ``events-exceed-people``, ``not-positive``, ``lengths-differ``

    Source: Stijnen, Hamza, Ozdemir, Stat Med 2010;29:3046, doi 10.1002/sim.4040.
    """
    x, size = checked_counts(events, n)
    k = len(x)
    _enough(k)
    share = x.sum() / size.sum()
    if share in (0.0, 1.0):
        raise CannotTell("All studies together have no event, or nothing but events.", code="no-events")
    start = np.array([math.log(share / (1.0 - share))])
    fit = fit_mixed(one_row_a_study(Binomial(x, size), k), start, nodes=nodes, random=not common)
    name = "binomial, common effect, maximum likelihood" if common else _named("binomial-normal", nodes)
    return _pooled("PLO", name, fit, k, level, common=common)


def _named(model: str, nodes: int) -> str:
    return f"{model}, maximum likelihood, {nodes} nodes"


def checked_counts(events: ArrayLike, n: ArrayLike) -> tuple[Vector, Vector]:
    """Events and people of one arm.

    Raises
    ------
    InputRefused : ``bad-count``, ``events-exceed-people``, ``not-positive``, ``lengths-differ``
    """
    x, size = counts(events, "events"), positive(counts(n, "n"), "n")
    same_length(events=x, n=size)
    if (x > size).any():
        place = int(np.flatnonzero(x > size)[0])
        raise InputRefused("More events than people.", code="events-exceed-people", path=f"events[{place}]")
    return x, size


def pool_rates(events: ArrayLike, time: ArrayLike, *, level: float = 0.95, nodes: int = NODES) -> MixedPool:
    """Mixed Poisson model with a random intercept (IRLN), maximum likelihood.

    Parameters
    ----------
    events : (k,) counts
    time : (k,) time at risk; the unit of the rate is one over its unit
    level, nodes : see :func:`pool_proportions`

    Raises
    ------
    CannotTell : ``too-few-studies``, ``no-events``, ``no-maximum``
    InputRefused : ``bad-count``, ``not-positive``, ``lengths-differ``
    """
    x, t = counts(events, "events"), positive(time, "time")
    k = same_length(events=x, time=t)
    _enough(k)
    if x.sum() == 0:
        raise CannotTell("No study has an event.", code="no-events")
    fit = fit_mixed(
        one_row_a_study(Poisson(x), k, offset=np.log(t)), np.array([math.log(x.sum() / t.sum())]), nodes=nodes
    )
    return _pooled("IRLN", _named("Poisson-normal", nodes), fit, k, level)


def pool_tables(
    tables: TwoByTwo,
    *,
    model: Literal["conditional", "study-effects"] = "conditional",
    level: float = 0.95,
    nodes: int = NODES,
) -> MixedPool:
    """Odds ratio with a random treatment effect, maximum likelihood.

    Parameters
    ----------
    tables : counts; studies without events, or with nothing else, in both arms carry no information and are left out
    model : ``conditional``: hypergeometric-normal, given the events of both arms; ``study-effects``: binomial with a
        fixed effect for each study and a random treatment effect split between the arms
    level, nodes : see :func:`pool_proportions`

    Raises
    ------
    CannotTell : ``too-few-studies``, ``no-events`` (an arm without any), ``no-maximum``
    UsageError : ``unknown-option``

    Source: Stijnen, Hamza, Ozdemir, Stat Med 2010;29:3046; Turner et al., Stat Med 2000;19:3417.
    """
    chosen(model, ("conditional", "study-effects"), "model")
    inside = tables.informative > 0
    left = tuple(LeftOut(name, NO_EVENTS) for name, ok in zip(tables.labels, inside, strict=True) if not ok)
    used = tables.take(inside)
    k = used.k
    _enough(k)
    if 0 in (used.first.sum(), used.second.sum(), used.first_without.sum(), used.second_without.sum()):
        raise CannotTell("An arm has no event, or nothing but events, in any study.", code="no-events")
    if model == "conditional":
        family = Hypergeometric(used.first, used.first_n, used.second_n, used.first + used.second)
        fit = fit_mixed(one_row_a_study(family, k), np.zeros(1), nodes=nodes)
        method = _named("hypergeometric-normal, conditional on the events of both arms", nodes)
    else:
        x, size = (
            np.column_stack([used.first, used.second]).ravel(),
            np.column_stack([used.first_n, used.second_n]).ravel(),
        )
        study = np.repeat(np.eye(k), 2, axis=0)
        arm = np.tile([1.0, 0.0], k)
        level_of = (used.first + used.second + 0.5) / (used.n + 1.0)
        data = MixedData(Binomial(x, size), np.column_stack([arm, study]), arm - 0.5, np.zeros(2 * k), 2 * np.arange(k))
        fit = fit_mixed(data, np.append(0.0, np.log(level_of / (1.0 - level_of))), nodes=nodes)
        method = _named("binomial-normal with fixed study effects", nodes)
    return _pooled("OR", method, fit, k, level, left_out=left)


def pool_rate_ratios(
    first_events: ArrayLike,
    first_time: ArrayLike,
    second_events: ArrayLike,
    second_time: ArrayLike,
    *,
    labels: Sequence[str] | None = None,
    level: float = 0.95,
    nodes: int = NODES,
) -> MixedPool:
    """Rate ratio with a random treatment effect, given the events of both arms (binomial), maximum likelihood.

    Parameters
    ----------
    first_events, first_time, second_events, second_time : (k,) counts and times at risk in one unit
    labels : study names
    level, nodes : see :func:`pool_proportions`

    Raises
    ------
    CannotTell : ``too-few-studies``, ``no-events``, ``no-maximum``
    InputRefused : ``bad-count``, ``not-positive``, ``lengths-differ``

    Source: Stijnen, Hamza, Ozdemir, Stat Med 2010;29:3046.
    """
    a, c = counts(first_events, "first_events"), counts(second_events, "second_events")
    t1, t2 = positive(first_time, "first_time"), positive(second_time, "second_time")
    k = same_length(first_events=a, first_time=t1, second_events=c, second_time=t2)
    called = names(labels, k)
    kept = np.flatnonzero(a + c > 0)
    left = tuple(LeftOut(called[i], "No event in either arm.") for i in range(k) if a[i] + c[i] == 0)
    _enough(len(kept))
    if a.sum() == 0 or c.sum() == 0:
        raise CannotTell("An arm has no event in any study.", code="no-events")
    offset = np.log(t1 / t2)[kept]
    data = one_row_a_study(Binomial(a[kept], (a + c)[kept]), len(kept), offset=offset)
    fit = fit_mixed(data, np.zeros(1), nodes=nodes)
    method = _named("binomial-normal, conditional on the events of both arms", nodes)
    return _pooled("IRR", method, fit, len(kept), level, left_out=left)
