"""The gap map as a picture: populations down, outcomes across; number of studies, people, and the best certainty.

Certainty is told by depth of colour and by marks, so that it reads in grey and to colour-blind eyes; an empty cell is
hatched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from portico.report.drawing import INK, SOFT, WIDTH_IN, Drawing, new_figure, png_of, settings, svg_of
from portico.report.figures_text import counted

if TYPE_CHECKING:
    from portico.synthesis import Cell, GapMap

__all__ = ["GRADE_MARKS", "gap_drawing"]

#: GRADE's own marks, one plus a step.
GRADE_MARKS: Final = {"very_low": "+", "low": "++", "moderate": "+++", "high": "++++"}
_FILL: Final = {None: "#eef1f5", "very_low": "#cfe3f1", "low": "#9cc8e4", "moderate": "#5ba3cf", "high": "#0072B2"}


def gap_drawing(found: GapMap, *, png: bool = False) -> Drawing:
    """Draw the map.

    Parameters
    ----------
    found : from :func:`portico.synthesis.gap_map`
    png : whether the picture is wanted as PNG too
    """
    across, down = len(found.columns), len(found.rows)
    with settings():
        height = 0.85 + 0.42 * down
        figure = new_figure(WIDTH_IN, height)
        axes = figure.add_axes((0.2, 0.06, 0.79, 1.0 - 0.62 / height - 0.06))
        axes.set_xlim(0, across)
        axes.set_ylim(down, 0)
        for y, (row, _) in enumerate(found.rows):
            for x, (column, _) in enumerate(found.columns):
                cell = found.cell(row, column)
                if not cell.applies:
                    axes.text(x + 0.5, y + 0.5, "–", ha="center", va="center", color=SOFT)
                    continue
                empty = cell.is_gap
                axes.fill(
                    [x, x + 1, x + 1, x],
                    [y, y, y + 1, y + 1],
                    facecolor="white" if empty else _FILL[cell.certainty],
                    edgecolor="#b8c0cc" if empty else "white",
                    hatch="////" if empty else None,
                    lw=0.8,
                )
                ink = "white" if cell.certainty == "high" else INK
                if empty:
                    axes.text(
                        x + 0.5,
                        y + 0.5,
                        "?" if cell.waiting else "gap",
                        ha="center",
                        va="center",
                        color=INK,
                        fontsize=7,
                        backgroundcolor="white",
                    )
                else:
                    axes.text(
                        x + 0.5,
                        y + 0.36,
                        f"{len(cell.studies)}",
                        ha="center",
                        va="center",
                        color=ink,
                        fontsize=9,
                        fontweight="bold",
                    )
                    axes.text(
                        x + 0.5,
                        y + 0.72,
                        f"{cell.people}  {GRADE_MARKS.get(cell.certainty or '', '')}",
                        ha="center",
                        va="center",
                        color=ink,
                        fontsize=6,
                    )
        axes.set_xticks(
            [x + 0.5 for x in range(across)],
            [label.replace(", ", ",\n").replace(" of ", "\nof ") for _, label in found.columns],
        )
        axes.xaxis.tick_top()
        axes.set_yticks([y + 0.5 for y in range(down)], [label for _, label in found.rows])
        axes.tick_params(length=0, labelsize=7)
        for spine in axes.spines.values():
            spine.set_visible(False)
        figure.text(
            0.99,
            0.012,
            "bold: studies   below: people, certainty (+ very low … ++++ high; none: not pooled)   hatched: no study",
            ha="right",
            va="bottom",
            color=SOFT,
            fontsize=6.5,
        )
        svg, picture = svg_of(figure), png_of(figure) if png else None
    gaps = [f"{dict(found.rows)[one.row]}: {dict(found.columns)[one.column]}" for one in found.cells if one.is_gap]
    return Drawing(
        svg=svg,
        alt=f"Gap map of {down} populations by {across} outcomes. No study: {'; '.join(gaps)}.",
        caption="Studies with a figure at level full text or abstract; people are patients or segments, as counted.",
        columns=("population", *(label for _, label in found.columns)),
        rows=tuple(
            (label, *(_cell_text(found.cell(row, column)) for column, _ in found.columns)) for row, label in found.rows
        ),
        table="Studies, people and certainty",
        png=picture,
    )


def _cell_text(cell: Cell) -> str:
    if not cell.applies:
        return "does not apply"
    if not cell.studies:
        return f"none; {len(cell.waiting)} waiting for a reader" if cell.waiting else "none"
    grade = "" if cell.certainty is None else f", {cell.certainty.replace('_', ' ')}"
    return f"{counted(len(cell.studies), 'study', 'studies')}, {cell.people} people{grade}"
