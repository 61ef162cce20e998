"""Funnel plots: each study's figure against its standard error, with the triangle where 95 of 100 would fall by chance."""

from __future__ import annotations

import math
from typing import Final

from scipy import stats

from portico.knowledge.pools import Answer
from portico.report.drawing import INK, SOFT, WIDTH_IN, Drawing, new_figure, png_of, settings, svg_of
from portico.report.figures_text import MEASURE_WORDS, figure_text, outcome_words

__all__ = ["funnel_drawing"]

_BLUE: Final = "#0072B2"
_Z: Final = float(stats.norm.ppf(0.975))


def _scale(value: float, measure: str) -> float:
    return math.log(value / (1.0 - value)) if measure == "proportion" else math.log(value)


def _back(value: float, measure: str) -> float:
    return 1.0 / (1.0 + math.exp(-value)) if measure == "proportion" else math.exp(value)


def funnel_drawing(answer: Answer, *, png: bool = False) -> Drawing | None:
    """The funnel plot of an answer; None with fewer than three studies.

    Studies without an event, or with only events, are drawn at half an event, as the pool takes them.

    Parameters
    ----------
    answer : of a question
    png : whether the picture is wanted as PNG too
    """
    if (
        answer.k < 3
        or answer.main is None
        or not 0.0 < answer.main.est < (1.0 if answer.measure == "proportion" else math.inf)
    ):
        return None
    points = []
    for row in answer.rows:
        est, half = row.est, None
        if row.basis != "interval" and row.events is not None and row.n is not None and answer.measure == "proportion":
            x, n = row.events, row.n
            if x < 0.5 or x > n - 0.5:
                x, n = x + 0.5, n + 1.0
            est, half = x / n, math.sqrt(1.0 / x + 1.0 / (n - x))
        if half is None:
            half = (_scale(row.hi, answer.measure) - _scale(row.lo, answer.measure)) / (2.0 * _Z)
        points.append((row.study, _scale(est, answer.measure), half))
    middle = _scale(answer.main.est, answer.measure)
    deepest = 1.12 * max(se for _, _, se in points)
    with settings():
        figure = new_figure(WIDTH_IN, 2.7)
        axes = figure.add_axes((0.09, 0.17, 0.88, 0.78))
        axes.plot(
            [middle - _Z * deepest, middle, middle + _Z * deepest], [deepest, 0.0, deepest], color=SOFT, lw=0.8, ls="--"
        )
        axes.axvline(middle, color=_BLUE, lw=0.7, ls=":")
        axes.scatter([y for _, y, _ in points], [se for _, _, se in points], s=22, color=_BLUE, zorder=2)
        for name, y, se in points:
            axes.annotate(name, (y, se), xytext=(4, -1), textcoords="offset points", fontsize=6, color=SOFT)
        axes.set_ylim(deepest, 0.0)
        low, high = axes.get_xlim()
        candidates = (
            (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
            if answer.measure == "proportion"
            else (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
        )
        ticks = [one for one in candidates if low <= _scale(one, answer.measure) <= high]
        words = [f"{100 * one:g} %" if answer.measure == "proportion" else f"{one:g}" for one in ticks]
        axes.set_xticks([_scale(one, answer.measure) for one in ticks], words)
        axes.set_xlabel(f"{MEASURE_WORDS[answer.measure]}: {outcome_words(answer.outcome)} (logarithmic)")
        axes.set_ylabel("standard error (large studies on top)")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
            axes.spines[side].set_color(INK)
        svg, picture = svg_of(figure), png_of(figure) if png else None
    test = "" if answer.small_study_p is None else f" Egger's test p = {answer.small_study_p:.2g}."
    few = (
        " Fewer than ten studies: no test of small-study effects means anything here."
        if answer.small_study_p is None
        else ""
    )
    inside = sum(abs(y - middle) <= _Z * se for _, y, se in points)
    return Drawing(
        svg=svg,
        alt=(
            f"Funnel plot of {answer.k} studies around {figure_text(answer.main.est, answer.measure)}; "
            f"{inside} lie inside the triangle.{test}"
        ),
        caption=f"{answer.asks}{test}{few}",
        columns=("study", "figure", "standard error on the scale of the pool"),
        rows=tuple(
            (name, figure_text(_back(y, answer.measure), answer.measure), f"{se:.3f}") for name, y, se in points
        ),
        table="Figures of the funnel plot",
        png=picture,
    )
