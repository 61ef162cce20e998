"""Dose, length, volume and days: numbers of one kind that mix with no other kind.

>>> str(Dose(48.5) - Dose(8))
'40.5 Gy'
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import overload

from portico.errors import QuantityRefused

__all__ = ["Days", "Dose", "Length", "Volume", "is_factor", "plain"]


def _finite(value: object, kind: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{kind} takes a number, not {type(value).__name__}")
    try:
        number = float(value) + 0.0  # turns -0.0 into 0.0
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise QuantityRefused(f"A {kind.lower()} must be a finite number.", code="bad-number")
    return number


def is_factor(value: object) -> bool:
    """Whether the value is a bare number; true and false are not numbers."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def plain(number: float) -> str:
    """Shortest decimal text without exponent; ten significant digits hide binary noise."""
    text = format(Decimal(f"{number:.10g}"), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True, order=True)
class Dose:
    """Absorbed dose.

    >>> Dose(30) / Dose(3)
    10.0
    >>> Dose(3) * 10
    Dose(gy=30.0)

    Parameters
    ----------
    gy : Gy, finite; negative only as a difference of two doses

    Raises
    ------
    TypeError : mixed with a bare number or another kind of quantity
    QuantityRefused : ``bad-number`` when not finite
    """

    gy: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "gy", _finite(self.gy, "Dose"))

    @property
    def cgy(self) -> float:
        """The dose in cGy."""
        return float(Decimal(repr(self.gy)) * 100)

    def __add__(self, other: Dose) -> Dose:
        return Dose(self.gy + other.gy) if isinstance(other, Dose) else NotImplemented

    def __sub__(self, other: Dose) -> Dose:
        return Dose(self.gy - other.gy) if isinstance(other, Dose) else NotImplemented

    def __mul__(self, factor: float) -> Dose:
        return Dose(self.gy * factor) if is_factor(factor) else NotImplemented

    __rmul__ = __mul__

    @overload
    def __truediv__(self, other: Dose) -> float: ...
    @overload
    def __truediv__(self, other: float) -> Dose: ...
    def __truediv__(self, other: Dose | float) -> Dose | float:
        if isinstance(other, Dose):
            return self.gy / other.gy
        return Dose(self.gy / other) if is_factor(other) else NotImplemented

    def __str__(self) -> str:
        return f"{plain(self.gy)} Gy"


@dataclass(frozen=True, slots=True, order=True)
class Length:
    """Length, distance or margin in mm; zero is allowed.

    >>> Length(120).cm
    12.0
    """

    mm: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "mm", _finite(self.mm, "Length"))

    @property
    def cm(self) -> float:
        """The length in cm."""
        return float(Decimal(repr(self.mm)) / 10)

    def __add__(self, other: Length) -> Length:
        return Length(self.mm + other.mm) if isinstance(other, Length) else NotImplemented

    def __sub__(self, other: Length) -> Length:
        return Length(self.mm - other.mm) if isinstance(other, Length) else NotImplemented

    def __mul__(self, factor: float) -> Length:
        return Length(self.mm * factor) if is_factor(factor) else NotImplemented

    __rmul__ = __mul__

    @overload
    def __truediv__(self, other: Length) -> float: ...
    @overload
    def __truediv__(self, other: float) -> Length: ...
    def __truediv__(self, other: Length | float) -> Length | float:
        if isinstance(other, Length):
            return self.mm / other.mm
        return Length(self.mm / other) if is_factor(other) else NotImplemented

    def __str__(self) -> str:
        return f"{plain(self.mm)} mm"


@dataclass(frozen=True, slots=True, order=True)
class Volume:
    """Volume in cm3; zero is allowed.

    >>> str(Volume(0.03) + Volume(0.32))
    '0.35 cm3'
    """

    cm3: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "cm3", _finite(self.cm3, "Volume"))

    def __add__(self, other: Volume) -> Volume:
        return Volume(self.cm3 + other.cm3) if isinstance(other, Volume) else NotImplemented

    def __sub__(self, other: Volume) -> Volume:
        return Volume(self.cm3 - other.cm3) if isinstance(other, Volume) else NotImplemented

    def __mul__(self, factor: float) -> Volume:
        return Volume(self.cm3 * factor) if is_factor(factor) else NotImplemented

    __rmul__ = __mul__

    @overload
    def __truediv__(self, other: Volume) -> float: ...
    @overload
    def __truediv__(self, other: float) -> Volume: ...
    def __truediv__(self, other: Volume | float) -> Volume | float:
        if isinstance(other, Volume):
            return self.cm3 / other.cm3
        return Volume(self.cm3 / other) if is_factor(other) else NotImplemented

    def __str__(self) -> str:
        return f"{plain(self.cm3)} cm3"


@dataclass(frozen=True, slots=True, order=True)
class Days:
    """Whole days between two dates; negative when the second date comes first.

    >>> Days(28) - Days(14)
    Days(days=14)
    """

    days: int

    def __post_init__(self) -> None:
        if isinstance(self.days, bool) or not isinstance(self.days, int):
            raise TypeError(f"Days takes a whole number, not {type(self.days).__name__}")

    def __add__(self, other: Days) -> Days:
        return Days(self.days + other.days) if isinstance(other, Days) else NotImplemented

    def __sub__(self, other: Days) -> Days:
        return Days(self.days - other.days) if isinstance(other, Days) else NotImplemented

    def __str__(self) -> str:
        return f"{self.days} day" if abs(self.days) == 1 else f"{self.days} days"
