"""Means of one arm, and differences of means of two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from portico.errors import InputRefused
from portico.synthesis.effects import Effects, names
from portico.synthesis.inputs import Vector, chosen, counts, positive, same_length, vector

__all__ = ["mean_difference_effects", "mean_effects"]


def _sizes(n: ArrayLike, name: str, least: int) -> Vector:
    found = counts(n, name)
    if (found < least).any():
        place = int(np.flatnonzero(found < least)[0])
        raise InputRefused(f"{name} must be {least} or more.", code="too-few-people", path=f"{name}[{place}]")
    return found


def mean_effects(mean: ArrayLike, sd: ArrayLike, n: ArrayLike, *, labels: Sequence[str] | None = None) -> Effects:
    """Means with variance sd²/n.

    >>> float(mean_effects([4.0], [2.0], [16]).vi[0])
    0.25

    Parameters
    ----------
    mean, sd : (k,) in one common unit; sd above zero
    n : (k,) people, two or more
    labels : study names; left out, numbers

    Raises
    ------
    InputRefused : ``not-positive``, ``too-few-people``, ``bad-count``, ``lengths-differ``
    """
    m, s, size = vector(mean, "mean"), positive(sd, "sd"), _sizes(n, "n", 2)
    k = same_length(mean=m, sd=s, n=size)
    return Effects(m, s**2 / size, "MN", names(labels, k), size)


def mean_difference_effects(
    first: tuple[ArrayLike, ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike, ArrayLike],
    *,
    measure: Literal["MD", "SMD"] = "MD",
    labels: Sequence[str] | None = None,
) -> Effects:
    """First mean less second, raw or standardised by the pooled standard deviation.

    The raw difference lets the arms have unequal variances. The standardised one is Hedges' g with the exact
    correction and the large-sample variance.

    Parameters
    ----------
    first, second : mean, standard deviation and people of each arm, (k,) each
    measure : ``MD`` in the unit of the means, or ``SMD`` without unit
    labels : study names; left out, numbers

    Raises
    ------
    InputRefused : as :func:`mean_effects`
    UsageError : ``unknown-option``

    Source: Hedges, J Educ Stat 1981;6:107.
    """
    chosen(measure, ("MD", "SMD"), "measure")
    m1, s1, n1 = vector(first[0], "first mean"), positive(first[1], "first sd"), _sizes(first[2], "first n", 2)
    m2, s2, n2 = vector(second[0], "second mean"), positive(second[1], "second sd"), _sizes(second[2], "second n", 2)
    k = same_length(m1=m1, s1=s1, n1=n1, m2=m2, s2=s2, n2=n2)
    if measure == "MD":
        return Effects(m1 - m2, s1**2 / n1 + s2**2 / n2, "MD", names(labels, k), n1 + n2)
    free = n1 + n2 - 2.0
    pooled = np.sqrt(((n1 - 1.0) * s1**2 + (n2 - 1.0) * s2**2) / free)
    exact = np.exp(gammaln(free / 2.0) - 0.5 * np.log(free / 2.0) - gammaln((free - 1.0) / 2.0))
    g = exact * (m1 - m2) / pooled
    return Effects(g, 1.0 / n1 + 1.0 / n2 + g**2 / (2.0 * (n1 + n2)), "SMD", names(labels, k), n1 + n2)
