"""Gray's test: is the cumulative incidence of one event the same in several groups?

>>> test = gray_test([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1, 1, 2, 0, 1, 0], ["a", "a", "a", "b", "b", "b"])
>>> test.df, 0.0 < test.p < 1.0
(1, True)

Written from the martingale form of the variance in Gray 1988 (doi:10.1214/aos/1176350951), weight one at all times, with
the correction for tied times. A group with nobody at risk at a time adds nothing there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from portico.cohort.outcomes.events import EventTimes, Index, Mask, Vector
from portico.errors import CannotTell, InputRefused

__all__ = ["GrayTest", "gray_of", "gray_test"]


@dataclass(frozen=True, slots=True)
class GrayTest:
    """Result: χ² ``statistic`` with ``df`` degrees of freedom, its ``p``, and events minus expected of each group."""

    statistic: float
    df: int
    p: float
    groups: tuple[str, ...]
    excess: tuple[float, ...]


def gray_test(
    time: ArrayLike | Iterable[float],
    cause: ArrayLike | Iterable[int],
    group: Sequence[object] | ArrayLike,
    *,
    of: int = 1,
) -> GrayTest:
    """Test the event ``of`` across groups.

    Raises
    ------
    InputRefused : ``lengths-differ``, and as :meth:`EventTimes.of`
    CannotTell : ``one-group``, ``no-events``
    """
    events = EventTimes.of(time, cause)
    labels = np.asarray(group)
    if labels.dtype.kind not in "biufU":
        labels = labels.astype(str)
    if labels.shape != (events.n,):
        raise InputRefused("group is of another length than time.", code="lengths-differ", path="group")
    names, member = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        raise CannotTell("There is one group only.", code="one-group", path="group")
    events.has(of)
    risk, mine, other = _counts(events, member.astype(np.int64)[events.order], len(names), of)
    return gray_of(tuple(map(str, names)), risk, mine, other)


def gray_of(groups: tuple[str, ...], risk: Vector, mine: Vector, other: Vector) -> GrayTest:
    """The test from counts.

    Parameters
    ----------
    groups : their names, two or more
    risk, mine, other : (times, groups) at risk just before each time at which somebody has an event, those with the event asked for, and
        those with another

    Raises
    ------
    CannotTell : ``too-few-events``
    """
    excess, variance = _score(risk, mine, other)
    u, v = excess[:-1], variance[:-1, :-1]
    if np.linalg.matrix_rank(v) < len(u):
        raise CannotTell("The groups cannot be told apart: too few events.", code="too-few-events", path="group")
    statistic = float(u @ np.linalg.solve(v, u))
    df = len(groups) - 1
    return GrayTest(statistic, df, float(chi2.sf(statistic, df)), groups, tuple(map(float, excess)))


def _counts(events: EventTimes, member: Index, groups: int, of: int) -> tuple[Vector, Vector, Vector]:
    """At risk, events of the cause and of others, each (times with an event, groups)."""
    first = np.flatnonzero(np.concatenate([[True], events.time[1:] != events.time[:-1]]))
    slot = np.repeat(np.arange(len(first)), np.diff(np.append(first, events.n)))

    def count(keep: Mask) -> Vector:
        cell = slot[keep] * groups + member[keep]
        return np.bincount(cell, minlength=len(first) * groups).reshape(-1, groups).astype(np.float64)

    everybody = count(np.ones(events.n, dtype=bool))
    mine, other = count(events.cause == of), count((events.cause > 0) & (events.cause != of))
    risk = np.cumsum(everybody[::-1], axis=0)[::-1]
    keep = (mine + other).sum(axis=1) > 0
    return risk[keep], mine[keep], other[keep]


def _score(risk: Vector, mine: Vector, other: Vector) -> tuple[Vector, Vector]:
    """Observed minus expected events of each group, and their covariance; times in rows, groups in columns."""
    here = risk > 0
    at = np.where(here, risk, 1.0)
    after = np.cumprod(np.where(here, (risk - mine - other) / at, 1.0), axis=0)
    before = np.vstack([np.ones(risk.shape[1]), after[:-1]])
    share_after = np.cumsum(before * mine / at, axis=0)
    share = np.vstack([np.zeros(risk.shape[1]), share_after[:-1]])
    alive = here & (before > 0)
    safe = np.where(alive, before, 1.0)
    size = np.where(alive, risk / safe, 0.0)  # those at risk, had nobody had another event
    adjusted = size * (1.0 - share)
    total, events = size.sum(axis=1), mine.sum(axis=1)
    excess = (mine - np.where(alive, adjusted, 0.0) * (events / adjusted.sum(axis=1))[:, None]).sum(axis=0)

    jump = events / total
    common = np.cumsum(jump)  # incidence of all groups together under the hypothesis
    common_before = np.concatenate([[0.0], common[:-1]])
    part = size / total[:, None]
    direct = -size[:, :, None] * part[:, None, :]
    index = np.arange(risk.shape[1])
    direct[:, index, index] += size
    later = np.cumsum(direct * (jump / (1.0 - common_before))[:, None, None], axis=0)
    remaining = later[-1][None] - later

    ended = after <= 0
    ratio = np.where(ended, 0.0, (1.0 - common[:, None]) / np.where(ended, 1.0, after))
    own_slope = np.where(ended, 1.0, 1.0 - ratio)
    pooled = total[:, None] * before
    own_ties = np.where(
        events[:, None] > 1, 1.0 - (events[:, None] - 1.0) / np.where(pooled > 1, pooled - 1.0, np.inf), 1.0
    )
    own_weight = np.where(alive, own_ties * before * jump[:, None] / at, 0.0)
    other_ties = np.where(other > 1, 1.0 - (other - 1.0) / np.maximum(risk - 1.0, 1.0), 1.0)
    other_weight = np.where(ended | ~alive, 0.0, other_ties * before**2 * other / at**2)

    own = direct + own_slope[:, None, :] * remaining
    rival = ratio[:, None, :] * remaining
    variance = np.einsum("tik,tjk,tk->ij", own, own, own_weight) + np.einsum(
        "tik,tjk,tk->ij", rival, rival, other_weight
    )
    return excess, variance
