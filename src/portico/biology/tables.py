"""Conversion tables: regimens down, α/β across, a note where plain LQ is uncertain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portico.biology.courses import Course
from portico.biology.lq import bed, eqd2, lq_validity

__all__ = ["Conversion", "ConversionRow", "conversion_table"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """BED and EQD2 in Gy at one α/β in Gy."""

    alpha_beta_gy: float
    bed_gy: float
    eqd2_gy: float


@dataclass(frozen=True, slots=True)
class ConversionRow:
    """One regimen of a conversion table.

    Parameters
    ----------
    dose_gy, dose_per_fraction_gy : in Gy
    fractions : number of fractions
    conversions : one for each α/β asked, in that order
    note : a caution on the model at this dose per fraction; None when there is none
    """

    dose_gy: float
    fractions: int
    dose_per_fraction_gy: float
    conversions: tuple[Conversion, ...]
    note: str | None


def conversion_table(
    regimens: Sequence[Course], alpha_betas_gy: Sequence[float], *, lq_threshold_gy: float
) -> tuple[ConversionRow, ...]:
    """Rows for a table of regimens and α/β, unrounded.

    >>> row, = conversion_table([Course(20.0, 5)], [10.0, 2.0], lq_threshold_gy=10.0)
    >>> [round(c.eqd2_gy, 1) for c in row.conversions]
    [23.3, 30.0]

    Parameters
    ----------
    regimens : courses with known dose and fractions
    alpha_betas_gy : α/β in Gy; each gives one column, an empty sequence none
    lq_threshold_gy : dose per fraction in Gy above which a row carries a note; from the knowledge

    Raises
    ------
    CannotTell : ``course-unknown``, naming the regimen (``regimens[2].fractions``)
    QuantityRefused : as :func:`portico.biology.bed`
    """
    rows = []
    for place, regimen in enumerate(regimens):
        dose_gy, fractions = regimen.known(f"regimens[{place}]")
        conversions = tuple(
            Conversion(value, bed(dose_gy, fractions, value), eqd2(dose_gy, fractions, value))
            for value in alpha_betas_gy
        )
        per_fraction = dose_gy / fractions
        note = lq_validity(per_fraction, lq_threshold_gy)
        rows.append(ConversionRow(dose_gy, fractions, per_fraction, conversions, note))
    return tuple(rows)
