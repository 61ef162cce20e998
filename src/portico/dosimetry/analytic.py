"""Round bodies in doses whose histogram can be written down: the reference of this room's claims.

>>> ball = ball_of(12.0)
>>> round(ball.volume_mm3 / (4.0 / 3.0 * np.pi * 12.0**3), 5)
1.0

A body is a radius along z; its hot volume is an integral over z of a circle, a segment of it, or a smaller circle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from portico.geometry import Slices
from portico.rt.dose import DoseGrid
from portico.rt.grid import Grid

__all__ = ["Body", "DoseShape", "ball_of", "cone_of", "contours_of", "cylinder_of", "dose_of", "flat_ended"]

DoseShape = Literal["linear x", "linear z", "gauss"]

#: Corners of a contour circle.
CORNERS = 256
#: Layers of the reference integral.
LAYERS = 1000
#: Dose in Gy at z = 0 or x = 0 of a linear dose, whose slope is 1 Gy per mm.
MIDDLE_GY = 200.0
#: Width (sigma) in mm of the Gaussian dose; its steepest slope is 1 Gy per mm.
SIGMA_MM = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A body of circles around the z axis.

    Parameters
    ----------
    low, high : ends in mm
    radius : radius in mm at heights in mm
    """

    low: float
    high: float
    radius: Callable[[NDArray[np.float64]], NDArray[np.float64]]

    def layers(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Heights of the reference layers, their radii and their thickness, in mm."""
        thick = (self.high - self.low) / LAYERS
        z = np.asarray(self.low + (np.arange(LAYERS) + 0.5) * thick, dtype=np.float64)
        return z, self.radius(z), thick

    @property
    def volume_mm3(self) -> float:
        """Volume in mm³."""
        _, radius, thick = self.layers()
        return float(np.pi * (radius**2).sum() * thick)

    def dose_with_hot_volume(self, shape: DoseShape, hot_mm3: float) -> float:
        """Least dose in Gy of the hottest ``hot_mm3``."""
        z, radius, thick = self.layers()
        reach = float(np.hypot(np.abs(z).max() + thick, radius.max()))
        low, high = (-reach, reach) if shape != "gauss" else (0.0, reach)
        for _ in range(32):
            middle = 0.5 * (low + high)
            if shape == "gauss":
                volume = np.pi * np.clip(np.minimum(radius**2, middle * middle - z * z), 0.0, None).sum() * thick
                if volume < hot_mm3:
                    low = middle
                else:
                    high = middle
                continue
            if shape == "linear z":
                share = np.clip((z + 0.5 * thick - middle) / thick, 0.0, 1.0)
                volume = np.pi * (share * radius**2).sum() * thick
            else:
                cosine = np.clip(middle / np.maximum(radius, 1e-12), -1.0, 1.0)
                segment = radius**2 * (np.arccos(cosine) - cosine * np.sqrt(1.0 - cosine**2))
                volume = segment.sum() * thick
            if volume > hot_mm3:
                low = middle
            else:
                high = middle
        return float(_gy(shape, np.array(0.5 * (low + high))))


def _gy(shape: DoseShape, coordinate: NDArray[np.float64]) -> NDArray[np.float64]:
    if shape == "gauss":
        return np.asarray(SIGMA_MM * np.exp(0.5 - 0.5 * (coordinate / SIGMA_MM) ** 2), dtype=np.float64)
    return MIDDLE_GY + coordinate


def ball_of(radius: float) -> Body:
    """Ball around the origin; radius in mm."""
    return Body(-radius, radius, lambda z: np.sqrt(np.maximum(0.0, radius * radius - z * z)))


def cylinder_of(radius: float, height: float) -> Body:
    """Cylinder around the origin; radius and height in mm."""
    return Body(-0.5 * height, 0.5 * height, lambda z: np.full_like(z, radius))


def cone_of(radius: float, height: float) -> Body:
    """Cone with the base down, its middle height at the origin; radius of the base and height in mm."""
    return Body(-0.5 * height, 0.5 * height, lambda z: radius * np.clip(0.5 - z / height, 0.0, 1.0))


def slice_heights(body: Body, step: float, phase: float) -> NDArray[np.float64]:
    """Heights of the slices that cut the body; phase (0 to 1) moves them within a step."""
    first = body.low + phase * step
    return np.asarray(first + step * np.arange(int(np.ceil((body.high - first) / step - 1e-9))), dtype=np.float64)


def contours_of(body: Body, step: float, phase: float) -> Slices:
    """Contours of the body: polygons whose area is that of the circle."""
    turn = 2.0 * np.pi * np.arange(CORNERS) / CORNERS
    same_area = np.sqrt(2.0 * np.pi / (CORNERS * np.sin(2.0 * np.pi / CORNERS)))
    circle = same_area * np.column_stack([np.cos(turn), np.sin(turn)])
    z = slice_heights(body, step, phase)
    return Slices(z, tuple((float(radius) * circle,) for radius in body.radius(z)))


def flat_ended(body: Body, step: float, phase: float, *, bottom: bool, top: bool) -> Body:
    """What the end-cap rule makes of the body where its ends are flat: the last contour, half a slice further."""
    z = slice_heights(body, step, phase)
    low = float(z[0]) - 0.5 * step if bottom else body.low
    high = float(z[-1]) + 0.5 * step if top else body.high

    def radius(at: NDArray[np.float64]) -> NDArray[np.float64]:
        inner = np.clip(at, z[0] if bottom else -np.inf, z[-1] if top else np.inf)
        return body.radius(inner)

    return Body(low, high, radius)


def dose_of(body: Body, shape: DoseShape, spacing: float, offset: float, margin: float = 8.0) -> DoseGrid:
    """Dose around a body on a cubic grid.

    Parameters
    ----------
    body : body
    shape : ``linear x`` or ``linear z`` (1 Gy per mm), or ``gauss`` around the origin
    spacing : voxel edge in mm
    offset : shift of the grid in voxels, 0 to 1
    margin : dose beyond the body in mm
    """
    width = float(body.radius(np.linspace(body.low, body.high, 101)).max()) + margin
    low = np.array([-width, -width, body.low - margin]) - offset * spacing
    size = np.ceil((np.array([width, width, body.high + margin]) - low) / spacing).astype(int) + 1
    x, y, z = (low[axis] + spacing * np.arange(size[axis]) for axis in range(3))
    if shape == "gauss":
        radius = np.sqrt(x[None, None, :] ** 2 + y[None, :, None] ** 2 + z[:, None, None] ** 2)
        gy = _gy(shape, radius)
    else:
        line = x[None, None, :] if shape == "linear x" else z[:, None, None]
        gy = np.broadcast_to(_gy(shape, line), (size[2], size[1], size[0]))
    grid = Grid(low, np.full(3, spacing), np.eye(3), (int(size[2]), int(size[1]), int(size[0])))
    return DoseGrid(grid, np.ascontiguousarray(gy), "PLAN")
