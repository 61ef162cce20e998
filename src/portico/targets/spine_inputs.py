"""What a spine draft is made from, and whether it can be believed: order of levels, sides, completeness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from portico.errors import CannotTell, InputRefused
from portico.rt import Grid
from portico.targets.canal import CanalLine
from portico.targets.level_names import ordered_levels

__all__ = ["CORD_SOURCES", "CordSource", "SpineInputs", "check_anatomy", "check_cord", "heights"]

Mask = NDArray[np.bool_]
CordSource = Literal["t2_mri", "ct_myelogram"]
CORD_SOURCES: Final[tuple[CordSource, ...]] = ("t2_mri", "ct_myelogram")
#: Slices farther apart than this in mm are warned about.
_THICK_MM: Final = 3.0
#: Shortest piece of the line in mm without cord that is not a gap between slices.
_GAP_MM: Final = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class SpineInputs:
    """Masks on one grid.

    Parameters
    ----------
    grid : of every mask
    vertebrae : (k, j, i) by level; all that are there, not only the treated ones
    canal, bodies, cord, sac, gtv_before, gtv_residual, hardware : (k, j, i); None when not given
    cord_source : image that the cord was drawn on; None when nobody said
    organs : by TG-263 name; their side is held against the names
    hu : (k, j, i) HU; None without a CT
    frame_uid : frame of reference; None when unknown
    """

    grid: Grid
    vertebrae: Mapping[str, Mask]
    canal: Mask | None = None
    bodies: Mask | None = None
    cord: Mask | None = None
    sac: Mask | None = None
    gtv_before: Mask | None = None
    gtv_residual: Mask | None = None
    hardware: Mask | None = None
    cord_source: CordSource | None = None
    organs: Mapping[str, Mask] = field(default_factory=dict)
    hu: NDArray[Any] | None = None
    frame_uid: str | None = None

    def __post_init__(self) -> None:
        given = [self.canal, self.bodies, self.cord, self.sac, self.gtv_before, self.gtv_residual, self.hardware]
        masks = [*self.vertebrae.values(), *self.organs.values(), *(one for one in given if one is not None)]
        if any(one.shape != self.grid.shape for one in masks):
            raise InputRefused("The masks do not stand on one grid.", code="mask-shape")

    @property
    def neural(self) -> Mask | None:
        """Cord and thecal sac together; None when neither is there."""
        if self.cord is None or self.sac is None:
            return self.cord if self.sac is None else self.sac
        return self.cord | self.sac


def check_anatomy(inputs: SpineInputs, targets: list[str]) -> tuple[str, ...]:
    """Notes; refuses what cannot be a patient.

    Raises
    ------
    CannotTell : ``level-missing``, ``no-rule-for-level`` (sacrum, C1, C2), ``vertebra-cut``
    InputRefused : ``levels-out-of-order``, ``sides-mirrored``
    """
    for level in targets:
        if level in ("C1", "C2") or level.startswith("S"):
            why = (
                "The sacrum has a consensus of its own, whose sectors follow another logic (sacrum-own-consensus)."
                if level.startswith("S")
                else "C1 and C2 are not divided into these parts: they have another form."
            )
            raise CannotTell(f"{level} is not drafted. {why}", code="no-rule-for-level", path=level)
        if level not in inputs.vertebrae or not inputs.vertebrae[level].any():
            raise CannotTell(f"No mask of {level} was given.", code="level-missing", path=level)
        mask = inputs.vertebrae[level]
        if any(edge.any() for axis in range(3) for edge in (mask.take(0, axis), mask.take(-1, axis))):
            raise CannotTell(f"{level} is cut by the edge of the image.", code="vertebra-cut", path=level)
    _check_order(inputs)
    _check_sides(inputs)
    step = float(inputs.grid.spacing[2])
    if step <= _THICK_MM:
        return ()
    return (f"Slices are {step:g} mm apart: cord, margins and parts are no better than that. Thin slices are needed.",)


def _centre(mask: Mask, grid: Grid) -> NDArray[np.float64]:
    return np.asarray(grid.points(np.argwhere(mask)[:, ::-1]).mean(axis=0))


def _check_order(inputs: SpineInputs) -> None:
    levels = [one for one in ordered_levels(inputs.vertebrae) if inputs.vertebrae[one].any()]
    height = [float(_centre(inputs.vertebrae[one], inputs.grid)[2]) for one in levels]
    for (upper, a), (lower, b) in zip(
        zip(levels[:-1], height[:-1], strict=True), zip(levels[1:], height[1:], strict=True), strict=True
    ):
        if a <= b:
            raise InputRefused(
                f"{upper} does not lie above {lower}.",
                code="levels-out-of-order",
                fix="Check the labels and the orientation.",
            )


def _check_sides(inputs: SpineInputs) -> None:
    middle = float(np.mean([_centre(one, inputs.grid)[0] for one in inputs.vertebrae.values() if one.any()]))
    for name, mask in inputs.organs.items():
        side = -1.0 if name.endswith("_R") or name == "Liver" else 1.0 if name.endswith("_L") else 0.0
        if side and mask.any() and side * (float(_centre(mask, inputs.grid)[0]) - middle) < 0.0:
            raise InputRefused(
                "An organ lies on the other side of the spine than its name says: the labels are mirrored, or the anatomy is.",
                code="sides-mirrored", path=name, fix="Check the orientation of the labels. Nothing is drafted.",
            )  # fmt: skip


def heights(mask: Mask, line: CanalLine, grid: Grid) -> tuple[int, int]:
    """Places of the canal's line, in mm from its lower end, between which a mask lies."""
    at = line.nearest(grid.points(np.argwhere(mask)[:, ::-1]))
    return int(at.min()), int(at.max())


def check_cord(inputs: SpineInputs, line: CanalLine, targets: list[str]) -> str | None:
    """What is wrong with the cord: it has to be there, without a gap, one vertebra above and below. None when nothing is."""
    neural = inputs.neural
    if neural is None or not neural.any():
        return "No cord or thecal sac was given."
    levels = ordered_levels(inputs.vertebrae)
    low = high = None
    for target in targets:
        own = heights(inputs.vertebrae[target], line, inputs.grid)
        size = own[1] - own[0]
        reach = [own[0] - size, own[1] + size]
        place = levels.index(target)
        if place > 0:
            reach[1] = heights(inputs.vertebrae[levels[place - 1]], line, inputs.grid)[1]
        if place + 1 < len(levels):
            reach[0] = heights(inputs.vertebrae[levels[place + 1]], line, inputs.grid)[0]
        low = reach[0] if low is None else min(low, reach[0])
        high = reach[1] if high is None else max(high, reach[1])
    assert low is not None and high is not None
    at = np.unique(line.nearest(inputs.grid.points(np.argwhere(neural)[:, ::-1])))
    inner = np.concatenate([[low], at[(at > low) & (at < high)], [high]])
    widest = float(np.diff(inner).max())
    if widest > max(_GAP_MM, 2.0 * float(inputs.grid.spacing[2])):
        return "The cord or thecal sac is not drawn without a gap from one vertebra below the target to one above it."
    return None
