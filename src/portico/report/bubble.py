"""Local failure against BED10: bubbles of the operated spine and, marked apart, of everything else.

A bubble is an arm with one regimen, its area the number of segments; a bar with a hollow bubble is an arm published as
a range of regimens. The band belongs to one layer's curve and ends where its doses end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from portico.report.drawing import INK, WIDTH_IN, Drawing, halo, new_figure, png_of, settings, svg_of

if TYPE_CHECKING:
    from portico.synthesis import DoseLayer

__all__ = ["bubble_drawing"]

#: Doses beyond are drawn at this edge, in Gy.
_FAR_GY: Final = 130.0
_LOOKS: Final = (("#D55E00", "o"), ("#0072B2", "^"), ("#009E73", "s"))


def bubble_drawing(layers: Sequence[DoseLayer], *, png: bool = False) -> Drawing | None:
    """The dose-response picture; None when no layer has a point.

    Parameters
    ----------
    layers : from :func:`portico.synthesis.dose_layers`
    png : whether the picture is wanted as PNG too
    """
    if not any(layer.points for layer in layers):
        return None
    months, alpha_beta = layers[0].months, layers[0].alpha_beta_gy
    rows = []
    with settings():
        figure = new_figure(WIDTH_IN, 3.6)
        axes = figure.add_axes((0.08, 0.13, 0.6, 0.83))
        reach, number = 0.0, 0
        key: list[tuple[str, str]] = []
        for layer, (colour, marker) in zip(layers, _LOOKS, strict=False):
            key.append((layer.label, colour))
            for one in layer.points:
                number += 1
                middle = min(one.bed_gy, _FAR_GY)
                reach = max(reach, min(one.bed_high_gy, _FAR_GY))
                if one.is_range:
                    ends = [one.bed_low_gy, min(one.bed_high_gy, _FAR_GY)]
                    axes.plot(ends, [one.failure] * 2, color=colour, lw=1.0, ls="--", alpha=0.8, zorder=1)
                axes.scatter(
                    [middle],
                    [one.failure],
                    s=12.0 + 0.6 * one.n,
                    marker=marker,
                    facecolor="white" if one.is_range else colour,
                    edgecolor=colour,
                    alpha=0.75,
                    zorder=2,
                )
                text = axes.annotate(
                    str(number),
                    (middle, one.failure),
                    xytext=(0, 7),
                    textcoords="offset points",
                    ha="center",
                    fontsize=7,
                )
                text.set_path_effects(halo())
                spread = f"{one.bed_low_gy:.1f} to {one.bed_high_gy:.1f}" if one.is_range else f"{one.bed_gy:.1f}"
                key.append((f"{number}  {one.study} (n = {one.n})", INK))
                name = f"{number}: {one.study}, {one.arm}"
                rows.append((name, layer.label, spread, f"{100 * one.failure:.1f} %", str(one.n), one.verified))
            if layer.curve is not None:
                dose = np.linspace(layer.curve.low_gy, layer.curve.high_gy, 80)
                band = layer.curve.band(dose)
                axes.plot(dose, band.probability, color=colour, lw=1.3)
                axes.fill_between(dose, band.lo, band.hi, color=colour, alpha=0.13, lw=0)
        for place, (words, ink) in enumerate(key):
            figure.text(0.7, 0.94 - 0.052 * place, words, color=ink, fontsize=6.5, va="center")
        axes.set_xlim(0.0, 1.06 * reach)
        axes.set_ylim(bottom=0.0)
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
        axes.set_xlabel(f"BED in Gy at α/β {alpha_beta:g} Gy")
        axes.set_ylabel(f"local failure at {months:g} months")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        svg, picture = svg_of(figure), png_of(figure) if png else None
    said = "; ".join(
        f"{one.study} {one.arm} {one.bed_gy:.0f} Gy {100 * one.failure:.0f} %"
        for layer in layers
        for one in layer.points
    )
    return Drawing(
        svg=svg,
        alt=f"Local failure at {months:g} months against BED, one bubble an arm: {said}.",
        caption=(
            "Dose was not randomised: arms with more dose also differ in patients, technique and follow-up. Area of a bubble: number "
            "of segments. Hollow with a dashed bar: published as a range of regimens. Layers are never joined in one curve."
        ),
        columns=("arm", "layer", "BED in Gy", "local failure", "n", "verified"),
        rows=tuple(rows),
        table=f"Arms of the dose-response picture, {months:g} months",
        png=picture,
    )
