"""Figures of the escalation frontier: dose of the targets against the cord's, and against millimetres of separation."""

from __future__ import annotations

from typing import Final

import numpy as np

from portico.planning import Escalation, Prepared
from portico.report.drawing import SOFT, WIDTH_IN, Drawing, new_figure, settings, svg_of

__all__ = ["frontier_drawing", "separation_drawing"]

_COLOURS: Final = ("#D55E00", "#0072B2", "#009E73")
_MARKS: Final = ("o", "s", "^")


def frontier_drawing(prepared: Prepared, found: Escalation) -> Drawing:
    """D95% of each level against the dose of the cord, published limits as lines, half the resolution as a band."""
    fine, coarse = found.fine, found.coarse
    names = [one.roi for one in fine.points[0].targets]
    ab = f"{fine.target_alpha_beta_gy:g}"
    rows = []
    with settings():
        figure = new_figure(WIDTH_IN, 3.6)
        axes = figure.add_axes((0.08, 0.13, 0.6, 0.78))
        for n, name in enumerate(names):
            x = [point.cord_gy for point in fine.points]
            y = [point.targets[n].d95_gy for point in fine.points]
            colour, mark = _COLOURS[n % 3], _MARKS[n % 3]
            axes.plot(x, y, color=colour, marker=mark, ms=4, lw=1.3, label=f"{name} D95%")
            if coarse is not None and len(coarse.points) == len(fine.points):
                other = np.array([point.targets[n].d95_gy for point in coarse.points])
                label = f"{name}: to half the resolution"
                axes.fill_between(
                    x, np.minimum(y, other), np.maximum(y, other), color=colour, alpha=0.2, lw=0, label=label
                )
        for n, limit in enumerate(found.published):
            axes.axvline(limit.gy, color=SOFT, lw=0.9, ls="-" if limit.strength == "hard" else ":")
            axes.annotate(
                f"{limit.limit_id} ({limit.metric})", (limit.gy, 0.02 + 0.06 * (n % 6)), xycoords=("data", "axes fraction"), fontsize=5.5,
                rotation=0, xytext=(2, 0), textcoords="offset points", color=SOFT,
            )  # fmt: skip
        low, high = axes.get_ylim()
        room = max(0.0, 0.05 * high - 0.5 * (high - low))  # a picture never makes a cliff of hundredths of a Gy
        axes.set_ylim(low - room, high + room)
        axes.set_xlabel(f"dose of the cord (Gy): {fine.cord.says}")
        axes.set_ylabel(f"D95% of the target (Gy in {fine.fractions})")
        axes.grid(color="#d9dce1", lw=0.4)
        axes.set_title(prepared.influence.says, loc="right", fontsize=7)
        figure.legend(
            *axes.get_legend_handles_labels(),
            loc="upper left",
            bbox_to_anchor=(0.69, 0.93),
            frameon=False,
            fontsize=6.5,
        )
        svg = svg_of(figure)
    for point in fine.points:
        row = [f"{point.limit_gy:.2f}", f"{point.cord_gy:.2f}", f"{point.cord_eqd2_gy:.1f}"]
        for one in point.targets:
            row += [f"{one.d95_gy:.2f}", f"{one.bed_gy:.1f}", f"{one.eqd2_gy:.1f}"]
        rows.append((*row, "yes" if point.plan.converged else "no"))
    heads = [head for name in names for head in (f"{name} D95% Gy", f"BED{ab} Gy", f"EQD2 Gy (α/β {ab})")]
    words = "; ".join(f"cord at most {row[0]} Gy: {names[0]} D95% {row[3]} Gy" for row in rows)
    band = "; the band reaches to what half the resolution gives" if coarse is not None else ""
    return Drawing(
        svg, f"Dose of the targets against that of the cord. {words}.",
        f"Each point is a plan of its own ({prepared.influence.says}); {fine.cord.says}{band}. Vertical lines: limits of the cord in the "
        "Directive, dotted where they do not bind. No probability is given.",
        ("limit Gy", "cord Gy", f"cord EQD2 Gy (α/β {fine.cord_alpha_beta_gy:g})", *heads, "converged"), tuple(rows),
        "The escalation frontier",
    )  # fmt: skip


def separation_drawing(prepared: Prepared, found: Escalation) -> Drawing | None:
    """What each millimetre between target and cord would give; None when nobody asked."""
    if not found.separations:
        return None
    names = [name for name, _ in found.separations[0].targets]
    with settings():
        figure = new_figure(WIDTH_IN, 2.6)
        axes = figure.add_axes((0.08, 0.17, 0.6, 0.72))
        for n, name in enumerate(names):
            x = [one.mm for one in found.separations]
            y = [one.targets[n][1] for one in found.separations]
            axes.plot(x, y, color=_COLOURS[n % 3], marker=_MARKS[n % 3], ms=4, lw=1.3, label=f"{name} D95%")
        axes.set_xlabel("target cut back from the cord (mm)")
        axes.set_ylabel("D95% of what is left (Gy)")
        axes.grid(color="#d9dce1", lw=0.4)
        axes.set_title("geometry only, no reason to operate again", loc="right", fontsize=7)
        figure.legend(*axes.get_legend_handles_labels(), loc="upper left", bbox_to_anchor=(0.69, 0.9), frameon=False)
        svg = svg_of(figure)
    rows = tuple((f"{one.mm:g}", *(f"{gy:.2f}" for _, gy in one.targets)) for one in found.separations)
    words = "; ".join(f"{row[0]} mm: {row[1]} Gy" for row in rows)
    return Drawing(
        svg, f"Dose of the targets by distance from the cord. {words}.",
        f"A what-if of geometry under the limits of the Directive, no reason to operate again ({prepared.influence.says}).",
        ("mm", *(f"{name} D95% Gy" for name in names)), rows, "The cost of each millimetre",
    )  # fmt: skip
