"""The timeline as a picture: one row a step, by year, with the level of verification as a mark."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from portico.knowledge import HistoryEntry
from portico.report.drawing import INK, SOFT, WIDTH_IN, Drawing, new_figure, png_of, settings, svg_of

__all__ = ["timeline_drawing"]

_MARKS: Final = {
    "full_text": ("o", "#0072B2"),
    "abstract": ("o", "#0072B2"),
    "secondary": ("s", "#E69F00"),
    "derived": ("s", "#E69F00"),
    "memory": ("x", "#4b5563"),
}
_ROW_IN: Final = 0.27


def timeline_drawing(entries: Sequence[HistoryEntry], *, png: bool = False) -> Drawing:
    """Draw the steps in the order given; an entry without a year says so.

    Parameters
    ----------
    entries : of the library's history
    png : whether the picture is wanted as PNG too
    """
    rows = sorted(entries, key=lambda one: (one.year is None, one.year or 0))
    with settings():
        height = 0.3 + _ROW_IN * len(rows)
        figure = new_figure(WIDTH_IN, height)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(0, 100)
        axes.set_ylim(len(rows) + 0.1, -0.6)
        axes.axis("off")
        axes.plot([9, 9], [-0.4, len(rows) - 0.6], color=SOFT, lw=1.0, zorder=0)
        before: int | None = -1
        for y, one in enumerate(rows):
            if one.year != before:
                axes.text(
                    7.6, y, "no year" if one.year is None else str(one.year), ha="right", va="center", fontweight="bold"
                )
                before = one.year
            marker, colour = _MARKS[one.verified]
            axes.scatter([9], [y], marker=marker, s=22, color=colour, zorder=2)
            text = textwrap.shorten(one.what, 138, placeholder=" …")
            axes.text(10.4, y, text, va="center", color=INK, fontsize=6.5)
        svg, picture = svg_of(figure), png_of(figure) if png else None
    first = next((one.year for one in rows if one.year is not None), None)
    last = max((one.year for one in rows if one.year is not None), default=None)
    return Drawing(
        svg=svg,
        alt=f"Timeline of {len(rows)} steps from {first} to {last}.",
        caption="Circle: read in full text or abstract; square: known from a secondary source; cross: from memory.",
        columns=("year", "what", "record", "verified"),
        rows=tuple(
            ("not stated" if one.year is None else str(one.year), one.what, one.source_id, one.verified) for one in rows
        ),
        table="Steps of the timeline",
        png=picture,
    )
