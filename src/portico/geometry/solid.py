"""The body that contours stand for, as small weighted boxes: shape between slices by blended signed distances.

>>> ring = np.array([[0.0, 0.0], [20.0, 0.0], [20.0, 20.0], [0.0, 20.0]])
>>> cube = Slices(np.arange(1.0, 20.0, 2.0), ((ring,),) * 10)
>>> round(float(sum(boxes[:, 3].sum() for boxes in boxes_of(cube, end_cap="half"))), 6)
8000.0

On every level between two slices the blended distance is cut where it encloses the area that the parabola of
areas gives (:mod:`portico.geometry.spans`), so volumes do not depend on the size of the boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portico.errors import CannotTell
from portico.geometry.distance import signed_distance
from portico.geometry.layers import cut_layers
from portico.geometry.parts import Part, groups_between, parts_of
from portico.geometry.planes import GAP_FACTOR, Slices
from portico.geometry.spans import EndCap, Span, bend_between, cap_span

__all__ = ["Piece", "box_size_mm", "boxes_of", "pieces_of"]

#: Boxes aimed at in one structure; accuracy hardly depends on it, time does.
TARGET_BOXES = 30_000
#: Smallest and largest edge of a box in mm.
BOX_MM = (0.1, 2.0)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One body between two heights.

    Parameters
    ----------
    span : heights and areas
    low, high : edges of the body on the lower and upper slice in mm; the same for a cap
    z_low, z_high : heights of those slices in mm
    """

    span: Span
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    z_low: float
    z_high: float


def pieces_of(slices: Slices, *, end_cap: EndCap, slice_mm: float | None = None) -> list[Piece]:
    """Bodies between neighbouring slices and the caps at ends, gaps, and where a part of a slice has no neighbour.

    Parameters
    ----------
    slices : from :func:`portico.geometry.slices_of`
    end_cap : ``none``, ``half``, ``full`` or ``tapered``
    slice_mm : thickness of a slice in mm, needed for a structure on one slice; otherwise the usual step counts

    Raises
    ------
    CannotTell : ``single-slice`` when there is one slice and no ``slice_mm``
    """
    step = slices.step_mm if slices.step_mm is not None else slice_mm
    if step is None:
        raise CannotTell(
            "One contour slice has no known thickness.", code="single-slice", fix="Give the slice thickness in mm."
        )
    z = slices.z
    parts = [parts_of(rings) for rings in slices.polygons]
    links: list[list[tuple[tuple[int, ...], tuple[int, ...]]]] = []
    for k in range(len(z) - 1):
        if z[k + 1] - z[k] > GAP_FACTOR * step:
            links.append([((i,), ()) for i in range(len(parts[k]))] + [((), (j,)) for j in range(len(parts[k + 1]))])
        else:
            links.append(groups_between(parts[k], parts[k + 1], float(z[k + 1] - z[k])))
    plain = [{low[0]: high[0] for low, high in level if len(low) == len(high) == 1} for level in links]
    back = [{j: i for i, j in level.items()} for level in plain]

    def chain(k: int, i: int, direction: int) -> list[tuple[float, float]]:
        """Distance and area of up to two slices that the part simply continues on."""
        made: list[tuple[float, float]] = []
        start = float(z[k])
        while len(made) < 2:
            table = plain if direction > 0 else back
            level = k if direction > 0 else k - 1
            if not 0 <= level < len(table) or i not in table[level]:
                break
            i, k = table[level][i], k + direction
            made.append((abs(float(z[k]) - start), parts[k][i].area))
        return made

    pieces: list[Piece] = []

    def cap(k: int, i: int, outward: int) -> None:
        part = parts[k][i]
        span = cap_span(end_cap, float(z[k]), outward, step, part.area, chain(k, i, -outward))
        if span is not None:
            pieces.append(Piece(span, part.edges, part.edges, float(z[k]), float(z[k])))

    for i in range(len(parts[0])):
        cap(0, i, -1)
    for k, level in enumerate(links):
        for low, high in level:
            if not high:
                cap(k, low[0], 1)
            elif not low:
                for j in high:
                    cap(k + 1, j, -1)
            else:
                pieces.append(_between(z, parts, k, low, high, chain))
    for i in range(len(parts[-1])):
        cap(len(parts) - 1, i, 1)
    return pieces


