"""From a case and a Directive to a plan in ideal fluence: grid, rows, matrix, goals, optimiser, and what the plan gives.

For research and commissioning: generic 6 MV, fluence only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.directive import Directive
from portico.errors import CannotTell, UsageError
from portico.geometry import grown_from_surface
from portico.planning.beams import coplanar
from portico.planning.bixels import Bixels, bixels_for
from portico.planning.case import PlanCase, dose_grid, on_dose_grid
from portico.planning.density import DensityTable, densities
from portico.planning.directive_goals import NotAGoal, goals_of
from portico.planning.goals import Goal
from portico.planning.influence import Influence, influence
from portico.planning.keeping import by_priority, judged_by, kept_exactly, tighter
from portico.planning.objectives import Anatomy, Region
from portico.planning.optimise import optimise
from portico.planning.pencil_beam import PencilBeam
from portico.planning.plan import Aims, Carry, Mode, Plan, Progress
from portico.planning.product import CpuProduct
from portico.planning.readiness import body_of, neural_of
from portico.planning.rows import Rows, rows_for
from portico.planning.settings import PlanSettings
from portico.rt import Grid

__all__ = ["NORMAL", "Prepared", "Told", "prepare", "regions_of", "without_cord"]

Mask = NDArray[np.bool_]
#: Called with what is being done, steps done and steps in all.
Told = Callable[[str, int, int], None]
#: Name of the tissue that is in no target.
NORMAL: Final = "normal tissue"
#: Organs are rows voxel by voxel so near to a target in mm; beyond, and in normal tissue, one voxel stands for many.
_NEAR_MM: Final = 15.0
#: How often a limit is tightened that a plan keeps by rows and not by its histogram.
_TIGHTENED: Final = 3
#: Distance in mm of rows in normal tissue near the targets, in organs far from them, and in the rest of the body.
_APART_MM: Final = (6.0, 8.0, 12.0)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What plans of one case and one Directive are made on.

    Parameters
    ----------
    masks : (k, j, i) on the dose grid
    isocentre : mm, LPS: the middle of all targets
    seconds : by step
    """

    case: PlanCase
    directive: Directive
    settings: PlanSettings
    grid: Grid
    masks: Mapping[str, Mask]
    rows: Rows
    engine: PencilBeam
    influence: Influence
    anatomy: Anatomy
    goals: tuple[Goal, ...]
    not_goals: tuple[NotAGoal, ...]
    body: str
    isocentre: tuple[float, float, float]
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def bixels(self) -> Bixels:
        """Bixels of the matrix."""
        assert self.influence.bixels is not None  # made here, with them
        return self.influence.bixels

    @property
    def fractions(self) -> int:
        """Fractions of the course."""
        count = self.directive.fractions
        assert count is not None  # goals were made for it
        return count

    def plan(
        self, goals: Sequence[Goal] | None = None, *, mode: Mode = "weighted", aims: Aims | None = None, start: Plan | None = None,
        stop: Callable[[], bool] | None = None, progress: Callable[[Progress], None] | None = None,
    ) -> Plan:  # fmt: skip
        """A plan for goals, those of the Directive when left out. Raises as :func:`portico.planning.optimise`.

        ``weighted`` serves all priorities at once, each ten times as heavy as the next; ``lexicographic`` one after the other.
        Where the histogram reads more than a hard limit although the rows keep it (a volume of few voxels), the limit is tightened and
        planned for again.
        """
        chosen = self.goals if goals is None else tuple(goals)
        chosen = by_priority(chosen) if mode == "weighted" else chosen
        made = optimise(self.anatomy, chosen, mode=mode, aims=aims, start=start, stop=stop, progress=progress)
        made = kept_exactly(made, self.anatomy)
        tried = chosen
        for _ in range(_TIGHTENED):
            closer = None if made.interrupted else tighter(chosen, tried, made, self.anatomy)
            if closer is None:
                break
            tried = closer
            try:
                again = optimise(self.anatomy, tried, mode=mode, aims=aims, start=made, stop=stop, progress=progress)
            except CannotTell:  # the tighter limit excludes another one: the plan as it was, with what it misses
                break
            made = kept_exactly(judged_by(again, chosen, self.anatomy), self.anatomy)
        return made

    def seen(self, plan: Plan) -> Plan:
        """A plan that was made on fewer rows, as these rows see it: doses and goals anew, weights as they are."""
        doses = self.anatomy.product.forward(plan.weights)
        return judged_by(replace(plan, doses_gy=doses, carry=Carry()), [one.goal for one in plan.goals], self.anatomy)

    def region(self, mask: Mask) -> Region:
        """Rows of a mask on the dose grid."""
        numbers, voxels = self.rows.of(mask)
        return Region(numbers, voxels * self.grid.voxel_cm3)


