"""Named sets of plan quality figures: ICRU 83, ICRU 91, conformity, and two figures that are both called gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portico.dosimetry.dvh import Dvh
from portico.dosimetry.isodose import Isodoses, isodose_volume_cm3
from portico.errors import CannotTell
from portico.rt.dose import DoseGrid

__all__ = [
    "Icru91",
    "gradient_index",
    "homogeneity_icru83",
    "icru91",
    "paddick_conformity",
    "r50",
    "stereotactic_grid_warning",
]

#: Volume in cm³ below which the near-maximum is taken in 35 mm³. Source: ICRU Report 91.
SMALL_VOLUME_CM3: Final = 2.0
#: Volume in cm³ of the near-maximum of a small structure (35 mm³). Source: ICRU Report 91.
NEAR_MAX_CM3: Final = 0.035
#: Largest voxel edge in mm of a dose grid for stereotactic plans that passes without a warning. Source: issue 3.
STEREOTACTIC_GRID_MM: Final = 2.0


@dataclass(frozen=True, slots=True)
class Icru91:
    """Doses that a stereotactic plan reports for a target, in Gy.

    Parameters
    ----------
    median_gy : D50%
    near_max_gy : D2%, or D0.035cc below 2 cm³
    near_max_metric : which of both, as written in the metric grammar
    near_min_gy : D98%
    """

    median_gy: float
    near_max_gy: float
    near_max_metric: str
    near_min_gy: float


def icru91(dvh: Dvh) -> Icru91:
    """The ICRU 91 set for one target (CTV and PTV each by itself).

    Raises
    ------
    CannotTell : ``structure-off-dose-grid``; ``volume-beyond-structure`` below 35 mm³

    Source: ICRU Report 91 (prescribing, recording and reporting of stereotactic treatments).
    """
    small = dvh.volume_cm3 < SMALL_VOLUME_CM3
    return Icru91(
        median_gy=dvh.dose_at_percent(50.0),
        near_max_gy=dvh.dose_at_volume_cm3(NEAR_MAX_CM3) if small else dvh.dose_at_percent(2.0),
        near_max_metric="D0.035cc" if small else "D2%",
        near_min_gy=dvh.dose_at_percent(98.0),
    )


def homogeneity_icru83(dvh: Dvh) -> float:
    """``(D2% - D98%) / D50%``; 0 is homogeneous, higher is less so. No unit.

    Raises
    ------
    CannotTell : ``structure-off-dose-grid``; ``no-dose`` when D50% is 0

    Source: ICRU Report 83.
    """
    median = dvh.dose_at_percent(50.0)
    if median <= 0.0:
        raise CannotTell("The median dose is 0 Gy.", code="no-dose")
    return (dvh.dose_at_percent(2.0) - dvh.dose_at_percent(98.0)) / median


def paddick_conformity(target: Dvh, dose: DoseGrid | Isodoses, prescription_gy: float) -> float:
    """``TV_PIV² / (TV × PIV)``: 1 is perfect, lower is worse; 0 when the isodose misses the target. No unit.

    PIV is the volume of the prescription isodose in the whole dose grid: with several targets of one dose it covers
    all of them, and the figure of each is then too low.

    Raises
    ------
    CannotTell : ``isodose-cut-off``, ``no-dose`` when nothing receives the prescription, ``structure-off-dose-grid``

    Source: Paddick, J Neurosurg 2000;93 Suppl 3:219-222.
    """
    isodose = _isodose(dose, prescription_gy)
    covered = target.volume_at_dose(prescription_gy)
    return covered * covered / (target.volume_cm3 * isodose)


def gradient_index(dose: DoseGrid | Isodoses, prescription_gy: float) -> float:
    """Volume of the half-prescription isodose over that of the prescription isodose; lower falls off faster. No unit.

    Not :func:`r50`, which divides by the volume of the PTV.

    Raises
    ------
    CannotTell : ``isodose-cut-off``, ``no-dose``

    Source: Paddick and Lippitz, J Neurosurg 2006;105 Suppl:194-201.
    """
    full = _isodose(dose, prescription_gy)
    return _volume(dose, 0.5 * prescription_gy) / full


def r50(ptv: Dvh, dose: DoseGrid | Isodoses, prescription_gy: float) -> float:
    """Volume of the half-prescription isodose over the volume of the PTV; lower falls off faster. No unit.

    Not :func:`gradient_index`, which divides by the volume of the prescription isodose.

    Raises
    ------
    CannotTell : ``isodose-cut-off``
    """
    return _volume(dose, 0.5 * prescription_gy) / ptv.volume_cm3


def stereotactic_grid_warning(dose: DoseGrid) -> str | None:
    """Warning text when the dose grid of a stereotactic plan is coarser than 2 mm in any direction, else None."""
    coarsest = float(dose.grid.spacing.max())
    if coarsest <= STEREOTACTIC_GRID_MM * (1.0 + 1e-6):
        return None
    return (
        f"The dose grid is {coarsest:.2f} mm at its coarsest, more than {STEREOTACTIC_GRID_MM:g} mm: "
        "doses to small volumes and at steep edges of a stereotactic plan are uncertain."
    )


def _volume(dose: DoseGrid | Isodoses, gy: float) -> float:
    return dose.volume_cm3(gy) if isinstance(dose, Isodoses) else isodose_volume_cm3(dose, gy)


def _isodose(dose: DoseGrid | Isodoses, gy: float) -> float:
    found = _volume(dose, gy)
    if found <= 0.0:
        raise CannotTell("No part of the dose grid receives the prescription.", code="no-dose")
    return found
