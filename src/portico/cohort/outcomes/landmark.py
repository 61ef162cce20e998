"""Landmark analysis of the interval from surgery to radiotherapy, so that nobody is credited with time he had to survive.

>>> found = landmark(start=[20, 50, None, 10], time=[400, 300, 15, 90], cause=[0, 1, 2, 1], at=42)
>>> found.kept.tolist(), found.exposed.tolist(), found.time.tolist()
([True, True, False, True], [True, False, True], [358.0, 258.0, 48.0])
>>> found.left_out
{'event before the landmark': 1, 'observation ended before the landmark': 0}

Who is irradiated late has lived long enough to be: comparing early with late from the day of surgery gives the late ones
those days for nothing (immortal time). Here the clock starts at the landmark, with those still free of an event and under
observation, grouped by what had happened by then. Source: Anderson, Cain & Gelber 1983, doi:10.1200/JCO.1983.1.11.710.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from portico.cohort.outcomes.events import Index, Mask, Vector, numbers
from portico.errors import CannotTell, InputRefused

__all__ = ["Landmark", "landmark", "start_times"]


@dataclass(frozen=True, slots=True, eq=False)
class Landmark:
    """Who remains and how they are grouped.

    Parameters
    ----------
    at : the landmark
    kept : (n,) rows that remain
    exposed : (kept,) radiotherapy had started by the landmark
    time, cause : (kept,) counted from the landmark
    left_out : reason and rows; with the kept they make all rows
    """

    at: float
    kept: Mask
    exposed: Mask
    time: Vector
    cause: Index
    left_out: dict[str, int]


def start_times(start: Sequence[float | None] | ArrayLike) -> Vector:
    """Start days, None or NaN (never started within the observation) as infinity.

    Raises
    ------
    InputRefused : ``negative-time``
    """
    found = np.asarray([np.nan if s is None else s for s in start], dtype=np.float64)  # type: ignore[union-attr]
    if (found < 0).any():
        raise InputRefused("A start lies before surgery.", code="negative-time", path="start")
    return np.where(np.isnan(found), np.inf, found)


def landmark(
    start: Sequence[float | None] | ArrayLike,
    time: ArrayLike | Iterable[float],
    cause: ArrayLike | Iterable[int],
    *,
    at: float,
) -> Landmark:
    """Cut the data at a landmark.

    Parameters
    ----------
    start : (n,) day radiotherapy started, from surgery; None or NaN when it did not while the patient was observed
    time, cause : (n,) from surgery
    at : day of the landmark, chosen before looking at outcomes

    Raises
    ------
    InputRefused : ``lengths-differ``, ``negative-time``, and the codes of :func:`numbers`
    CannotTell : ``nobody-left``
    """
    times, causes, starts = numbers(time, "time"), numbers(cause, "cause").astype(np.int64), start_times(start)
    if not len(times) == len(causes) == len(starts):
        raise InputRefused("Columns are of unequal length.", code="lengths-differ")
    kept = times > at
    if not kept.any():
        raise CannotTell("Nobody is left at the landmark.", code="nobody-left", path="at")
    gone = ~kept
    left_out = {
        "event before the landmark": int((gone & (causes > 0)).sum()),
        "observation ended before the landmark": int((gone & (causes == 0)).sum()),
    }
    return Landmark(float(at), kept, starts[kept] <= at, times[kept] - at, causes[kept], left_out)
