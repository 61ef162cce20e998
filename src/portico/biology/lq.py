"""The linear-quadratic model: BED, EQD2, their inverse, and the iso-effect line.

Plain LQ: no repopulation, no linear-quadratic-linear correction, complete repair between fractions.
``alpha_beta_gy`` is always an argument. This room holds no tissue constant.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from portico.biology.inputs import finite, not_negative, positive, whole_number

__all__ = [
    "IsoeffectPoint",
    "bed",
    "dose_for_eqd2",
    "eqd2",
    "isoeffect_line",
    "lq_validity",
    "organ_bed",
    "organ_eqd2",
]

REFERENCE_GY_PER_FRACTION = 2.0
"""The 2 in EQD2: dose per fraction, in Gy, of the schedule that EQD2 names. A definition, no parameter."""


def bed(dose_gy: float, fractions: int, alpha_beta_gy: float) -> float:
    """Biologically effective dose, ``D (1 + d / (α/β))``.

    >>> round(bed(30.0, 10, 10.0), 6)
    39.0

    Parameters
    ----------
    dose_gy : total physical dose of the course in Gy, 0 or more
    fractions : number of equal fractions, whole, 1 or more
    alpha_beta_gy : α/β in Gy, above 0; there is no default

    Returns
    -------
    BED in Gy at that α/β; never compare BED of different α/β

    Raises
    ------
    QuantityRefused : a number that is not finite, negative dose, no fractions, α/β not above 0, None

    Source: the linear-quadratic formula as used in the table ``derived_bed_eqd2`` of the evidence records.
    """
    dose = not_negative(dose_gy, "dose_gy")
    count = whole_number(fractions, "fractions")
    alpha_beta = positive(alpha_beta_gy, "alpha_beta_gy")
    return finite(dose * (1.0 + dose / count / alpha_beta), "bed_gy")


def eqd2(dose_gy: float, fractions: int, alpha_beta_gy: float) -> float:
    """Dose in 2 Gy fractions with the same effect, ``D (d + α/β) / (2 + α/β)``.

    >>> round(eqd2(14.0, 1, 2.0), 6)
    56.0

    Parameters
    ----------
    dose_gy : total physical dose of the course in Gy, 0 or more
    fractions : number of equal fractions, whole, 1 or more
    alpha_beta_gy : α/β in Gy, above 0; there is no default

    Returns
    -------
    EQD2 in Gy at that α/β

    Raises
    ------
    QuantityRefused : as :func:`bed`
    """
    dose = not_negative(dose_gy, "dose_gy")
    count = whole_number(fractions, "fractions")
    alpha_beta = positive(alpha_beta_gy, "alpha_beta_gy")
    weight = (dose / count + alpha_beta) / (REFERENCE_GY_PER_FRACTION + alpha_beta)
    return finite(dose * weight, "eqd2_gy")


def organ_bed(organ_dose_gy: float, course_fractions: int, alpha_beta_gy: float) -> float:
    """BED of an organ that gets its own dose in the fractions of the course.

    >>> round(organ_bed(17.0, 2, 2.0), 6)  # cord maximum 17 Gy beside a target given 24 Gy in 2
    89.25

    Parameters
    ----------
    organ_dose_gy : physical dose of the organ over the whole course in Gy, not the prescription
    course_fractions : number of fractions of the course; the organ got its dose in as many
    alpha_beta_gy : α/β of the organ in Gy

    Raises
    ------
    QuantityRefused : as :func:`bed`
    """
    return bed(organ_dose_gy, course_fractions, alpha_beta_gy)


def organ_eqd2(organ_dose_gy: float, course_fractions: int, alpha_beta_gy: float) -> float:
    """EQD2 of an organ that gets its own dose in the fractions of the course.

    >>> round(organ_eqd2(17.0, 2, 2.0), 3)  # cord maximum 17 Gy beside a target given 24 Gy in 2
    44.625

    Parameters
    ----------
    organ_dose_gy : physical dose of the organ over the whole course in Gy, not the prescription
    course_fractions : number of fractions of the course; the organ got its dose in as many
    alpha_beta_gy : α/β of the organ in Gy

    Raises
    ------
    QuantityRefused : as :func:`bed`
    """
    return eqd2(organ_dose_gy, course_fractions, alpha_beta_gy)


def dose_for_eqd2(eqd2_gy: float, fractions: int, alpha_beta_gy: float) -> float:
    """Total physical dose that gives ``eqd2_gy`` in ``fractions`` equal fractions.

    >>> round(dose_for_eqd2(44.6, 10, 2.0), 1)
    33.4

    The result is not rounded. Round a limit down: 27.263 printed as 27.3 lies above its own EQD2.

    Parameters
    ----------
    eqd2_gy : EQD2 in Gy at ``alpha_beta_gy``, 0 or more
    fractions : number of equal fractions, whole, 1 or more
    alpha_beta_gy : α/β in Gy, above 0

    Returns
    -------
    Total dose in Gy (not the dose per fraction)

    Raises
    ------
    QuantityRefused : as :func:`bed`
    """
    target = not_negative(eqd2_gy, "eqd2_gy")
    count = whole_number(fractions, "fractions")
    alpha_beta = positive(alpha_beta_gy, "alpha_beta_gy")
    bed_gy = target * (1.0 + REFERENCE_GY_PER_FRACTION / alpha_beta)
    root = math.sqrt(finite(1.0 + 4.0 * bed_gy / (count * alpha_beta), "alpha_beta_gy"))
    # This form of the quadratic root does not cancel when the dose per fraction is small.
    return finite(2.0 * bed_gy / (1.0 + root), "dose_gy")


@dataclass(frozen=True, slots=True)
class IsoeffectPoint:
    """One point of an iso-effect line: total dose and dose per fraction in Gy for a number of fractions."""

    fractions: int
    dose_gy: float
    dose_per_fraction_gy: float


def isoeffect_line(eqd2_gy: float, alpha_beta_gy: float, fractions: Sequence[int]) -> tuple[IsoeffectPoint, ...]:
    """Total doses of equal effect for several numbers of fractions, in the order asked.

    >>> [round(p.dose_gy, 1) for p in isoeffect_line(44.6, 2.0, [6, 8, 10, 15])]
    [27.3, 30.6, 33.4, 38.9]

    Parameters
    ----------
    eqd2_gy : EQD2 in Gy that every point shares
    alpha_beta_gy : α/β in Gy
    fractions : numbers of fractions; an empty sequence gives an empty line

    Raises
    ------
    QuantityRefused : as :func:`bed`
    """
    points = []
    for count in fractions:
        dose = dose_for_eqd2(eqd2_gy, count, alpha_beta_gy)
        points.append(IsoeffectPoint(count, dose, dose / count))
    return tuple(points)


def lq_validity(dose_per_fraction_gy: float, threshold_gy: float) -> str | None:
    """A note when a dose per fraction lies above the range in which plain LQ is at ease.

    A note and no refusal: the figure is still shown, with the note beside it.

    >>> lq_validity(8.0, 10.0) is None
    True
    >>> lq_validity(24.0, 10.0)
    'Dose per fraction 24 Gy lies above 10 Gy: plain LQ is uncertain here. Read BED and EQD2 as rough.'

    Parameters
    ----------
    dose_per_fraction_gy : dose per fraction in Gy; exactly the threshold gives no note
    threshold_gy : dose per fraction in Gy above which the note is given; it comes from the knowledge

    Raises
    ------
    QuantityRefused : as :func:`bed`; a threshold not above 0

    Source: field ``model`` of ``derived_bed_eqd2`` in the evidence records (derived).
    """
    per_fraction = not_negative(dose_per_fraction_gy, "dose_per_fraction_gy")
    threshold = positive(threshold_gy, "threshold_gy")
    if per_fraction <= threshold:
        return None
    return (
        f"Dose per fraction {per_fraction:g} Gy lies above {threshold:g} Gy: "
        "plain LQ is uncertain here. Read BED and EQD2 as rough."
    )