def _between(
    z: NDArray[np.float64],
    parts: list[tuple[Part, ...]],
    k: int,
    low: tuple[int, ...],
    high: tuple[int, ...],
    chain: Callable[[int, int, int], list[tuple[float, float]]],
) -> Piece:
    a, b = sum(parts[k][i].area for i in low), sum(parts[k + 1][j].area for j in high)
    bend = 0.0
    if len(low) == len(high) == 1:
        before, after = chain(k, low[0], -1), chain(k + 1, high[0], 1)
        lower = (float(z[k]) - before[0][0], before[0][1]) if before else (None, None)
        upper = (float(z[k + 1]) + after[0][0], after[0][1]) if after else (None, None)
        bend = bend_between([lower[0], float(z[k]), float(z[k + 1]), upper[0]], [lower[1], a, b, upper[1]])
    return Piece(
        Span(float(z[k]), float(z[k + 1]), a, b, bend),
        _joined([parts[k][i] for i in low]),
        _joined([parts[k + 1][j] for j in high]),
        float(z[k]),
        float(z[k + 1]),
    )


def box_size_mm(pieces: list[Piece], target: int = TARGET_BOXES) -> float:
    """Edge of the boxes in mm: small for small and for thin structures, from 0.1 to 2 mm."""
    volume = sum(piece.span.volume_mm3 for piece in pieces)
    area = sum(piece.span.area_low + piece.span.area_high for piece in pieces)
    length = sum(
        float(np.hypot(e[:, 2] - e[:, 0], e[:, 3] - e[:, 1]).sum()) for piece in pieces for e in (piece.low, piece.high)
    )
    thin = area / length if length > 0 else BOX_MM[1]  # half the radius of a disc, half the width of a strip
    return float(np.clip(min((volume / target) ** (1.0 / 3.0), thin), *BOX_MM))


def boxes_of(
    slices: Slices, *, end_cap: EndCap, slice_mm: float | None = None, box_mm: float | None = None
) -> Iterator[NDArray[np.float64]]:
    """Small boxes that fill the body, piece by piece.

    Parameters
    ----------
    slices, end_cap, slice_mm : as in :func:`pieces_of`
    box_mm : edge of a box in mm; None chooses it from the size of the structure

    Yields
    ------
    (n, 9) arrays: centre of the covered part x, y, z in mm; covered volume in mm³; edge in the plane and height in
    mm; direction x, y of the surface (0, 0 inside); share of the edge left along that direction. Where a cap closes
    to a point, that point is a box of volume 0: it counts for the lowest and highest dose only

    Raises
    ------
    CannotTell : ``single-slice``
    """
    pieces = pieces_of(slices, end_cap=end_cap, slice_mm=slice_mm)
    if not pieces:
        return
    size = box_mm if box_mm is not None else box_size_mm(pieces)
    whole = _window(pieces, size)
    known: dict[tuple[int, tuple[float, float], tuple[int, int]], NDArray[np.float64]] = {}
    for piece in pieces:
        count = max(2 if piece.low is piece.high else 1, int(np.ceil((piece.span.high - piece.span.low) / size - 1e-9)))
        layers = np.array(piece.span.layers(count))
        if not len(layers):
            continue
        corner, shape = whole if _area(whole[1]) <= 1.5 * _area(_window([piece], size)[1]) else _window([piece], size)
        first = (float(corner[0]), float(corner[1]))
        low = known.get((id(piece.low), first, shape))
        if low is None:
            low = signed_distance(piece.low, first_centre=first, pixel_mm=size, shape=shape)
        high = low
        if piece.high is not piece.low:
            high = signed_distance(piece.high, first_centre=first, pixel_mm=size, shape=shape)
        known = {(id(piece.high), first, shape): high}
        depth = piece.z_high - piece.z_low
        share = (layers[:, 0] - piece.z_low) / depth if depth > 0 else np.zeros(len(layers))
        yield cut_layers(low, high, share, layers, first, size)
        if min(piece.span.area_low, piece.span.area_high) == 0.0:
            yield _tip(piece, low, first, size)


def _tip(piece: Piece, distance: NDArray[np.float64], first: tuple[float, float], size: float) -> NDArray[np.float64]:
    """The point where a cap closes, above the deepest point of its contour, as a box without volume."""
    row, column = np.unravel_index(int(np.argmin(distance)), distance.shape)
    z = piece.span.low if piece.span.area_low == 0.0 else piece.span.high
    return np.array([[first[0] + column * size, first[1] + row * size, z, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]])


def _window(pieces: list[Piece], size: float) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """First pixel centre (x, y) in mm and rows and columns of pixels around pieces."""
    corners = np.vstack([edges[:, :2] for piece in pieces for edges in (piece.low, piece.high)])
    corner = corners.min(axis=0) - 1.5 * size
    columns, rows = (int(n) + 2 for n in np.ceil((corners.max(axis=0) + 1.5 * size - corner) / size))
    return corner, (rows, columns)


def _area(shape: tuple[int, int]) -> int:
    return shape[0] * shape[1]


def _joined(parts: list[Part]) -> NDArray[np.float64]:
    """Edges of all parts; of a single part the very same array, so that its distances are reused."""
    return parts[0].edges if len(parts) == 1 else np.vstack([part.edges for part in parts])
