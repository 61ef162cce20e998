"""Cut a blended distance map into layers of known area.

Each layer is the set where the blended signed distance lies below a level; the level is chosen so that the covered
area is the one asked for. A pixel that the level crosses is covered as a straight edge would cover it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portico.geometry.compiled import compiled

__all__ = ["cut_layers"]


def cut_layers(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    share: NDArray[np.float64],
    layers: NDArray[np.float64],
    first_centre: tuple[float, float],
    pixel_mm: float,
) -> NDArray[np.float64]:
    """Boxes of all layers of one piece.

    Parameters
    ----------
    low, high : signed distances in mm on the lower and upper slice, (rows, columns)
    share : (n,) share of ``high`` in the blend of each layer, 0 to 1
    layers : (n, 3) z in mm, height in mm, area in mm²
    first_centre : x and y in mm of pixel [0, 0]
    pixel_mm : edge of a pixel in mm

    Returns
    -------
    (m, 9) boxes as :func:`portico.geometry.boxes_of` describes them; their volumes sum to area times height
    """
    made: NDArray[np.float64] = _cut(low, high, share, layers, first_centre[0], first_centre[1], pixel_mm)
    return made


@compiled
def _covered(v: float, a: float, b: float) -> float:
    """Share of the unit square where ``a X + b Y < v``, X and Y from -1/2 to 1/2, a and b not negative."""
    if a < b:
        a, b = b, a
    half = 0.5 * (a + b)
    if v <= -half:
        return 0.0
    if v >= half:
        return 1.0
    flat = 0.5 * (a - b)
    if b < 1e-9 * a or abs(v) <= flat:
        return 0.5 + v / a
    tail = half - abs(v)
    part = 0.5 * tail * tail / (a * b)
    return 1.0 - part if v > 0 else part


@compiled
def _cut(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    share: NDArray[np.float64],
    layers: NDArray[np.float64],
    x0: float,
    y0: float,
    pixel: float,
) -> NDArray[np.float64]:
    rows, columns = low.shape
    room = 1024
    boxes = np.empty((room, 9))
    filled = 0
    blend = np.empty((rows, columns))
    across = np.zeros((rows, columns))
    along = np.zeros((rows, columns))
    for n in range(layers.shape[0]):
        z, height, area = layers[n]
        t = share[n]
        least, most = 1e300, -1e300
        for r in range(rows):
            for c in range(columns):
                blend[r, c] = (1.0 - t) * low[r, c] + t * high[r, c]
                least, most = min(least, blend[r, c]), max(most, blend[r, c])
        for r in range(rows):
            ra, rb = max(0, r - 1), min(rows - 1, r + 1)
            for c in range(columns):
                ca, cb = max(0, c - 1), min(columns - 1, c + 1)
                gx = (blend[r, cb] - blend[r, ca]) / (cb - ca)
                gy = (blend[rb, c] - blend[ra, c]) / (rb - ra)
                steep = np.sqrt(gx * gx + gy * gy)
                if steep < 0.7 * pixel:  # a ridge or the middle of a piece: no direction, but still a width
                    if steep > 1e-9 * pixel:
                        gx, gy = gx * 0.7 * pixel / steep, gy * 0.7 * pixel / steep
                    else:
                        gx, gy = 0.5 * pixel, 0.5 * pixel
                across[r, c], along[r, c] = gx, gy
        bottom, top = least - 2.0 * pixel, most + 2.0 * pixel
        level = 0.0
        wanted = area / (pixel * pixel)
        for _ in range(60):
            total, rate = 0.0, 0.0
            for r in range(rows):
                for c in range(columns):
                    v = level - blend[r, c]
                    a, b = abs(across[r, c]), abs(along[r, c])
                    if v >= 0.5 * (a + b):
                        total += 1.0
                    elif v > -0.5 * (a + b):
                        total += _covered(v, a, b)
                        rate += 1.0 / np.sqrt(a * a + b * b)
            if abs(total - wanted) <= 1e-5 * wanted:
                break
            if total > wanted:
                top = level
            else:
                bottom = level
            guess = level + (wanted - total) / rate if rate > 0.0 else 0.5 * (bottom + top)
            level = guess if bottom < guess < top else 0.5 * (bottom + top)
            if top - bottom < 1e-9:
                break
        start = filled
        volume = 0.0
        for r in range(rows):
            for c in range(columns):
                a, b = abs(across[r, c]), abs(along[r, c])
                part = _covered(level - blend[r, c], a, b)
                if part <= 0.0:
                    continue
                if filled == room:
                    room *= 2
                    larger = np.empty((room, 9))
                    larger[:filled] = boxes[:filled]
                    boxes = larger
                box = boxes[filled]
                box[0], box[1], box[2] = x0 + c * pixel, y0 + r * pixel, z
                box[3] = part * pixel * pixel * height
                box[4], box[5] = pixel, height
                box[6], box[7], box[8] = 0.0, 0.0, 1.0
                if part < 1.0:
                    steep = np.sqrt(a * a + b * b)
                    box[6], box[7], box[8] = across[r, c] / steep, along[r, c] / steep, part
                    box[0] -= 0.5 * (1.0 - part) * pixel * box[6]
                    box[1] -= 0.5 * (1.0 - part) * pixel * box[7]
                volume += box[3]
                filled += 1
        if volume > 0.0:  # the last ten-thousandths of the area
            for i in range(start, filled):
                boxes[i, 3] *= area * height / volume
    return boxes[:filled].copy()
