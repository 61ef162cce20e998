"""Cumulative incidence with competing events (Aalen–Johansen), and the cumulative hazard of each cause (Nelson–Aalen).

>>> curve = cumulative_incidence([1.0, 2.0, 3.0, 4.0], [1, 2, 1, 0])
>>> [round(float(value), 3) for value in curve.at([1.0, 3.5])]
[0.25, 0.5]

The share that has had the event by a time, death and other events being what they are: never one minus Kaplan–Meier, which
answers for a world where nobody dies. The variance is Gray's estimate with his correction for ties (that of the R package
cmprsk); it moves at events of the cause only.

Source: Aalen & Johansen 1978; Gray 1988, doi:10.1214/aos/1176350951.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from portico.cohort.outcomes.events import EventTimes, Table, Vector, numbers
from portico.errors import CannotTell

__all__ = ["Hazard", "Incidence", "cumulative_hazard", "cumulative_incidence"]


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """A step curve; it holds from each time to the next.

    Parameters
    ----------
    cause : which event
    time : (t,) times at which it moves
    share, variance : (t,) cumulative incidence and its variance
    n, events : rows and events of the cause
    last : longest observation; beyond it nothing is known
    """

    cause: int
    time: Vector
    share: Vector
    variance: Vector
    n: int
    events: int
    last: float

    def at(self, times: ArrayLike | Iterable[float]) -> Vector:
        """Share at each time.

        Raises
        ------
        CannotTell : ``beyond-follow-up``: nobody was observed so long
        """
        return self._step(self.share, times)

    def variance_at(self, times: ArrayLike | Iterable[float]) -> Vector:
        """Variance at each time; raises as :meth:`at`."""
        return self._step(self.variance, times)

    def interval_at(self, times: ArrayLike | Iterable[float], level: float = 0.95) -> tuple[Vector, Vector]:
        """Lower and upper bound on the scale log(−log(1 − share)), which stays between 0 and 1; raises as :meth:`at`."""
        share, variance = self.at(times), self.variance_at(times)
        inside = (share > 0) & (share < 1)
        kept = np.where(inside, share, 0.5)
        log = np.log1p(-kept)
        half = float(ndtri(0.5 + level / 2)) * np.sqrt(variance) / ((1 - kept) * np.abs(log))
        low, high = -np.expm1(log * np.exp(-half)), -np.expm1(log * np.exp(half))
        return np.where(inside, low, share), np.where(inside, high, share)

    def _step(self, values: Vector, times: ArrayLike | Iterable[float]) -> Vector:
        asked = numbers(times, "times")
        if (asked > self.last).any():
            raise CannotTell(
                "Nobody was observed so long.",
                code="beyond-follow-up",
                path="times",
                fix=f"The longest observation is {self.last:g}.",
            )
        return np.concatenate([[0.0], values])[np.searchsorted(self.time, asked, side="right")]


@dataclass(frozen=True, slots=True, eq=False)
class Hazard:
    """Cumulative hazard of one cause with its (Aalen) variance; a step curve."""

    cause: int
    time: Vector
    hazard: Vector
    variance: Vector


def cumulative_incidence(
    time: ArrayLike | Iterable[float], cause: ArrayLike | Iterable[int], *, of: int = 1
) -> Incidence:
    """Cumulative incidence of the event ``of``.

    Parameters
    ----------
    time, cause : (n,) see :mod:`portico.cohort.outcomes.events`
    of : the cause asked for; all others compete

    Raises
    ------
    CannotTell : ``no-events``: an event that nobody had has no estimate here; and as :meth:`EventTimes.of`
    """
    events = EventTimes.of(time, cause)
    return incidence_of(events.table(), events.has(of))


def incidence_of(table: Table, cause: int) -> Incidence:
    """The curve from counts at distinct times."""
    keep = table.events.sum(axis=1) > 0
    risk, mine = table.at_risk[keep], table.events[keep, cause - 1]
    others = table.events[keep].sum(axis=1) - mine
    before = table.survival_before[keep]
    after = before * (risk - mine - others) / risk
    share = np.cumsum(before * mine / risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.where(after > 0, 1.0 / after, 0.0)
    # Each death moves the curve by u - F(t) w: the variance of the sum is a quadratic in F(t).
    own = _spread(before, risk, mine)
    other = np.where(after > 0, _spread(before, risk, others), 0.0)
    one, both = 1.0 + share * inverse, share * inverse
    constant = np.cumsum(own * one**2 + other * both**2)
    linear = np.cumsum(own * inverse * one + other * inverse * both)
    square = np.cumsum((own + other) * inverse**2)
    variance = constant + share**2 * square - 2.0 * share * linear
    moves = mine > 0
    return Incidence(
        cause,
        table.time[keep][moves],
        share[moves],
        np.maximum(variance[moves], 0.0),
        int(table.at_risk[0]),
        int(mine.sum()),
        float(table.time[-1]),
    )


def _spread(before: Vector, risk: Vector, events: Vector) -> Vector:
    """Variance of a jump of the subdistribution, hypergeometric where several events share a time."""
    ties = np.where(events > 1, 1.0 - (events - 1.0) / np.maximum(risk - 1.0, 1.0), 1.0)
    return before**2 * ties * events / risk**2


def cumulative_hazard(
    time: ArrayLike | Iterable[float], cause: ArrayLike | Iterable[int], *, of: Sequence[int] | None = None
) -> tuple[Hazard, ...]:
    """Nelson–Aalen cumulative hazards, one for each cause.

    >>> [round(float(h.hazard[-1]), 4) for h in cumulative_hazard([1.0, 2.0, 3.0], [1, 2, 0])]
    [0.3333, 0.5]

    Parameters
    ----------
    of : causes; all that occurred when left out

    Raises
    ------
    CannotTell, InputRefused : as :func:`cumulative_incidence`
    """
    events = EventTimes.of(time, cause)
    table = events.table()
    wanted = [c for c in range(1, events.causes + 1) if (events.cause == c).any()] if of is None else list(of)
    found = []
    for one in wanted:
        mine = table.events[:, events.has(one) - 1]
        keep = mine > 0
        count, risk = mine[keep], table.at_risk[keep]
        found.append(Hazard(one, table.time[keep], np.cumsum(count / risk), np.cumsum(count / risk**2)))
    return tuple(found)
