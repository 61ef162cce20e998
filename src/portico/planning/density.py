"""Relative electron density of a CT, by a table that somebody has stated.

>>> table = DensityTable((-1000.0, 0.0, 1000.0), (0.0, 1.0, 1.6), "example")
>>> densities(np.array([[[-1000.0, 500.0, 0.0]]]), table)[0, 0]
array([0. , 1.3, 1. ], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from portico.errors import InputRefused, UsageError

__all__ = ["DensityTable", "densities"]

Floats = NDArray[np.float64]
#: What no tissue and no implant reaches: gold has 14.9 times the electrons of water.
_MOST: Final = 15.0


@dataclass(frozen=True, slots=True)
class DensityTable:
    """HU to relative electron density.

    Parameters
    ----------
    hu : rising, at least two
    density : electrons against water, 0 or more, one for each HU; between them a straight line, beyond them the last value
    says : scanner or source that the table belongs to

    Raises
    ------
    UsageError : ``density-table`` for a table that does not rise, holds what is no number, or says nothing of its origin
    """

    hu: tuple[float, ...]
    density: tuple[float, ...]
    says: str

    def __post_init__(self) -> None:
        hu, density = np.array(self.hu, float), np.array(self.density, float)
        sound = hu.ndim == density.ndim == 1 and len(hu) == len(density) >= 2 and bool(self.says.strip())
        sound = sound and bool(np.isfinite([hu, density]).all())
        if not sound or not (np.diff(hu) > 0).all() or density.min() < 0.0 or density.max() > _MOST:
            raise UsageError(
                "This is no density table.", code="density-table",
                fix="Give two or more lines of rising HU with electrons against water from 0 to 15, and where it comes from.",
            )  # fmt: skip


def densities(
    hu: NDArray[Any],
    table: DensityTable | None,
    *,
    body: NDArray[np.bool_] | None = None,
    overrides: Sequence[tuple[NDArray[np.bool_], float]] = (),
) -> NDArray[np.float32]:
    """(k, j, i) relative electron density.

    Parameters
    ----------
    hu : (k, j, i) HU
    table : of the scanner; None is refused, no table is a default
    body : (k, j, i) outline; what lies beyond it, couch and air, counts as nothing. None keeps the whole CT
    overrides : masks with the density that stands there instead, later ones last: metal, contrast, artefacts

    Raises
    ------
    InputRefused : ``no-density-table``; ``ct-damaged`` for a CT that holds what is no number; ``mask-shape``
    UsageError : ``density-override`` outside 0 to 15
    """
    if table is None:
        raise InputRefused(
            "The CT comes without a density table: no depth in tissue can be told.", code="no-density-table",
            fix="Give the scanner's own table by --density FILE.",
        )  # fmt: skip
    if not np.isfinite(hu).all():
        raise InputRefused("The CT holds values that are no numbers.", code="ct-damaged", fix="Export it again.")
    if any(one.shape != hu.shape for one in (*(mask for mask, _ in overrides), *((body,) if body is not None else ()))):
        raise InputRefused("A mask does not have the shape of the CT.", code="mask-shape")
    made: NDArray[np.float32] = np.interp(hu, table.hu, table.density).astype(np.float32)
    for mask, value in overrides:
        if not 0.0 <= value <= _MOST:
            raise UsageError("A density lies between 0 and 15 times that of water.", code="density-override")
        made[mask] = value
    if body is not None:
        made[~body] = 0.0
    return made
