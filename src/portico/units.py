"""Quantities that cannot be mixed: dose, length, volume, days, and the regimens written with them.

>>> parse_dose("3000 cGy") == parse_dose("30 Gy")
True
>>> str(parse_dose("48.5 Gy") - parse_dose("8 Gy"))
'40.5 Gy'
>>> str(parse_regimen("30Gy/10"))
'30 Gy in 10'

A number enters only with its unit written beside it. Text is refused, never guessed: no unit is implied, a
decimal comma is not a decimal point, and a dose beyond what any course delivers is asked back as a possible
cGy.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar, overload

from portico.errors import QuantityRefused

__all__ = [
    "DOSE_CEILING_GY",
    "DOSE_PER_FRACTION_FLOOR_GY",
    "FRACTIONS_CEILING",
    "Days",
    "Dose",
    "Length",
    "Regimen",
    "SibRegimen",
    "Volume",
    "parse_dose",
    "parse_length",
    "parse_regimen",
    "parse_sib",
    "parse_volume",
]

#: Largest dose accepted from text, in Gy. A plausibility bound for typing errors (cGy given as Gy), not a
#: clinical limit.
DOSE_CEILING_GY: Final = 100.0
#: Smallest dose per fraction accepted from text, in Gy. A plausibility bound (Gy given as cGy), not a
#: clinical limit.
DOSE_PER_FRACTION_FLOOR_GY: Final = 0.5
#: Largest number of fractions. A plausibility bound for typing errors, not a clinical limit.
FRACTIONS_CEILING: Final = 60
#: Longest text read as a quantity, in characters.
_LONGEST_TEXT: Final = 64

_SPACE = "[ \t\u00a0\u2007\u2009\u202f]*"
_SPACES = " \t\u00a0\u2007\u2009\u202f"
_NUMBER_THEN_REST = re.compile(rf"([0-9]+(?:\.[0-9]+)?|\.[0-9]+|[0-9]+\.){_SPACE}(.*)", re.DOTALL)
_REGIMEN = re.compile(
    rf"(.*?){_SPACE}(?:/|(?<![A-Za-z0-9])in(?![A-Za-z])){_SPACE}([0-9]{{1,4}}){_SPACE}(?:fractions?|fx|#)?",
    re.DOTALL,
)

_DOSE_UNITS: Final = {"gy": Decimal(1), "cgy": Decimal("0.01")}
_LENGTH_UNITS: Final = {"mm": Decimal(1), "cm": Decimal(10)}
_VOLUME_UNITS: Final = dict.fromkeys(("cm3", "cm^3", "cm³", "cc", "ml"), Decimal(1))


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


def _is_factor(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _plain(number: float) -> str:
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
        return Dose(self.gy * factor) if _is_factor(factor) else NotImplemented

    __rmul__ = __mul__

    @overload
    def __truediv__(self, other: Dose) -> float: ...
    @overload
    def __truediv__(self, other: float) -> Dose: ...
    def __truediv__(self, other: Dose | float) -> Dose | float:
        if isinstance(other, Dose):
            return self.gy / other.gy
        return Dose(self.gy / other) if _is_factor(other) else NotImplemented

    def __str__(self) -> str:
        return f"{_plain(self.gy)} Gy"


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
        return Length(self.mm * factor) if _is_factor(factor) else NotImplemented

    __rmul__ = __mul__

    @overload
    def __truediv__(self, other: Length) -> float: ...
    @overload
    def __truediv__(self, other: float) -> Length: ...
    def __truediv__(self, other: Length | float) -> Length | float:
        if isinstance(other, Length):
            return self.mm / other.mm
        return Length(self.mm / other) if _is_factor(other) else NotImplemented

    def __str__(self) -> str:
        return f"{_plain(self.mm)} mm"


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
        return Volume(self.cm3 * factor) if _is_factor(factor) else NotImplemented

    __rmul__ = __mul__

    @overload
    def __truediv__(self, other: Volume) -> float: ...
    @overload
    def __truediv__(self, other: float) -> Volume: ...
    def __truediv__(self, other: Volume | float) -> Volume | float:
        if isinstance(other, Volume):
            return self.cm3 / other.cm3
        return Volume(self.cm3 / other) if _is_factor(other) else NotImplemented

    def __str__(self) -> str:
        return f"{_plain(self.cm3)} cm3"


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


def _check_fractions(fractions: object, *, path: str = "", file: str | None = None, line: int | None = None) -> None:
    if isinstance(fractions, bool) or not isinstance(fractions, int):
        raise TypeError(f"fractions takes a whole number, not {type(fractions).__name__}")
    if not 1 <= fractions <= FRACTIONS_CEILING:
        raise QuantityRefused(
            f"The number of fractions must be 1 to {FRACTIONS_CEILING}.",
            code="fractions-implausible",
            path=path,
            file=file,
            line=line,
            fix="Write total dose first, then fractions, as in 30 Gy/10.",
        )


@dataclass(frozen=True, slots=True)
class Regimen:
    """Total dose in a number of fractions.

    >>> Regimen(Dose(30), 10).per_fraction
    Dose(gy=3.0)

    Parameters
    ----------
    dose : total dose, above zero
    fractions : 1 to 60

    Raises
    ------
    QuantityRefused : ``fractions-implausible``, ``bad-number``
    """

    dose: Dose
    fractions: int

    def __post_init__(self) -> None:
        if not isinstance(self.dose, Dose):
            raise TypeError(f"Regimen takes a Dose, not {type(self.dose).__name__}")
        if self.dose.gy <= 0:
            raise QuantityRefused("The dose of a regimen must be above zero.", code="bad-number")
        _check_fractions(self.fractions)

    @property
    def per_fraction(self) -> Dose:
        """Dose of one fraction."""
        return self.dose / self.fractions

    def __str__(self) -> str:
        return f"{self.dose} in {self.fractions}"


@dataclass(frozen=True, slots=True)
class SibRegimen:
    """Two or more dose levels given together in the same fractions (simultaneous integrated boost).

    >>> str(SibRegimen((Dose(40), Dose(30)), 10))
    '40 Gy + 30 Gy in 10'

    Parameters
    ----------
    levels : total doses, highest first, all different
    fractions : 1 to 60
    """

    levels: tuple[Dose, ...]
    fractions: int

    def __post_init__(self) -> None:
        if len(self.levels) < 2 or any(low >= high for high, low in zip(self.levels, self.levels[1:], strict=False)):
            raise QuantityRefused("A boost needs two or more different levels, highest first.", code="bad-levels")
        for level in self.levels:
            Regimen(level, self.fractions)

    @property
    def regimens(self) -> tuple[Regimen, ...]:
        """Each level as a regimen by itself, highest first."""
        return tuple(Regimen(level, self.fractions) for level in self.levels)

    def __str__(self) -> str:
        return f"{' + '.join(str(level) for level in self.levels)} in {self.fractions}"


_Place = tuple[str, "str | None", "int | None"]
_T = TypeVar("_T")


def _refuse(code: str, message: str, fix: str, place: _Place) -> QuantityRefused:
    path, file, line = place
    return QuantityRefused(message, code=code, path=path, file=file, line=line, fix=fix)


def _parse(
    value: object, kind: str, units: dict[str, Decimal], example: str, zero_ok: bool, place: _Place
) -> tuple[Decimal, str]:
    """Number in the base unit and the unit as recognised."""
    fix = f"Write a number and its unit, as in {example}."
    if _is_factor(value):
        raise _refuse(f"{kind}-without-unit", f"This {kind} has no unit.", fix, place)
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise _refuse("bad-number", f"This is not a {kind}.", fix, place)
    text = value.strip(_SPACES)
    if re.match(r"[+-]?[0-9]*,[0-9]", text):
        raise _refuse(
            "bad-number",
            "A comma is not a decimal point.",
            f"Write a point and no thousands mark, as in {example}.",
            place,
        )
    if re.match(r"[+\-−]", text):
        raise _refuse("bad-number", f"A {kind} is written without a sign.", fix, place)
    match = _NUMBER_THEN_REST.fullmatch(text)
    if match is None:
        raise _refuse("bad-number", f"This {kind} does not begin with a number.", fix, place)
    digits, unit = match[1], match[2]
    if digits.startswith(".") or digits.endswith("."):
        raise _refuse("bad-number", "A decimal point needs a digit on both sides.", fix, place)
    if re.fullmatch(r"0[0-9].*", digits):
        raise _refuse("bad-number", "A number is written without a leading zero.", fix, place)
    if re.match(r"(?:[eE][+-]?[0-9]|\.)", unit):
        raise _refuse("bad-number", "The number is not plain digits with at most one decimal point.", fix, place)
    if not unit:
        raise _refuse(f"{kind}-without-unit", f"This {kind} has no unit.", fix, place)
    factor = units.get(unit.lower())
    if factor is None:
        raise _refuse("unknown-unit", f"The unit of this {kind} is not known.", fix, place)
    number = Decimal(digits) * factor
    if not math.isfinite(float(number)) or (float(number) <= 0 and not (zero_ok and number == 0)):
        raise _refuse("bad-number", f"A {kind} must be above zero.", fix, place)
    return number, unit.lower()


def parse_dose(value: object, *, path: str = "", file: str | None = None, line: int | None = None) -> Dose:
    """Read a dose written with its unit.

    >>> parse_dose("30 Gy")
    Dose(gy=30.0)
    >>> parse_dose("800 Gy")
    Traceback (most recent call last):
    ...
    portico.errors.QuantityRefused: 800 Gy is above 100 Gy. Did you mean 800 cGy = 8 Gy?

    Parameters
    ----------
    value : text such as ``"30 Gy"``, ``"30Gy"``, ``"3000 cGy"``; a bare number is refused
    path, file, line : place of the text, for the error

    Raises
    ------
    QuantityRefused
        ``dose-without-unit``, ``unknown-unit``, ``bad-number`` (sign, zero, comma, NaN, infinity),
        ``dose-implausible`` (above :data:`DOSE_CEILING_GY`)
    """
    place = (path, file, line)
    number, unit = _parse(value, "dose", _DOSE_UNITS, "30 Gy or 3000 cGy", False, place)
    gy = float(number)
    if gy > DOSE_CEILING_GY:
        if unit == "gy":
            shown = _plain(gy)
            fix = f"Did you mean {shown} cGy = {_plain(gy / 100)} Gy?"
            message = f"{shown} Gy is above {_plain(DOSE_CEILING_GY)} Gy."
        else:
            fix = "Check the number."
            message = f"{_plain(gy * 100)} cGy = {_plain(gy)} Gy is above {_plain(DOSE_CEILING_GY)} Gy."
        raise _refuse("dose-implausible", message, fix, place)
    return Dose(gy)


def parse_length(value: object, *, path: str = "", file: str | None = None, line: int | None = None) -> Length:
    """Read a length written in mm or cm; zero is allowed.

    >>> parse_length("12 cm")
    Length(mm=120.0)

    Raises
    ------
    QuantityRefused : ``length-without-unit``, ``unknown-unit``, ``bad-number``
    """
    number, _ = _parse(value, "length", _LENGTH_UNITS, "12 cm or 120 mm", True, (path, file, line))
    return Length(float(number))


def parse_volume(value: object, *, path: str = "", file: str | None = None, line: int | None = None) -> Volume:
    """Read a volume written in cm3, cc or mL, which are the same; zero is allowed.

    >>> parse_volume("0.03 cc")
    Volume(cm3=0.03)

    Raises
    ------
    QuantityRefused : ``volume-without-unit``, ``unknown-unit``, ``bad-number``
    """
    number, _ = _parse(value, "volume", _VOLUME_UNITS, "0.03 cm3", True, (path, file, line))
    return Volume(float(number))


def _split_regimen(value: object, example: str, place: _Place) -> tuple[str, int]:
    fix = f"Write total dose, unit and fractions, as in {example}."
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise _refuse("bad-regimen", "This is not a regimen.", fix, place)
    match = _REGIMEN.fullmatch(value.strip(_SPACES))
    if match is None:
        raise _refuse("bad-regimen", "This is not a total dose and a number of fractions.", fix, place)
    fractions = int(match[2])
    path, file, line = place
    _check_fractions(fractions, path=path, file=file, line=line)
    return match[1], fractions


def _check_per_fraction(regimen: Regimen, place: _Place) -> None:
    if regimen.per_fraction.gy < DOSE_PER_FRACTION_FLOOR_GY:
        message = f"{regimen} is below {_plain(DOSE_PER_FRACTION_FLOOR_GY)} Gy a fraction."
        raise _refuse("dose-implausible", message, "Check the unit: was Gy meant, not cGy?", place)


def parse_regimen(value: object, *, path: str = "", file: str | None = None, line: int | None = None) -> Regimen:
    """Read total dose and fractions.

    >>> parse_regimen("3000cGy/10") == parse_regimen("30 Gy in 10")
    True

    Parameters
    ----------
    value : ``"30Gy/10"``, ``"30 Gy/10"``, ``"30 Gy in 10"``; the dose is the total, not the dose per fraction
    path, file, line : place of the text, for the error

    Raises
    ------
    QuantityRefused
        the codes of :func:`parse_dose`; ``bad-regimen``; ``fractions-implausible``; ``dose-implausible`` also
        below :data:`DOSE_PER_FRACTION_FLOOR_GY` a fraction; ``several-levels`` for a boost
        (:func:`parse_sib`)
    """
    place = (path, file, line)
    dose_text, fractions = _split_regimen(value, "30 Gy/10", place)
    if "+" in dose_text:
        raise _refuse("several-levels", "This regimen has several dose levels; one is expected here.", "", place)
    regimen = Regimen(parse_dose(dose_text, path=path, file=file, line=line), fractions)
    _check_per_fraction(regimen, place)
    return regimen


def parse_sib(value: object, *, path: str = "", file: str | None = None, line: int | None = None) -> SibRegimen:
    """Read a simultaneous integrated boost; the levels may be written in any order.

    >>> str(parse_sib("40Gy+30Gy/10"))
    '40 Gy + 30 Gy in 10'

    Raises
    ------
    QuantityRefused : the codes of :func:`parse_regimen`; ``bad-levels`` for one level or equal levels
    """
    place = (path, file, line)
    dose_text, fractions = _split_regimen(value, "40Gy+30Gy/10", place)
    doses = [parse_dose(part, path=path, file=file, line=line) for part in dose_text.split("+")]
    if len(set(doses)) < 2 or len(set(doses)) != len(doses):
        raise _refuse("bad-levels", "A boost needs two or more different dose levels.", "", place)
    sib = SibRegimen(tuple(sorted(doses, reverse=True)), fractions)
    for regimen in sib.regimens:
        _check_per_fraction(regimen, place)
    return sib
