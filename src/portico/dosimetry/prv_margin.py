"""The margin that a planning organ at risk really has around its organ, measured on its contours.

>>> ring = np.array([[-5.0, -5.0], [5.0, -5.0], [5.0, 5.0], [-5.0, 5.0]])
>>> wider = ring * 1.4
>>> around = real_margin(Slices(np.array([0.0]), ((wider,),)), Slices(np.array([0.0]), ((ring,),)))
>>> round(around.median_mm, 2), round(around.least_mm, 2)
(2.0, 2.0)

The distance runs within a slice from the outline of the margin to the nearest edge of the organ, negative where the outline
cuts through the organ. At rounded or oblique places a margin made in space can be larger within a slice, never smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.geometry import Slices, compiled, edges_of, point_inside

__all__ = ["RealMargin", "real_margin"]

#: Distance in mm of the points at which an outline is looked at; fine against any margin.
_STEP_MM: Final = 0.5
#: Largest distance in mm of two slices that count as the same; the precision of the text in the file.
_SAME_SLICE_MM: Final = 0.05


@dataclass(frozen=True, slots=True)
class RealMargin:
    """Distances in mm from the outline of a margin to its organ.

    Parameters
    ----------
    median_mm, least_mm, largest_mm : over the outline on all shared slices; below 0 where the outline cuts the organ
    slices : number of slices that both have
    bare : number of slices on which the organ is drawn and the margin is not
    """

    median_mm: float
    least_mm: float
    largest_mm: float
    slices: int
    bare: int


def real_margin(margin: Slices, organ: Slices) -> RealMargin | None:
    """Measure a margin; None when both share no slice.

    Parameters
    ----------
    margin : slices of the planning organ at risk
    organ : slices of the organ it was made from
    """
    heights = {round(float(z), 2): rings for z, rings in zip(margin.z, margin.polygons, strict=True)}
    found: list[NDArray[np.float64]] = []
    bare = 0
    for z, rings in zip(organ.z, organ.polygons, strict=True):
        around = next((value for key, value in heights.items() if abs(key - z) <= _SAME_SLICE_MM), None)
        if around is None:
            bare += 1
            continue
        found.append(_distances(_along(edges_of(around)), edges_of(rings)))
    if not found:
        return None
    every = np.concatenate(found)
    return RealMargin(float(np.median(every)), float(every.min()), float(every.max()), len(found), bare)


def _along(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) points along edges, at most half a millimetre apart."""
    points = []
    for x1, y1, x2, y2 in edges:
        parts = max(1, int(np.ceil(np.hypot(x2 - x1, y2 - y1) / _STEP_MM)))
        share = np.arange(parts)[:, None] / parts
        points.append(np.array([[x1, y1]]) * (1 - share) + np.array([[x2, y2]]) * share)
    return np.vstack(points)


@compiled
def _distances(points: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of each point to the nearest edge, negative inside."""
    made = np.empty(len(points))
    for n in range(len(points)):
        x, y = points[n, 0], points[n, 1]
        nearest = 1e300
        for i in range(len(edges)):
            ex, ey = edges[i, 2] - edges[i, 0], edges[i, 3] - edges[i, 1]
            px, py = x - edges[i, 0], y - edges[i, 1]
            length2 = ex * ex + ey * ey
            if length2 > 0.0:
                t = min(1.0, max(0.0, (px * ex + py * ey) / length2))
                px, py = px - t * ex, py - t * ey
            nearest = min(nearest, px * px + py * py)
        made[n] = -np.sqrt(nearest) if point_inside(edges, x, y) else np.sqrt(nearest)
    return made
