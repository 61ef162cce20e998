"""Implants of a plan, and how much of each lies in the field.

Dose inside metal means nothing, so it is read on a shell outside it: at each millimetre of an implant's centre line, in 24 directions
across it, at the first point that is ``shell_mm`` away from all metal. A millimetre counts as covered at a percentage when every
point of its ring gets that percentage of the prescription. Where a point lies off the dose grid nothing is known of its millimetre.

Proximal is the upper end of a line (towards the head), distal the lower one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portico.dosimetry.field import doses_at
from portico.dosimetry.plan_check import Implant, StructureDose
from portico.dosimetry.plan_contours import slices_for
from portico.errors import CannotTell
from portico.geometry.centre_line import CentreLine, centre_lines, nearest_line
from portico.geometry.metal_masks import metal_by
from portico.geometry.raster import partial_area
from portico.geometry.voxel_body import Surface, VoxelBody, body_of_slices
from portico.rt.dose import DoseGrid
from portico.rt.image import Image
from portico.rt.plan_set import PlanSet

__all__ = ["HardwareSearch", "find_implants"]

Floats = NDArray[np.float64]

#: Directions of a ring, and the farthest shell point from the centre line in mm.
DIRECTIONS = 24
REACH_MM = 80.0
STATION_MM = 1.0
#: Shortest branch of a construct, such as a screw on a rod, in mm.
BRANCH_MM = 12.0
#: Pixel of a contoured implant in mm.
CONTOUR_PIXEL_MM = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class HardwareSearch:
    """What was found.

    Parameters
    ----------
    implants : parts of metal and contoured implants, the longest piece first
    clipped : True when the values of the CT end where metal begins, so that its edge is blurred; None without CT
    why_not : why the CT was not searched, or empty
    """

    implants: tuple[Implant, ...]
    clipped: bool | None
    why_not: str = ""


def find_implants(
    plan_set: PlanSet, structures: Sequence[StructureDose], prescription_gy: float | None, settings: Mapping[str, Any]
) -> HardwareSearch:
    """Implants in the CT and among the structures, with their coverage.

    Parameters
    ----------
    plan_set : image, structures and dose
    structures : with their roles; those of role ``hardware`` are implants by contour, ``external`` bounds the search
    prescription_gy : dose in Gy that 100 % stands for; None leaves the coverage unknown
    settings : ``seed_hu``, ``grow_hu``, ``least_cm3``, ``shell_mm``, ``percents``, ``clipped_hu`` of the policy
    """
    drawn = [one for one in structures if one.role == "hardware"]
    clipped: bool | None = None
    why_not = ""
    pieces: list[tuple[VoxelBody, bool, str | None]] = []
    if plan_set.image is None:
        why_not = "There is no CT to look for metal in."
    else:
        try:
            clipped, pieces = _metal(plan_set.image, plan_set, structures, settings)
        except CannotTell as error:
            why_not = error.problem.message
    contoured = []
    for one in drawn:
        slices = slices_for(plan_set, one)
        body = None if slices is None else body_of_slices(slices, pixel_mm=CONTOUR_PIXEL_MM)
        if body is not None and body.mask.any():
            contoured.append((one, body))
    bodies = [body for body, _, _ in pieces] + [body for _, body in contoured]
    if not bodies:
        return HardwareSearch((), clipped, why_not)
    surface = Surface.of(bodies)
    made: list[Implant] = []
    for body, at_edge, note in pieces:
        made += _implants(
            body, surface, plan_set.dose, prescription_gy, settings, "threshold", None, at_edge, note, len(made)
        )
    for one, body in contoured:
        made += _implants(
            body, surface, plan_set.dose, prescription_gy, settings, "contour", one.label, False, None, len(made)
        )
    return HardwareSearch(tuple(made), clipped, why_not)


def _metal(
    image: Image, plan_set: PlanSet, structures: Sequence[StructureDose], settings: Mapping[str, Any]
) -> tuple[bool, list[tuple[VoxelBody, bool, str | None]]]:
    inside = _inside(image, plan_set, structures)
    clip, found = metal_by(image.hu, image.grid, settings, highest_hu=image.highest_hu, body_mask=inside)
    notes = [
        "The values of the CT end where metal begins: its edge is blurred and its volume an upper bound."
        if one.clipped
        else None
        for one in found
    ]
    return clip is not None, [(one.body, one.at_edge, note) for one, note in zip(found, notes, strict=True)]


def _inside(image: Image, plan_set: PlanSet, structures: Sequence[StructureDose]) -> NDArray[np.bool_] | None:
    """Voxels inside the outer contour; None where there is none, or the image does not lie along the patient's axes."""
    outer = [one for one in structures if one.role == "external"]
    slices = slices_for(plan_set, outer[0]) if len(outer) == 1 else None
    grid = image.grid
    if slices is None or not np.allclose(grid.axes, np.eye(3)):
        return None
    inside = np.zeros(grid.shape, dtype=bool)
    for k in range(grid.shape[0]):
        z = float(grid.origin[2] + k * grid.spacing[2])
        near = int(np.argmin(np.abs(slices.z - z)))
        if abs(float(slices.z[near]) - z) > 0.5 * (slices.step_mm or float(grid.spacing[2])) + 1e-6:
            continue
        share = partial_area(
            slices.polygons[near], first_centre=(float(grid.origin[0]), float(grid.origin[1])),
            pixel=(float(grid.spacing[0]), float(grid.spacing[1])), shape=(grid.shape[1], grid.shape[2]),
        )  # fmt: skip
        inside[k] = share > 0.5
    return inside


