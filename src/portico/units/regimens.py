"""Regimens: a total dose in a number of fractions, and boosts with several dose levels.

>>> str(parse_regimen("30Gy/10"))
'30 Gy in 10'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from portico.errors import QuantityRefused
from portico.units.parsing import LONGEST_TEXT, SPACE, SPACES, Place, parse_dose, refuse
from portico.units.quantities import Dose, plain

__all__ = [
    "DOSE_PER_FRACTION_FLOOR_GY",
    "FRACTIONS_CEILING",
    "Regimen",
    "SibRegimen",
    "parse_regimen",
    "parse_sib",
]

#: Smallest dose per fraction accepted from text, in Gy. A plausibility bound (Gy given as cGy), not a
#: clinical limit.
DOSE_PER_FRACTION_FLOOR_GY: Final = 0.5
#: Largest number of fractions. A plausibility bound for typing errors, not a clinical limit.
FRACTIONS_CEILING: Final = 60

_REGIMEN = re.compile(
    rf"(.*?){SPACE}(?:/|(?<![A-Za-z0-9])in(?![A-Za-z])){SPACE}([0-9]{{1,4}}){SPACE}(?:fractions?|fx|#)?",
    re.DOTALL,
)


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


def _split_regimen(value: object, example: str, place: Place) -> tuple[str, int]:
    fix = f"Write total dose, unit and fractions, as in {example}."
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise refuse("bad-regimen", "This is not a regimen.", fix, place)
    match = _REGIMEN.fullmatch(value.strip(SPACES))
    if match is None:
        raise refuse("bad-regimen", "This is not a total dose and a number of fractions.", fix, place)
    fractions = int(match[2])
    path, file, line = place
    _check_fractions(fractions, path=path, file=file, line=line)
    return match[1], fractions


def _check_per_fraction(regimen: Regimen, place: Place) -> None:
    if regimen.per_fraction.gy < DOSE_PER_FRACTION_FLOOR_GY:
        message = f"{regimen} is below {plain(DOSE_PER_FRACTION_FLOOR_GY)} Gy a fraction."
        raise refuse("dose-implausible", message, "Check the unit: was Gy meant, not cGy?", place)


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
        raise refuse("several-levels", "This regimen has several dose levels; one is expected here.", "", place)
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
        raise refuse("bad-levels", "A boost needs two or more different dose levels.", "", place)
    sib = SibRegimen(tuple(sorted(doses, reverse=True)), fractions)
    for regimen in sib.regimens:
        _check_per_fraction(regimen, place)
    return sib
