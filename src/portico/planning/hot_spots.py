"""Hot spots between the rows of a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from portico.planning.influence import dose_at, influence, voxel_points
from portico.planning.making import NORMAL, Prepared, Told, regions_of
from portico.planning.objectives import Anatomy
from portico.planning.plan import Plan
from portico.planning.product import CpuProduct
from portico.planning.rows import Rows

__all__ = ["with_hot_spots"]

#: Hot spots are looked for every so many mm. A single bixel is the narrowest of them; at 6 mm those far from the targets were passed over.
_LOOK_MM: Final = 3.0
#: What is hotter than the rows by this factor is a hot spot.
_HOT: Final = 1.01


def with_hot_spots(prepared: Prepared, plan: Plan, told: Told | None = None) -> Prepared | None:
    """The same with rows where the plan is hotter than its rows know; None when it is not.

    The dose is looked at every 3 mm in the whole body, or at every voxel where these are wider apart.

    Parameters
    ----------
    told : called as the dose is computed
    """
    targets = np.logical_or.reduce([prepared.masks[one.roi] for one in prepared.directive.levels])
    body = prepared.masks[prepared.body]
    looked = np.zeros_like(body)
    stride = max(1, round(_LOOK_MM / prepared.settings.grid_mm))
    every = (slice(stride // 2, None, stride),) * 3
    looked[every] = body[every]
    voxels = np.setdiff1d(np.flatnonzero(looked), prepared.rows.voxels)
    dose = dose_at(
        prepared.engine, prepared.bixels, plan.weights, voxel_points(prepared.grid, voxels),
        progress=None if told is None else lambda done, count: told("looking for hot spots", done, count),
    )  # fmt: skip
    known = plan.doses_gy[prepared.anatomy.regions[NORMAL].rows].max()
    hot = voxels[dose > _HOT * known]
    if not len(hot):
        return None
    parts = prepared.rows.parts.copy()
    parts.ravel()[hot] = int(parts.max()) + 1
    rows = Rows(np.union1d(prepared.rows.voxels, hot), parts)
    made = influence(
        prepared.engine, prepared.bixels, prepared.grid, rows.voxels, most_bytes=prepared.settings.most_bytes
    )
    anatomy = Anatomy(
        CpuProduct(made.matrix), regions_of(prepared.masks, targets, prepared.body, rows, prepared.grid), prepared.body
    )
    return replace(prepared, rows=rows, influence=made, anatomy=anatomy)
