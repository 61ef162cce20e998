"""How many patients a comparison needs.

>>> need = two_proportions(0.108, 0.046)
>>> round(need.per_arm, 1), need.first, need.formula
(289.1, 290, 'two proportions, normal, pooled variance under no difference')

Numbers are exact (``per_arm``) and rounded up (``first``, ``second``). Alpha is two-sided unless said otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from scipy.special import ndtri

from portico.errors import CannotTell, InputRefused
from portico.synthesis.inputs import chosen, positive, probability

__all__ = [
    "PROPORTION_FORMULAS",
    "ProportionFormula",
    "SampleSize",
    "log_rank",
    "log_rank_with_competing_death",
    "noninferior_hazards",
    "noninferior_proportions",
    "two_proportions",
]

ProportionFormula = Literal["pooled", "unpooled", "continuity", "arcsine"]

PROPORTION_FORMULAS: Final[dict[ProportionFormula, str]] = {
    "pooled": "two proportions, normal, pooled variance under no difference",
    "unpooled": "two proportions, normal, separate variances",
    "continuity": "two proportions, normal, pooled variance with continuity correction (Fleiss)",
    "arcsine": "two proportions, arcsine",
}


@dataclass(frozen=True, slots=True)
class SampleSize:
    """What a comparison needs.

    Parameters
    ----------
    formula : in words
    alpha, two_sided, power : of the test
    per_arm : exact number in the first arm that must be evaluable
    first, second : evaluable patients of each arm, rounded up
    enrol : patients to enrol in both arms so that enough remain; equals ``first + second`` without loss
    events : events needed in both arms, rounded up; None for proportions
    assumed : the assumptions in one line
    """

    formula: str
    alpha: float
    two_sided: bool
    power: float
    per_arm: float
    first: int
    second: int
    enrol: int
    events: int | None
    assumed: str


def _up(x: float) -> int:
    """Round up, forgiving float noise."""
    return math.ceil(x - 1e-9)


def _quantiles(alpha: float, power: float, *, two_sided: bool) -> tuple[float, float]:
    tail = probability(alpha, "alpha") / (2.0 if two_sided else 1.0)
    if probability(power, "power") <= tail:
        raise InputRefused("The power must lie above alpha.", code="power-too-low", path="power")
    return float(-ndtri(tail)), float(ndtri(power))


def _ratio(ratio: float) -> float:
    return float(positive([ratio], "ratio")[0])


def _built(
    formula: str,
    alpha: float,
    two_sided: bool,
    power: float,
    first: float,
    ratio: float,
    lost: float,
    events: int | None,
    assumed: str,
) -> SampleSize:
    if not 0.0 <= lost < 1.0:
        raise InputRefused("The share lost must be 0 or more and below 1.", code="not-a-share", path="lost")
    n1, n2 = _up(first), _up(first * ratio)
    return SampleSize(
        formula,
        alpha,
        two_sided,
        power,
        first,
        n1,
        n2,
        _up(n1 / (1.0 - lost)) + _up(n2 / (1.0 - lost)),
        events,
        assumed,
    )


def two_proportions(
    first: float,
    second: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    ratio: float = 1.0,
    formula: ProportionFormula = "pooled",
    lost: float = 0.0,
) -> SampleSize:
    """Patients needed to tell two proportions apart, two-sided.

    Parameters
    ----------
    first, second : expected shares, strictly between 0 and 1
    alpha, power : of the test
    ratio : patients in the second arm for each in the first
    formula : see :data:`PROPORTION_FORMULAS`
    lost : share of the enrolled who cannot be evaluated (dead, lost), from 0

    Raises
    ------
    InputRefused : ``not-a-probability``, ``not-positive``, ``not-a-share``, ``power-too-low``
    CannotTell : ``no-difference``
    UsageError : ``unknown-option``

    Source: Fleiss, Levin, Paik, Statistical Methods for Rates and Proportions 2003, chapter 4.
    """
    chosen(formula, PROPORTION_FORMULAS, "formula")
    p1, p2, r = probability(first, "first"), probability(second, "second"), _ratio(ratio)
    za, zb = _quantiles(alpha, power, two_sided=True)
    if p1 == p2:
        raise CannotTell("Equal proportions cannot be told apart.", code="no-difference")
    gap = abs(p1 - p2)
    mean = (p1 + r * p2) / (1.0 + r)
    own = p1 * (1.0 - p1) + p2 * (1.0 - p2) / r
    if formula == "unpooled":
        n = (za + zb) ** 2 * own / gap**2
    elif formula == "arcsine":
        n = (za + zb) ** 2 * (1.0 + 1.0 / r) / (2.0 * (math.asin(math.sqrt(p1)) - math.asin(math.sqrt(p2)))) ** 2
    else:
        n = (za * math.sqrt((1.0 + 1.0 / r) * mean * (1.0 - mean)) + zb * math.sqrt(own)) ** 2 / gap**2
        if formula == "continuity":
            n = n / 4.0 * (1.0 + math.sqrt(1.0 + 2.0 * (r + 1.0) / (n * r * gap))) ** 2
    assumed = f"{100 * p1:g} % against {100 * p2:g} %, ratio 1 : {r:g}, {100 * lost:g} % lost"
    return _built(PROPORTION_FORMULAS[formula], alpha, True, power, n, r, lost, None, assumed)


def _hazard_ratio(hazard_ratio: float) -> float:
    hr = float(positive([hazard_ratio], "hazard_ratio")[0])
    if hr == 1.0:
        raise CannotTell("A hazard ratio of one cannot be told from one.", code="no-difference")
    return hr


def log_rank(
    hazard_ratio: float,
    first_event_share: float,
    *,
    second_event_share: float | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    ratio: float = 1.0,
    formula: Literal["schoenfeld", "freedman"] = "schoenfeld",
    lost: float = 0.0,
) -> SampleSize:
    """Events and patients for a log-rank test, two-sided.

    >>> log_rank(0.5, 0.6).events
    66

    Parameters
    ----------
    hazard_ratio : second arm over first, above zero and not 1
    first_event_share : share of the first arm that has the event by the end of the study
    second_event_share : the same for the second arm; None takes it from proportional hazards
    alpha, power, ratio, lost : see :func:`two_proportions`
    formula : ``schoenfeld``, or ``freedman`` (more events for strong effects)

    Raises
    ------
    InputRefused, CannotTell, UsageError : as :func:`two_proportions`

    Source: Schoenfeld, Biometrics 1983;39:499; Freedman, Stat Med 1982;1:121.
    """
    chosen(formula, ("schoenfeld", "freedman"), "formula")
    hr, r = _hazard_ratio(hazard_ratio), _ratio(ratio)
    p1 = probability(first_event_share, "first_event_share")
    p2 = 1.0 - (1.0 - p1) ** hr if second_event_share is None else probability(second_event_share, "second_event_share")
    za, zb = _quantiles(alpha, power, two_sided=True)
    if formula == "schoenfeld":
        d = (za + zb) ** 2 * (1.0 + r) ** 2 / (r * math.log(hr) ** 2)
    else:
        d = (za + zb) ** 2 * (1.0 + r * hr) ** 2 / (r * (1.0 - hr) ** 2)
    n = d / (p1 + r * p2)
    name = f"log-rank, {'Schoenfeld' if formula == 'schoenfeld' else 'Freedman'}"
    assumed = f"hazard ratio {hr:g}, events in {100 * p1:.3g} % and {100 * p2:.3g} %, ratio 1 : {r:g}"
    return _built(name, alpha, True, power, n, r, lost, _up(d), assumed)


def _share_seen(event: float, death: float, accrual: float, follow_up: float) -> float:
    """Share of an arm seen to have the event before death and before the study ends."""
    whole = event + death
    if accrual > 0:
        waiting = (np.exp(-whole * follow_up) - np.exp(-whole * (accrual + follow_up))) / (whole * accrual)
    else:
        waiting = np.exp(-whole * follow_up)
    return float(event / whole * (1.0 - waiting))


def log_rank_with_competing_death(
    hazard_ratio: float,
    first_event_hazard: float,
    death_hazard: float,
    *,
    accrual: float,
    follow_up: float,
    alpha: float = 0.05,
    power: float = 0.8,
    ratio: float = 1.0,
    lost: float = 0.0,
) -> SampleSize:
    """Patients for a comparison of cause-specific hazards where death takes patients away before the event.

    Patients enter evenly over ``accrual`` and are followed for ``follow_up`` after the last one; hazards are constant
    and death is the same in both arms. Only events count, so the rate of death drives the number of patients.

    Parameters
    ----------
    hazard_ratio : cause-specific, second arm over first
    first_event_hazard, death_hazard : per unit of time; death (without event) zero or more
    accrual, follow_up : in that unit; accrual zero or more, follow-up above zero
    alpha, power, ratio, lost : see :func:`two_proportions`

    Raises
    ------
    InputRefused, CannotTell : as :func:`two_proportions`; ``negative``

    Source: Pintilie, Stat Med 2002;21:3317, doi 10.1002/sim.1271.
    """
    hr, r = _hazard_ratio(hazard_ratio), _ratio(ratio)
    event = float(positive([first_event_hazard], "first_event_hazard")[0])
    last = float(positive([follow_up], "follow_up")[0])
    for name, value in (("death_hazard", death_hazard), ("accrual", accrual)):
        if not (math.isfinite(value) and value >= 0):
            raise InputRefused(f"{name} must be zero or more.", code="negative", path=name)
    p1, p2 = _share_seen(event, death_hazard, accrual, last), _share_seen(event * hr, death_hazard, accrual, last)
    found = log_rank(hr, p1, second_event_share=p2, alpha=alpha, power=power, ratio=r, lost=lost)
    assumed = f"{found.assumed}; hazards {event:.4g} and death {death_hazard:.4g}, accrual {accrual:g} + {last:g}"
    return replace(found, formula="cause-specific log-rank with death as competing risk (Pintilie)", assumed=assumed)


def noninferior_proportions(
    control: float,
    new: float,
    margin: float,
    *,
    alpha: float = 0.025,
    power: float = 0.8,
    ratio: float = 1.0,
    lost: float = 0.0,
) -> SampleSize:
    """Patients needed to show that a share of bad outcomes is not worse by ``margin``, one-sided.

    >>> noninferior_proportions(0.1, 0.1, 0.05).first
    566

    Parameters
    ----------
    control, new : expected shares of the bad outcome; higher is worse
    margin : largest tolerated excess of ``new``, above zero
    alpha : one-sided
    power, ratio, lost : see :func:`two_proportions`; ``ratio`` is new for each control

    Raises
    ------
    InputRefused, CannotTell : as :func:`two_proportions`; ``beyond-margin`` when the expected excess reaches the margin

    Source: Blackwelder, Control Clin Trials 1982;3:345.
    """
    p0, p1, r = probability(control, "control"), probability(new, "new"), _ratio(ratio)
    room = float(positive([margin], "margin")[0]) - (p1 - p0)
    if room <= 0:
        raise CannotTell("The expected excess reaches the margin.", code="beyond-margin")
    za, zb = _quantiles(alpha, power, two_sided=False)
    n = (za + zb) ** 2 * (p0 * (1.0 - p0) + p1 * (1.0 - p1) / r) / room**2
    assumed = f"{100 * p0:g} % control, {100 * p1:g} % new, margin {100 * margin:g} points, ratio 1 : {r:g}"
    return _built("non-inferior proportions, normal (Blackwelder)", alpha, False, power, n, r, lost, None, assumed)


def noninferior_hazards(
    margin: float,
    control_event_share: float,
    *,
    hazard_ratio: float = 1.0,
    alpha: float = 0.025,
    power: float = 0.8,
    ratio: float = 1.0,
    lost: float = 0.0,
) -> SampleSize:
    """Events and patients needed to show that a hazard ratio lies below ``margin``, one-sided.

    Parameters
    ----------
    margin : largest tolerated hazard ratio, new over control, above ``hazard_ratio``
    control_event_share : share of the control arm with the event by the end of the study
    hazard_ratio : expected
    alpha : one-sided
    power, ratio, lost : see :func:`two_proportions`

    Raises
    ------
    InputRefused, CannotTell : as :func:`noninferior_proportions`

    Source: Schoenfeld, Biometrics 1983;39:499, shifted by the margin.
    """
    hr, r = float(positive([hazard_ratio], "hazard_ratio")[0]), _ratio(ratio)
    room = math.log(float(positive([margin], "margin")[0])) - math.log(hr)
    if room <= 0:
        raise CannotTell("The expected ratio reaches the margin.", code="beyond-margin")
    p0 = probability(control_event_share, "control_event_share")
    p1 = 1.0 - (1.0 - p0) ** hr
    za, zb = _quantiles(alpha, power, two_sided=False)
    d = (za + zb) ** 2 * (1.0 + r) ** 2 / (r * room**2)
    assumed = (
        f"hazard ratio {hr:g}, margin {margin:g}, events in {100 * p0:.3g} % and {100 * p1:.3g} %, ratio 1 : {r:g}"
    )
    return _built("non-inferior hazards, Schoenfeld", alpha, False, power, d / (p0 + r * p1), r, lost, _up(d), assumed)
