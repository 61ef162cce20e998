"""Margins round the cord and the CTV: a record of the library, or millimetres that the physician states. Never a default."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from portico.errors import CannotTell, InputRefused
from portico.geometry import grown_from_surface
from portico.knowledge import Volume
from portico.rt import Grid
from portico.targets.draft import Choice, Verified

__all__ = ["MOST_MM", "StatedMargin", "margin_choice", "stated_margin", "with_margin"]

Mask = NDArray[np.bool_]

#: A margin in mm beyond which a typing error is likelier than a plan.
MOST_MM: Final = 20.0


@dataclass(frozen=True, slots=True)
class StatedMargin:
    """A margin and where it comes from.

    Parameters
    ----------
    mm : 0 or more
    row : record that gives it; None when the physician states it
    """

    mm: float
    row: Volume | None = None

    @property
    def verified(self) -> Verified | None:
        """Level of the record; None for a margin in the physician's own words."""
        return cast("Verified", self.row.verified) if self.row is not None else None

    @property
    def says(self) -> str:
        """The margin and its record."""
        if self.row is None:
            return f"{self.mm:g} mm (stated by the physician, no record)"
        return f"{self.mm:g} mm ({self.row.id}, {self.row.verified})"


def stated_margin(text: str, rows: Iterable[Volume], about: str, *, most_mm: float = MOST_MM) -> StatedMargin:
    """Read ``2mm``, the id of a row, or ``ROW=MM`` where a row gives a range.

    Parameters
    ----------
    text : as written
    rows : of the library
    about : ``ptv_margin`` or ``prv_margin``
    most_mm : beyond this a typing error is likelier than a plan

    Raises
    ------
    InputRefused : ``margin-form``, ``bad-margin``, ``no-such-row``, ``margin-range`` (outside the row's), ``margin-needed``
    """
    name, sign, number = text.partition("=")
    if not sign and (name[:1].isdigit() or name[:1] == "-"):
        return StatedMargin(_mm(name, most_mm))
    row = next((one for one in rows if one.id == name and one.about == about), None)
    if row is None:
        raise InputRefused("There is no such margin.", code="no-such-row", fix="Write 2mm, ROW or ROW=2mm.")
    low, high = row.margin_low_mm, row.margin_high_mm
    if sign:
        mm = _mm(number, most_mm)
        if low is not None and high is not None and not low <= mm <= high:
            raise InputRefused(f"{row.id} gives {low:g} to {high:g} mm.", code="margin-range")
        return StatedMargin(mm, row)
    if low is None or low != high:
        shown = "no number" if low is None or high is None else f"{low:g} to {high:g} mm"
        raise InputRefused(
            f"{row.id} gives {shown}.", code="margin-needed", fix=f"Write {row.id}=MM with the unit, e.g. 2mm."
        )
    return StatedMargin(low, row)


def margin_choice(volume: str, rows: Iterable[Volume], about: str, option: str) -> Choice:
    """The question which margin, with every record that there is."""
    options = tuple((row.id, row.says, row.verified) for row in rows if row.about == about and row.site == "spine")
    return Choice(
        volume, "Which margin?", options, f"Give {option} ROW, ROW=MM, or millimetres of your own such as 2mm."
    )


def with_margin(mask: Mask, grid: Grid, mm: float, roi: str) -> Mask:
    """A mask with a margin all round, from the outside of its voxels.

    Raises
    ------
    CannotTell : ``margin-below-voxel`` when the margin would be lost on this grid
    """
    made = grown_from_surface(mask, grid, mm)
    if mm > 0.0 and mask.any() and (made == mask).all():
        raise CannotTell(
            f"A margin of {mm:g} mm is less than half a voxel: {roi} would be the same without it.", code="margin-below-voxel",
            fix="Draft on a finer CT.",
        )  # fmt: skip
    return made


def _mm(text: str, most_mm: float) -> float:
    if not text.endswith("mm"):
        raise InputRefused("A margin is written with its unit.", code="margin-form", fix="Write 2mm.")
    try:
        mm = float(text[:-2])
    except ValueError:
        raise InputRefused("A margin is a number of millimetres.", code="margin-form", fix="Write 2mm.") from None
    if not 0.0 <= mm <= most_mm:
        raise InputRefused(f"A margin lies between 0 and {most_mm:g} mm.", code="bad-margin")
    return mm
