"""Times to the first of several events, checked once and sorted once.

>>> events = EventTimes.of([5.0, 3.0, 8.0, 3.0], [1, 2, 0, 1])
>>> events.time.tolist(), events.cause.tolist()
([3.0, 3.0, 5.0, 8.0], [2, 1, 1, 0])

Cause 0 is the end of observation without an event; 1, 2, … are events of which only the first counts. Times are in any one
unit and the results are in it too. At equal times an event stands before the end of observation: who is censored at a time
was still at risk then. A row with an unknown time or cause is refused here; leaving it out is a decision of the caller,
who counts it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from portico.errors import CannotTell, InputRefused

__all__ = ["EventTimes", "Index", "Mask", "Table", "Vector", "numbers"]

Vector: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]


def numbers(values: ArrayLike | Iterable[float], name: str, *, columns: bool = False) -> Vector:
    """Finite numbers as a vector, or with ``columns`` as a matrix of one row a person.

    Raises
    ------
    InputRefused : ``not-a-number``, ``not-finite``, ``not-a-list``
    """
    given = values if isinstance(values, np.ndarray) else np.asarray(list(values))  # type: ignore[arg-type]
    if given.size and given.dtype.kind not in "fiub":
        raise InputRefused(f"{name} holds something that is not a number.", code="not-a-number", path=name)
    if columns and given.ndim == 1:
        given = given[:, None]
    if given.ndim != (2 if columns else 1):
        raise InputRefused(f"{name} has the wrong shape.", code="not-a-list", path=name)
    found = given.astype(np.float64)
    if not np.isfinite(found).all():
        row = int(np.argwhere(~np.isfinite(found))[0][0])
        raise InputRefused(
            f"{name} holds a number that is unknown or not finite.",
            code="not-finite",
            path=f"{name}[{row}]",
            fix="Leave such rows out and count them, or impute.",
        )
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """What happens at each distinct time.

    Parameters
    ----------
    time : (t,) rising
    at_risk : (t,) not yet failed or censored just before
    events : (t, causes) events of cause 1, 2, …
    censored : (t,) observation ended
    """

    time: Vector
    at_risk: Vector
    events: Vector
    censored: Vector

    @property
    def survival_before(self) -> Vector:
        """(t,) share free of every event just before each time (Kaplan–Meier, left limit)."""
        left = np.cumprod(1.0 - self.events.sum(axis=1) / self.at_risk)
        return np.concatenate([[1.0], left[:-1]])


@dataclass(frozen=True, slots=True, eq=False)
class EventTimes:
    """Sorted times and causes.

    Parameters
    ----------
    time : (n,) rising, zero or more
    cause : (n,) 0 for the end of observation
    order : (n,) position of each row in what was given
    causes : largest cause
    """

    time: Vector
    cause: Index
    order: Index
    causes: int

    @classmethod
    def of(cls, time: ArrayLike | Iterable[float], cause: ArrayLike | Iterable[int]) -> EventTimes:
        """Check and sort.

        Raises
        ------
        InputRefused : ``lengths-differ``, ``negative-time``, ``bad-cause``, and the codes of :func:`numbers`
        CannotTell : ``no-rows``
        """
        times, causes = numbers(time, "time"), numbers(cause, "cause")
        if len(times) != len(causes):
            raise InputRefused("time and cause are of unequal length.", code="lengths-differ")
        if not len(times):
            raise CannotTell("There is nobody to follow.", code="no-rows")
        if (times < 0).any():
            row = int(np.flatnonzero(times < 0)[0])
            raise InputRefused("A time is negative.", code="negative-time", path=f"time[{row}]")
        bad = (causes < 0) | (causes != np.floor(causes)) | (causes > 20)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise InputRefused("A cause must be 0, 1, 2, … up to 20.", code="bad-cause", path=f"cause[{row}]")
        whole = times.astype(np.uint16) if times.max() < 65_536 else times
        order = np.argsort(
            whole if (whole == times).all() else times, kind="stable"
        )  # whole days sort ten times faster
        sorted_causes = causes[order].astype(np.int64)
        return cls(times[order], sorted_causes, order, max(1, int(sorted_causes.max())))

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.time)

    def has(self, cause: int) -> int:
        """The cause, if anybody had it.

        Raises
        ------
        CannotTell : ``no-events``
        """
        if cause < 1 or not (self.cause == cause).any():
            raise CannotTell(
                "Nobody had this event.", code="no-events", path="cause", fix="Its incidence is not estimated as zero."
            )
        return cause

    def table(self, keep: Mask | None = None) -> Table:
        """Counts at each distinct time, of everybody or of the (sorted) rows to keep."""
        time = self.time if keep is None else self.time[keep]
        cause = self.cause if keep is None else self.cause[keep]
        first = np.flatnonzero(np.concatenate([[True], time[1:] != time[:-1]]))
        slot = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(time))))
        wide = self.causes + 1
        counted = np.bincount(slot * wide + cause, minlength=len(first) * wide).reshape(-1, wide).astype(np.float64)
        return Table(time[first], (len(time) - first).astype(np.float64), counted[:, 1:], counted[:, 0])
