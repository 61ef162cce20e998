"""Which voxels become rows of the matrix: every one of the structures, and every so manyth of the rest.

>>> body = np.zeros((8, 8, 8), bool)
>>> body[1:7, 1:7, 1:7] = True
>>> target = np.zeros_like(body)
>>> target[3:5, 3:5, 3:5] = True
>>> voxels, share = rows_for([target], body, stride=2)
>>> int(target.sum()), len(voxels), float(share.sum()) == float(body.sum())
(8, 34, True)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from portico.errors import InputRefused, UsageError

__all__ = ["rows_for"]

Mask = NDArray[np.bool_]


def rows_for(
    structures: Sequence[Mask], body: Mask | None, *, stride: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Numbers of voxels in the flat grid, rising, and how many voxels each stands for.

    Parameters
    ----------
    structures : (k, j, i) masks that are taken whole
    body : (k, j, i); of what lies in no structure, one voxel in ``stride`` along each axis is taken and stands for its share of all.
        None takes the structures alone
    stride : 1 takes the whole body

    Raises
    ------
    InputRefused : ``target-empty``, ``mask-shape``
    UsageError : ``row-stride``
    """
    if stride < 1:
        raise UsageError("Every voxel, or one in so many along each axis, is taken.", code="row-stride")
    if len({one.shape for one in (*structures, *((body,) if body is not None else ()))}) > 1:
        raise InputRefused("The masks do not have one shape.", code="mask-shape")
    whole = np.logical_or.reduce(list(structures)) if structures else np.zeros((0, 0, 0), bool)
    if not whole.any():
        raise InputRefused("There is no structure to be planned for.", code="target-empty")
    taken = whole.copy()
    share = np.ones(whole.shape)
    if body is not None:
        rest = body & ~whole
        some = np.zeros_like(rest)
        start = stride // 2
        some[start::stride, start::stride, start::stride] = rest[start::stride, start::stride, start::stride]
        if rest.any() and not some.any():
            some = rest
        taken |= some
        if some.any():
            share[some] = rest.sum() / some.sum()
    voxels = np.flatnonzero(taken)
    return voxels.astype(np.int64), share.ravel()[voxels]
