"""Pictures of a draft: an axial plane of each level and one overview from the side, in the patient's orientation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from portico.geometry import filled_box
from portico.report.drawing import INK, WIDTH_IN, Drawing, halo, new_figure, png_of, settings, svg_of
from portico.report.wording import verified
from portico.targets import COLOURS, PARTS, Draft, DraftVolume, Kind

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draft_drawings", "hex_colour", "patient_order"]

#: Window of the CT behind the lines, in HU.
_WINDOW: Final = (-200.0, 800.0)
#: Room round the volumes in mm.
_ROOM_MM: Final = 25.0
#: The picture in inches, with the legend beside it; it is as high as it must be between the two figures.
_PICTURE_IN: Final = 5.0
_HIGH_IN: Final = (2.5, 8.0)
_PARTS_COLOUR: Final = "#c79a00"
_HATCH: Final = "///"
#: Dash of a role, so that nothing rests on colour alone.
_DASHES: Final = {"drawn": "solid", "alternative": "dashed", "input": "dotted"}
#: Planes: name, fixed axis of (z, y, x), marks at left, right, top and bottom of the picture.
_AXIAL: Final = ("axial", 0, ("R", "L", "A", "P"))
#: Where the marks stand, as shares of the picture.
_MARKS: Final = ((0.03, 0.5), (0.97, 0.5), (0.5, 0.965), (0.5, 0.035))
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


def draft_drawings(draft: Draft, *, png: bool = False) -> Iterator[Drawing]:
    """A picture for each level, or for both ends and the middle outside the spine, and one overview.

    Parameters
    ----------
    draft : on an aligned grid; without a CT the ground is white
    png : also as pictures of 200 dots per inch
    """
    drawn = [one for one in draft.volumes if one.mask.any()]
    if not drawn:
        return
    grid = draft.grid.snapped()
    scene = _Scene(draft, drawn, grid.axes, grid.spacing, png=png)
    targets = [one for one in drawn if one.kind in ("CTV", "PTV", "GTV") and one.role == "drawn"] or drawn
    main = _together(scene.masks[id(one)] for one in targets)
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
        self,
        draft: Draft,
        drawn: list[DraftVolume],
        axes: NDArray[np.float64],
        spacing: NDArray[np.float64],
        *,
        png: bool,
    ) -> None:
        self.png = png
        self.spacing = [float(one) for one in (np.abs(axes) @ spacing)[::-1]]
        self.volumes = drawn
        self.masks = {id(one): patient_order(one.mask, axes) for one in drawn}
        self.hu = None if draft.hu is None else patient_order(draft.hu, axes)
        self.levels = {level: patient_order(parts.labels, axes) for level, parts in draft.parts.items()}
        near = _together(self.masks[id(one)] for one in [one for one in drawn if one.role == "drawn"] or drawn)
        box = filled_box(near, [(int(np.ceil(_ROOM_MM / h)),) * 2 for h in self.spacing])
        assert box is not None  # only volumes that are not empty are drawn
        self.box = [(one.start, one.stop) for one in box]

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
        wide = {id(one): self._wide(self.masks[id(one)], fixed, at) for one, _ in met}
        with settings():
            high = min(_HIGH_IN[1], max(_HIGH_IN[0], _PICTURE_IN * size[0] / size[1]))
            figure = new_figure(WIDTH_IN, high)
            axes = figure.add_axes((0.002, 0.003, _PICTURE_IN / WIDTH_IN, 0.994), anchor="W")
            if self.hu is not None:
                grey = (self.hu[window].astype(float) - _WINDOW[0]) / (_WINDOW[1] - _WINDOW[0])
                axes.imshow(
                    np.rint(255 * np.clip(grey, 0.0, 1.0)).astype(np.uint8), cmap="gray", vmin=0, vmax=255, extent=extent,
                    interpolation="nearest", origin="upper" if name == "axial" else "lower",
                )  # fmt: skip
            if labels is not None:
                seen = self._wide(labels, fixed, at)
                for number in range(1, len(PARTS) + 1):
                    self._line(axes, seen == number, step, _PARTS_COLOUR, 0.7)
            for one in sorted((one for one, _ in met), key=lambda one: one.role == "drawn"):  # the drawn ones on top
                colour = hex_colour(one.kind)
                if one.unverified:
                    self._hatch(axes, wide[id(one)], step, colour)
                self._line(axes, wide[id(one)], step, colour, 1.6, dash=_DASHES[one.role], ground=True)
            if name != "axial":
                self._name_levels(axes, window, step)
            axes.set_xlim(0.0, size[1])
            axes.set_ylim(*((size[0], 0.0) if name == "axial" else (0.0, size[0])))
            axes.set_aspect("equal")
            axes.set_xticks([])
            axes.set_yticks([])
            for mark, (right, up) in zip(marks, _MARKS, strict=True):
                axes.text(
                    right, up, mark, transform=axes.transAxes, ha="center", va="center", fontsize=11, weight="bold",
                    path_effects=halo(width=3.0),
                )  # fmt: skip
            _legend(figure, [one for one, _ in met], parts=labels is not None)
            svg = svg_of(figure)
            picture = png_of(figure) if self.png else None
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
            title,
            picture,
        )

    def _wide(self, values: NDArray[Any], fixed: int, at: int) -> NDArray[Any]:
        """The plane with one more voxel all round, 0 off the image, so that a line ends only where its volume ends."""
        cut = np.take(values, at, axis=fixed)
        box = [self.box[axis] for axis in range(3) if axis != fixed]
        inner = tuple(slice(max(0, low - 1), high + 1) for low, high in box)
        room = [(int(low == 0), int(high == count)) for (low, high), count in zip(box, cut.shape, strict=True)]
        return np.pad(cut[inner], room)

    @staticmethod
    def _places(shape: tuple[int, ...], step: list[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Middles of the rows and columns of a plane with one more voxel all round, in mm."""
        rows, columns = (np.arange(-1, count - 1, dtype=np.float64) for count in shape)
        return np.asarray((rows + 0.5) * step[0]), np.asarray((columns + 0.5) * step[1])

    def _line(
        self,
        axes: Axes,
        mask: NDArray[np.bool_],
        step: list[float],
        colour: str,
        width: float,
        *,
        dash: str = "solid",
        ground: bool = False,
    ) -> None:
        if mask.any():
            y, x = self._places(mask.shape, step)
            drawn = axes.contour(
                x, y, mask.astype(float), levels=[0.5], colors=colour, linewidths=width, linestyles=dash
            )
            if ground and self.hu is not None:
                drawn.set_path_effects(halo(width=width + 1.0))

    def _hatch(self, axes: Axes, mask: NDArray[np.bool_], step: list[float], colour: str) -> None:
        y, x = self._places(mask.shape, step)
        made = axes.contourf(x, y, mask.astype(float), levels=[0.5, 1.5], colors="none", hatches=[_HATCH])
        made.set(edgecolor=colour, linewidth=0.0)

    def _name_levels(self, axes: Axes, window: tuple[Any, ...], step: list[float]) -> None:
        for level, labels in self.levels.items():
            there = labels[window] > 0
            if there.any():
                rows, columns = np.nonzero(there)
                axes.text(
                    float((columns.min() - 0.5) * step[1]), float((np.median(rows) + 0.5) * step[0]), level, ha="right",
                    va="center", fontsize=10, weight="bold", path_effects=halo(width=3.0),
                )  # fmt: skip


