"""Doses of several courses added voxel by voxel, each as EQD2 with its own number of fractions.

No repair is credited. The physical dose of an earlier course is read linearly between its voxels, at the points of the current grid
brought into its frame by a rigid transform, and only then turned into EQD2. Where an earlier grid does not reach, its dose is
unknown, and so is the sum: never zero. What lies between the points of the current grid is not seen: an earlier dose on a finer grid
may be higher there.

Source: for the formula :mod:`portico.biology.lq`; for the dose between voxels :mod:`portico.dosimetry.field`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from portico.biology import eqd2
from portico.biology.lq import REFERENCE_GY_PER_FRACTION
from portico.dosimetry.dvh import dvh
from portico.dosimetry.field import dose_and_slope, field_of
from portico.errors import CannotTell, InputRefused
from portico.geometry import EndCap, compiled
from portico.rt.dose import DoseGrid
from portico.rt.grid import Grid
from portico.rt.registration import rigid_matrix
from portico.rt.structures import Structure

__all__ = [
    "Accumulated",
    "EarlierDose",
    "NeuralMaximum",
    "accumulate_eqd2",
    "around",
    "eqd2_grid",
    "neural_maximum",
    "resampled",
]

Floats = NDArray[np.float64]
#: Summations that stand for one whole course; a sum of several plans has no single number of fractions.
_WHOLE: Final = ("PLAN", "UNKNOWN")


@dataclass(frozen=True, slots=True, eq=False)
class EarlierDose:
    """The dose of an earlier course.

    Parameters
    ----------
    dose : physical dose of the whole course, in Gy
    fractions : of that course; None when unknown, and then nothing can be added
    matrix : (4, 4) rigid transform of points from its frame of reference to the current one, in mm; None when both share a frame

    Raises
    ------
    InputRefused
        ``not-rigid``, ``fractions-implausible``, ``not-whole-dose`` (of one beam, one fraction or several plans),
        ``dose-not-physical`` (it is weighted already)
    """

    dose: DoseGrid
    fractions: int | None
    matrix: Floats | None = None

    def __post_init__(self) -> None:
        if self.fractions is not None and (type(self.fractions) is not int or self.fractions < 1):
            raise InputRefused("An earlier course has one fraction or more.", code="fractions-implausible")
        if self.dose.summation not in _WHOLE:
            raise InputRefused(
                "An earlier dose is not that of one whole course.",
                code="not-whole-dose",
                fix="Export the dose of the whole plan; give several plans as several courses.",
            )
        _need_physical(self.dose)
        if self.matrix is not None:
            object.__setattr__(self, "matrix", rigid_matrix(self.matrix))


@dataclass(frozen=True, slots=True, eq=False)
class Accumulated:
    """The sum of all courses.

    Parameters
    ----------
    eqd2 : sum as EQD2 in Gy on the current grid; in ``unknown`` voxels the sum of the courses that are known there, which is a
        lower bound
    unknown : (k, j, i) voxels that an earlier grid does not reach
    alpha_beta_gy : α/β of the EQD2 in Gy
    """

    eqd2: DoseGrid
    unknown: NDArray[np.bool_]
    alpha_beta_gy: float

    def maximum_gy(self, structure: Structure, *, end_cap: EndCap = "tapered", slice_mm: float | None = None) -> float:
        """Highest EQD2 in Gy of a structure.

        Raises
        ------
        CannotTell : ``structure-off-dose-grid``; ``earlier-dose-unknown`` where a part of it lies in unknown voxels
        """
        found = neural_maximum(self, structure, end_cap=end_cap, slice_mm=slice_mm)
        if found.bound == "at_least":
            raise CannotTell(found.why, code=found.code)
        return found.gy


@dataclass(frozen=True, slots=True)
class NeuralMaximum:
    """Highest value in a structure, in Gy.

    Parameters
    ----------
    gy : the maximum, or what it is at least
    bound : ``exact``; ``at_least`` where a part of the structure is unknown
    why, code : what is unknown; empty when exact
    """

    gy: float
    bound: Literal["exact", "at_least"] = "exact"
    why: str = ""
    code: str = ""


def eqd2_grid(gy: NDArray[Any], fractions: int, alpha_beta_gy: float) -> Floats:
    """EQD2 in Gy of doses in Gy, voxel by voxel; :func:`portico.biology.eqd2` for arrays.

    >>> float(eqd2_grid(np.array([30.0]), 10, 2.0)[0])
    37.5

    Parameters
    ----------
    gy : physical dose of the whole course in Gy, any shape
    fractions : of that course
    alpha_beta_gy : α/β in Gy, above 0

    Raises
    ------
    QuantityRefused : fractions or α/β that :func:`portico.biology.eqd2` refuses
    """
    eqd2(0.0, fractions, alpha_beta_gy)  # refuses what is no count and no α/β
    dose = np.asarray(gy, dtype=np.float64)
    weight = dose / fractions
    weight += alpha_beta_gy
    weight /= REFERENCE_GY_PER_FRACTION + alpha_beta_gy
    return np.asarray(np.multiply(weight, dose, out=weight))


def accumulate_eqd2(
    current: DoseGrid, fractions: int, earlier: Sequence[EarlierDose], alpha_beta_gy: float
) -> Accumulated:
    """Add the courses on the grid of the current dose.

    Parameters
    ----------
    current : physical dose of this course in Gy
    fractions : of this course
    earlier : earlier courses; none gives the EQD2 of this course
    alpha_beta_gy : α/β in Gy, above 0

    Raises
    ------
    InputRefused
        ``frame-differs``: an earlier dose is in another or an unknown frame of reference and has no transform;
        ``dose-not-physical``, ``dose-not-finite``, ``oblique``
    CannotTell : ``fractions-unknown`` of an earlier course
    QuantityRefused : as :func:`eqd2_grid`
    """
    _need_physical(current)
    lowest, highest = float(np.min(current.gy)), float(np.max(current.gy))
    if not (lowest >= 0.0 and np.isfinite(highest)):
        raise InputRefused("The dose grid holds values that are no dose.", code="dose-not-finite")
    total = eqd2_grid(current.gy, fractions, alpha_beta_gy)
    unknown = np.zeros(current.grid.shape, dtype=bool)
    for one in earlier:
        if one.fractions is None:
            raise CannotTell("The fractions of an earlier course are unknown.", code="fractions-unknown")
        reader = _Reader(one, current)
        for k in range(total.shape[0]):
            gy = reader.plane(k)
            off = gy < 0.0
            if off.any():
                unknown[k] |= off
                gy[off] = 0.0
            total[k] += eqd2_grid(gy, one.fractions, alpha_beta_gy)
    made = replace(
        current, gy=total, summation="MULTI_PLAN", dose_type="EFFECTIVE", plan_uids=(), uid=None, step_gy=None
    )
    return Accumulated(made, unknown, alpha_beta_gy)


def resampled(earlier: EarlierDose, onto: DoseGrid) -> tuple[DoseGrid, NDArray[np.bool_]]:
    """Physical dose of an earlier course on the grid of another dose, and where it is unknown.

    Parameters
    ----------
    earlier : the course
    onto : gives grid and frame of reference

    Returns
    -------
    dose in Gy, 0 where it is unknown; (k, j, i) mask of the unknown voxels

    Raises
    ------
    InputRefused : ``frame-differs``, ``dose-not-finite``, ``oblique``
    """
    reader = _Reader(earlier, onto)
    gy = np.stack([reader.plane(k) for k in range(onto.grid.shape[0])])
    unknown = gy < 0.0
    gy[unknown] = 0.0
    return replace(earlier.dose, grid=onto.grid, gy=gy, frame_uid=onto.frame_uid, uid=None, step_gy=None), unknown


def neural_maximum(
    accumulated: Accumulated, structure: Structure, *, end_cap: EndCap = "tapered", slice_mm: float | None = None
) -> NeuralMaximum:
    """Highest EQD2 of a structure in the sum.

    Parameters
    ----------
    accumulated : the sum
    structure : contours in the frame of reference of the current dose
    end_cap, slice_mm : as :func:`portico.dosimetry.dvh`

    Returns
    -------
    what it is at least, where a part of the structure lies off the current grid or where an earlier dose is unknown

    Raises
    ------
    CannotTell : ``structure-off-dose-grid`` when all of it lies off the current grid, ``single-slice``
    InputRefused : as :func:`portico.dosimetry.dvh`
    """
    return _maximum(accumulated.eqd2, accumulated.unknown, structure, end_cap, slice_mm)


def around(dose: DoseGrid, structure: Structure) -> DoseGrid:
    """The part of a dose grid that a structure needs, with two voxels and one slice of the contours to spare.

    A small grid makes the sum of a structure some hundred times faster than that of the whole dose.
    """
    points = np.vstack([contour.points for contour in structure.contours] or [dose.grid.points([[0, 0, 0]])])
    heights = np.unique(points[:, 2])
    spare = float(np.diff(heights).max()) if len(heights) > 1 else float(dose.grid.spacing.max())
    low, high = points.min(axis=0) - spare, points.max(axis=0) + spare
    box = dose.grid.indices(
        [[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
    )
    size = np.array(dose.grid.shape[::-1])
    start = np.clip(np.floor(box.min(axis=0)).astype(int) - 2, 0, size - 1)
    stop = np.clip(np.ceil(box.max(axis=0)).astype(int) + 3, start + 1, size)
    (i, j, k), (u, v, w) = start, stop
    origin = dose.grid.points([start])[0]
    grid = Grid(origin, dose.grid.spacing, dose.grid.axes, (int(w - k), int(v - j), int(u - i)))
    return replace(dose, grid=grid, gy=dose.gy[k:w, j:v, i:u])


def _maximum(
    dose: DoseGrid, unknown: NDArray[np.bool_], structure: Structure, end_cap: EndCap, slice_mm: float | None
) -> NeuralMaximum:
    found = dvh(structure, dose, end_cap=end_cap, slice_mm=slice_mm)
    highest = found.max_on_grid
    if not found.complete:
        why = "A part of the structure lies off the dose grid of this plan."
        return NeuralMaximum(highest, "at_least", why, "structure-off-dose-grid")
    if _touches(unknown, dose, structure, end_cap, slice_mm):
        why = "A part of the structure lies where an earlier dose grid does not reach."
        return NeuralMaximum(highest, "at_least", why, "earlier-dose-unknown")
    return NeuralMaximum(highest)


def _touches(
    unknown: NDArray[np.bool_], dose: DoseGrid, structure: Structure, end_cap: EndCap, slice_mm: float | None
) -> bool:
    """Whether the dose of some point of the structure depends on an unknown voxel."""
    if not unknown.any():
        return False
    marked = replace(dose, gy=unknown.astype(np.float64))
    return dvh(structure, marked, end_cap=end_cap, slice_mm=slice_mm).max_on_grid > 0.0


def _need_physical(dose: DoseGrid) -> None:
    if dose.dose_type == "EFFECTIVE":
        raise InputRefused("A dose is weighted already, and is not a physical dose.", code="dose-not-physical")


class _Reader:
    """Dose of an earlier course at the points of a grid, plane by plane."""

    def __init__(self, earlier: EarlierDose, onto: DoseGrid) -> None:
        grid = onto.grid.snapped()
        if earlier.matrix is None:
            if onto.frame_uid is None or earlier.dose.frame_uid != onto.frame_uid:
                raise InputRefused(
                    "An earlier dose is not in the frame of reference of this plan.",
                    code="frame-differs",
                    fix="Give its registration, or state a rigid transform.",
                )
            self.affine = grid.affine
        else:
            self.affine = np.linalg.inv(earlier.matrix) @ grid.affine
        nk, nj, ni = self.shape = grid.shape
        corners = np.array(
            [(i, j, k, 1) for i in (0, ni - 1) for j in (0, nj - 1) for k in (0, nk - 1)], dtype=np.float64
        )
        reach = (self.affine @ corners.T)[:3]
        field = field_of(earlier.dose)
        # two voxels to spare, so that the edge of the part is the edge of the grid or beyond every point
        self.field = field.cropped(reach.min(axis=1) - field.spacing, reach.max(axis=1) + field.spacing)

    def plane(self, k: int) -> Floats:
        """(j, i) dose in Gy of one plane; -1 where it is unknown."""
        made: Floats = _plane(
            self.field.gy, self.field.first, self.field.spacing, self.affine, k, self.shape[1], self.shape[2]
        )
        return made


@compiled
def _plane(gy: Floats, first: Floats, spacing: Floats, affine: Floats, k: int, rows: int, columns: int) -> Floats:
    made = np.empty((rows, columns))
    for j in range(rows):
        for i in range(columns):
            x = affine[0, 0] * i + affine[0, 1] * j + affine[0, 2] * k + affine[0, 3]
            y = affine[1, 0] * i + affine[1, 1] * j + affine[1, 2] * k + affine[1, 3]
            z = affine[2, 0] * i + affine[2, 1] * j + affine[2, 2] * k + affine[2, 3]
            made[j, i] = dose_and_slope(gy, first, spacing, x, y, z)[0]
    return made
