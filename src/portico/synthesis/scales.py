"""From the scale on which effects are pooled back to the one that people read."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import expit

from portico.errors import InputRefused
from portico.synthesis.effects import Effects, Measure
from portico.synthesis.inputs import Vector

__all__ = ["double_arcsine_inverse", "harmonic_mean", "natural"]

LOGARITHMS = frozenset({"OR", "RR", "HR", "IRR", "PETO", "IRLN"})


def harmonic_mean(n: Vector) -> float:
    """Harmonic mean of sample sizes, the one that Miller proposed for the double arcsine."""
    return float(len(n) / np.sum(1.0 / n))


def double_arcsine_inverse(y: float, n: float) -> float:
    """Proportion whose double arcsine in a sample of ``n`` is ``y``; 0 or 1 beyond the ends of the scale.

    Bias: the inverse is exact for one study of size ``n``. A pool has no size; with the harmonic mean of very
    unequal studies the answer can leave the range of the studies themselves.

    >>> from portico.synthesis.proportions import proportion_effects
    >>> y = float(proportion_effects([3], [20], measure="PFT").yi[0])
    >>> round(double_arcsine_inverse(y, 20), 12)
    0.15

    Parameters
    ----------
    y : in radian
    n : sample size, above zero; need not be whole

    Raises
    ------
    InputRefused : ``not-positive``

    Source: Miller, Am Stat 1978;32:138; Schwarzer et al., Res Synth Methods 2019;10:476.
    """
    if not n > 0:
        raise InputRefused("The sample size must be above zero.", code="not-positive", path="n")
    least = 0.5 * math.asin(math.sqrt(1.0 / (n + 1.0)))
    if y <= least:
        return 0.0
    if y >= math.pi / 2.0 - least:
        return 1.0
    sine = math.sin(2.0 * y)
    inner = 1.0 - (sine + (sine - 1.0 / sine) / n) ** 2
    return 0.5 * (1.0 - math.copysign(1.0, math.cos(2.0 * y)) * math.sqrt(max(inner, 0.0)))


def natural(y: float, measure: Measure, *, n: float | None = None) -> float:
    """``y`` on the scale that people read: ratio, proportion, rate, or unchanged.

    >>> natural(0.0, "HR"), natural(0.0, "PLO")
    (1.0, 0.5)

    Parameters
    ----------
    y : on the scale of the measure
    measure : see :data:`portico.synthesis.MEASURES`
    n : sample size for the double arcsine; other measures need none

    Raises
    ------
    InputRefused : ``no-sample-size`` for the double arcsine without ``n``
    """
    if measure in LOGARITHMS:
        return math.exp(y) if y < 700.0 else math.inf
    if measure == "PLO":
        return float(expit(y))
    if measure == "PAS":
        return math.sin(min(max(y, 0.0), math.pi / 2.0)) ** 2
    if measure == "PFT":
        if n is None:
            raise InputRefused(
                "The double arcsine cannot be turned back without a sample size.", code="no-sample-size", path="n"
            )
        return double_arcsine_inverse(y, n)
    return y


def size_of_pool(effects: Effects) -> float | None:
    """Harmonic mean of the studies' sizes; None when they are unknown."""
    return None if effects.n is None else harmonic_mean(effects.n)
