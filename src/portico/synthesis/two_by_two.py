"""Two arms, event or not: odds ratio, risk ratio, risk difference, rate ratio, Peto's observed minus expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from portico.errors import InputRefused
from portico.synthesis.effects import Effects, LeftOut, Measure, names
from portico.synthesis.inputs import Index, Mask, Vector, chosen, counts, positive, same_length
from portico.synthesis.zero_cells import ZeroCells, amounts_to_add, told

__all__ = ["BothZero", "TableMeasure", "TwoByTwo", "rate_ratio_effects", "table_effects"]

TableMeasure = Literal["OR", "RR", "RD", "PETO"]
BothZero = Literal["leave-out", "correct"]

NO_EVENTS = "No event, or only events, in both arms: it says nothing about a ratio."


@dataclass(frozen=True, slots=True, eq=False)
class TwoByTwo:
    """Counts of ``k`` studies with two arms.

    >>> TwoByTwo.of([4], [123], [11], [139]).first_without
    array([119.])

    Parameters
    ----------
    first, first_without : (k,) people with and without the event in the first arm (the one of interest)
    second, second_without : (k,) the same in the second arm
    labels : (k,) study names
    """

    first: Vector
    first_without: Vector
    second: Vector
    second_without: Vector
    labels: tuple[str, ...]

    @classmethod
    def of(
        cls,
        first_events: ArrayLike,
        first_n: ArrayLike,
        second_events: ArrayLike,
        second_n: ArrayLike,
        labels: Sequence[str] | None = None,
    ) -> TwoByTwo:
        """Tables from events and people of each arm.

        Raises
        ------
        InputRefused : ``bad-count``, ``events-exceed-people``, ``lengths-differ``, ``not-positive`` (an empty arm)
        """
        a, n1 = counts(first_events, "first_events"), counts(first_n, "first_n")
        c, n2 = counts(second_events, "second_events"), counts(second_n, "second_n")
        k = same_length(first_events=a, first_n=n1, second_events=c, second_n=n2)
        for name, events, people in (("first", a, n1), ("second", c, n2)):
            positive(people, f"{name}_n")
            if (events > people).any():
                place = int(np.flatnonzero(events > people)[0])
                raise InputRefused(
                    "More events than people.", code="events-exceed-people", path=f"{name}_events[{place}]"
                )
        return cls(a, n1 - a, c, n2 - c, names(labels, k))

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.first)

    @property
    def first_n(self) -> Vector:
        """(k,) people in the first arm."""
        return self.first + self.first_without

    @property
    def second_n(self) -> Vector:
        """(k,) people in the second arm."""
        return self.second + self.second_without

    @property
    def n(self) -> Vector:
        """(k,) people in both arms."""
        return self.first_n + self.second_n

    @property
    def informative(self) -> Vector:
        """(k,) 1 where the arms together have both outcomes, 0 elsewhere."""
        events = self.first + self.second
        return ((events > 0) & (events < self.n)).astype(np.float64)

    def take(self, index: ArrayLike) -> TwoByTwo:
        """The studies at ``index``."""
        rows = np.arange(self.k)[np.asarray(index)]
        return TwoByTwo(
            self.first[rows],
            self.first_without[rows],
            self.second[rows],
            self.second_without[rows],
            tuple(self.labels[i] for i in rows),
        )


def table_effects(
    tables: TwoByTwo,
    *,
    measure: TableMeasure = "OR",
    zero_cells: ZeroCells = "only-zero",
    add: float = 0.5,
    both_zero: BothZero = "leave-out",
) -> Effects:
    """Effect sizes of two-arm studies, first arm against second.

    Parameters
    ----------
    tables : counts
    measure : ``OR``, ``RR`` (both as logarithms), ``RD``, or ``PETO`` (observed minus expected over its variance)
    zero_cells, add : rule for empty cells, see :data:`ZERO_CELLS`; ``PETO`` needs none
    both_zero : studies without any event, or with nothing but events, in both arms: left out of ratios, or
        corrected like the others. A risk difference keeps them; ``PETO`` cannot.

    Raises
    ------
    UsageError : ``unknown-option``
    InputRefused : ``not-positive`` (the constant)

    Source: Cochrane Handbook 6.4, chapter 10.4; Yusuf, Peto et al., Prog Cardiovasc Dis 1985;27:335.
    """
    chosen(measure, ("OR", "RR", "RD", "PETO"), "measure")
    chosen(both_zero, ("leave-out", "correct"), "both_zero")
    drop = tables.informative == 0
    if measure == "PETO":
        kept = np.flatnonzero(~drop)
        observed, variance = o_minus_e(tables.take(kept))
        return _built(tables, kept, observed / variance, 1.0 / variance, measure, ("",) * tables.k, drop)
    cells = (tables.first, tables.first_without, tables.second, tables.second_without)
    empty = np.logical_or.reduce([cell == 0 for cell in cells])
    first, second = amounts_to_add(empty, zero_cells, add, arms=(tables.first_n, tables.second_n))
    a, b, c, d = (cell + (first if i < 2 else second) for i, cell in enumerate(cells))
    if measure == "RD" or both_zero == "correct":
        drop = np.zeros_like(drop)
    with np.errstate(divide="ignore", invalid="ignore"):
        n1, n2 = a + b, c + d
        if measure == "OR":
            y = np.log(a) - np.log(b) - np.log(c) + np.log(d)
            v = 1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d
        elif measure == "RR":
            y = np.log(a / n1) - np.log(c / n2)
            v = 1.0 / a - 1.0 / n1 + 1.0 / c - 1.0 / n2
        else:
            y = a / n1 - c / n2
            v = a * b / n1**3 + c * d / n2**3
    usable = np.isfinite(y) & np.isfinite(v) & (v > 0)
    kept = np.flatnonzero(usable & ~drop)
    return _built(tables, kept, y[kept], v[kept], measure, told(first, second), drop)


def _built(
    tables: TwoByTwo, kept: Index, y: Vector, v: Vector, measure: Measure, done: tuple[str, ...], drop: Mask
) -> Effects:
    inside = [int(i) for i in kept]
    left = tuple(
        LeftOut(name, NO_EVENTS if drop[i] else "Nothing was added to its zero, so its effect is not defined.")
        for i, name in enumerate(tables.labels)
        if i not in inside
    )
    labels = tuple(tables.labels[i] for i in inside)
    return Effects(y, v, measure, labels, tables.n[kept], tuple(done[i] for i in inside), left)


def o_minus_e(tables: TwoByTwo) -> tuple[Vector, Vector]:
    """Observed minus expected events in the first arm, and the hypergeometric variance, a study each."""
    n, events = tables.n, tables.first + tables.second
    observed = tables.first - events * tables.first_n / n
    spare = np.maximum(n - 1.0, 1.0)
    variance = events * (n - events) * tables.first_n * tables.second_n / (n**2 * spare)
    return observed, variance


def rate_ratio_effects(
    first_events: ArrayLike,
    first_time: ArrayLike,
    second_events: ArrayLike,
    second_time: ArrayLike,
    *,
    add: float = 0.5,
    labels: Sequence[str] | None = None,
) -> Effects:
    """Logarithms of the ratio of two rates, first arm against second.

    Parameters
    ----------
    first_events, second_events : (k,) events
    first_time, second_time : (k,) time at risk in one common unit, above zero
    add : added to the events of both arms of a study with an empty arm; a study without any event is left out
    labels : study names; left out, numbers

    Raises
    ------
    InputRefused : ``bad-count``, ``not-positive``, ``lengths-differ``
    """
    a, c = counts(first_events, "first_events"), counts(second_events, "second_events")
    t1, t2 = positive(first_time, "first_time"), positive(second_time, "second_time")
    k = same_length(first_events=a, first_time=t1, second_events=c, second_time=t2)
    called = names(labels, k)
    added, _ = amounts_to_add((a == 0) | (c == 0), "only-zero", add)
    kept = np.flatnonzero(a + c > 0)
    left = tuple(LeftOut(called[i], "No event in either arm.") for i in range(k) if a[i] + c[i] == 0)
    x1, x2, done = a + added, c + added, told(added)
    y, v = np.log(x1 / t1) - np.log(x2 / t2), 1.0 / x1 + 1.0 / x2
    return Effects(y[kept], v[kept], "IRR", tuple(called[i] for i in kept), None, tuple(done[i] for i in kept), left)
