"""Forest plots: the studies of an answer with their intervals, the pooled figure, and how it came about.

A filled square is counted, an open one a rate times its number, a bar an interval as published; the size follows the
weight. The diamond is the main model; the thin line below it is where the next study's figure is expected.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from portico.knowledge.pools import Answer
from portico.report.drawing import INK, SOFT, WIDTH_IN, Drawing, new_figure, png_of, settings, svg_of
from portico.report.figures_text import MEASURE_WORDS, READ_WORDS, figure_text, interval_text, outcome_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["cumulative_drawing", "forest_drawing", "leave_one_out_drawing"]

_BLUE: Final = "#0072B2"
_ORANGE: Final = "#D55E00"
_GREEN: Final = "#007A5A"
#: How the ids of records begin that a department made of its own registry.
_OWN: Final = "own-"
_ROW_IN: Final = 0.19
_PLOT: Final = (0.34, 0.38)  # left edge and width of the axis, as shares of the figure
_MARKERS: Final = {"counts": ("s", _BLUE), "rate x n": ("s", "white"), "interval": ("D", _BLUE)}


@dataclass(frozen=True, slots=True)
class _Line:
    label: str
    est: float
    lo: float
    hi: float
    share: float | None
    basis: str
    more: str


def forest_drawing(answer: Answer, *, png: bool = False) -> Drawing | None:
    """The forest plot of an answer; None when no study answers the question.

    Parameters
    ----------
    answer : of a question
    png : whether the picture is wanted as PNG too
    """
    if answer.main is None:
        return None
    lines = [
        _Line(row.study, row.est, row.lo, row.hi, row.weight, row.basis, _counts(row.events, row.n, row.basis))
        for row in answer.rows
    ]
    main = answer.main
    with settings():
        extra = 1 + (main.prediction_lo is not None) + len(answer.compare) if len(lines) > 1 else len(answer.compare)
        figure, axes, transform = _canvas(answer, len(lines) + extra, lines)
        for place, line in enumerate(lines):
            _draw_line(axes, -place, line)
            _texts(axes, -place, line, answer.measure)
        place = len(lines)
        if len(lines) > 1:
            _diamond(axes, -place, main.lo, main.est, main.hi, filled=True)
            pooled = _Line(f"{main.model}", main.est, main.lo, main.hi, None, "", f"{answer.k} studies")
            _texts(axes, -place, pooled, answer.measure, bold=True)
            axes.axvline(main.est, color=_BLUE, lw=0.6, ls=":", zorder=0)
            place += 1
            if main.prediction_lo is not None and main.prediction_hi is not None:
                axes.plot([main.prediction_lo, main.prediction_hi], [-place, -place], color=SOFT, lw=1.2)
                row = _Line(
                    "next study expected within", math.nan, main.prediction_lo, main.prediction_hi, None, "", ""
                )
                _texts(axes, -place, row, answer.measure)
                place += 1
        for name, est, lo, hi, n in answer.compare:
            if lo is not None and hi is not None:
                _diamond(axes, -place, lo, est, hi, filled=False)
                _texts(
                    axes,
                    -place,
                    _Line(f"published: {name}", est, lo, hi, None, "", f"n = {n}" if n else ""),
                    answer.measure,
                )
                place += 1
        if answer.measure != "proportion":
            axes.axvline(1.0, color=INK, lw=0.6)
        transform()
        svg, picture = svg_of(figure), png_of(figure) if png else None
    return Drawing(
        svg=svg,
        alt=_alt(answer),
        caption=_caption(answer),
        columns=("study", "figure", "95 % interval", "events of number", "basis", "weight"),
        rows=tuple(
            (
                row.study,
                figure_text(row.est, answer.measure),
                interval_text(row.lo, row.hi, answer.measure),
                _counts(row.events, row.n, row.basis) or "not published",
                row.basis,
                "" if row.weight is None else f"{100 * row.weight:.0f} %",
            )
            for row in answer.rows
        ),
        table="Figures of the forest plot",
        png=picture,
    )


def cumulative_drawing(answer: Answer, *, png: bool = False) -> Drawing | None:
    """How the pooled figure changed as each study joined, by year; None with fewer than two studies."""
    steps = answer.cumulative
    if len(steps) < 2:
        return None
    lines = [
        _Line(f"{'from' if i == 0 else '+'} {name}", est, lo, hi, None, "counts", "" if year is None else str(year))
        for i, (name, year, est, lo, hi) in enumerate(steps)
    ]
    what = "Pooled figure as each study joined, by year of publication; Wald intervals"
    return _plain(answer, lines, what, "year", png)


def leave_one_out_drawing(answer: Answer, *, png: bool = False) -> Drawing | None:
    """The pooled figure without each study in turn; None with fewer than three studies."""
    if not answer.leave_one_out:
        return None
    lines = [_Line(f"without {name}", est, lo, hi, None, "counts", "") for name, est, lo, hi in answer.leave_one_out]
    return _plain(answer, lines, "Pooled figure without each study in turn", "", png)


def _plain(answer: Answer, lines: Sequence[_Line], what: str, more: str, png: bool) -> Drawing:
    with settings():
        figure, axes, transform = _canvas(answer, len(lines), lines)
        for place, line in enumerate(lines):
            _draw_line(axes, -place, line)
            _texts(axes, -place, line, answer.measure)
        if answer.measure != "proportion":
            axes.axvline(1.0, color=INK, lw=0.6)
        transform()
        svg, picture = svg_of(figure), png_of(figure) if png else None
    said = "; ".join(f"{one.label} {figure_text(one.est, answer.measure)}" for one in lines)
    return Drawing(
        svg=svg,
        alt=f"{what}: {said}.",
        caption=f"{what}.",
        columns=("step", "figure", "95 % interval", *([more] if more else [])),
        rows=tuple(
            (
                one.label,
                figure_text(one.est, answer.measure),
                interval_text(one.lo, one.hi, answer.measure),
                *([one.more] if more else []),
            )
            for one in lines
        ),
        table=what,
        png=picture,
    )


def _canvas(answer: Answer, count: int, lines: Sequence[_Line]):  # type: ignore[no-untyped-def]
    height = 0.75 + _ROW_IN * count
    figure = new_figure(WIDTH_IN, height)
    axes = figure.add_axes((_PLOT[0], 0.5 / height, _PLOT[1], _ROW_IN * count / height))
    axes.set_ylim(-count + 0.5, 0.5)
    axes.set_yticks([])
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    ends = [one.lo for one in lines] + [one.hi for one in lines]
    main = answer.main
    if main is not None:
        ends += [main.lo, main.hi, *(end for end in (main.prediction_lo, main.prediction_hi) if end is not None)]
    ends += [end for _, _, lo, hi, _ in answer.compare for end in (lo, hi) if end is not None]
    link = "with" if answer.measure == "proportion" else "of"
    words = f"{MEASURE_WORDS[answer.measure]} {link} {outcome_words(answer.outcome)}"
    if answer.measure == "proportion":
        top = min(1.0, 1.08 * max(ends))
        axes.set_xlim(0.0, top)
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
        axes.set_xlabel(f"{words} ({READ_WORDS[answer.reads]})")
    else:
        axes.set_xscale("log")
        low, high = min(0.5, 0.8 * min(ends)), max(2.0, 1.25 * max(ends))
        axes.set_xlim(low, high)
        ticks = [tick for tick in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if low <= tick <= high]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.set_xlabel(f"{words} (log scale)")

    heads = [(0.01, "study", "left"), (0.76, "figure (95 % interval)", "left")]
    if any(one.share is not None for one in lines):
        heads.append((0.99, "weight", "right"))

    def place_heads() -> None:
        for x, word, side in heads:
            figure.text(x, 1.0 - 0.14 / height, word, ha=side, va="center", color=SOFT, fontsize=7)

    return figure, axes, place_heads


def _draw_line(axes: Axes, y: float, line: _Line) -> None:
    axes.plot([line.lo, line.hi], [y, y], color=INK, lw=0.9, zorder=1)
    marker, face = _MARKERS.get(line.basis, ("s", _BLUE))
    edge = _GREEN if line.label.startswith(_OWN) else _BLUE
    size = 14.0 + 70.0 * (line.share or 0.2)
    axes.scatter(
        [line.est], [y], marker=marker, s=size, facecolor=edge if face == _BLUE else face, edgecolor=edge, linewidth=0.9, zorder=2
    )  # fmt: skip


def _diamond(axes: Axes, y: float, lo: float, est: float, hi: float, *, filled: bool) -> None:
    axes.fill(
        [lo, est, hi, est],
        [y, y + 0.33, y, y - 0.33],
        facecolor=_ORANGE if filled else "white",
        edgecolor=_ORANGE,
        lw=1.0,
    )


def _texts(axes: Axes, y: float, line: _Line, measure: str, *, bold: bool = False) -> None:
    where = axes.get_yaxis_transform()
    weight = "bold" if bold else "normal"

    def at(figure_x: float) -> float:
        return (figure_x - _PLOT[0]) / _PLOT[1]

    interval = interval_text(line.lo, line.hi, measure)
    text = interval if math.isnan(line.est) else f"{figure_text(line.est, measure)} ({interval})"
    label = line.label if len(line.label) <= 30 else line.label[:29] + "…"
    axes.text(at(0.01), y, label, transform=where, va="center", fontweight=weight, clip_on=False)
    if line.more:
        axes.text(at(0.33), y, line.more, transform=where, va="center", ha="right", color=SOFT, clip_on=False)
    axes.text(at(0.76), y, text, transform=where, va="center", fontweight=weight, clip_on=False)
    if line.share is not None:
        axes.text(at(0.99), y, f"{100 * line.share:.0f} %", transform=where, va="center", ha="right", clip_on=False)


def _counts(events: float | None, n: float | None, basis: str) -> str:
    if events is None or n is None:
        return "" if n is None else f"n = {n:g}"
    return f"{'' if basis == 'counts' else '≈ '}{events:.0f} of {n:.0f}"


def _alt(answer: Answer) -> str:
    main = answer.main
    assert main is not None
    said = "; ".join(
        f"{row.study} {figure_text(row.est, answer.measure)} ({interval_text(row.lo, row.hi, answer.measure)})"
        for row in answer.rows
    )
    pooled = (
        f"{main.model}: {figure_text(main.est, answer.measure)} ({interval_text(main.lo, main.hi, answer.measure)})"
    )
    return f"Forest plot. {answer.asks} {said}. {pooled}."


def _caption(answer: Answer) -> str:
    main = answer.main
    assert main is not None
    parts = [answer.asks]
    if answer.k > 1:
        parts.append(f"{main.model}, {main.method}; interval: {main.interval}.")
        if answer.i2 is not None:
            parts.append(f"I² {answer.i2:.0f} %.")
    parts.append("Filled square: counted; open square: rate times number; diamond mark: interval as published.")
    if any(row.study.startswith(_OWN) for row in answer.rows):
        parts.append("Green, id beginning with own-: this department's own registry.")
    return " ".join(parts)
