"""How the cross-section of a body changes between slices and beyond the last one: area as a parabola in z.

>>> Span(0.0, 2.0, 100.0, 100.0, 0.0).volume_mm3
200.0

The areas of spheres, ellipsoids, cones and cylinders are exact parabolas in z. Where two neighbouring parabolas
disagree in sign (a step, a noisy contour) the area runs straight between slices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = ["END_CAPS", "EndCap", "Span", "bend_between", "cap_span"]

EndCap = Literal["none", "half", "full", "tapered"]

#: What each end-cap rule says, for the result.
END_CAPS: dict[str, str] = {
    "none": "the structure ends at its first and last contour",
    "half": "the first and last contour are extended by half a slice",
    "full": "the first and last contour are extended by a full slice",
    "tapered": "ends close where the last three contours point to, at most a slice beyond; other ends: half a slice",
}


@dataclass(frozen=True, slots=True)
class Span:
    """Area between two heights: straight from ``area_low`` to ``area_high`` plus a parabola of second derivative ``bend``.

    Parameters
    ----------
    low, high : heights in mm
    area_low, area_high : areas there in mm²
    bend : second derivative of the area along z, without unit
    """

    low: float
    high: float
    area_low: float
    area_high: float
    bend: float

    def area(self, z: float) -> float:
        """Area in mm² at a height in mm, never below 0."""
        length = self.high - self.low
        t = (z - self.low) / length
        return max(0.0, self.area_low * (1 - t) + self.area_high * t - 0.5 * self.bend * t * (1 - t) * length * length)

    @property
    def volume_mm3(self) -> float:
        """Volume of the span in mm³."""
        length = self.high - self.low
        return length * (0.5 * (self.area_low + self.area_high) - self.bend * length * length / 12.0)

    def layers(self, count: int) -> list[tuple[float, float, float]]:
        """Cut into layers of equal height: ``(centre of gravity z, height, mean area)`` of each in mm and mm²."""
        made = []
        height = (self.high - self.low) / count
        for i in range(count):
            z = self.low + i * height
            first, middle, last = self.area(z), self.area(z + 0.5 * height), self.area(z + height)
            mean = (first + 4.0 * middle + last) / 6.0
            if mean > 0.0:
                made.append((z + height * (2.0 * middle + last) / (6.0 * mean), height, mean))
        return made


def bend_between(heights: Sequence[float | None], areas: Sequence[float | None]) -> float:
    """Second derivative of the area for the span between the second and third of four slices.

    Parameters
    ----------
    heights, areas : of the slice before, both slices of the span, and the slice after, in mm and mm²; None where
        the body does not simply continue there

    Returns
    -------
    the smaller of both neighbours' second derivatives when they agree in sign, the only one when one is missing,
    0 when they disagree or both are missing
    """
    bends = []
    for i in (0, 1):
        z0, z1, z2 = heights[i : i + 3]
        a0, a1, a2 = areas[i : i + 3]
        if None in (z0, z1, z2, a0, a1, a2):
            continue
        assert z0 is not None and z1 is not None and z2 is not None
        assert a0 is not None and a1 is not None and a2 is not None
        bends.append(2.0 * ((a2 - a1) / (z2 - z1) - (a1 - a0) / (z1 - z0)) / (z2 - z0))
    if not bends or min(bends) < 0.0 < max(bends):
        return 0.0
    bend = min(bends, key=abs)
    z1, z2, a1, a2 = heights[1], heights[2], areas[1], areas[2]
    assert z1 is not None and z2 is not None and a1 is not None and a2 is not None
    # an upward parabola may not dip below the smaller end
    return min(bend, 2.0 * abs(a2 - a1) / (z2 - z1) ** 2) if bend > 0 else bend


def cap_span(
    rule: EndCap, z: float, outward: int, step: float, area: float, inner: Sequence[tuple[float, float]]
) -> Span | None:
    """The span beyond an end of a body; None when the rule adds nothing.

    Parameters
    ----------
    rule : end-cap rule
    z, area : last slice in mm and mm²
    outward : +1 upwards, -1 downwards
    step : slice step in mm
    inner : ``(distance in mm, area in mm²)`` of the next and second next slice inwards, as far as known
    """
    if rule == "none":
        return None
    length, area_end, bend = (step if rule == "full" else 0.5 * step), area, 0.0
    if rule == "tapered" and len(inner) >= 2:
        (d1, a1), (d2, a2) = inner[0], inner[1]
        bend = 2.0 * ((area - a1) / d1 - (a1 - a2) / (d2 - d1)) / d2
        slope = (area - a1) / d1 + 0.5 * bend * d1
        close = _closing(area, slope, bend)
        if close is not None and 0.0 < close <= step * (1.0 + 1e-6):
            length, area_end = close, 0.0
        else:
            bend = 0.0
    if outward > 0:
        return Span(z, z + length, area, area_end, bend)
    return Span(z - length, z, area_end, area, bend)


def _closing(area: float, slope: float, bend: float) -> float | None:
    """Distance at which the parabola first falls to zero; for a cone its vertex (touching zero) counts."""
    if slope >= 0.0:
        return None
    if abs(bend) * area < 1e-9 * slope * slope:
        return -area / slope
    root = slope * slope - 2.0 * bend * area
    if root < 0.0:
        if root < -0.02 * slope * slope:
            return None
        root = 0.0  # nearly touching: contours of a cone are polygons, not circles
    return float(2.0 * area / (-slope + np.sqrt(root)))
