"""Dose-response formulas of normal tissue, each behind the range in which it was fitted.

A formula fitted on conventional fractions over-predicts stereotactic risk by an order of magnitude: for
24 stereotactic treatments one complication was seen, while two conventional models had predicted 13 and
18 (study ``daly-lkb``). So no formula here can be called without a :class:`ModelRange`, and outside of it
the answer is :class:`~portico.errors.CannotTell`, never a number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from portico.biology.inputs import finite, not_negative, positive
from portico.errors import CannotTell, QuantityRefused

__all__ = ["Exposure", "ModelRange", "geud", "lkb", "schultheiss_logistic"]


@dataclass(frozen=True, slots=True)
class Exposure:
    """How the dose is delivered that a model is asked about.

    >>> Exposure(2.0, "spinal_cord", "conventional").organ
    'spinal_cord'

    Parameters
    ----------
    dose_per_fraction_gy : dose per fraction to the organ as delivered, in Gy, before any conversion to
        EQD2; None when unknown
    organ : organ code; None when unknown
    technique : technique code, e.g. ``"conventional"``; None when unknown
    """

    dose_per_fraction_gy: float | None
    organ: str | None
    technique: str | None

    def __post_init__(self) -> None:
        if self.dose_per_fraction_gy is not None:
            not_negative(self.dose_per_fraction_gy, "dose_per_fraction_gy")


@dataclass(frozen=True, slots=True)
class ModelRange:
    """Where a model may be used. It comes from the knowledge, with the model's parameters.

    >>> conventional = ModelRange(1.8, 2.0, "spinal_cord", "conventional", "schultheiss-2008")
    >>> conventional.refuse_reason(Exposure(2.0, "spinal_cord", "conventional")) is None
    True
    >>> conventional.refuse_reason(Exposure(9.0, "spinal_cord", "conventional"))
    'Dose per fraction 9 Gy lies outside the 1.8 to 2 Gy of the model (schultheiss-2008).'

    Parameters
    ----------
    dose_per_fraction_low_gy, dose_per_fraction_high_gy : range in Gy, both ends included
    organ : organ code that the model was fitted for
    technique : technique code that the model was fitted for
    source_id : study or model record

    Raises
    ------
    QuantityRefused : ``range-reversed``, or an end that is not finite or negative
    """

    dose_per_fraction_low_gy: float
    dose_per_fraction_high_gy: float
    organ: str
    technique: str
    source_id: str

    def __post_init__(self) -> None:
        low = not_negative(self.dose_per_fraction_low_gy, "dose_per_fraction_low_gy")
        high = not_negative(self.dose_per_fraction_high_gy, "dose_per_fraction_high_gy")
        if low > high:
            raise QuantityRefused(
                "The range of a model ends before it begins.",
                code="range-reversed",
                path="dose_per_fraction_high_gy",
            )

    def refuse_reason(self, exposure: Exposure) -> str | None:
        """Why the model may not be used for ``exposure``; None when it may.

        Unknown organ, technique or dose per fraction is a reason: the model is not assumed to fit.
        """
        if exposure.organ != self.organ:
            asked = exposure.organ or "an unknown organ"
            return f"The model ({self.source_id}) is for {self.organ}, not {asked}."
        if exposure.technique != self.technique:
            asked = exposure.technique or "an unknown technique"
            return f"The model ({self.source_id}) is for technique {self.technique}, not {asked}."
        per_fraction = exposure.dose_per_fraction_gy
        low, high = self.dose_per_fraction_low_gy, self.dose_per_fraction_high_gy
        if per_fraction is None:
            return f"Dose per fraction is unknown; the model ({self.source_id}) holds for {low:g} to {high:g} Gy."
        if not low <= per_fraction <= high:
            return (
                f"Dose per fraction {per_fraction:g} Gy lies outside the {low:g} to {high:g} Gy "
                f"of the model ({self.source_id})."
            )
        return None

    def require(self, exposure: Exposure) -> None:
        """Pass silently inside the range.

        Raises
        ------
        CannotTell : ``model-out-of-range``, with :meth:`refuse_reason` as its message
        """
        reason = self.refuse_reason(exposure)
        if reason is not None:
            raise CannotTell(reason, code="model-out-of-range", fix="Use the limits for this fractionation instead.")


def _parameter(value: float | None, name: str) -> float:
    if value is None:
        raise CannotTell(
            f"The parameter {name} is not known from any source, so the model has no answer.",
            code="model-parameter-unknown",
            path=name,
        )
    return positive(value, name)


def schultheiss_logistic(
    dose_gy_2gy_per_fraction: float,
    d50_gy: float | None,
    k: float | None,
    *,
    exposure: Exposure,
    model_range: ModelRange,
) -> float:
    """Probability of myelopathy, ``1 / (1 + (D50 / D)^k)``, full thickness of the cord.

    >>> conventional = ModelRange(1.8, 2.0, "spinal_cord", "conventional", "schultheiss-2008")
    >>> at_two = Exposure(2.0, "spinal_cord", "conventional")
    >>> round(100 * schultheiss_logistic(50.0, 69.4, 18.95, exposure=at_two, model_range=conventional), 2)
    0.2

    Parameters
    ----------
    dose_gy_2gy_per_fraction : total dose in 2 Gy fractions, in Gy, 0 or more
    d50_gy : dose in 2 Gy fractions with a probability of one half, in Gy; None when no source states it
    k : slope, no unit; None when no source states it
    exposure : how the dose was delivered, before conversion
    model_range : where the model holds

    Returns
    -------
    Probability from 0 to 1; higher is worse

    Raises
    ------
    CannotTell : ``model-out-of-range`` (any stereotactic dose), ``model-parameter-unknown``
    QuantityRefused : a dose not finite or negative, a parameter not above 0

    Source: study ``schultheiss-2008``; the slope there is derived by a curator, not published.
    """
    model_range.require(exposure)
    d50, slope = _parameter(d50_gy, "d50_gy"), _parameter(k, "k")
    dose = not_negative(dose_gy_2gy_per_fraction, "dose_gy_2gy_per_fraction")
    if dose == 0:
        return 0.0
    return _logistic(slope * (math.log(dose) - math.log(d50)))


def _logistic(x: float) -> float:
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    grown = math.exp(x)
    return grown / (1.0 + grown)


def geud(
    doses_gy: Sequence[float],
    volumes: Sequence[float],
    n: float | None,
    *,
    exposure: Exposure,
    model_range: ModelRange,
) -> float:
    """Generalised equivalent uniform dose, ``(Σ v D^(1/n))^n``.

    >>> conventional = ModelRange(1.8, 2.0, "spinal_cord", "conventional", "example")
    >>> at_two = Exposure(2.0, "spinal_cord", "conventional")
    >>> geud([20.0, 40.0], [1.0, 1.0], 1.0, exposure=at_two, model_range=conventional)
    30.0

    Parameters
    ----------
    doses_gy : dose of each bin in Gy, in the fractionation of the model
    volumes : volume of each bin, any one unit; shares of the organ are taken from it
    n : volume exponent, no unit: near 0 the maximum counts, at 1 the mean; None when unknown
    exposure, model_range : see :func:`schultheiss_logistic`

    Returns
    -------
    Dose in Gy

    Raises
    ------
    CannotTell : ``model-out-of-range``, ``model-parameter-unknown``
    QuantityRefused : ``bins-do-not-match`` (no bin, or unequal lengths), ``no-volume``, a bad number
    """
    model_range.require(exposure)
    exponent = _parameter(n, "n")
    if not doses_gy or len(doses_gy) != len(volumes):
        raise QuantityRefused(
            "A dose-volume histogram needs one volume for each dose.",
            code="bins-do-not-match",
            path="volumes",
        )
    doses = [not_negative(dose, "doses_gy") for dose in doses_gy]
    parts = [not_negative(volume, "volumes") for volume in volumes]
    whole = finite(sum(parts), "volumes")
    if whole == 0:
        raise QuantityRefused("The volumes sum to zero.", code="no-volume", path="volumes")
    highest = max((dose for dose, part in zip(doses, parts, strict=True) if part > 0), default=0.0)
    if highest == 0:
        return 0.0
    # Doses relative to the highest one stay within 0..1, so a small n cannot overflow.
    mean: float = sum(
        part / whole * (dose / highest) ** (1.0 / exponent) for dose, part in zip(doses, parts, strict=True) if part > 0
    )
    return float(highest * mean**exponent)


def lkb(
    doses_gy: Sequence[float],
    volumes: Sequence[float],
    *,
    td50_gy: float | None,
    n: float | None,
    m: float | None,
    exposure: Exposure,
    model_range: ModelRange,
) -> float:
    """Complication probability after Lyman, Kutcher and Burman: ``Φ((gEUD - TD50) / (m TD50))``.

    >>> conventional = ModelRange(1.8, 2.0, "spinal_cord", "conventional", "example")
    >>> at_two = Exposure(2.0, "spinal_cord", "conventional")
    >>> lkb([50.0], [1.0], td50_gy=50.0, n=0.5, m=0.2, exposure=at_two, model_range=conventional)
    0.5

    Parameters
    ----------
    doses_gy, volumes : see :func:`geud`
    td50_gy : uniform dose in Gy with a probability of one half; None when no source states it
    n, m : volume exponent and slope, no unit; None when no source states them
    exposure, model_range : see :func:`schultheiss_logistic`

    Returns
    -------
    Probability from 0 to 1; higher is worse

    Raises
    ------
    CannotTell : ``model-out-of-range``, ``model-parameter-unknown``
    QuantityRefused : as :func:`geud`
    """
    model_range.require(exposure)
    td50, slope = _parameter(td50_gy, "td50_gy"), _parameter(m, "m")
    uniform = geud(doses_gy, volumes, n, exposure=exposure, model_range=model_range)
    t = (uniform - td50) / positive(slope * td50, "m")
    return 0.5 * math.erfc(-t / math.sqrt(2.0))