def _together(masks: Iterable[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Voxels in any of the masks, which are at least one."""
    each = iter(masks)
    found = next(each).copy()
    for one in each:
        found |= one
    return found


def hex_colour(kind: Kind) -> str:
    """Colour of a kind of volume as the web writes it."""
    return "#{:02x}{:02x}{:02x}".format(*COLOURS[kind])


def _legend(figure: Figure, volumes: list[DraftVolume], *, parts: bool) -> None:
    """Each volume with its line, the hatching of an unverified rule, and the parts of the vertebra."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    words = {"drawn": "", "alternative": ", alternative", "input": ", given"}
    handles: list[Any] = []
    for one in volumes:
        text = f"{one.roi}\n{one.kind}{words[one.role]}" if one.roi != one.kind else f"{one.roi}{words[one.role]}"
        if one.unverified:
            text += "\nunverified rule"
            handles.append(
                Patch(
                    fill=False, edgecolor=hex_colour(one.kind), hatch=_HATCH, ls=_DASHES[one.role], lw=1.2, label=text
                )
            )
        else:
            handles.append(Line2D([], [], color=hex_colour(one.kind), ls=_DASHES[one.role], lw=1.6, label=text))
    if parts:
        handles.append(Line2D([], [], color=_PARTS_COLOUR, lw=0.7, label="parts of the vertebra"))
    if handles:
        figure.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(_PICTURE_IN / WIDTH_IN + 0.005, 1.0), frameon=False,
            fontsize=8, handlelength=2.6, labelcolor=INK, labelspacing=0.9,
        )  # fmt: skip


def _verified(volume: DraftVolume) -> str:
    if volume.unverified:
        return "unverified rule"
    return "no record" if volume.verified is None else verified(volume.verified)
