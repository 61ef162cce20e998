"""Volume of a dose level in the whole dose grid, with partial voxels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from portico.dosimetry.field import dose_and_slope, field_of
from portico.errors import CannotTell, InputRefused, UsageError
from portico.geometry import compiled
from portico.rt.dose import DoseGrid

__all__ = ["Isodoses", "isodose_volume_cm3"]

#: Parts of a voxel along each axis where the isodose crosses it.
PARTS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Isodoses:
    """Volumes of isodoses of one dose, each measured once.

    Parameters
    ----------
    dose : grid parallel to the patient's axes
    """

    dose: DoseGrid
    _known: dict[float, float] = field(default_factory=dict, repr=False)

    def volume_cm3(self, gy: float) -> float:
        """Volume in cm³ that receives ``gy`` Gy or more; raises as :func:`isodose_volume_cm3`."""
        if gy not in self._known:
            self._known[gy] = isodose_volume_cm3(self.dose, gy)
        return self._known[gy]


def isodose_volume_cm3(dose: DoseGrid, gy: float) -> float:
    """Volume in cm³ of the dose grid that receives ``gy`` Gy or more; dose between voxels is linear.

    Parameters
    ----------
    dose : grid parallel to the patient's axes
    gy : dose in Gy, above 0

    Raises
    ------
    CannotTell : ``isodose-cut-off`` when the isodose reaches the border of the dose grid
    InputRefused : ``oblique``, ``dose-not-finite``
    UsageError : ``dose-not-positive``
    """
    if not (np.isfinite(gy) and gy > 0.0):
        raise UsageError("An isodose is above 0 Gy.", code="dose-not-positive")
    seen = field_of(dose)
    values = np.ascontiguousarray(seen.gy, dtype=np.float64)
    if not np.isfinite(values).all() or float(values.min()) < 0.0:
        raise InputRefused("The dose grid holds values that are no dose.", code="dose-not-finite")
    for axis in range(3):
        if max(float(values.take(side, axis=axis).max()) for side in (0, -1)) >= gy:
            raise CannotTell(
                "The isodose reaches the border of the dose grid.",
                code="isodose-cut-off",
                fix="Compute the dose on a larger grid.",
            )
    return float(_volume(values, seen.first, seen.spacing, gy)) / 1000.0


@compiled
def _volume(values: NDArray[np.float64], first: NDArray[np.float64], spacing: NDArray[np.float64], gy: float) -> float:
    cell = spacing[0] * spacing[1] * spacing[2]
    total = 0.0
    nz, ny, nx = values.shape
    for k in range(nz - 1):
        for j in range(ny - 1):
            for i in range(nx - 1):
                above = 0
                for c in range(8):
                    if values[k + (c >> 2), j + ((c >> 1) & 1), i + (c & 1)] >= gy:
                        above += 1
                if above == 8:
                    total += cell
                elif above > 0:
                    part = 0.0
                    for c in range(PARTS**3):
                        x = first[0] + (i + (c % PARTS + 0.5) / PARTS) * spacing[0]
                        y = first[1] + (j + (c // PARTS % PARTS + 0.5) / PARTS) * spacing[1]
                        z = first[2] + (k + (c // PARTS**2 + 0.5) / PARTS) * spacing[2]
                        found = dose_and_slope(values, first, spacing, x, y, z)
                        # share above along the steepest direction of this small part
                        half = 0.5 * np.sqrt(
                            (found[1] * spacing[0]) ** 2 + (found[2] * spacing[1]) ** 2 + (found[3] * spacing[2]) ** 2
                        )
                        half /= PARTS
                        if half > 0.0:
                            part += min(1.0, max(0.0, 0.5 + 0.5 * (found[0] - gy) / half))
                        elif found[0] >= gy:
                            part += 1.0
                    total += cell * part / PARTS**3
    return total
