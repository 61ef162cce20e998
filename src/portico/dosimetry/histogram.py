"""Boxes with a dose and a slope of dose, summed into a cumulative histogram.

A box counts evenly over the doses that it spans, so a coarse sample of a steep gradient makes no stairs. The
cumulative volume is exact at the nodes of the histogram.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portico.dosimetry.field import Field, dose_and_slope
from portico.geometry import compiled

__all__ = ["Sums", "sum_boxes"]

#: Number of steps of a histogram between the lowest and highest dose near the structure.
STEPS = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What the boxes of one structure add up to.

    Parameters
    ----------
    nodes : (n,) doses in Gy, rising
    below : (n,) volume in mm³ with less than that dose
    inside, outside : volume in mm³ on the dose grid and off it
    mean, least, most : mean, lowest and highest dose in Gy of the part on the grid; NaN when that is empty
    """

    nodes: NDArray[np.float64]
    below: NDArray[np.float64]
    inside: float
    outside: float
    mean: float
    least: float
    most: float


def sum_boxes(boxes: Iterable[NDArray[np.float64]], field: Field) -> Sums:
    """Sum boxes of :func:`portico.geometry.boxes_of` in a dose field.

    Parameters
    ----------
    boxes : arrays of shape (n, 9)
    field : dose around the structure
    """
    low, high = float(field.gy.min()), float(field.gy.max())
    step = max(high - low, 1e-6) / STEPS
    nodes = np.asarray(low + step * np.arange(STEPS + 3), dtype=np.float64)
    bends = np.zeros(len(nodes))
    totals = np.array([0.0, 0.0, 0.0, np.inf, -np.inf])
    for part in boxes:
        _add(part, field.gy, field.first, field.spacing, low, high, step, bends, totals)
    below = np.cumsum(np.concatenate([[0.0], np.cumsum(bends)[:-1]])) * step
    inside, outside, moment, least, most = (float(v) for v in totals)
    below = np.maximum.accumulate(np.clip(below, 0.0, inside))
    if inside <= 0.0:
        return Sums(nodes, below, 0.0, outside, float("nan"), float("nan"), float("nan"))
    return Sums(nodes, below, inside, outside, min(max(moment / inside, least), most), least, most)


@compiled
def _add(
    boxes: NDArray[np.float64],
    gy: NDArray[np.float64],
    first: NDArray[np.float64],
    spacing: NDArray[np.float64],
    low: float,
    high: float,
    step: float,
    bends: NDArray[np.float64],
    totals: NDArray[np.float64],
) -> None:
    last = bends.shape[0] - 1
    for n in range(boxes.shape[0]):
        x, y, z, volume, edge, height, nx, ny, left = boxes[n]
        dose, sx, sy, sz = dose_and_slope(gy, first, spacing, x, y, z)
        if dose < 0.0:
            totals[1] += volume
            continue
        normal = sx * nx + sy * ny
        whole = (sx * sx + sy * sy) * edge * edge + sz * sz * height * height
        spread = whole - normal * normal * edge * edge * (1.0 - left * left)
        half = 0.5 * np.sqrt(max(spread, 0.0))
        a, b = max(dose - half, low), min(dose + half, high)
        totals[0] += volume
        totals[2] += volume * dose
        if dose - half < totals[3] or dose + half > totals[4]:  # look at the ends of the box along the slope
            totals[3], totals[4] = min(totals[3], dose), max(totals[4], dose)
            scale = half / max(whole, 1e-30)
            ox, oy, oz = scale * sx * edge * edge, scale * sy * edge * edge, scale * sz * height * height
            if left < 1.0:  # at the surface its own point counts: a box would stick out where the surface is oblique
                ox, oy, oz = 0.5 * left * edge * nx, 0.5 * left * edge * ny, 0.0
            for end in (-1.0, 1.0):
                found = dose_and_slope(gy, first, spacing, x + end * ox, y + end * oy, z + end * oz)[0]
                if found >= 0.0:
                    totals[3], totals[4] = min(totals[3], found), max(totals[4], found)
        if b - a < step:  # an even dose: counts in full from this dose on, so that V20Gy at 20 Gy is all of it
            a = low + step * np.ceil((a - low) / step - 1e-6)
            b = a + step
        rate = volume / (b - a)
        for sign in (1.0, -1.0):
            place = ((a if sign > 0.0 else b) - low) / step
            i = min(max(int(place), 0), last - 1)
            part = place - i
            bends[i] += sign * rate * (1.0 - part)
            bends[i + 1] += sign * rate * part
