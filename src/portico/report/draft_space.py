"""A draft in three dimensions: the surface of each volume, for the viewer of the page and as one still picture.

Surfaces are surface nets of a mask made coarser: they show shape and place and are no contour to plan on. Directions are the
patient's: x to the left, y to the back, z to the head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from portico.geometry import filled_box
from portico.report.draft_figures import patient_order
from portico.report.drawing import INK, WIDTH_IN, new_figure, png_of, settings
from portico.targets import COLOURS, Draft, DraftVolume

__all__ = ["Space", "Surface", "space_of", "surface_of"]

Floats = NDArray[np.float64]
#: Faces of a volume at most.
_MOST_FACES: Final = 1600
#: A coarser step is this much longer than the last.
_COARSER: Final = 1.25
#: Share of a coarse voxel that counts as inside; the next is taken when less than _KEPT of the volume is left.
_INSIDE: Final = (0.5, 0.25, 0.05)
_KEPT: Final = 0.75
#: Integers of the viewer are tenths of a mm.
_UNIT_MM: Final = 0.1
#: Kinds that are not seen through.
_SOLID: Final = ("GTV", "CTV", "ORGAN")
_CLEAR: Final = 0.35
#: Kinds that set the size of the view, and the room round them as a factor.
_TARGETS: Final = ("GTV", "CTV", "PTV")
_ROOM: Final = 1.3
#: Still picture: name, directions to the right, up and away from the eye, and marks at left, right, top and bottom.
_VIEWS: Final = (
    ("from the front", (1, 0, 0), (0, 0, 1), (0, 1, 0), ("R", "L", "S", "I")),
    ("from the patient's left", (0, 1, 0), (0, 0, 1), (-1, 0, 0), ("A", "P", "S", "I")),
    ("from the feet", (1, 0, 0), (0, -1, 0), (0, 0, 1), ("R", "L", "A", "P")),
)
_MARKS: Final = ((0.04, 0.5), (0.96, 0.5), (0.5, 0.96), (0.5, 0.04))


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A closed surface of four-cornered faces.

    Parameters
    ----------
    points : (n, 3) mm towards left, back and head
    faces : (m, 4) corners, counter-clockwise when seen from outside
    """

    points: Floats
    faces: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """What the page shows of a draft in three dimensions.

    Parameters
    ----------
    scene : for the viewer: whole numbers of 0.1 mm from the middle
    png : the same volumes from three sides
    alt : both in words
    """

    scene: dict[str, Any]
    png: bytes
    alt: str


def surface_of(mask: NDArray[np.bool_], spacing: Floats, *, most_faces: int = _MOST_FACES) -> Surface:
    """The surface of a mask, coarser until it has few enough faces.

    Parameters
    ----------
    mask : (x, y, z) with rising index towards left, back and head; empty gives no face
    spacing : (3,) mm along x, y, z; the first voxel's centre is at 0, 0, 0
    most_faces : above 0
    """
    box = filled_box(mask)
    if box is None:
        return Surface(np.zeros((0, 3)), np.zeros((0, 4), np.int64))
    low, own = np.array([one.start for one in box]), mask[box]
    voxels = int(own.sum())
    step_mm = float(spacing.max())
    while True:
        size = np.maximum(1, np.rint(step_mm / spacing)).astype(int)
        share = np.pad(_blocks(own, size), 1)
        level = next((one for one in _INSIDE if (share >= one).sum() * size.prod() >= _KEPT * voxels), _INSIDE[-1])
        inside = share >= level
        if sum(int(np.diff(inside, axis=axis).sum()) for axis in range(3)) <= most_faces or max(inside.shape) <= 4:
            break
        step_mm *= _COARSER
    points, faces = _net(share, level)
    middle = 0.5 * (size - 1)
    return Surface(((points - 1.0) * size + middle + low) * spacing, faces)


