"""One priority as a convex system: which rows are watched, which voxels a DVH goal binds, which tangents are known.

A solve changes its own question: hot voxels that were not watched join, a DVH goal chooses its voxels again, a CVaR or
gEUD gets one more tangent. :meth:`Stage.learn` says whether anything changed; then :meth:`Stage.system` is solved again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.planning.goals import Goal
from portico.planning.objectives import Anatomy, Region, binding, judged, tangent
from portico.planning.product import Floats
from portico.planning.system import System, Terms

__all__ = ["Asked", "Stage"]

#: Rows of an upper goal join while their dose is above this share of its bound.
_WATCHED_SHARE: Final = 0.9
#: A row that is not watched joins when it lies beyond its bound by this many Gy.
_JOINS_GY: Final = 0.01
#: When one row joins, all within this share of its bound join with it.
_NEAR_SHARE: Final = 0.05
#: Keys of terms: goal number times this, plus the row; dense rows count from half of it.
_KEYS: Final = 1 << 40
_TANGENT_KINDS: Final = ("cvar_upper", "cvar_lower", "geud_max")


@dataclass(slots=True, eq=False)
class Asked:
    """One goal in one stage.

    Parameters
    ----------
    number : of the goal in the plan
    goal : the goal
    soft : True when it is priced, False when it is a bound
    chooses : True when a DVH goal may choose its voxels anew; False where it is held as reached
    slack_gy : how far a bound is moved for each row of its region in Gy (a goal held at what was reached); inf frees it
    watched : rows of its region that are in the system
    bound : rows that it binds
    tangents : known subgradients by bixel
    """

    number: int
    goal: Goal
    soft: bool
    slack_gy: Floats
    chooses: bool = True
    watched: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    bound: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    tangents: list[Floats] = field(default_factory=list)

    @property
    def by_voxel(self) -> bool:
        """True when the goal is a bound on single voxels."""
        return self.goal.kind not in (*_TANGENT_KINDS, "mean_max")

    @property
    def sign(self) -> float:
        """+1 for at most, -1 for at least."""
        return -1.0 if self.goal.lower else 1.0


class Stage:
    """The goals of one priority with all that is held.

    Parameters
    ----------
    anatomy : matrix and structures
    asked : goals
    doses_gy : of all rows at the start; they say which rows are watched first
    cost : of each bixel, per unit weight
    upper : largest weight of each bixel
    ceiling_gy : dose that no row passes
    """

    def __init__(
        self, anatomy: Anatomy, asked: Sequence[Asked], doses_gy: Floats, cost: Floats, upper: Floats, ceiling_gy: float
    ) -> None:
        self.anatomy, self.asked, self.cost, self.upper, self.ceiling_gy = anatomy, asked, cost, upper, ceiling_gy
        for one in asked:
            region = anatomy.region(one.goal)
            doses = doses_gy[region.rows]
            one.watched = np.ones(len(doses), dtype=bool)
            if one.by_voxel and not one.goal.lower:
                one.watched = doses > _WATCHED_SHARE * one.goal.dose_gy
            one.bound = np.isfinite(one.slack_gy)
            if one.goal.kind in _TANGENT_KINDS:
                one.tangents = [self._by_bixel(one.goal, doses, region)]

    def learn(self, weights: Floats, doses_gy: Floats, *, choose: bool) -> bool:
        """Take in the weights of a solve and their doses (all rows, in Gy); True when the system is another one now.

        Parameters
        ----------
        choose : whether DVH goals may choose their voxels again
        """
        changed = False
        for one in self.asked:
            region = self.anatomy.region(one.goal)
            doses = doses_gy[region.rows]
            if one.goal.kind in _TANGENT_KINDS:
                now = judged(one.goal, doses, region)
                seen = max(one.sign * float(known @ weights) for known in one.tangents)
                beyond = now.missed_gy - float(one.slack_gy.max(initial=0.0))
                if min(one.sign * now.value_gy - seen, beyond) > _JOINS_GY:
                    one.tangents.append(self._by_bixel(one.goal, doses, region))
                    changed = True
            elif one.by_voxel:
                if choose and one.chooses and not one.goal.convex:
                    bound = binding(one.goal, doses, region)
                    changed |= bool((bound != one.bound).any())
                    one.bound = bound
                beyond_gy = one.sign * (doses - one.goal.dose_gy) - one.slack_gy
                new = one.bound & ~one.watched & (beyond_gy > _JOINS_GY)
                if new.any():
                    one.watched = one.watched | (one.bound & (beyond_gy > -_NEAR_SHARE * one.goal.dose_gy))
                    changed = True
        return changed

    def system(self) -> System:
        """The convex system as it stands."""
        product, bixels = self.anatomy.product, self.anatomy.product.shape[1]
        voxel = [one for one in self.asked if one.by_voxel]
        dense = [one for one in self.asked if not one.by_voxel]
        regions = {one.number: self.anatomy.region(one.goal) for one in self.asked}
        used = [regions[one.number].rows[one.watched] for one in voxel]
        rows = np.unique(np.concatenate([*used, np.zeros(0, dtype=np.int64)]).astype(np.int64))
        columns = bixels + sum(1 for one in dense if one.tangents and one.soft)
        parts = [self._voxel_terms(one, regions[one.number], rows) for one in voxel]
        matrix: list[Floats] = []
        extra = bixels
        for one in dense:
            made, terms = self._dense_terms(one, regions[one.number], len(rows) + len(matrix), columns, extra)
            extra += int(bool(one.tangents) and one.soft)
            matrix += made
            parts.append(terms)
        joined = Terms(*(np.concatenate([getattr(part, name) for part in parts]) for name in Terms.__slots__))
        more = columns - bixels
        return System(
            product, rows, np.array(matrix).reshape(len(matrix), columns), joined,
            np.concatenate([self.cost, np.zeros(more)]), np.concatenate([self.upper, np.full(more, self.ceiling_gy)]),
        )  # fmt: skip

    def _voxel_terms(self, one: Asked, region: Region, rows: NDArray[np.int64]) -> Terms:
        picked, count = region.rows[one.watched], int(one.watched.sum())
        free = 2.0 * self.ceiling_gy if one.sign > 0 else 0.0
        bound = one.sign * one.goal.dose_gy + np.where(np.isfinite(one.slack_gy), one.slack_gy, 0.0)
        bound = np.where(one.bound, bound, free)[one.watched]
        softness = np.zeros(count)
        if one.soft:
            softness = region.volume_cm3 / (2.0 * one.goal.weight * region.volumes_cm3[one.watched])
        return Terms(
            np.searchsorted(rows, picked).astype(np.int64), np.full(count, one.sign), bound, softness,
            np.full(count, one.number, dtype=np.int64), one.number * _KEYS + picked.astype(np.int64),
        )  # fmt: skip

    def _dense_terms(
        self, one: Asked, region: Region, slot: int, columns: int, extra: int
    ) -> tuple[list[Floats], Terms]:
        """Dense rows of a mean (one) or of tangents with their shared excess, and the terms on them."""
        bixels = len(self.cost)
        vectors = one.tangents or [self._by_bixel(one.goal, np.zeros(len(region.rows)), region)]
        matrix = [np.concatenate([vector, np.zeros(columns - bixels)]) for vector in vectors]
        bound = [one.sign * one.goal.dose_gy + float(one.slack_gy.max(initial=0.0))] * len(matrix)
        price = 1.0 / (2.0 * one.goal.weight)
        softness = [price if one.soft and not one.tangents else 0.0] * len(matrix)
        signs = [one.sign] * len(matrix)
        if one.soft and one.tangents:
            for vector in matrix:
                vector[extra] = -one.sign
            matrix.append(np.eye(1, columns, extra)[0])
            bound, softness, signs = [*bound, 0.0], [*softness, price], [*signs, 1.0]
        count = len(matrix)
        keys = one.number * _KEYS + _KEYS // 2 + np.arange(count, dtype=np.int64)
        if one.soft and one.tangents:
            keys[-1] = one.number * _KEYS + _KEYS - 1
        return matrix, Terms(
            slot + np.arange(count, dtype=np.int64), np.array(signs), np.array(bound), np.array(softness),
            np.full(count, one.number, dtype=np.int64), keys,
        )  # fmt: skip

    def _by_bixel(self, goal: Goal, doses_gy: Floats, region: Region) -> Floats:
        return self.anatomy.product.back(tangent(goal, doses_gy, region), region.rows)
