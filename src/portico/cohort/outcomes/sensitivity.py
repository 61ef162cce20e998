"""E-values: how strong an unrecorded confounder would have to be to explain a result away.

>>> found = e_value(3.9, 1.8, 8.7)
>>> round(found.estimate, 2), round(found.bound, 2)
(7.26, 3.0)

The E-value is the smallest risk ratio that the confounder would need with both treatment and outcome. It says nothing of
whether there is one. Source: VanderWeele & Ding 2017, doi:10.7326/M16-2607, with their approximation for hazard ratios of
common events.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from portico.errors import InputRefused

__all__ = ["EValue", "e_value"]


@dataclass(frozen=True, slots=True)
class EValue:
    """E-value of the estimate, and of the bound of the interval nearer to one (1 when the interval holds one)."""

    estimate: float
    bound: float


def e_value(ratio: float, lo: float, hi: float, *, hazard_of_common_event: bool = False) -> EValue:
    """E-values of a risk ratio with its interval.

    Parameters
    ----------
    ratio, lo, hi : risk ratio, or hazard ratio of an event that few have
    hazard_of_common_event : the three are hazard ratios and more than about 15 % have the event

    Raises
    ------
    InputRefused : ``not-positive``, ``interval-disordered``
    """
    if not all(math.isfinite(value) and value > 0 for value in (ratio, lo, hi)):
        raise InputRefused("A ratio must be above zero and finite.", code="not-positive", path="ratio")
    if not lo <= ratio <= hi:
        raise InputRefused("The estimate lies outside its interval.", code="interval-disordered", path="lo")
    if hazard_of_common_event:
        ratio, lo, hi = (_risk_from_hazard(value) for value in (ratio, lo, hi))
    if lo <= 1.0 <= hi:
        return EValue(_e(ratio), 1.0)
    return EValue(_e(ratio), _e(lo if lo > 1 else hi))


def _risk_from_hazard(ratio: float) -> float:
    return float((1 - 0.5 ** math.sqrt(ratio)) / (1 - 0.5 ** math.sqrt(1 / ratio)))


def _e(ratio: float) -> float:
    above = max(ratio, 1 / ratio)
    return above + math.sqrt(above * (above - 1))
