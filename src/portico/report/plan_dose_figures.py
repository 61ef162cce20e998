"""Figures of a made plan: histograms, fluence of each beam, and dose on the CT in three planes.

Axial planes are seen from the feet and coronal ones from the front: the patient's left is on the right. Each says what the dose is worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from portico.planning import NORMAL, Plan, Prepared, Sequenced, dose_at, histograms
from portico.report.drawing import WIDTH_IN, Drawing, halo, new_figure, settings, svg_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from portico.planning import Beam

__all__ = ["aperture_drawing", "dose_drawing", "fluence_drawing", "histogram_drawing"]

Floats = NDArray[np.float64]
_COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_DASHES: Final = ("-", "--", "-.", ":")
_LEVELS: Final = (20.0, 50.0, 80.0, 95.0, 105.0)
_ISO: Final = ("#56B4E9", "#0072B2", "#009E73", "#D55E00", "#CC79A7")
_WINDOW: Final = (-200.0, 300.0)
#: Reach of a picture around the isocentre and step of its dose, in mm.
_REACH: Final = 90.0
_STEP: Final = 3.0
#: Structures outlined at most: targets, then neural organs, then others that are limited.
_MOST: Final = 8
#: Planes: name, patient axes across, up and through, and the sign of up.
_PLANES: Final = (("axial", 0, 1, 2, -1.0), ("sagittal", 1, 2, 0, 1.0), ("coronal", 0, 2, 1, 1.0))


def histogram_drawing(prepared: Prepared, plan: Plan) -> Drawing:
    """Cumulative histograms, relative volume against Gy."""
    found = histograms(prepared, plan)
    targets = [one.roi for one in prepared.directive.levels]
    shown = [*targets, *(name for name in found if name not in (*targets, prepared.body, NORMAL)), prepared.body]
    rows = []
    with settings():
        figure = new_figure(WIDTH_IN, 3.4)
        axes = figure.add_axes((0.07, 0.13, 0.68, 0.79))
        for n, name in enumerate(shown):
            one = found[name]
            doses, volumes = one.cumulative(300)
            colour, dash = _COLOURS[n % len(_COLOURS)], _DASHES[(n // len(_COLOURS)) % len(_DASHES)]
            wide = 1.9 if name in targets else 1.2
            axes.plot(doses, 100.0 * volumes / one.volume_cm3, color=colour, ls=dash, lw=wide, label=name)
            rows.append((name, f"{one.volume_cm3:.2f}", f"{one.min:.2f}", f"{one.mean:.2f}", f"{one.max:.2f}"))
        axes.set_xlim(left=0.0)
        axes.set_ylim(0.0, 101.0)
        axes.set_xlabel("dose (Gy)")
        axes.set_ylabel("volume with at least that dose (%)")
        axes.grid(color="#d9dce1", lw=0.4)
        axes.set_title(prepared.influence.says, loc="right", fontsize=7)
        figure.legend(*axes.get_legend_handles_labels(), loc="upper left", bbox_to_anchor=(0.765, 0.97), frameon=False)
        svg = svg_of(figure)
    words = "; ".join(f"{row[0]}: {row[1]} cm3, mean {row[3]} Gy, highest {row[4]} Gy" for row in rows)
    return Drawing(
        svg, f"Cumulative dose-volume histograms. {words}.", f"Cumulative histograms ({prepared.influence.says}).",
        ("Structure", "cm3", "least Gy", "mean Gy", "highest Gy"), tuple(rows), "What the histograms show",
    )  # fmt: skip


def _beam_panels(beams: Sequence[Beam]) -> tuple[Figure, list[Axes]]:
    """A figure with a panel for each beam, at most five in a line."""
    columns = min(5, len(beams))
    lines = -(-len(beams) // columns)
    figure = new_figure(WIDTH_IN, 1.62 * lines)
    made = []
    for number, beam in enumerate(beams, 1):
        axes = figure.add_subplot(lines, columns, number)
        axes.set_title(f"gantry {beam.gantry_deg:g}°", fontsize=7, pad=2)
        axes.tick_params(labelsize=5, length=2, pad=1)
        made.append(axes)
    figure.subplots_adjust(left=0.04, right=0.995, bottom=0.06, top=0.93, wspace=0.22, hspace=0.42)
    return figure, made


def fluence_drawing(prepared: Prepared, plan: Plan) -> Drawing:
    """Weights of the bixels of every beam, as the beam sees them."""
    bixels = prepared.bixels
    count = len(bixels.beams)
    top = float(plan.weights.max()) or 1.0
    rows = []
    with settings():
        figure, panels = _beam_panels(bixels.beams)
        for number, (beam, axes) in enumerate(zip(bixels.beams, panels, strict=True)):
            values = bixels.fluence(number, plan.weights) / top
            _, z0, x0 = bixels.lattice(number)
            x, z, width = x0 - 0.5, z0 - 0.5, bixels.width_mm
            axes.imshow(
                np.rint(255 * np.nan_to_num(values)).astype(np.uint8), cmap="gray_r", vmin=0, vmax=255, origin="lower",
                interpolation="nearest", extent=(x * width, (x + values.shape[1]) * width, z * width, (z + values.shape[0]) * width),
            )  # fmt: skip
            some = values[np.isfinite(values)]
            sums = (f"{len(some)}", f"{(some > 1e-3).sum()}", f"{some.sum():.1f}")
            rows.append((f"{number + 1}", f"{beam.gantry_deg:g}", f"{beam.couch_deg:g}", *sums))
        svg = svg_of(figure)
    return Drawing(
        svg, f"Fluence of {count} beams, black where a bixel is open longest; x and z in mm at the isocentre plane.",
        f"Ideal fluence as each beam sees it, in mm at the isocentre plane; black is the most of all beams ({prepared.influence.says}).",
        ("Beam", "gantry °", "couch °", "bixels", "open", "sum of weights"), tuple(rows), "Beams",
    )  # fmt: skip


def aperture_drawing(prepared: Prepared, made: Sequenced) -> Drawing:
    """The opening of every beam that is open longest, between the leaves, and how long the others are."""
    segments, bixels = made.segments, prepared.bixels
    edges = segments.collimator.edges_mm
    count = len(bixels.beams)
    rows = []
    with settings():
        figure, panels = _beam_panels(bixels.beams)
        for number, (beam, axes) in enumerate(zip(bixels.beams, panels, strict=True)):
            own = np.flatnonzero((segments.beam == number) & (segments.weight > 0.0))
            if not len(own):
                axes.set_axis_off()
                rows.append((f"{number + 1}", f"{beam.gantry_deg:g}", "0", "0.0", "none"))
                continue
            chosen = own[int(np.argmax(segments.weight[own]))]
            mine = bixels.beam == number
            half = 0.5 * bixels.width_mm + 5.0
            wide = (float(bixels.x_mm[mine].min()) - half, float(bixels.x_mm[mine].max()) + half)
            tall = (float(bixels.z_mm[mine].min()) - half, float(bixels.z_mm[mine].max()) + half)
            left, right = segments.left_mm[chosen], segments.right_mm[chosen]
            for pair in np.flatnonzero((edges[1:] > tall[0]) & (edges[:-1] < tall[1])):
                where = (edges[pair], edges[pair + 1] - edges[pair])
                axes.broken_barh(
                    [(wide[0], left[pair] - wide[0]), (right[pair], wide[1] - right[pair])], where,
                    facecolor="0.78", edgecolor="0.45", linewidth=0.3,
                )  # fmt: skip
            axes.set_xlim(*wide)
            axes.set_ylim(*tall)
            axes.set_aspect("equal")
            area = float(((right - left) * np.diff(edges)).sum()) / 100.0
            total = float(segments.weight[own].sum())
            share = f"{100.0 * segments.weight[chosen] / total:.0f} %, {area:.1f} cm2"
            rows.append((f"{number + 1}", f"{beam.gantry_deg:g}", f"{len(own)}", f"{total:.1f}", share))
        svg = svg_of(figure)
    return Drawing(
        svg, f"Openings of {count} beams between grey leaves, the one of each that is open longest; x and z in mm at the isocentre plane.",
        f"Apertures as each beam sees them, the longest of each, leaves grey ({segments.collimator.name}); jaws stand at the rim of all.",
        ("Beam", "gantry °", "segments", "sum of weights", "longest: share of the beam, area"), tuple(rows), "Apertures",
    )  # fmt: skip


def dose_drawing(prepared: Prepared, plan: Plan) -> Drawing:
    """Isodoses on the CT through the isocentre, as shares of the highest level."""
    case, middle = prepared.case, np.array(prepared.isocentre)
    reference = max(float(one.dose_gy or 0.0) for one in prepared.directive.levels)
    places = np.arange(-_REACH, _REACH + _STEP, _STEP)
    shown = [
        *(one.roi for one in prepared.directive.levels),
        *(one.roi for one in sorted(prepared.directive.limits, key=lambda one: not one.neural)),
    ]
    shown = [name for name in dict.fromkeys(shown) if name in case.masks and name != prepared.body][:_MOST]
    body = case.masks[prepared.body]
    rows = []
    with settings():
        figure = new_figure(WIDTH_IN, 2.75)
        for number, (name, across, up, through, sign) in enumerate(_PLANES):
            axes = figure.add_axes((0.003 + number / 3.0, 0.12, 0.327, 0.86))
            fine = np.arange(-_REACH, _REACH + 0.5, 1.0)
            ground, _ = _sampled(case.grid, case.hu, middle, across, up, fine, sign)
            grey = np.clip((ground.astype(float) - _WINDOW[0]) / (_WINDOW[1] - _WINDOW[0]), 0.0, 1.0)
            axes.imshow(
                np.rint(255 * grey).astype(np.uint8), cmap="gray", vmin=0, vmax=255, origin="lower", interpolation="nearest",
                extent=(-_REACH, _REACH, -_REACH, _REACH),
            )  # fmt: skip
            inside, points = _sampled(case.grid, body, middle, across, up, places, sign)
            dose = dose_at(prepared.engine, prepared.bixels, plan.weights, points.reshape(-1, 3)).reshape(inside.shape)
            dose = np.where(inside, dose, 0.0)
            levels = [
                (p / 100.0 * reference, colour)
                for p, colour in zip(_LEVELS, _ISO, strict=True)
                if p / 100.0 * reference < dose.max()
            ]
            if levels:
                axes.contour(
                    places,
                    places,
                    dose,
                    [gy for gy, _ in levels],
                    colors=[colour for _, colour in levels],
                    linewidths=0.9,
                )
            for n, roi in enumerate(shown):
                mask, _ = _sampled(case.grid, case.masks[roi], middle, across, up, fine, sign)
                _outline(axes, fine, mask, _DASHES[n % len(_DASHES)])
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_xlim(-_REACH, _REACH)
            axes.set_ylim(-_REACH, _REACH)
            axes.text(0.03, 0.95, name, transform=axes.transAxes, fontsize=8, path_effects=halo(width=3.0))
            rows.append((name, f"{middle[through]:.1f}", f"{dose.max():.2f}"))
        marks = [f"{p:g} % = {p / 100.0 * reference:.1f} Gy" for p in _LEVELS]
        for n, (mark, colour) in enumerate(zip(marks, _ISO, strict=True)):
            figure.text(0.01 + 0.2 * n, 0.04, mark, color=colour, fontsize=7, weight="bold")
        svg = svg_of(figure)
    names = ", ".join(shown)
    return Drawing(
        svg, f"Isodoses in three planes through the isocentre, with {names} in white. {'; '.join(marks)}.",
        f"Isodoses of {reference:g} Gy through the isocentre ({prepared.influence.says}); white: {names}.",
        ("Plane", "at mm", "highest Gy in it"), tuple(rows), "Dose in three planes",
    )  # fmt: skip


def _sampled(
    grid: Any, values: NDArray[Any], middle: Floats, across: int, up: int, places: Floats, sign: float
) -> tuple[NDArray[Any], Floats]:
    """(up, across) values of the nearest voxels on a plane, 0 off the grid, and the (up, across, 3) points in mm."""
    points = np.broadcast_to(middle, (len(places), len(places), 3)).copy()
    points[..., across] += places[None, :]
    points[..., up] += sign * places[:, None]
    index = np.rint((points - grid.origin) @ grid.axes / grid.spacing).astype(int)
    size = np.array(grid.shape[::-1])
    there = ((index >= 0) & (index < size)).all(axis=-1)
    i, j, k = np.moveaxis(np.clip(index, 0, size - 1), -1, 0)
    return np.where(there, values[k, j, i], np.zeros((), values.dtype)), points


def _outline(axes: Axes, places: Floats, mask: NDArray[np.bool_], dash: str) -> None:
    if mask.any() and not mask.all():
        drawn = axes.contour(places, places, mask.astype(float), [0.5], colors="white", linewidths=1.1, linestyles=dash)
        drawn.set_path_effects(halo("#000000", 2.0))
