"""Refuse a number before it reaches a formula: not finite, negative, or not a whole count.

Numbers of this room are plain floats whose name carries the unit (``dose_gy``, ``alpha_beta_gy``).
Nothing here replaces a value: a number is returned as it came, or refused.
"""

from __future__ import annotations

import math

from portico.errors import QuantityRefused

__all__ = ["finite", "not_negative", "positive", "share", "whole_number"]

MOST_FRACTIONS = 1000
"""A count above this is a typing error. It guards the arithmetic and is no clinical limit."""


def finite(value: float, name: str) -> float:
    """Return ``value`` as a float; refuse what is no number, NaN or infinite.

    >>> finite(30, "dose_gy")
    30.0

    Parameters
    ----------
    value : the number; its unit is the one that ``name`` carries
    name : parameter name, repeated in the error as its path

    Raises
    ------
    QuantityRefused : ``not-a-number`` or ``not-finite``; None is refused too, never read as zero
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise QuantityRefused(f"{name} is not a number.", code="not-a-number", path=name)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise QuantityRefused(f"{name} is not a finite number.", code="not-finite", path=name)
    return number


def not_negative(value: float, name: str) -> float:
    """Return ``value``; refuse a negative one. Zero is a dose: the organ got none.

    Raises
    ------
    QuantityRefused : ``negative``, or as :func:`finite`
    """
    number = finite(value, name)
    if number < 0:
        raise QuantityRefused(f"{name} is negative.", code="negative", path=name)
    return number


def positive(value: float, name: str) -> float:
    """Return ``value``; refuse zero and below.

    Raises
    ------
    QuantityRefused : ``not-positive``, or as :func:`finite`
    """
    number = finite(value, name)
    if number <= 0:
        raise QuantityRefused(f"{name} must be above zero.", code="not-positive", path=name)
    return number


def share(value: float, name: str) -> float:
    """Return ``value``; refuse what does not lie strictly between 0 and 1.

    Raises
    ------
    QuantityRefused : ``not-a-share``, or as :func:`finite`
    """
    number = finite(value, name)
    if not 0 < number < 1:
        raise QuantityRefused(f"{name} must lie between 0 and 1.", code="not-a-share", path=name)
    return number


def whole_number(value: int, name: str, *, least: int = 1) -> int:
    """Return ``value``; refuse what is no whole number from ``least`` to 1000.

    Raises
    ------
    QuantityRefused : ``not-a-whole-number`` (5.0 is refused: a count is written without a point),
        ``count-out-of-range``
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise QuantityRefused(f"{name} is not a whole number.", code="not-a-whole-number", path=name)
    if not least <= value <= MOST_FRACTIONS:
        raise QuantityRefused(
            f"{name} must lie between {least} and {MOST_FRACTIONS}.", code="count-out-of-range", path=name
        )
    return value
