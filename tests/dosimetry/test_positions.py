"""One patient, scanned and planned in each of the eight positions: the histogram is the same, and left stays left."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "rt"))
import rt_files as made
from test_dose import POSITIONS

from portico.dosimetry import dvh, plan_histograms
from portico.knowledge import load_library
from portico.rt import read_study

#: A box on the patient's left, behind and above the origin (LPS, mm), and another on the right.
LEFT, RIGHT = (18.0, 12.0), (-14.0, 12.0)
SHAPE, SPACING, STEP = (25, 30, 33), (2.5, 2.0), 2.5  # frames, rows, columns


def gy(points):
    """Dose of the patient's own coordinates: it rises to the left, falls to the back, and bends along z."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    return 30.0 + 0.35 * x - 0.2 * y + 0.004 * (z - 31.0) ** 2


def planned(tmp_path, position):
    along_i, along_j = (np.array(each, dtype=float) for each in (POSITIONS[position][:3], POSITIONS[position][3:]))
    normal = np.cross(along_i, along_j)
    k, j, i = (each[..., None] for each in np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij"))
    middle = np.array([2.0, 5.0, 31.0])
    corner = middle - sum(a * d * (n - 1) / 2 for a, d, n in zip((along_i, along_j, normal), (2.0, 2.5, STEP), SHAPE[::-1], strict=True))  # fmt: skip
    points = corner + along_i * 2.0 * i + along_j * 2.5 * j + normal * STEP * k
    dose = made.dose(gy(points), orientation=POSITIONS[position], position=corner, spacing=(2.5, 2.0), offsets=np.arange(SHAPE[0]) * STEP, scaling=1e-6)  # fmt: skip
    heights = np.arange(21.0, 42.0, 2.0)
    boxes = {
        number: (name, [("CLOSED_PLANAR", made.square(z, 5.0, centre)) for z in heights])
        for number, (name, centre) in enumerate({"Femur_L": LEFT, "Femur_R": RIGHT}.items(), 1)
    }
    folder = made.put(tmp_path / position, made.encoded(made.structures(boxes)), made.encoded(dose), made.encoded(made.plan()))  # fmt: skip
    return read_study(folder).plan_set()


@pytest.mark.parametrize("position", POSITIONS)
def test_left_stays_left(tmp_path, position):
    found = planned(tmp_path, position)
    left, right = (dvh(one, found.dose, end_cap="half") for one in found.structure_set.structures.values())
    for one, (x, y) in ((left, LEFT), (right, RIGHT)):
        assert one.volume_cm3 == pytest.approx(2.2)
        # mean of (z - 31)^2 over 20 to 42 mm is 11^2 / 3; a grid of 2.5 mm adds a little to a parabola
        assert one.mean == pytest.approx(30.0 + 0.35 * x - 0.2 * y + 0.004 * 121.0 / 3.0, abs=0.006)
        assert one.max == pytest.approx(30.0 + 0.35 * (x + 5) - 0.2 * (y - 5) + 0.004 * 121.0, abs=0.05)
    check = plan_histograms(found, load_library())
    assert {one.name: one.dvh.mean > 32.0 for one in check.structures} == {"Femur_L": True, "Femur_R": False}
