"""How many more or fewer have the event by a time under one treatment than under the other, measured confounding removed.

>>> import numpy as np
>>> draw = np.random.default_rng(3)
>>> sick = draw.integers(0, 2, 2000)
>>> treated = draw.random(2000) < 0.3 + 0.4 * sick
>>> time = draw.exponential(1 / (0.02 + 0.04 * sick))
>>> effect = weighted_difference(time, np.ones(2000), treated, sick[:, None], names=["sick"], at=20.0)
>>> naive = np.mean(time[treated] <= 20) - np.mean(time[~treated] <= 20)
>>> bool(abs(effect.difference) < 0.08 < naive)
True

Weighted Aalen–Johansen curves in the two groups. The standard error is the sum of each row's influence, the estimation of
the weights counted (derivatives by central differences), patients summed first where they have several lesions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from portico.cohort.outcomes.coefficients import cluster_codes
from portico.cohort.outcomes.events import EventTimes, Mask, Vector, numbers
from portico.cohort.outcomes.weighting import Balance, WeightKind, propensity, score_at, weights_from
from portico.errors import CannotTell, InputRefused

__all__ = ["Difference", "weighted_difference"]

_STEP = 1e-5


@dataclass(frozen=True, slots=True)
class Difference:
    """Cumulative incidence at ``at``: with treatment, without, and their difference with interval; and who is spoken of."""

    at: float
    treated: float
    others: float
    difference: float
    se: float
    lo: float
    hi: float
    kind: str
    balance: tuple[Balance, ...]
    effective: tuple[float, float]


def weighted_difference(
    time: ArrayLike | Iterable[float],
    cause: ArrayLike | Iterable[int],
    treated: ArrayLike | Iterable[float],
    covariates: ArrayLike,
    *,
    names: Sequence[str],
    at: float,
    of: int = 1,
    kind: WeightKind = "overlap",
    cluster: Sequence[object] | ArrayLike | None = None,
    level: float = 0.95,
) -> Difference:
    """Estimate the difference.

    Parameters
    ----------
    time, cause : counted from a moment at which the treatment was already decided, else time is immortal: see
        :mod:`portico.cohort.outcomes.landmark`
    treated, covariates, names, kind : see :func:`portico.cohort.outcomes.weighting.propensity`
    at : horizon, in the unit of ``time``
    cluster : patients

    Raises
    ------
    CannotTell : ``beyond-follow-up``: in a group nobody was followed so long; ``no-events``; as :func:`propensity`
    InputRefused : ``lengths-differ``, and as :meth:`EventTimes.of`
    """
    events = EventTimes.of(time, cause)
    events.has(of)
    x, group = numbers(covariates, "covariates", columns=True), numbers(treated, "treated")
    if not len(x) == len(group) == events.n:
        raise InputRefused("Columns are of unequal length.", code="lengths-differ")
    order = events.order
    x, had = x[order], group[order] == 1
    model = propensity(group[order], x, names=names, kind=kind)
    codes = cluster_codes(cluster, events.n)
    for one in (had, ~had):
        if events.time[one].max() < at:
            raise CannotTell("In one group nobody was followed so long.", code="beyond-follow-up", path="at")

    def shares(weights: Vector, influence: bool = False) -> tuple[float, float, Vector]:
        found = [_curve(events, keep, weights, at, of, influence) for keep in (had, ~had)]
        return found[0][0], found[1][0], found[0][1] - found[1][1]

    treated_share, other_share, own = shares(model.weights, influence=True)
    beta = model.model.coefficients
    slope = np.empty(len(beta))
    for place in range(len(beta)):
        step = np.zeros(len(beta))
        step[place] = _STEP
        up, down = (shares(weights_from(score_at(beta + s, x), had, kind)) for s in (step, -step))
        slope[place] = ((up[0] - up[1]) - (down[0] - down[1])) / (2 * _STEP)
    influence = own + model.model.scores @ (model.model.information_covariance @ slope)
    if codes is not None:
        influence = np.asarray(np.bincount(codes[order], influence), dtype=np.float64)
    se = float(np.sqrt((influence**2).sum()))
    gap, half = treated_share - other_share, float(ndtri(0.5 + level / 2)) * se
    return Difference(
        at, treated_share, other_share, gap, se, gap - half, gap + half, kind, model.balance, model.effective
    )


def _curve(
    events: EventTimes, keep: Mask, weights: Vector, at: float, of: int, influence: bool
) -> tuple[float, Vector]:
    """Weighted incidence at ``at`` among some rows, and each row's influence on it."""
    weight = np.where(keep, weights, 0.0)
    time = events.time
    first = np.flatnonzero(np.concatenate([[True], time[1:] != time[:-1]]))
    slot = np.repeat(np.arange(len(first)), np.diff(np.append(first, events.n)))
    within = time[first] <= at
    risk = np.cumsum(weight[::-1])[::-1][first]
    mine = np.bincount(slot, weight * (events.cause == of), minlength=len(first))
    other = np.bincount(slot, weight * ((events.cause > 0) & (events.cause != of)), minlength=len(first))
    safe = np.where(risk > 0, risk, 1.0)
    left = np.where(within, 1.0 - (mine + other) / safe, 1.0)
    left = np.where(left < 1e-12, 0.0, left)
    after = np.cumprod(left)
    before = np.concatenate([[1.0], after[:-1]])
    share = np.cumsum(np.where(within, before * mine / safe, 0.0))
    total = float(share[-1])
    if not influence:
        return total, weight
    falls = np.where((after > 0) & within, (total - share) / np.where(left > 0, left, 1.0), 0.0)
    own, rival = np.where(within, (before - falls) / safe, 0.0), np.where(within, -falls / safe, 0.0)
    path = np.cumsum((own * mine + rival * other) / safe)
    jump = np.where(events.cause == of, own[slot], np.where(events.cause > 0, rival[slot], 0.0))
    return total, weight * (jump - path[slot])
