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

from portico.units.parsing import DOSE_CEILING_GY, parse_dose, parse_length, parse_volume
from portico.units.quantities import Days, Dose, Length, Volume
from portico.units.regimens import (
    DOSE_PER_FRACTION_FLOOR_GY,
    FRACTIONS_CEILING,
    Regimen,
    SibRegimen,
    parse_regimen,
    parse_sib,
)

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