def regions_of(masks: Mapping[str, Mask], targets: Mask, body: str, rows: Rows, grid: Grid) -> dict[str, Region]:
    """Rows of every structure, and of the tissue in no target; structures without a row are left out."""
    regions: dict[str, Region] = {}
    for name, mask in {**masks, NORMAL: masks[body] & ~targets}.items():
        numbers, voxels = rows.of(mask)
        if len(numbers):
            regions[name] = Region(numbers, voxels * grid.voxel_cm3)
    return regions


def prepare(
    case: PlanCase,
    directive: Directive,
    table: DensityTable | None,
    settings: PlanSettings,
    *,
    more: Mapping[str, Mask] | None = None,
    overrides: Sequence[tuple[Mask, float]] = (),
    told: Told | None = None,
) -> Prepared:
    """Grid, rows and matrix of a case.

    Parameters
    ----------
    case : checked by :func:`portico.planning.check_case`
    table : density table of the scanner; None is refused
    settings : see :func:`settings_for`
    more : further structures (k, j, i) on the dose grid of the settings, such as scenarios of the cord
    overrides : masks on the CT with the density that stands there instead
    told : called as beams are done

    Raises
    ------
    InputRefused : ``no-density-table``, ``ct-damaged``, ``no-body``, ``structure-missing``, ``beam-misses-body``
    CannotTell : ``too-much-memory``, ``level-unknown``, ``fractions-differ``
    """
    began = time.perf_counter()
    body = body_of(case)
    density = densities(case.hu, table, body=case.mask(body), overrides=overrides)
    grid = dose_grid(case.grid, settings.grid_mm)
    wanted = [one.roi for one in directive.levels]
    named = dict.fromkeys((*wanted, *(one.roi for one in directive.limits), body))
    neural = neural_of(directive)
    masks = {
        name: on_dose_grid(case.masks[name], case.grid, grid, touched=name in neural)
        for name in named
        if name in case.masks
    }
    masks |= dict(more or {})
    targets = np.logical_or.reduce([masks[name] for name in wanted])
    exact = [*wanted, *neural, *(more or {})]
    rows = rows_for(_parts(masks, exact, targets, body, grid, settings.grid_mm))
    points = case.grid.points(np.argwhere(np.logical_or.reduce([case.mask(name) for name in wanted]))[:, ::-1])
    x, y, z = (float(one) for one in points.mean(axis=0))
    bixels = bixels_for(coplanar(settings.beams, (x, y, z), settings.first_deg), points, width_mm=settings.bixel_mm)
    engine = PencilBeam(density, case.grid, threads=settings.threads)
    ready = time.perf_counter()
    made = influence(
        engine, bixels, grid, rows.voxels, most_bytes=settings.most_bytes,
        progress=None if told is None else lambda done, count: told("dose influence", done, count),
    )  # fmt: skip
    after = time.perf_counter()
    regions = regions_of(masks, targets, body, rows, grid)
    found = goals_of(directive, regions, normal=NORMAL)
    anatomy = Anatomy(CpuProduct(made.matrix), regions, body)
    seconds = {"rows and densities": ready - began, "matrix": after - ready}
    return Prepared(
        case, directive, settings, grid, masks, rows, engine, made, anatomy, found.goals, found.not_goals, body, (x, y, z), seconds,
    )  # fmt: skip


def without_cord(prepared: Prepared, cord: str, separations_mm: Sequence[float]) -> dict[float, dict[str, Region]]:
    """Regions of the targets with what lies so near to the cord taken away: a what-if of geometry, no reason to operate again.

    Parameters
    ----------
    cord : structure
    separations_mm : rising from 0

    Raises
    ------
    UsageError : ``separation`` below 0 or above 20 mm
    """
    if any(not 0.0 <= mm <= 20.0 for mm in separations_mm):
        raise UsageError("A separation lies between 0 and 20 mm.", code="separation")
    made: dict[float, dict[str, Region]] = {}
    for mm in separations_mm:
        near = grown_from_surface(prepared.masks[cord], prepared.grid, mm) if mm > 0.0 else prepared.masks[cord]
        left = {one.roi: prepared.masks[one.roi] & ~near for one in prepared.directive.levels}
        if all(mask.any() for mask in left.values()):
            made[mm] = {name: prepared.region(mask) for name, mask in left.items()}
    return made


def _parts(
    masks: Mapping[str, Mask], exact: Sequence[str], targets: Mask, body: str, grid: Grid, step_mm: float
) -> list[tuple[Mask, int]]:
    """Parts of the patient and their strides: targets and cord, organs near them, tissue near them, organs beyond, the rest."""
    near = masks[body] & grown_from_surface(targets, grid, _NEAR_MM)
    whole = np.logical_or.reduce([masks[name] for name in exact if name in masks])
    organs = [mask for name, mask in masks.items() if name not in exact and name != body]
    organ = np.logical_or.reduce(organs) if organs else np.zeros_like(whole)
    stride = [max(1, round(apart / step_mm)) for apart in _APART_MM]
    return [
        (whole, 1), (organ & near, 1), (near, stride[0]), (organ, stride[1]), (masks[body], stride[2]),
    ]  # fmt: skip
