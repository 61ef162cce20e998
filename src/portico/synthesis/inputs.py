"""Refuse numbers before they reach a formula: not finite, not whole, negative, lengths that differ.

Nothing here replaces a value; a missing number is refused and never read as zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from portico.errors import InputRefused, UsageError

__all__ = [
    "Index",
    "Mask",
    "Vector",
    "chosen",
    "counts",
    "normal_quantile",
    "positive",
    "probability",
    "same_length",
    "vector",
]

Vector: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
Index: TypeAlias = NDArray[np.intp]

#: A count above this is a typing error; it guards the arithmetic.
MOST = 1e9


def vector(values: ArrayLike | Iterable[float], name: str) -> Vector:
    """A one-dimensional array of finite numbers.

    >>> vector([1, 2.5], "yi")
    array([1. , 2.5])

    Raises
    ------
    InputRefused : ``not-a-number`` (None, text, truth values), ``not-finite``, ``not-a-list``
    """
    given = values if isinstance(values, np.ndarray) else list(values)  # type: ignore[arg-type]
    array = np.asarray(given)
    if array.ndim != 1:
        raise InputRefused(f"{name} must be a plain list of numbers.", code="not-a-list", path=name)
    if array.size and array.dtype.kind not in "fiu":
        raise InputRefused(f"{name} holds something that is not a number.", code="not-a-number", path=name)
    found = array.astype(np.float64)
    if not np.isfinite(found).all():
        place = int(np.flatnonzero(~np.isfinite(found))[0])
        raise InputRefused(f"{name} holds a number that is not finite.", code="not-finite", path=f"{name}[{place}]")
    return found


def positive(values: ArrayLike | Iterable[float], name: str, *, code: str = "not-positive") -> Vector:
    """As :func:`vector`, every number above zero.

    Raises
    ------
    InputRefused : ``code``, or as :func:`vector`
    """
    found = vector(values, name)
    if (found <= 0).any():
        place = int(np.flatnonzero(found <= 0)[0])
        raise InputRefused(f"{name} must be above zero.", code=code, path=f"{name}[{place}]")
    return found


def counts(values: ArrayLike | Iterable[float], name: str) -> Vector:
    """As :func:`vector`, every number whole and zero or more.

    Raises
    ------
    InputRefused : ``bad-count``, or as :func:`vector`
    """
    found = vector(values, name)
    bad = (found < 0) | (found != np.floor(found)) | (found > MOST)
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        raise InputRefused(f"{name} must hold whole numbers, zero or more.", code="bad-count", path=f"{name}[{place}]")
    return found


def same_length(**columns: Sequence[object] | Vector) -> int:
    """The common length of the named columns.

    Raises
    ------
    InputRefused : ``lengths-differ``
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) != 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise InputRefused(f"Columns of unequal length: {told}.", code="lengths-differ")
    return next(iter(lengths.values()))


def probability(value: float, name: str) -> float:
    """A number strictly between 0 and 1.

    Raises
    ------
    InputRefused : ``not-a-probability``, or as :func:`vector`
    """
    found = float(vector([value], name)[0])
    if not 0.0 < found < 1.0:
        raise InputRefused(f"{name} must lie between 0 and 1.", code="not-a-probability", path=name)
    return found


def normal_quantile(level: float) -> float:
    """Half-width in standard errors of a two-sided interval, e.g. 1.96 for 0.95.

    Raises
    ------
    InputRefused : ``not-a-probability``
    """
    return float(ndtri(0.5 + 0.5 * probability(level, "level")))


def chosen(value: str, allowed: Iterable[str], name: str) -> str:
    """``value`` if it is one of the named options.

    Raises
    ------
    UsageError : ``unknown-option``
    """
    known = tuple(allowed)
    if value not in known:
        raise UsageError(
            f"{name} has no such option.", code="unknown-option", path=name, fix=f"Known: {', '.join(known)}."
        )
    return value
