"""Which voxels become rows of the matrix: every one of targets and cord, and every so manyth of the rest.

>>> body = np.zeros((8, 8, 8), bool)
>>> body[1:7, 1:7, 1:7] = True
>>> target = np.zeros_like(body)
>>> target[3:5, 3:5, 3:5] = True
>>> rows = rows_for([(target, 1), (body, 2)])
>>> number, voxels = rows.of(body)
>>> len(rows), int(target.sum()), float(voxels.sum()) == float(body.sum())
(34, 8, True)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portico.errors import InputRefused, UsageError

__all__ = ["Rows", "rows_for"]

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Voxels that are rows, and from which part of the patient each was taken.

    Parameters
    ----------
    voxels : (n,) numbers of voxels in the flat grid, in C order of (k, j, i), rising
    parts : (k, j, i) number of the part that each voxel of the grid belongs to, from 1; 0 for none
    """

    voxels: NDArray[np.int64]
    parts: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.voxels)

    def of(self, mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Numbers of the rows that lie in a mask, and how many of its voxels each stands for.

        Rows of a part stand for the mask's voxels in that part; voxels of a part without a row in the mask fall to all others.
        """
        numbers = np.flatnonzero(mask.ravel()[self.voxels])
        if not len(numbers):
            return numbers, np.zeros(0)
        part = self.parts.ravel()[self.voxels[numbers]]
        there = np.bincount(self.parts[mask], minlength=256).astype(float)
        taken = np.bincount(part, minlength=256)
        share = np.divide(there, taken, out=np.zeros(256), where=taken > 0)
        return numbers, share[part] * (mask.sum() / (share * taken).sum())


def rows_for(parts: Sequence[tuple[Mask, int]]) -> Rows:
    """Take rows from parts of the patient; a voxel of several parts belongs to the first.

    Parameters
    ----------
    parts : (k, j, i) masks, each with its stride: one voxel in so many along each axis is taken. A part whose every voxel would be
        missed is taken whole

    Raises
    ------
    InputRefused : ``target-empty``, ``mask-shape``
    UsageError : ``row-stride``
    """
    if len({mask.shape for mask, _ in parts}) > 1:
        raise InputRefused("The masks do not have one shape.", code="mask-shape")
    if not parts or not parts[0][0].any():
        raise InputRefused("There is no structure to be planned for.", code="target-empty")
    made = np.zeros(parts[0][0].shape, np.uint8)
    taken = np.zeros(made.shape, bool)
    for number, (mask, stride) in enumerate(parts, 1):
        if stride < 1:
            raise UsageError("Every voxel, or one in so many along each axis, is taken.", code="row-stride")
        own = mask & (made == 0)
        made[own] = number
        some = np.zeros_like(own)
        every = (slice(stride // 2, None, stride),) * 3
        some[every] = own[every]
        taken |= some if some.any() else own
    return Rows(np.flatnonzero(taken).astype(np.int64), made)
