"""A dose grid in gray, and sums of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from portico.rt.grid import Grid
from portico.rt.refusals import refused

__all__ = ["DoseGrid", "sum_doses"]


@dataclass(frozen=True, slots=True, eq=False)
class DoseGrid:
    """Dose on a grid.

    Parameters
    ----------
    grid : where the voxels stand
    gy : (k, j, i) dose in Gy, float32 or float64
    summation : ``PLAN``, ``BEAM``, ``FRACTION``, ... as in PS3.3 C.8.8.3; ``UNKNOWN`` when the source cannot say
    frame_uid : frame of reference; None when unknown
    dose_type : ``PHYSICAL`` or ``EFFECTIVE``; None when unknown
    plan_uids : plans it refers to
    beam_numbers : beams it refers to; empty for a whole plan
    fraction_groups : fraction groups it refers to
    uid : SOP instance; None for a sum or a dose from another format
    heterogeneity : tissue corrections, e.g. ``ROI_OVERRIDE``; None when unknown
    step_gy : smallest step of the stored numbers in Gy; None when unknown
    """

    grid: Grid
    gy: npt.NDArray[np.float32] | npt.NDArray[np.float64]
    summation: str
    frame_uid: str | None = None
    dose_type: str | None = None
    plan_uids: tuple[str, ...] = ()
    beam_numbers: tuple[int, ...] = ()
    fraction_groups: tuple[int, ...] = ()
    uid: str | None = None
    heterogeneity: tuple[str, ...] | None = None
    step_gy: float | None = None

    def __post_init__(self) -> None:
        if self.gy.shape != self.grid.shape:
            raise refused("dose-shape", "The dose array does not have the shape of its grid.")


def sum_doses(doses: Sequence[DoseGrid]) -> DoseGrid:
    """Add the beam doses of one plan on one grid; the sum is a ``PLAN`` dose.

    Parameters
    ----------
    doses : each ``BEAM``, all beams distinct, all of the same plan, frame of reference, grid and dose type

    Raises
    ------
    InputRefused
        ``no-dose``, ``not-beam-doses``, ``beam-repeated``, ``plan-differs``, ``frame-differs``, ``grid-differs``,
        ``dose-type-differs``

    Source: DICOM PS3.3 2024d, C.8.8.3 (a BEAM dose is that of the entire delivery of its beams).
    """
    if not doses:
        raise refused("no-dose", "There is no dose to add.")
    first = doses[0]
    beams = [number for dose in doses for number in dose.beam_numbers]
    if any(dose.summation != "BEAM" or not dose.beam_numbers for dose in doses):
        raise refused("not-beam-doses", "Only doses of named beams are added to a plan dose.")
    if len(set(beams)) != len(beams):
        raise refused("beam-repeated", "A beam is in two of the doses.")
    if any(dose.plan_uids != first.plan_uids for dose in doses):
        raise refused("plan-differs", "The doses belong to different plans.")
    if any(dose.frame_uid != first.frame_uid for dose in doses):
        raise refused("frame-differs", "The doses are in different frames of reference.")
    if any(dose.dose_type != first.dose_type for dose in doses):
        raise refused("dose-type-differs", "The doses are of different types.")
    if not all(dose.grid.same_as(first.grid) for dose in doses):
        raise refused("grid-differs", "The doses are on different grids.")
    total = np.zeros(first.grid.shape, dtype=np.float64)
    for dose in doses:
        total += dose.gy
    groups = tuple(sorted({number for dose in doses for number in dose.fraction_groups}))
    return replace(
        first,
        gy=total,
        summation="PLAN",
        beam_numbers=tuple(sorted(beams)),
        fraction_groups=groups,
        uid=None,
        step_gy=None,
    )
