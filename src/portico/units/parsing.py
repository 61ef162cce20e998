"""Dose, length and volume read from text: a number enters only with its unit written beside it.

>>> parse_dose("3000 cGy") == parse_dose("30 Gy")
True
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

from portico.errors import QuantityRefused
from portico.units.quantities import Dose, Length, Volume, is_factor, plain

__all__ = [
    "DOSE_CEILING_GY",
    "LONGEST_TEXT",
    "SPACE",
    "SPACES",
    "Place",
    "parse_dose",
    "parse_length",
    "parse_volume",
    "refuse",
]

#: Largest dose accepted from text, in Gy. A plausibility bound for typing errors (cGy given as Gy), not a
#: clinical limit.
DOSE_CEILING_GY: Final = 100.0
#: Longest text read as a quantity, in characters.
LONGEST_TEXT: Final = 64

#: Spaces that may stand between number and unit, as a pattern.
SPACE = "[ \t\u00a0\u2007\u2009\u202f]*"
#: The same spaces, as characters to strip.
SPACES = " \t\u00a0\u2007\u2009\u202f"
_NUMBER_THEN_REST = re.compile(rf"([0-9]+(?:\.[0-9]+)?|\.[0-9]+|[0-9]+\.){SPACE}(.*)", re.DOTALL)

_DOSE_UNITS: Final = {"gy": Decimal(1), "cgy": Decimal("0.01")}
_LENGTH_UNITS: Final = {"mm": Decimal(1), "cm": Decimal(10)}
_VOLUME_UNITS: Final = dict.fromkeys(("cm3", "cm^3", "cm³", "cc", "ml"), Decimal(1))

#: Where a text stands, for the error: path, file, line.
Place = tuple[str, "str | None", "int | None"]


def refuse(code: str, message: str, fix: str, place: Place) -> QuantityRefused:
    """The refusal with its code, message, fix and place, ready to raise."""
    path, file, line = place
    return QuantityRefused(message, code=code, path=path, file=file, line=line, fix=fix)


def _parse(
    value: object, kind: str, units: dict[str, Decimal], example: str, zero_ok: bool, place: Place
) -> tuple[Decimal, str]:
    """Number in the base unit and the unit as recognised."""
    fix = f"Write a number and its unit, as in {example}."
    if is_factor(value):
        raise refuse(f"{kind}-without-unit", f"This {kind} has no unit.", fix, place)
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise refuse("bad-number", f"This is not a {kind}.", fix, place)
    text = value.strip(SPACES)
    if re.match(r"[+-]?[0-9]*,[0-9]", text):
        raise refuse(
            "bad-number",
            "A comma is not a decimal point.",
            f"Write a point and no thousands mark, as in {example}.",
            place,
        )
    if re.match(r"[+\-−]", text):
        raise refuse("bad-number", f"A {kind} is written without a sign.", fix, place)
    match = _NUMBER_THEN_REST.fullmatch(text)
    if match is None:
        raise refuse("bad-number", f"This {kind} does not begin with a number.", fix, place)
    digits, unit = match[1], match[2]
    if digits.startswith(".") or digits.endswith("."):
        raise refuse("bad-number", "A decimal point needs a digit on both sides.", fix, place)
    if re.fullmatch(r"0[0-9].*", digits):
        raise refuse("bad-number", "A number is written without a leading zero.", fix, place)
    if re.match(r"(?:[eE][+-]?[0-9]|\.)", unit):
        raise refuse("bad-number", "The number is not plain digits with at most one decimal point.", fix, place)
    if not unit:
        raise refuse(f"{kind}-without-unit", f"This {kind} has no unit.", fix, place)
    factor = units.get(unit.lower())
    if factor is None:
        raise refuse("unknown-unit", f"The unit of this {kind} is not known.", fix, place)
    number = Decimal(digits) * factor
    if not math.isfinite(float(number)) or (float(number) <= 0 and not (zero_ok and number == 0)):
        raise refuse("bad-number", f"A {kind} must be above zero.", fix, place)
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
            shown = plain(gy)
            fix = f"Did you mean {shown} cGy = {plain(gy / 100)} Gy?"
            message = f"{shown} Gy is above {plain(DOSE_CEILING_GY)} Gy."
        else:
            fix = "Check the number."
            message = f"{plain(gy * 100)} cGy = {plain(gy)} Gy is above {plain(DOSE_CEILING_GY)} Gy."
        raise refuse("dose-implausible", message, fix, place)
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
