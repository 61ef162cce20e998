"""Figures of a plan: histograms, and three slices through the target with dose, contours and hardware.

Axial slices are seen from the feet and coronal ones from the front: the patient's left is on the right. In sagittal slices the front
is on the left. Colours are those of Okabe and Ito, each with its own dash, so that nothing rests on colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from portico.directive import parse_metric
from portico.dosimetry import PlanCheck, StructureDose
from portico.dosimetry.field import field_of
from portico.dosimetry.plan_fact import shown_label
from portico.dosimetry.point_items import prescription_points
from portico.geometry import slices_of
from portico.report.drawing import INK, SOFT, WIDTH_IN, Drawing, halo, new_figure, settings, svg_of
from portico.rt import DoseGrid, Grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["dvh_drawing", "slices_drawing"]

Floats = NDArray[np.float64]
_COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_DASHES: Final = ("-", "--", "-.", ":")
_METAL: Final = "#E69F00"
#: Structures drawn at most; the table has them all.
_MOST: Final = 14
_LEVELS: Final = (20.0, 50.0, 80.0, 95.0, 105.0)
_ISO: Final = ("#56B4E9", "#0072B2", "#009E73", "#D55E00", "#CC79A7")
#: Grey window of the CT in HU.
_WINDOW: Final = (-200.0, 300.0)
#: Reach of a picture around its middle in mm.
_REACH: Final = 90.0


def dvh_drawing(check: PlanCheck) -> Drawing | None:
    """Cumulative histograms, relative volume against Gy; None when no structure has one.

    Parameters
    ----------
    check : with or without a result; hard limits of the result are drawn as arrows
    """
    shown = [one for one in check.structures if one.dvh is not None and one.dvh.complete and one.role != "external"]
    shown.sort(key=lambda one: (one.role != "target", one.role != "organ", one.number))
    shown = shown[:_MOST]
    if not shown:
        return None
    rows = []
    with settings():
        figure = new_figure(WIDTH_IN, 3.4)
        axes = figure.add_axes((0.07, 0.13, 0.68, 0.83))
        top = 0.0
        for n, one in enumerate(shown):
            assert one.dvh is not None
            doses, volumes = one.dvh.cumulative(300)
            colour, dash = _COLOURS[n % len(_COLOURS)], _DASHES[(n // len(_COLOURS)) % len(_DASHES)]
            wide = 1.9 if one.role == "target" else 1.2
            axes.plot(doses, 100.0 * volumes / one.dvh.volume_cm3, color=colour, ls=dash, lw=wide, label=one.name)
            top = max(top, float(doses[-1]))
            rows.append(_row(one))
            for dose, percent in _limits(check, one):
                axes.plot([dose], [percent], marker=8, color=colour, ms=5, ls="none", clip_on=False)
        axes.set_xlim(0.0, top * 1.03)
        axes.set_ylim(0.0, 101.0)
        axes.set_xlabel("dose (Gy)")
        axes.set_ylabel("volume with at least that dose (%)")
        axes.grid(color="#d9dce1", lw=0.4)
        figure.legend(*axes.get_legend_handles_labels(), loc="upper left", bbox_to_anchor=(0.765, 0.97), frameon=False)
        svg = svg_of(figure)
    words = "; ".join(f"{row[0]}: {row[1]} cm3, mean {row[3]} Gy, highest {row[4]} Gy" for row in rows)
    return Drawing(
        svg, f"Cumulative dose-volume histograms. {words}.",
        "Cumulative histograms. An arrow to the left marks a binding limit of that structure.",
        ("Structure", "cm3", "least Gy", "mean Gy", "highest Gy"), tuple(rows), "What the histogram shows",
    )  # fmt: skip


def _row(one: StructureDose) -> tuple[str, ...]:
    assert one.dvh is not None
    found = one.dvh
    return (one.name, f"{found.volume_cm3:.2f}", f"{found.min:.2f}", f"{found.mean:.2f}", f"{found.max:.2f}")


def _limits(check: PlanCheck, one: StructureDose) -> list[tuple[float, float]]:
    """Dose in Gy and volume in % of the binding limits of a structure that are doses at a volume."""
    assert one.dvh is not None
    found = []
    for item in check.result.items if check.result is not None else ():
        if (
            item.code != "limit"
            or item.verdict == "info"
            or item.structure != shown_label(one.label)
            or item.metric is None
        ):
            continue
        metric = parse_metric(item.metric)
        plain = metric.eqd2_alpha_beta is None and metric.bed_alpha_beta is None
        if not plain or item.limit is None or metric.kind not in ("dmax", "dose_at_volume"):
            continue
        percent = 0.0
        if metric.amount is not None:
            percent = metric.amount if metric.amount_unit == "%" else 100.0 * metric.amount / one.dvh.volume_cm3
        if percent <= 100.0:
            found.append((item.limit, percent))
    return found


def slices_drawing(check: PlanCheck) -> Drawing | None:
    """Axial, coronal and sagittal slice through the middle of the target, the prescription point, or the highest dose.

    Returns
    -------
    None without dose and image
    """
    dose, image = check.plan_set.dose, check.plan_set.image
    if dose is None and image is None:
        return None
    middle = _middle(check)
    reference = _reference_gy(check)
    planes = (("axial", 0, 1, 2), ("coronal", 0, 2, 1), ("sagittal", 1, 2, 0))
    letters = {0: ("R", "L"), 1: ("A", "P"), 2: ("I", "S")}
    with settings():
        figure = new_figure(WIDTH_IN, 2.9)
        for n, (name, across, up, fixed) in enumerate(planes):
            axes = figure.add_axes((0.015 + 0.33 * n, 0.17, 0.315, 0.74))
            if image is not None:
                _picture(axes, _plane(image.grid, image.hu, middle, across, up, fixed))
            if dose is not None and reference is not None:
                _isodoses(axes, _plane(dose.grid, dose.gy, middle, across, up, fixed), reference)
            _outlines(axes, check, middle, across, up, fixed)
            for implant in check.implants:
                _metal(axes, implant.mask_grid, implant.mask, middle, across, up, fixed)
            low = {axis: middle[axis] - _REACH for axis in range(3)}
            high = {axis: middle[axis] + _REACH for axis in range(3)}
            axes.set_xlim(low[across], high[across])
            axes.set_ylim((high[up], low[up]) if up == 1 else (low[up], high[up]))
            axes.set_aspect("equal")
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_facecolor("black" if image is not None else "white")
            axes.set_title(f"{name}, {'xyz'[fixed]} = {middle[fixed]:.0f} mm", fontsize=7.5, pad=3)
            ends = letters[up] if up == 2 else letters[up][::-1]
            for text, where in zip(letters[across], (0.03, 0.97), strict=True):
                axes.text(where, 0.5, text, transform=axes.transAxes, ha="center", va="center", path_effects=halo())
            for text, where in zip(ends, (0.04, 0.96), strict=True):
                axes.text(0.5, where, text, transform=axes.transAxes, ha="center", va="center", path_effects=halo())
            axes.plot(
                [middle[across] - _REACH + 8, middle[across] - _REACH + 58], [_bar(middle, up)] * 2, color="white", lw=3.5,
                solid_capstyle="butt", path_effects=halo(INK, 4.5),
            )  # fmt: skip
        said = _legend(figure, check, reference)
        svg = svg_of(figure)
    place = ", ".join(f"{axis} {value:.0f} mm" for axis, value in zip("xyz", middle, strict=True))
    what = (
        "isodoses " + ", ".join(f"{p:g} % ({p / 100 * reference:.1f} Gy)" for p in _LEVELS) if reference else "no dose"
    )
    rows = tuple((f"{p:g} %", f"{p / 100 * reference:.2f} Gy") for p in _LEVELS) if reference else ()
    return Drawing(
        svg, f"Axial, coronal and sagittal slice through {place}: {what}; outlines of {said or 'no structure'}.",
        "Three slices. The patient's left is on the right of the axial and coronal slice; the white bar is 50 mm.",
        ("Isodose", "Dose"), rows, "Isodoses",
    )  # fmt: skip


def _bar(middle: Floats, up: int) -> float:
    return float(middle[up] + _REACH - 8 if up == 1 else middle[up] - _REACH + 8)


def _reference_gy(check: PlanCheck) -> float | None:
    """Dose of 100 %: the highest level of the Directive, else the highest stated prescription, else the highest dose."""
    if check.directive is not None and check.directive.doses_gy:
        return max(check.directive.doses_gy)
    plan, dose = check.plan_set.plan, check.plan_set.dose
    stated = [one.prescribed_gy for one in plan.dose_references if one.prescribed_gy] if plan is not None else []
    if stated:
        return max(stated)
    return float(dose.gy.max()) if dose is not None and float(dose.gy.max()) > 0 else None


def _middle(check: PlanCheck) -> Floats:
    whole = check.plan_set.structure_set
    targets = [one for one in check.structures if one.role == "target"]
    if whole is not None and targets:
        points = [
            c.points for one in targets if one.number in whole.structures for c in whole.structures[one.number].closed
        ]
        if points:
            every = np.concatenate(points)
            return np.asarray(0.5 * (every.min(axis=0) + every.max(axis=0)))
    dose, image, plan = check.plan_set.dose, check.plan_set.image, check.plan_set.plan
    if plan is not None and (points_of := prescription_points(plan)):
        return np.asarray(points_of[0][1], dtype=np.float64)
    if dose is not None:
        k, j, i = np.unravel_index(int(np.argmax(dose.gy)), dose.grid.shape)
        return np.asarray(dose.grid.points([[i, j, k]])[0])
    assert image is not None
    return np.asarray(image.grid.points([(np.array(image.grid.shape[::-1]) - 1) / 2.0])[0])


_Plane = tuple[Floats, Floats, NDArray[Any]]


def _plane(grid: Grid, values: NDArray[Any], middle: Floats, across: int, up: int, fixed: int) -> _Plane | None:
    """Positions along both axes in mm and the values (up, across) of the nearest plane; None off the grid."""
    field = field_of(DoseGrid(grid, values, "UNKNOWN"))
    size = field.gy.shape[::-1]
    at = int(np.rint((middle[fixed] - field.first[fixed]) / field.spacing[fixed]))
    if not 0 <= at < size[fixed]:
        return None
    cut = np.take(field.gy, at, axis=2 - fixed)  # axes left: z, y, x without the fixed one
    left = [axis for axis in (2, 1, 0) if axis != fixed]
    if left != [up, across]:
        cut = cut.T
    places = [field.first[axis] + field.spacing[axis] * np.arange(size[axis]) for axis in (across, up)]
    keep = [np.abs(place - middle[axis]) <= _REACH + 5 for place, axis in zip(places, (across, up), strict=True)]
    if min(int(one.sum()) for one in keep) < 2:
        return None
    return places[0][keep[0]], places[1][keep[1]], np.asarray(cut[np.ix_(keep[1], keep[0])])


def _picture(axes: Axes, plane: _Plane | None) -> None:
    if plane is None:
        return
    x, y, hu = plane
    dx, dy = 0.5 * (x[1] - x[0]), 0.5 * (y[1] - y[0])
    grey = np.clip((hu.astype(float) - _WINDOW[0]) / (_WINDOW[1] - _WINDOW[0]), 0.0, 1.0)
    shown = np.rint(grey * 255).astype(np.uint8)
    axes.imshow(
        shown, cmap="gray", vmin=0, vmax=255, origin="lower", interpolation="nearest",
        extent=(float(x[0] - dx), float(x[-1] + dx), float(y[0] - dy), float(y[-1] + dy)),
    )  # fmt: skip


def _isodoses(axes: Axes, plane: _Plane | None, reference: float) -> None:
    if plane is None:
        return
    x, y, gy = plane
    levels = [percent / 100.0 * reference for percent in _LEVELS]
    inside = [(level, colour) for level, colour in zip(levels, _ISO, strict=True) if gy.min() < level < gy.max()]
    if inside:
        axes.contour(x, y, gy, [level for level, _ in inside], colors=[colour for _, colour in inside], linewidths=0.9)


def _drawn(check: PlanCheck) -> list[tuple[StructureDose, str]]:
    """Targets, nerve tissue and the external contour with their line styles."""
    neural = ("SpinalCord", "SpinalCord_PRV", "ThecalSac", "CaudaEquina")
    found = [
        (one, "-" if one.role == "target" else "--") for one in check.structures if one.role in ("target", "hardware")
    ]
    return (found + [(one, "--") for one in check.structures if one.name in neural])[:10]


def _outlines(axes: Axes, check: PlanCheck, middle: Floats, across: int, up: int, fixed: int) -> None:
    whole = check.plan_set.structure_set
    for one, dash in _drawn(check):
        structure = whole.structures.get(one.number) if whole is not None else None
        if structure is None or not structure.closed:
            continue
        slices = slices_of(structure)
        colour = "#ffffff" if one.role == "target" else "#F0E442"
        if fixed == 2:
            near = int(np.argmin(np.abs(slices.z - middle[2])))
            if abs(float(slices.z[near]) - middle[2]) > (slices.step_mm or 3.0):
                continue
            for ring in slices.polygons[near]:
                closed = np.vstack([ring, ring[:1]])
                axes.plot(closed[:, 0], closed[:, 1], color=colour, ls=dash, lw=0.9, path_effects=halo(INK, 1.6))
            continue
        crossings = [
            (float(p), float(z))
            for z, rings in zip(slices.z, slices.polygons, strict=True)
            for ring in rings
            for p in _crossings(ring, fixed, float(middle[fixed]))
        ]
        if crossings:
            points = np.array(crossings)
            axes.plot(
                points[:, 0], points[:, 1], ls="none", marker="s", ms=1.0, color=colour, path_effects=halo(INK, 1.0)
            )


def _crossings(ring: NDArray[np.float64], fixed: int, at: float) -> Floats:
    """Places along the other axis where a ring crosses x = at (fixed 0) or y = at (fixed 1)."""
    a, b = ring, np.roll(ring, -1, axis=0)
    hit = (a[:, fixed] <= at) != (b[:, fixed] <= at)
    share = (at - a[hit, fixed]) / (b[hit, fixed] - a[hit, fixed])
    return np.asarray(a[hit, 1 - fixed] + share * (b[hit, 1 - fixed] - a[hit, 1 - fixed]))


def _metal(axes: Axes, grid: Grid, mask: NDArray[np.bool_], middle: Floats, across: int, up: int, fixed: int) -> None:
    if not grid.is_aligned:
        return
    plane = _plane(grid, mask.astype(np.float32), middle, across, up, fixed)
    if plane is not None and plane[2].max() > 0.5 > plane[2].min():
        axes.contour(plane[0], plane[1], plane[2], [0.5], colors=[_METAL], linewidths=1.0)


def _legend(figure: Any, check: PlanCheck, reference: float | None) -> str:
    from matplotlib.lines import Line2D

    handles = []
    if reference is not None and check.plan_set.dose is not None:
        for percent, colour in zip(_LEVELS, _ISO, strict=True):
            handles.append(
                Line2D([], [], color=colour, lw=1.4, label=f"{percent:g} % = {percent / 100 * reference:.1f} Gy")
            )
    if check.implants:
        handles.append(Line2D([], [], color=_METAL, lw=1.4, label="hardware"))
    names: Sequence[str] = [one.name for one, _ in _drawn(check)]
    targets = [one.name for one, _ in _drawn(check) if one.role == "target"]
    others = [name for name in names if name not in targets]
    for colour, dash, said in (("#ffffff", "-", targets), ("#F0E442", "--", others)):
        if said:
            handles.append(
                Line2D([], [], color=colour, ls=dash, lw=1.2, label=", ".join(said)[:60], path_effects=halo(INK, 2.2))
            )
    if handles:
        figure.legend(handles=handles, loc="lower center", ncol=4, frameon=False, fontsize=6.5, labelcolor=SOFT)
    return ", ".join(names)
