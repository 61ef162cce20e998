"""Cumulative incidence of an audit by group, with numbers at risk below the axis.

Groups differ by line as well as by colour, and are named where they end. Nothing is drawn from a count that is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from portico.cohort.audit_result import Incidence, IncidencePoint
from portico.report.audit_counts import few
from portico.report.drawing import INK, SOFT, WIDTH_IN, Drawing, new_figure, settings, svg_of

__all__ = ["incidence_drawing"]

#: Colour, line and mark of a group: told apart without colour as well.
_LOOKS: Final = (
    ("#0072B2", "-", "o"), ("#D55E00", "--", "s"), ("#007A5A", "-.", "^"), ("#7B3F98", ":", "D"), ("#5B5B5B", (0, (5, 1, 1, 1, 1, 1)), "v"),
    ("#8C6D00", (0, (1, 1)), "P"),
)  # fmt: skip
#: Days at which numbers at risk stand below the axis.
_AT_RISK: Final = (0, 182, 365, 547, 730, 1096)


def incidence_drawing(
    groups: Sequence[Incidence], names: Mapping[str | None, str], words: str, threshold: int
) -> Drawing | None:
    """Cumulative incidence by group with numbers at risk; None without a group that may be shown.

    A curve ends where fewer than ``threshold`` are still at risk.

    Parameters
    ----------
    groups : whose counts may be shown
    names : of the groups
    words : the event
    threshold : smallest number at risk that is shown
    """
    curves = {one.group: [point for point in one.curve if point.at_risk >= threshold] for one in groups}
    drawn = [one for one in groups if len(curves[one.group]) > 1]
    if not drawn:
        return None
    last = max(curves[one.group][-1].day for one in drawn)
    ticks = [day for day in _AT_RISK if day <= last]
    with settings():
        height = 2.75 + 0.17 * len(drawn)
        picture = new_figure(WIDTH_IN, height)
        bottom = (0.62 + 0.17 * len(drawn)) / height
        axes = picture.add_axes((0.16, bottom, 0.68, 1 - bottom - 0.03))
        top = 0.05
        for place, one in enumerate(drawn):
            colour, line, _ = _LOOKS[place % len(_LOOKS)]
            points = curves[one.group]
            days = [point.day for point in points]
            axes.step(days, [point.share for point in points], where="post", color=colour, ls=line, lw=1.3)
            axes.fill_between(
                days,
                [point.low for point in points],
                [point.high for point in points],
                step="post",
                color=colour,
                alpha=0.12,
                lw=0,
            )
            top = max(top, *(point.high for point in points))
        ends = _apart([curves[one.group][-1].share for one in drawn], 0.075 * min(1.0, top * 1.1))
        for place, one in enumerate(drawn):
            colour = _LOOKS[place % len(_LOOKS)][0]
            axes.annotate(
                names[one.group],
                (last, ends[place]),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
                color=colour,
            )
        axes.set_xlim(0, last)
        axes.set_ylim(0, min(1.0, top * 1.1))
        axes.set_xticks(ticks, [str(day) for day in ticks])
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
        axes.set_xlabel("days from surgery")
        axes.set_ylabel(words)
        axes.spines[["top", "right"]].set_visible(False)
        first = bottom - 0.47 / height
        picture.text(0.02, first, "at risk", fontsize=6.5, color=SOFT, va="center")
        for place, one in enumerate(drawn):
            y = first - 0.17 * (place + 1) / height
            picture.text(
                0.02, y, _cut(names[one.group], 18), fontsize=6.5, color=_LOOKS[place % len(_LOOKS)][0], va="center"
            )
            for day in ticks:
                x = 0.16 + 0.68 * day / last
                picture.text(
                    x, y, few(_at(one.curve, day, one.n), threshold), fontsize=6.5, ha="center", va="center", color=INK
                )
        svg = svg_of(picture)
    rows = [
        (
            names[one.group],
            f"{point.day}",
            f"{100 * point.share:.1f} %",
            f"{100 * point.low:.1f} to {100 * point.high:.1f} %",
            few(point.at_risk, threshold),
        )
        for one in drawn
        for point in one.at
        if point.at_risk >= threshold
    ]
    said = "; ".join(f"{row[0]} {row[2]} ({row[3]}) by day {row[1]}" for row in rows)
    return Drawing(
        svg=svg,
        alt=f"Cumulative incidence of {words}, death competing: {said or 'too few at risk to give a figure'}.",
        caption=f"Cumulative incidence of {words} with death competing, from the day of surgery; 95 % intervals shaded. A curve ends where "
        f"fewer than {threshold} are at risk. Groups are not adjusted for what made the choice.",
        columns=("group", "day", "cumulative incidence", "95 % interval", "at risk"),
        rows=tuple(rows),
        table=f"Cumulative incidence of {words}",
    )


def _at(curve: Sequence[IncidencePoint], day: int, n: int) -> int:
    """At risk on a day, from the last weekly point up to it."""
    found = n
    for point in curve:
        if point.day > day:
            break
        found = point.at_risk
    return found if day else n


def _apart(places: Sequence[float], least: float) -> list[float]:
    """The same heights, moved up so that labels do not lie on each other."""
    order = sorted(range(len(places)), key=lambda n: places[n])
    found = list(places)
    for before, after in pairwise(order):
        found[after] = max(found[after], found[before] + least)
    return found


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
