"""Pictures of a draft: an axial plane of each level and one overview from the side, in the patient's orientation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from portico.report.drawing import Drawing, new_figure, settings, svg_of
from portico.targets import COLOURS, PARTS, Draft, DraftVolume

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draft_drawings", "patient_order"]

#: Window of the CT behind the lines, in HU.
_WINDOW: Final = (-200.0, 800.0)
#: Room round the volumes in mm.
_ROOM_MM: Final = 25.0
#: Planes: name, fixed axis of (z, y, x), marks at left, right, top and bottom of the picture.
_AXIAL: Final = ("axial", 0, ("R", "L", "A", "P"))
#: Where the marks stand, as shares of the picture.
_MARKS: Final = ((0.02, 0.5), (0.98, 0.5), (0.5, 0.97), (0.5, 0.03))
_SAGITTAL: Final = ("sagittal", 2, ("A", "P", "S", "I"))
_CORONAL: Final = ("coronal", 1, ("R", "L", "S", "I"))


def patient_order(values: NDArray[Any], axes: NDArray[np.float64]) -> NDArray[Any]:
    """(z, y, x) with rising index towards head, back and left, of an array (k, j, i) on an aligned grid."""
    rows = [int(np.abs(axes[:, axis]).argmax()) for axis in range(3)]  # patient axis of i, j, k
    order = [2 - rows.index(patient) for patient in (2, 1, 0)]
    turned = values.transpose(order)
    for place, patient in enumerate((2, 1, 0)):
        if axes[patient, rows.index(patient)] < 0:
            turned = np.flip(turned, place)
    return turned


def draft_drawings(draft: Draft) -> Iterator[Drawing]:
    """A picture for each level, or for both ends and the middle outside the spine, and one overview.

    Parameters
    ----------
    draft : on an aligned grid; without a CT the ground is white
    """
    drawn = [one for one in draft.volumes if one.mask.any()]
    if not drawn:
        return
    grid = draft.grid.snapped()
    scene = _Scene(draft, drawn, grid.axes, grid.spacing)
    targets = [one for one in drawn if one.kind in ("CTV", "PTV", "GTV") and one.role == "drawn"] or drawn
    main = np.any([scene.masks[id(one)] for one in targets], axis=0)
    heights = np.flatnonzero(main.any(axis=(1, 2)))
    for level, parts in draft.parts.items():
        labels = patient_order(parts.labels, grid.axes)
        at = int(np.median(np.nonzero(labels)[0]))
        yield scene.drawing(_AXIAL, at, f"{level}, axial", labels)
    if not draft.parts:
        for word, at in (("lower end", heights[0]), ("middle", heights[len(heights) // 2]), ("upper end", heights[-1])):
            yield scene.drawing(_AXIAL, int(at), f"Axial, {word} of the targets")
        yield scene.drawing(_CORONAL, int(np.median(np.nonzero(main)[1])), "Overview, coronal")
    yield scene.drawing(_SAGITTAL, int(np.median(np.nonzero(main)[2])), "Overview, sagittal")


class _Scene:
    def __init__(
        self, draft: Draft, drawn: list[DraftVolume], axes: NDArray[np.float64], spacing: NDArray[np.float64]
    ) -> None:
        rows = [int(np.abs(axes[:, axis]).argmax()) for axis in range(3)]
        self.spacing = [float(spacing[rows.index(patient)]) for patient in (2, 1, 0)]
        self.volumes = drawn
        self.masks = {id(one): patient_order(one.mask, axes) for one in drawn}
        self.hu = None if draft.hu is None else patient_order(draft.hu, axes)
        self.levels = {level: patient_order(parts.labels, axes) for level, parts in draft.parts.items()}
        everything = np.any(list(self.masks.values()), axis=0)
        near = np.any([self.masks[id(one)] for one in drawn if one.role == "drawn"] or [everything], axis=0)
        self.box = []
        for axis in range(3):
            there = np.flatnonzero(near.any(axis=tuple(other for other in range(3) if other != axis)))
            room = int(np.ceil(_ROOM_MM / self.spacing[axis]))
            self.box.append((max(0, int(there[0]) - room), min(near.shape[axis], int(there[-1]) + room + 1)))

    def drawing(
        self, plane: tuple[str, int, tuple[str, ...]], at: int, title: str, labels: NDArray[np.uint8] | None = None
    ) -> Drawing:
        """One plane with every volume that it meets."""
        name, fixed, marks = plane
        across = [axis for axis in range(3) if axis != fixed]
        window = tuple(at if axis == fixed else slice(*self.box[axis]) for axis in range(3))
        step = [self.spacing[axis] for axis in across]
        size = [(self.box[axis][1] - self.box[axis][0]) * self.spacing[axis] for axis in across]
        extent = (0.0, size[1], size[0], 0.0) if name == "axial" else (0.0, size[1], 0.0, size[0])
        met = [(one, self.masks[id(one)][window]) for one in self.volumes if self.masks[id(one)][window].any()]
        with settings():
            figure = new_figure(5.0, 5.0 * min(1.6, max(0.5, size[0] / size[1])))
            axes = figure.add_axes((0.02, 0.02, 0.96, 0.96))
            if self.hu is not None:
                axes.imshow(
                    self.hu[window], cmap="gray", vmin=_WINDOW[0], vmax=_WINDOW[1], extent=extent, interpolation="nearest",
                    origin="upper" if name == "axial" else "lower",
                )  # fmt: skip
            if labels is not None:
                for number in range(1, len(PARTS) + 1):
                    self._line(axes, labels[window] == number, step, "#d9b400", 0.6)
            elif name != "axial":
                self._name_levels(axes, window, step)
            for one, mask in met:
                colour = "#{:02x}{:02x}{:02x}".format(*COLOURS[one.kind])
                self._line(axes, mask, step, colour, 1.6, dashed=one.role == "alternative")
                if one.unverified:
                    y, x = self._places(mask.shape, step)
                    axes.contourf(x, y, mask.astype(float), levels=[0.5, 1.5], colors="none", hatches=["///"])
            axes.set_xlim(0.0, size[1])
            axes.set_ylim(*((size[0], 0.0) if name == "axial" else (0.0, size[0])))
            axes.set_aspect("equal")
            axes.set_axis_off()
            for mark, (right, up) in zip(marks, _MARKS, strict=True):
                axes.text(
                    right,
                    up,
                    mark,
                    transform=axes.transAxes,
                    ha="center",
                    va="center",
                    fontsize=11,
                    color="#c00000",
                    weight="bold",
                )
            svg = svg_of(figure)
        names = (
            ", ".join(f"{one.roi}{' (unverified rule, hatched)' if one.unverified else ''}" for one, _ in met)
            or "no volume"
        )
        sides = f"{marks[0]} on the left and {marks[1]} on the right of the picture, {marks[2]} at its top"
        caption = (
            f"{title}: {names}. Thin lines: parts of the vertebra." if labels is not None else f"{title}: {names}."
        )
        rows = tuple(
            (one.roi, one.kind, f"{mask.sum() * step[0] * step[1] / 100.0:.2f}", _verified(one))
            for one, mask in met
        )  # fmt: skip
        return Drawing(
            svg,
            f"{title}. {sides}. It shows {names}.",
            caption,
            ("Volume", "Kind", "cm2 in this plane", "Verified"),
            rows,
            f"{title}: volumes",
        )

    @staticmethod
    def _places(shape: tuple[int, ...], step: list[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rows, columns = (np.arange(count, dtype=np.float64) for count in shape)
        return np.asarray((rows + 0.5) * step[0]), np.asarray((columns + 0.5) * step[1])

    def _line(
        self, axes: Axes, mask: NDArray[np.bool_], step: list[float], colour: str, width: float, *, dashed: bool = False
    ) -> None:
        if mask.any() and min(mask.shape) > 1:
            y, x = self._places(mask.shape, step)
            axes.contour(
                x,
                y,
                mask.astype(float),
                levels=[0.5],
                colors=colour,
                linewidths=width,
                linestyles="dashed" if dashed else "solid",
            )

    def _name_levels(self, axes: Axes, window: tuple[Any, ...], step: list[float]) -> None:
        for level, labels in self.levels.items():
            there = labels[window] > 0
            if there.any():
                y, x = self._places(there.shape, step)
                rows, columns = np.nonzero(there)
                axes.text(
                    float(x[columns].min()),
                    float(np.median(y[rows])),
                    level,
                    ha="right",
                    va="center",
                    fontsize=9,
                    color="#d9b400",
                )


def _verified(volume: DraftVolume) -> str:
    return "unverified rule" if volume.unverified else volume.verified or "no record"
