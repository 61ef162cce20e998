"""Doses of several courses added voxel by voxel, each as EQD2 with its own number of fractions.

No repair is credited. An earlier dose is brought onto the grid of the current one by a rigid transform and read linearly between its
voxels. Where an earlier grid does not reach, its dose is unknown, and so is the sum: never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from portico.dosimetry.dvh import dvh
from portico.dosimetry.field import doses_at
from portico.errors import CannotTell, InputRefused
from portico.rt.dose import DoseGrid
from portico.rt.structures import Structure

__all__ = ["Accumulated", "EarlierDose", "accumulate_eqd2", "eqd2_grid"]

Floats = NDArray[np.float64]
#: Largest deviation of a rigid transform from orthonormal.
_RIGID = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class EarlierDose:
    """The dose of an earlier course.

    Parameters
    ----------
    dose : of the whole course, in Gy
    fractions : of that course
    matrix : (4, 4) rigid transform from its frame to the current one in mm; None when both share a frame of reference

    Raises
    ------
    InputRefused : ``not-rigid``, ``fractions-implausible``
    """

    dose: DoseGrid
    fractions: int
    matrix: Floats | None = None

    def __post_init__(self) -> None:
        if type(self.fractions) is not int or self.fractions < 1:
            raise InputRefused("An earlier course has one fraction or more.", code="fractions-implausible")
        if self.matrix is None:
            return
        found = np.asarray(self.matrix, dtype=np.float64)
        sound = (
            found.shape == (4, 4) and bool(np.isfinite(found).all()) and np.allclose(found[3], [0, 0, 0, 1], atol=1e-6)
        )
        turn = found[:3, :3] if sound else np.zeros((3, 3))
        if not sound or np.abs(turn.T @ turn - np.eye(3)).max() > _RIGID or np.linalg.det(turn) < 0:
            raise InputRefused(
                "The transform is not rigid: it must turn and move, and neither scale nor mirror.", code="not-rigid"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Accumulated:
    """The sum of all courses.

    Parameters
    ----------
    eqd2 : sum as EQD2 in Gy on the current grid; 0 where it is unknown, which ``unknown`` says
    unknown : (k, j, i) voxels that an earlier grid does not reach
    alpha_beta_gy : α/β of the EQD2 in Gy
    """

    eqd2: DoseGrid
    unknown: NDArray[np.bool_]
    alpha_beta_gy: float

    def maximum_gy(self, structure: Structure, *, slice_mm: float | None = None) -> float:
        """Highest EQD2 in Gy of a structure.

        Raises
        ------
        CannotTell : ``structure-off-dose-grid``; ``earlier-dose-unknown`` where a part of it lies in unknown voxels
        """
        found = dvh(structure, self.eqd2, slice_mm=slice_mm)
        if self.unknown.any():
            marked = replace(self.eqd2, gy=self.unknown.astype(np.float64))
            if dvh(structure, marked, slice_mm=slice_mm).max > 0.0:
                raise CannotTell(
                    "A part of the structure lies where an earlier dose grid does not reach.",
                    code="earlier-dose-unknown",
                )
        return found.max


def eqd2_grid(gy: Floats, fractions: int, alpha_beta_gy: float) -> Floats:
    """EQD2 in Gy of doses in Gy, voxel by voxel; :func:`portico.biology.eqd2` for arrays.

    >>> float(eqd2_grid(np.array([30.0]), 10, 2.0)[0])
    37.5
    """
    return gy * (gy / fractions + alpha_beta_gy) / (2.0 + alpha_beta_gy)


def accumulate_eqd2(
    current: DoseGrid, fractions: int, earlier: Sequence[EarlierDose], alpha_beta_gy: float
) -> Accumulated:
    """Add the courses on the grid of the current dose.

    Parameters
    ----------
    current : dose of this course in Gy
    fractions : of this course
    earlier : earlier courses
    alpha_beta_gy : α/β in Gy, above 0

    Raises
    ------
    InputRefused : ``frame-differs``: an earlier dose is in another frame of reference and has no transform; ``oblique``
    """
    total = eqd2_grid(np.asarray(current.gy, dtype=np.float64), fractions, alpha_beta_gy)
    unknown = np.zeros(current.grid.shape, dtype=bool)
    index = np.indices(current.grid.shape)[::-1].reshape(3, -1).T
    points = current.grid.points(index)
    for one in earlier:
        if one.matrix is None:
            frames = (one.dose.frame_uid, current.frame_uid)
            if None in frames or frames[0] != frames[1]:
                raise InputRefused(
                    "An earlier dose is not in the frame of reference of this plan.", code="frame-differs",
                    fix="Give its registration, or state a rigid transform.",
                )  # fmt: skip
            there = points
        else:
            matrix = np.linalg.inv(np.asarray(one.matrix, dtype=np.float64))
            there = points @ matrix[:3, :3].T + matrix[:3, 3]
        gy = doses_at(one.dose, there).reshape(current.grid.shape)
        unknown |= np.isnan(gy)
        total += np.nan_to_num(eqd2_grid(gy, one.fractions, alpha_beta_gy), nan=0.0)
    return Accumulated(replace(current, gy=np.where(unknown, 0.0, total), uid=None), unknown, alpha_beta_gy)
