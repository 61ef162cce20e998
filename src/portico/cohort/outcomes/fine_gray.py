"""Fine–Gray regression: how covariates shift the cumulative incidence of one event, others competing.

>>> import numpy as np
>>> draw = np.random.default_rng(1)
>>> x = draw.integers(0, 2, 400)
>>> t = draw.exponential(1.0 / (0.1 * np.exp(0.7 * x) + 0.1))
>>> model = fine_gray(t, draw.integers(0, 3, 400), x, names=["x"])
>>> model.names, bool(model.se[0] > 0)
(('x',), True)

Who had another event stays at risk with a weight that falls as censoring would have taken them. The covariance counts that
this weight is itself estimated (Fine & Gray 1999, doi:10.1080/01621459.1999.10474144), and equals that of R's cmprsk::crr;
with ``cluster`` the rows of one patient are summed first (Zhou et al. 2012, doi:10.1093/biostatistics/kxr032). Ties are
handled as Breslow does. A covariate must be known at time zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from portico.cohort.outcomes.coefficients import HazardModel, cluster_codes, clustered, newton_step
from portico.cohort.outcomes.events import EventTimes, Vector, numbers
from portico.errors import CannotTell, InputRefused

__all__ = ["cause_specific", "fine_gray"]

_ROUNDS = 50
#: Log hazard ratio for one standard deviation beyond which a coefficient runs to infinity.
_STEEPEST = 12.0


def fine_gray(
    time: ArrayLike | Iterable[float],
    cause: ArrayLike | Iterable[int],
    covariates: ArrayLike,
    *,
    names: Sequence[str],
    of: int = 1,
    cluster: Sequence[object] | ArrayLike | None = None,
) -> HazardModel:
    """Fit.

    Parameters
    ----------
    time, cause : (n,) see :mod:`portico.cohort.outcomes.events`
    covariates : (n, p) numbers, none unknown
    names : (p,)
    of : the cause asked for
    cluster : (n,) patients, when a patient has several lesions; None: rows are independent

    Raises
    ------
    InputRefused : ``lengths-differ``, ``not-finite``, and as :meth:`EventTimes.of`
    CannotTell : ``no-events``, ``collinear``, ``no-convergence`` (as when every event falls in one group)
    """
    events = EventTimes.of(time, cause)
    return _fitted(events, covariates, names, of, cluster, "fine-gray")


def cause_specific(
    time: ArrayLike | Iterable[float],
    cause: ArrayLike | Iterable[int],
    covariates: ArrayLike,
    *,
    names: Sequence[str],
    of: int = 1,
    cluster: Sequence[object] | ArrayLike | None = None,
    robust: bool = False,
) -> HazardModel:
    """Cox model of the hazard of one cause among those still free of every event; other events end the observation.

    >>> cause_specific([1.0, 2.0, 3.0, 4.0, 5.0], [1, 2, 1, 1, 0], [1, 0, 0, 1, 0], names=["x"]).kind
    'cause-specific'

    Parameters
    ----------
    cluster : (n,) patients, when a patient has several lesions; the covariance is then robust (Lin & Wei 1989,
        doi:10.1080/01621459.1989.10478874) with the rows of a patient summed first
    robust : a robust covariance without clusters

    Others, and what is raised, as :func:`fine_gray`. Ties as Breslow; equal to R's ``coxph(..., ties = "breslow")``.
    """
    events = EventTimes.of(time, cause)
    kind = "cause-specific robust" if robust or cluster is not None else "cause-specific"
    return _fitted(events, covariates, names, of, cluster, kind)


def _fitted(
    events: EventTimes, covariates: ArrayLike, names: Sequence[str], of: int, cluster: object, kind: str
) -> HazardModel:
    events.has(of)
    if kind != "fine-gray":
        events = replace(events, cause=np.where(events.cause == of, of, 0))
    x = numbers(covariates, "covariates", columns=True)
    if len(x) != events.n or x.shape[1] != len(names):
        raise InputRefused("covariates and names do not fit the rows.", code="lengths-differ", path="covariates")
    codes = cluster_codes(cluster, events.n)
    fit = _Fit(events, x[events.order], of)
    beta, likelihood = fit.solve()
    scores, information = fit.scores(beta)
    bread = np.asarray(np.linalg.inv(information), dtype=np.float64)
    covariance, units = clustered(scores, bread, None if codes is None else codes[events.order])
    return HazardModel(
        kind.removesuffix(" robust"),
        tuple(names),
        beta,
        None if kind == "cause-specific" else covariance,
        bread,
        events.n,
        int(fit.own.sum()),
        units,
        likelihood,
    )


def _from_end(values: Vector) -> Vector:
    return np.asarray(np.cumsum(values[::-1], axis=0)[::-1])


class _Fit:
    """The sorted rows, and the distinct times at which the event occurs."""

    def __init__(self, events: EventTimes, x: Vector, of: int) -> None:
        self.x = x - x.mean(axis=0)
        self.own = events.cause == of
        self.rival = (events.cause > 0) & ~self.own
        time = events.time
        table = events.table()
        hazard = table.censored / table.at_risk
        kept = np.cumprod(1.0 - hazard)
        left = np.concatenate([[1.0], kept[:-1]])  # uncensored just before each distinct time
        self.slot = np.searchsorted(table.time, time)  # each row's distinct time
        self.left = left[self.slot]
        self.inverse = np.where(self.rival, 1.0 / np.where(self.left > 0, self.left, 1.0), 0.0)
        self.at = np.unique(time[self.own])
        self.first = np.searchsorted(time, self.at)  # rows from here on are still at risk
        self.deaths = np.bincount(np.searchsorted(self.at, time[self.own])).astype(np.float64)
        self.weight = left[np.searchsorted(table.time, self.at)]
        self.until = np.searchsorted(self.at, time, side="right")  # event times up to and with each row's time
        self.table, self.hazard = table, hazard
        #: first event time at or after each distinct time of the table
        self.table_from = np.searchsorted(self.at, table.time)

    def _sums(self, values: Vector) -> Vector:
        """Sum over the weighted risk set at each event time of values, one row a person."""
        zero = np.zeros((1, *values.shape[1:]))
        still = np.concatenate([_from_end(values), zero])[self.first]
        shape = (-1,) + (1,) * (values.ndim - 1)
        gone = np.concatenate([zero, np.cumsum(values * self.inverse.reshape(shape), axis=0)])[self.first]
        return np.asarray(still + gone * self.weight.reshape(shape))

    def likelihood(self, beta: Vector) -> float:
        risk = self.x @ beta
        top = float(risk.max())
        return float(risk[self.own].sum() - (self.deaths * (np.log(self._sums(np.exp(risk - top))) + top)).sum())

    def _pieces(self, beta: Vector) -> tuple[Vector, Vector, Vector, Vector]:
        risk = self.x @ beta
        e = np.exp(risk - risk.max())
        s0 = self._sums(e)
        mean = self._sums(e[:, None] * self.x) / s0[:, None]
        p = self.x.shape[1]
        information = np.empty((p, p))
        for i in range(p):
            for j in range(i, p):
                second = self._sums(e * self.x[:, i] * self.x[:, j]) / s0
                information[i, j] = information[j, i] = float(self.deaths @ (second - mean[:, i] * mean[:, j]))
        return e, s0, mean, information

    def solve(self) -> tuple[Vector, float]:
        beta = np.zeros(self.x.shape[1])
        now = self.likelihood(beta)
        for _ in range(_ROUNDS):
            _, _, mean, information = self._pieces(beta)
            gradient = self.x[self.own].sum(axis=0) - self.deaths @ mean
            step = newton_step(gradient, information)
            share = 1.0
            while not (new := self.likelihood(beta + share * step)) >= now - 1e-12 * abs(now) and share > 1e-6:
                share /= 2
            beta, now = beta + share * step, new
            if (np.abs(beta) * self.x.std(axis=0)).max() > _STEEPEST:
                break
            if np.abs(step * np.sqrt(np.diag(information))).max() < 1e-9:
                return beta, now
        raise CannotTell(
            "The model does not settle.",
            code="no-convergence",
            path="covariates",
            fix="Look for a group in which every or no row has the event.",
        )

    def scores(self, beta: Vector) -> tuple[Vector, Vector]:
        """(n, p) each row's share of the score, censoring weights counted; and the information."""
        e, s0, mean, information = self._pieces(beta)
        jump = self.deaths / s0
        zero = np.zeros((1, self.x.shape[1]))
        # Up to one's own time with weight one; for those with another event also after it.
        base = np.concatenate([[0.0], np.cumsum(jump)])
        base_mean = np.concatenate([zero, np.cumsum(jump[:, None] * mean, axis=0)])
        after = np.append(_from_end(jump * self.weight), 0.0)
        after_mean = np.concatenate([_from_end((jump * self.weight)[:, None] * mean), zero])
        expected = self.x * base[self.until][:, None] - base_mean[self.until]
        tail = self.inverse[:, None] * (self.x * after[self.until][:, None] - after_mean[self.until])
        own = np.zeros_like(self.x)
        place = self.until[self.own] - 1
        own[self.own] = self.x[self.own] - mean[place]
        scores = own - e[:, None] * (expected + tail)
        return scores + self._censoring(e, after, after_mean), information

    def _censoring(self, e: Vector, after: Vector, after_mean: Vector) -> Vector:
        """What each row adds because the censoring weights are estimated.

        At equal times cmprsk's convention is kept: a censoring weighs on rivals that fell before it and on events from
        its own time on.
        """
        held = np.zeros(len(self.table.time))
        np.add.at(held, self.slot, e * self.inverse)
        held_x = np.zeros((len(self.table.time), self.x.shape[1]))
        np.add.at(held_x, self.slot, (e * self.inverse)[:, None] * self.x)
        load, load_x = np.cumsum(held) - held, np.cumsum(held_x, axis=0) - held_x
        q = load_x * after[self.table_from][:, None] - load[:, None] * after_mean[self.table_from]
        per = q / self.table.at_risk[:, None]
        path = np.cumsum(per * self.hazard[:, None], axis=0)
        censored = ~(self.own | self.rival)
        return np.asarray(np.where(censored[:, None], per[self.slot], 0.0) - path[self.slot])
