"""Claims of accumulated dose for ``portico verify``: chapter ``accumulation``.

Doses whose sum can be written down: uniform ones with different fractions, and linear ones seen through a shift, a turn and both, on
grids of other spacing and direction. Trilinear reading is exact for a linear dose, so what differs is an error of the transform.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.biology import Course, ReirradiationConditions, eqd2
from portico.claims import Claim, chapter, claim_equal, claim_number
from portico.dosimetry.accumulation import EarlierDose, accumulate_eqd2, neural_maximum
from portico.dosimetry.second_course import EarlierCourse, PlannedCourse, review_second_course
from portico.rt.dose import DoseGrid
from portico.rt.grid import Grid
from portico.rt.structures import Contour, Structure

__all__ = ["doses_add_up", "second_courses", "transforms"]

Floats = NDArray[np.float64]
SOURCE: Final = "closed forms; the linear-quadratic formula"
FRAME: Final = "1.2.3"
#: Slope in Gy per mm and dose in Gy at the origin of the linear doses.
SLOPE: Final = np.array([0.11, -0.17, 0.13])
MIDDLE_GY: Final = 30.0


def linear_dose(
    slope: Floats, *, half: float = 50.0, spacing: tuple[float, float, float] = (2.0, 2.0, 2.5)
) -> DoseGrid:
    """``MIDDLE_GY + slope · point`` on a cube around the origin."""
    size = [int(2 * half / step) + 1 for step in spacing]
    grid = Grid(np.full(3, -half), np.array(spacing), np.eye(3), (size[2], size[1], size[0]))
    k, j, i = np.indices(grid.shape)
    points = grid.points(np.stack([i, j, k], axis=-1).reshape(-1, 3))
    return DoseGrid(grid, (MIDDLE_GY + points @ slope).reshape(grid.shape), "PLAN", FRAME, "PHYSICAL")


def moved(axis: int, degrees: float, shift: tuple[float, float, float]) -> Floats:
    """(4, 4) turn about x, y or z, then a shift in mm."""
    one, other = [place for place in range(3) if place != axis]
    angle, made = math.radians(degrees), np.eye(4)
    made[one, one] = made[other, other] = math.cos(angle)
    made[one, other], made[other, one] = -math.sin(angle), math.sin(angle)
    made[:3, 3] = shift
    return made


def box(half: float) -> Structure:
    """A cube around the origin as contours 2 mm apart."""
    ring = np.array([(-half, -half), (half, -half), (half, half), (-half, half)])
    heights = np.arange(-half + 1.0, half, 2.0)
    contours = tuple(Contour(np.column_stack([ring, np.full(4, z)]), "CLOSED_PLANAR") for z in heights)
    return Structure(1, "box", contours)


@chapter("accumulation")
def doses_add_up() -> Iterator[Claim]:
    """Uniform doses: each course with its own fractions, unknown where a grid does not reach."""
    still, sac = np.zeros(3), box(10.0)
    for current, later in ((1, 10), (2, 25), (5, 20)):
        for ratio in (2.0, 10.0):
            found = accumulate_eqd2(linear_dose(still), current, [EarlierDose(linear_dose(still), later)], ratio)
            yield claim_number(
                "accumulation",
                f"30 Gy in {current} and 30 Gy in {later}, α/β {ratio:g} Gy: maximum of the sum in Gy",
                source=SOURCE,
                expected=eqd2(MIDDLE_GY, current, ratio) + eqd2(MIDDLE_GY, later, ratio),
                got=neural_maximum(found, sac).gy,
                tolerance=1e-9,
            )
    short = linear_dose(still, half=8.0)
    found = accumulate_eqd2(linear_dose(still), 5, [EarlierDose(short, 10)], 2.0)
    inside, outside = neural_maximum(found, box(6.0)), neural_maximum(found, sac)
    yield claim_equal(
        "accumulation",
        "structure inside and partly outside an earlier grid",
        source="an unknown dose is never zero",
        expected=("exact", "at_least"),
        got=(inside.bound, outside.bound),
    )


@chapter("accumulation")
def transforms() -> Iterator[Claim]:
    """A linear earlier dose through a rigid transform: ``dose(M⁻¹ p)`` at every known voxel."""
    current = linear_dose(np.zeros(3), spacing=(3.0, 2.5, 2.0))
    for axis, degrees, shift in (
        (0, 0.0, (7.3, -4.1, 11.9)),
        (0, 12.0, (0.0, 0.0, 0.0)),
        (1, -25.0, (3.0, 8.0, -6.0)),
        (2, 90.0, (0.0, 0.0, 0.0)),
        (2, 178.0, (-9.5, 2.2, 4.4)),
    ):
        matrix = moved(axis, degrees, shift)
        found = accumulate_eqd2(current, 10, [EarlierDose(linear_dose(SLOPE), 20, matrix)], 2.0)
        k, j, i = np.nonzero(~found.unknown)
        points = current.grid.points(np.stack([i, j, k], axis=-1))
        there = (points - matrix[:3, 3]) @ matrix[:3, :3]
        known = np.abs(there).max(axis=1) < 48.0  # beyond the outermost points a dose stands for half a voxel
        gy = MIDDLE_GY + there[known] @ SLOPE
        right = eqd2(MIDDLE_GY, 10, 2.0) + gy * (gy / 20 + 2.0) / 4.0
        yield claim_number(
            "accumulation",
            f"linear dose turned by {degrees:g} degrees about {'xyz'[axis]} and moved by {shift} mm: worst error in Gy",
            source=SOURCE,
            expected=0.0,
            got=float(np.abs(found.eqd2.gy[k, j, i][known] - right).max()),
            tolerance=1e-9,
            note=f"{int(known.sum()):,} voxels",
        )


@chapter("accumulation")
def second_courses() -> Iterator[Claim]:
    """Two courses whose maxima lie apart: the sum at one point, and the sum of the maxima beside it."""
    published = ReirradiationConditions(
        cumulative_eqd2_max_gy=70.0, new_course_eqd2_max_gy=25.0, new_to_cumulative_max=0.5, interval_min_months=5,
        alpha_beta_gy=2.0, contour="thecal_sac", fractions_low=1, fractions_high=5,
        source_ids=("sahgal-2021-hytec-cord",),
    )  # fmt: skip
    rising, falling, half = np.array([0.5, 0.0, 0.0]), np.array([-0.5, 0.0, 0.0]), 10.0
    highest = MIDDLE_GY + 0.5 * half
    plan = PlannedCourse(highest, 5, "thecal_sac", linear_dose(rising, spacing=(1.0, 2.0, 2.0)), box(half))
    earlier = EarlierCourse(Course(None, 10), EarlierDose(linear_dose(falling), 10))
    review = review_second_course(plan, [earlier], None, published)
    low = MIDDLE_GY - 0.5 * half
    ends = (eqd2(highest, 5, 2.0) + eqd2(low, 10, 2.0), eqd2(low, 5, 2.0) + eqd2(highest, 10, 2.0))
    yield claim_number(
        "accumulation", "maxima at opposite ends: cumulative maximum in Gy", source=SOURCE, expected=max(ends),
        got=review.factor("cumulative_eqd2").value, tolerance=0.02,
    )  # fmt: skip
    yield claim_number(
        "accumulation", "maxima at opposite ends: sum of the separate maxima in Gy", source=SOURCE,
        expected=eqd2(highest, 5, 2.0) + eqd2(highest, 10, 2.0), got=review.total.separate_gy, tolerance=0.02,
    )  # fmt: skip
    yield claim_equal(
        "accumulation", "the answer is a review", source="sahgal-2021-hytec-cord", expected="review", got=review.overall
    )
