"""What a goal measures on a dose, voxel by voxel: value, excess, the voxels it binds and its tangent.

>>> import numpy as np
>>> cord = Region(np.arange(4), np.full(4, 0.01))
>>> measured(Goal("SpinalCord", "dvh_max", 10.0, volume_cm3=0.02), np.array([9.0, 12.0, 10.0, 8.0]), cord)
10.0

Whole voxels, no interpolation: the dose of the hottest share is the dose of the voxel at which the share is full. This
is at least the value of a histogram with partial voxels, so that a limit kept here is kept there up to the sampling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portico.errors import InputRefused
from portico.planning.goals import Goal
from portico.planning.product import Floats, Ints, Product

__all__ = ["Anatomy", "GoalValue", "Region", "binding", "judged", "measured", "tangent"]

#: Rounding of summed volumes, as a share of the structure.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Rows of one structure.

    Parameters
    ----------
    rows : row numbers of the influence matrix, each once
    volumes_cm3 : volume that each row stands for in cm³; more than a voxel where tissue is sampled
    """

    rows: Ints
    volumes_cm3: Floats

    def __post_init__(self) -> None:
        if not len(self.rows) or self.volumes_cm3.shape != self.rows.shape or not (self.volumes_cm3 > 0.0).all():
            raise InputRefused("A structure has rows, each with a volume above 0 cm3.", code="region-empty")

    @property
    def volume_cm3(self) -> float:
        """Volume of the structure in cm³."""
        return float(self.volumes_cm3.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """What a plan is optimised on.

    Parameters
    ----------
    product : dose-influence matrix
    regions : rows by structure name
    body : the structure whose mean dose is kept low where goals leave freedom
    """

    product: Product
    regions: Mapping[str, Region]
    body: str

    def __post_init__(self) -> None:
        if self.body not in self.regions:
            raise InputRefused("The body is no structure of the matrix.", code="roi-unknown", path=self.body)
        for name, region in self.regions.items():
            if int(region.rows.min()) < 0 or int(region.rows.max()) >= self.product.shape[0]:
                raise InputRefused("A structure has rows that the matrix lacks.", code="rows-outside", path=name)

    def region(self, goal: Goal) -> Region:
        """Rows of a goal's structure.

        Raises
        ------
        InputRefused : ``roi-unknown``
        """
        if goal.roi not in self.regions:
            raise InputRefused("A goal names a structure that has no rows.", code="roi-unknown", path=goal.roi)
        return self.regions[goal.roi]


@dataclass(frozen=True, slots=True)
class GoalValue:
    """A goal on a plan: its value in Gy, how far it is missed in Gy (0 when met)."""

    goal: Goal
    value_gy: float
    missed_gy: float

    def met(self, within_gy: float = 0.0) -> bool:
        """Whether it is met within a tolerance in Gy."""
        return self.missed_gy <= within_gy


def share_cm3(goal: Goal, region: Region) -> float:
    """Volume of a share goal in cm³, at most that of the structure."""
    if goal.fraction is not None:
        return goal.fraction * region.volume_cm3
    return min(goal.volume_cm3 or 0.0, region.volume_cm3)


def measured(goal: Goal, doses_gy: Floats, region: Region) -> float:
    """Value of the goal's measure in Gy.

    Parameters
    ----------
    doses_gy : of the rows of the region, in their order
    """
    if goal.kind in ("max", "over"):
        return float(doses_gy.max())
    if goal.kind in ("min", "under"):
        return float(doses_gy.min())
    if goal.kind in ("dvh_max", "dvh_min"):
        order = np.argsort(-doses_gy, kind="stable")
        return float(doses_gy[order[_full_at(goal, region, order)]])
    if goal.kind == "geud_max":
        power = goal.exponent or 1.0
        top = max(float(doses_gy.max()), 1e-12)
        shares = region.volumes_cm3 / region.volume_cm3
        return float(top * (shares @ (doses_gy / top) ** power) ** (1.0 / power))
    return float(tangent(goal, doses_gy, region) @ doses_gy)


def judged(goal: Goal, doses_gy: Floats, region: Region) -> GoalValue:
    """The goal on the doses of its rows in Gy."""
    value = measured(goal, doses_gy, region)
    missed = goal.dose_gy - value if goal.lower else value - goal.dose_gy
    return GoalValue(goal, value, max(missed, 0.0))


def binding(goal: Goal, doses_gy: Floats, region: Region) -> NDArray[np.bool_]:
    """Voxels that the goal binds: all, or for a DVH goal those outside the share that may break it.

    ``dvh_max`` frees the hottest voxels while their volume stays below the share; ``dvh_min`` frees the voxels beyond the
    hottest share. Which these are hangs on the dose: the choice is not convex and another start may end elsewhere.
    """
    bound = np.ones(len(doses_gy), dtype=bool)
    if goal.kind not in ("dvh_max", "dvh_min"):
        return bound
    order = np.argsort(-doses_gy, kind="stable")
    full = _full_at(goal, region, order)
    bound[order[:full] if goal.kind == "dvh_max" else order[full + 1 :]] = False
    return bound


def tangent(goal: Goal, doses_gy: Floats, region: Region) -> Floats:
    """Subgradient v of a mean, CVaR or gEUD by row, shape (rows,): the measure at these doses is ``v·doses``.

    Each of these measures is homogeneous, so for all doses d the measure is at least ``v·d`` (at most, for
    ``cvar_lower``): a tangent is a bound that no allowed dose breaks.
    """
    volumes = region.volumes_cm3
    if goal.kind == "mean_max":
        return np.asarray(volumes / volumes.sum())
    if goal.kind == "geud_max":
        value, power = measured(goal, doses_gy, region), goal.exponent or 1.0
        return np.asarray(volumes / volumes.sum() * (doses_gy / max(value, 1e-12)) ** (power - 1.0))
    order = np.argsort(doses_gy if goal.lower else -doses_gy, kind="stable")
    share = share_cm3(goal, region)
    before = np.cumsum(volumes[order]) - volumes[order]
    parts = np.zeros(len(volumes))
    parts[order] = np.clip(share - before, 0.0, volumes[order]) / share
    return parts


def _full_at(goal: Goal, region: Region, order: NDArray[np.intp]) -> int:
    """Place in the order, hottest first, of the voxel at which the share is full."""
    filled = np.cumsum(region.volumes_cm3[order])
    wanted = share_cm3(goal, region) - _ROUNDING * region.volume_cm3
    return min(int(np.searchsorted(filled, wanted, side="left")), len(order) - 1)