def _implants(
    body: VoxelBody,
    surface: Surface,
    dose: DoseGrid | None,
    prescription_gy: float | None,
    settings: Mapping[str, Any],
    origin: Any,
    label: str | None,
    at_edge: bool,
    note: str | None,
    before: int,
) -> list[Implant]:
    """One implant for each part of a body, such as a rod and its screws."""
    lines = centre_lines(body, least_branch_mm=BRANCH_MM)
    voxels = np.argwhere(body.share > 0)
    owner = nearest_line(lines, body.grid.points(voxels[:, ::-1]))
    weight = body.share[tuple(voxels.T)].astype(np.float64) * body.grid.voxel_cm3
    made = []
    for number, line in enumerate(lines):
        mask = np.zeros(body.grid.shape, dtype=bool)
        own = voxels[owner == number]
        mask[tuple(own.T)] = body.share[tuple(own.T)] >= 0.5
        covered, proximal, distal, said = _coverage(line, surface, dose, prescription_gy, settings)
        words = [note] if note else []
        if len(lines) > 1:
            words.append(f"Part {number + 1} of {len(lines)} of one piece.")
        if at_edge:
            words.append("It touches the edge of the CT: every length is a lower bound.")
        if said:
            words.append(said)
        made.append(
            Implant(
                number=before + number + 1, origin=origin, label=label, kind=None,
                volume_cm3=float(weight[owner == number].sum()), centre_line_mm=line.points, length_mm=line.length_mm,
                at_edge=at_edge, covered=covered, uncovered_proximal_mm=proximal, uncovered_distal_mm=distal,
                mask_grid=body.grid, mask=mask, note=" ".join(words) or None,
            )
        )  # fmt: skip
    return made


def _coverage(
    line: CentreLine,
    surface: Surface,
    dose: DoseGrid | None,
    prescription_gy: float | None,
    settings: Mapping[str, Any],
) -> tuple[dict[float, float | None], float | None, float | None, str]:
    """Share of the length by percentage, uncovered length at the upper and lower end, and what must be known of it."""
    percents = [float(one) for one in settings["percents"]]
    if dose is None or prescription_gy is None:
        return dict.fromkeys(percents), None, None, "There is no dose or no prescription."
    places, directions, step = line.stations(STATION_MM)
    shell = _shell(places, directions, surface, float(settings["shell_mm"]))
    gy = doses_at(dose, shell.reshape(-1, 3)).reshape(shell.shape[:2])
    lowest = gy.min(axis=1)  # NaN where a point of the ring is off the dose grid
    known = np.isfinite(lowest)
    shares: dict[float, float | None] = {}
    for percent in percents:
        holds = known & (np.nan_to_num(lowest, nan=-1.0) >= percent / 100.0 * prescription_gy)
        shares[percent] = float(holds.mean()) if known.all() else None
    said = ""
    if not known.all():
        at_least = float((known & (np.nan_to_num(lowest, nan=-1.0) >= percents[0] / 100.0 * prescription_gy)).mean())
        said = (
            f"The dose around {100.0 * (1.0 - known.mean()):.0f} % of its length is not known; {percents[0]:g} % of the prescription "
            f"reaches between {100.0 * at_least:.0f} and {100.0 * (at_least + 1.0 - known.mean()):.0f} % of it."
        )
    cold = ~(np.nan_to_num(lowest, nan=np.inf) >= percents[0] / 100.0 * prescription_gy)
    first, last = _run(cold, known), _run(cold[::-1], known[::-1])
    ends = [None if one is None else one * step for one in (first, last)]
    if places[0, 2] < places[-1, 2]:
        ends.reverse()
    return shares, ends[0], ends[1], said


def _run(cold: NDArray[np.bool_], known: NDArray[np.bool_]) -> int | None:
    """Length of the run of cold stations at the beginning; None when it runs into one of unknown dose."""
    for number, (is_cold, is_known) in enumerate(zip(cold, known, strict=True)):
        if not is_known:
            return None
        if not is_cold:
            return number
    return len(cold)


def _shell(places: Floats, directions: Floats, surface: Surface, shell_mm: float) -> Floats:
    """(m, 24, 3) points across each station, the first that are ``shell_mm`` away from all metal."""
    aside = np.where(np.abs(directions[:, 2:3]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    across = np.cross(directions, aside)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    other = np.cross(directions, across)
    angle = 2.0 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    rays = across[:, None, :] * np.cos(angle)[None, :, None] + other[:, None, :] * np.sin(angle)[None, :, None]
    start = np.repeat(places[:, None, :], DIRECTIONS, axis=1).reshape(-1, 3)
    rays = rays.reshape(-1, 3)
    far = np.zeros(len(start))
    moving = np.ones(len(start), dtype=bool)
    while moving.any():
        gap = shell_mm - surface.distance(start[moving] + far[moving, None] * rays[moving])
        step = np.where(gap > 0.02, np.maximum(gap, 0.05), 0.0)
        far[moving] += step
        moving[moving] = (step > 0.0) & (far[moving] < REACH_MM)
    made: Floats = (start + far[:, None] * rays).reshape(len(places), DIRECTIONS, 3)
    return made