def _blocks(mask: NDArray[np.bool_], size: NDArray[np.int64]) -> Floats:
    """Share of each block of voxels that is inside."""
    short = [(0, int(-count % own)) for count, own in zip(mask.shape, size, strict=True)]
    full = np.pad(mask, short)
    x, y, z = (count // int(own) for count, own in zip(full.shape, size, strict=True))
    return np.asarray(full.reshape(x, size[0], y, size[1], z, size[2]).mean(axis=(1, 3, 5)))


def _net(share: Floats, level: float) -> tuple[Floats, NDArray[np.int64]]:
    """Surface net: one point for each cell that the surface crosses, one face for each edge that it crosses.

    Points are in voxels of ``share``, whose outermost voxels lie outside.
    """
    inside = share >= level
    cells = tuple(count - 1 for count in share.shape)
    total, count = np.zeros((*cells, 3)), np.zeros(cells)
    found = []
    for axis in range(3):
        b, c = (axis + 1) % 3, (axis + 2) % 3  # right-handed with the axis
        lower = np.moveaxis(inside, axis, 0)[:-1]
        upper = np.moveaxis(inside, axis, 0)[1:]
        edges = np.argwhere(np.moveaxis(lower != upper, 0, axis))
        far = edges.copy()
        far[:, axis] += 1
        at, to = share[tuple(edges.T)], share[tuple(far.T)]
        crossing = edges.astype(np.float64)
        crossing[:, axis] += (level - at) / (to - at)
        corners = []
        for back_b, back_c in ((1, 1), (0, 1), (0, 0), (1, 0)):  # counter-clockwise round the axis
            cell = edges.copy()
            cell[:, b] -= back_b
            cell[:, c] -= back_c
            np.add.at(total, tuple(cell.T), crossing)
            np.add.at(count, tuple(cell.T), 1.0)
            corners.append(np.ravel_multi_index(tuple(cell.T), cells))
        faces = np.column_stack(corners)
        leaves = inside[tuple(edges.T)]
        faces[~leaves] = faces[~leaves, ::-1]
        found.append(faces)
    used = np.flatnonzero(count)
    number = np.zeros(count.size, np.int64)
    number[used] = np.arange(len(used))
    points = total.reshape(-1, 3)[used] / count.ravel()[used, None]
    return points, number[np.concatenate(found)]


def space_of(draft: Draft) -> Space | None:
    """Every volume that is not empty; None when all are.

    Parameters
    ----------
    draft : on an aligned grid
    """
    drawn = [one for one in draft.volumes if one.mask.any()]
    if not drawn:
        return None
    grid = draft.grid.snapped()
    spacing = np.abs(grid.axes) @ grid.spacing
    made = [surface_of(patient_order(one.mask, grid.axes).transpose(2, 1, 0), spacing) for one in drawn]
    # a long cord does not set the size of the view
    targets = [surface.points for one, surface in zip(drawn, made, strict=True) if one.kind in _TARGETS and _shown(one)]
    every = np.concatenate(targets or [one.points for one in made])
    middle = 0.5 * (every.min(axis=0) + every.max(axis=0))
    radius = float(np.linalg.norm(every - middle, axis=1).max()) * (_ROOM if targets else 1.0)
    made = [Surface(one.points - middle, one.faces) for one in made]
    scene = {
        "radius": round(radius / _UNIT_MM),
        "volumes": [_for_viewer(one, surface) for one, surface in zip(drawn, made, strict=True)],
    }
    names = ", ".join(f"{one.roi}{' (unverified rule)' if one.unverified else ''}" for one in drawn)
    return Space(
        scene,
        _still(drawn, made, radius),
        f"Surfaces of {names}, {', '.join(view[0] for view in _VIEWS)}; from the front the patient's left is on the right.",
    )


def _for_viewer(volume: DraftVolume, surface: Surface) -> dict[str, Any]:
    return {
        "roi": volume.roi,
        "colour": list(COLOURS[volume.kind]),
        "alpha": _alpha(volume),
        "unverified": volume.unverified,
        "shown": _shown(volume),
        "points": np.rint(surface.points / _UNIT_MM).astype(int).ravel().tolist(),
        "faces": surface.faces.ravel().tolist(),
    }


def _alpha(volume: DraftVolume) -> float:
    return 1.0 if volume.kind in _SOLID and volume.role != "alternative" else _CLEAR


def _shown(volume: DraftVolume) -> bool:
    """Whether the volume is seen at first: an alternative is not."""
    return volume.role != "alternative"


def _still(drawn: list[DraftVolume], made: list[Surface], radius: float) -> bytes:
    """Three views side by side as PNG."""
    from matplotlib.collections import PolyCollection

    with settings():
        figure = new_figure(WIDTH_IN, WIDTH_IN / 3 + 0.2)
        for n, (name, right, up, away, marks) in enumerate(_VIEWS):
            axes = figure.add_axes((n / 3 + 0.01, 0.0, 1 / 3 - 0.02, 0.92))
            flat, colours, edges, depth = [], [], [], []
            for volume, surface in zip(drawn, made, strict=True):
                if not _shown(volume) or not len(surface.faces):
                    continue
                seen = surface.points @ np.array([right, up, away], dtype=np.float64).T
                corners = seen[surface.faces]
                normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
                facing = normal[:, 2] / np.maximum(1e-9, np.linalg.norm(normal, axis=1))
                front = facing > 0
                light = 0.45 + 0.55 * facing[front, None]
                rgb = light * np.array(COLOURS[volume.kind]) / 255.0
                rgba = np.column_stack([rgb, np.full(len(rgb), _alpha(volume))])
                flat.append(corners[front, :, :2])
                colours.append(rgba)
                edges.append(np.tile([0.0, 0.0, 0.0, 0.55], (len(rgba), 1)) if volume.unverified else rgba)
                depth.append(corners[front, :, 2].mean(axis=1))
            if flat:
                order = np.argsort(-np.concatenate(depth), kind="stable")
                axes.add_collection(
                    PolyCollection(
                        list(np.concatenate(flat)[order]), facecolors=np.concatenate(colours)[order],
                        edgecolors=np.concatenate(edges)[order], linewidths=0.25,
                    )
                )  # fmt: skip
            axes.set_xlim(-1.2 * radius, 1.2 * radius)
            axes.set_ylim(-1.2 * radius, 1.2 * radius)
            axes.set_aspect("equal")
            axes.set_axis_off()
            axes.set_title(name, fontsize=8, pad=2)
            for mark, (x, y) in zip(marks, _MARKS, strict=True):
                axes.text(x, y, mark, transform=axes.transAxes, ha="center", va="center", color=INK, weight="bold")
        return png_of(figure, 150)
