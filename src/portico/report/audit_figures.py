"""Pictures of an audit: funnel of centres with exact limits, control chart, schedules, interval.

Nothing is drawn from a count that is hidden. What lies outside differs by its mark as well as by its colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from portico.cohort.audit_result import Chart, ChartDot, DaysGroup, FunnelFigure, FunnelRow
from portico.cohort.variation import exact_limits
from portico.report.drawing import SOFT, WIDTH_IN, Drawing, new_figure, settings, svg_of

__all__ = ["chart_drawing", "days_drawing", "funnel_picture", "schedules_drawing"]

_BLUE: Final = "#0072B2"
_ORANGE: Final = "#D55E00"


def _bare(axes: Any) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _percent(axes: Any) -> None:
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")


def _p(share: float | None) -> str:
    return "not known" if share is None else f"{100 * share:.0f} %"


def funnel_picture(figure: FunnelFigure, rows: Sequence[FunnelRow], words: str) -> Drawing | None:
    """Centres by the number of courses, round the rate of all; None without a centre that may be shown.

    Parameters
    ----------
    figure : the whole funnel, for its rate
    rows : centres whose counts may be shown
    words : what the share is of, such as ``courses as the rules offer``
    """
    drawn = [one for one in rows if one.standardised is not None]
    if figure.rate is None or not drawn:
        return None
    largest = max(one.courses for one in drawn)
    # Exact limits move in steps; a few hundred sizes draw them.
    sizes = sorted({max(1, round(largest * 1.08 * step / 250)) for step in range(251)})
    limits = [exact_limits(size, figure.rate) for size in sizes]
    with settings():
        picture = new_figure(WIDTH_IN, 3.1)
        axes = picture.add_axes((0.09, 0.16, 0.87, 0.79))
        for place, style, name in ((0, "--", "99.8 %"), (3, "--", ""), (1, ":", "95 %"), (2, ":", "")):
            axes.plot(
                sizes,
                [one[place] for one in limits],
                color=SOFT,
                lw=0.9,
                ls=style,
                label=f"{name} limits" if name else None,
            )
        axes.axhline(figure.rate, color=_BLUE, lw=0.8, label=f"all centres, {_p(figure.rate)}")
        for inside, colour, mark, label in (
            (True, _BLUE, "o", "within the limits"),
            (False, _ORANGE, "D", "outside 99.8 %"),
        ):
            own = [one for one in drawn if bool(one.within_998) is inside]
            if own:
                axes.scatter(
                    [one.courses for one in own],
                    [one.standardised or 0.0 for one in own],
                    s=26,
                    color=colour,
                    marker=mark,
                    zorder=3,
                    label=label,
                )
        axes.set_xlim(0, largest * 1.12)
        top = max(0.05, *(one.standardised or 0.0 for one in drawn), *(one[3] for one in limits[len(limits) // 12 :]))
        axes.set_ylim(-0.02, min(1.05, top * 1.1 + 0.02))
        _name_points(
            axes,
            [
                (one.courses, one.standardised or 0.0, _short(one.centre))
                for one in drawn
                if len(drawn) <= 25 or not one.within_998
            ],
        )
        _percent(axes)
        axes.set_xlabel("courses that could be judged")
        axes.set_ylabel(words)
        axes.legend(frameon=False, fontsize=6.5, loc="lower right" if figure.rate > 0.5 else "upper right")
        _bare(axes)
        svg = svg_of(picture)
    out = [one for one in drawn if not one.within_998]
    said = "; ".join(f"{_short(one.centre)} {_p(one.standardised)} of {one.courses}" for one in out)
    spread = (
        "" if figure.dispersion is None else f" Over-dispersion {figure.dispersion:.2f}; 1 is what chance alone gives."
    )
    return Drawing(
        svg=svg,
        alt=f"Funnel of {len(drawn)} centres round {_p(figure.rate)}; {len(out)} outside the 99.8 % limits{': ' + said if said else ''}.",
        caption=f"Share of {words}, standardised for {_strata(figure.strata)}; exact limits round the rate of all centres.{spread}",
        columns=(
            "centre",
            "courses",
            "observed",
            "expected",
            "observed : expected (95 %)",
            "standardised",
            "99.8 % limits",
        ),
        rows=tuple(
            (
                _short(one.centre),
                str(one.courses),
                str(one.observed),
                f"{one.expected:.1f}",
                "" if one.ratio is None else f"{one.ratio:.2f} ({one.low:.2f} to {one.high:.2f})",
                _p(one.standardised),
                f"{_p(one.low_998)} to {_p(one.high_998)}",
            )
            for one in drawn
        ),
        table="Figures of the funnel",
    )


def _name_points(axes: Any, points: Sequence[tuple[float, float, str]]) -> None:
    """Names beside points, each at the first place round its point where no name lies yet; a name without a place is left out."""
    taken: list[tuple[float, float, float, float]] = []
    marks = [axes.transData.transform((x, y)) for x, y, _ in points]
    for (x, y, name), (across, up) in zip(points, marks, strict=True):
        wide, high = 3.9 * len(name) + 2.0, 7.5
        for right, lift in (
            (True, 4),
            (True, -10),
            (False, 4),
            (False, -10),
            (True, 13),
            (False, 13),
            (True, -19),
            (False, -19),
        ):
            left = across + 5.0 if right else across - 5.0 - wide
            box = (left, up + lift, left + wide, up + lift + high)
            clear = all(box[2] < b[0] or b[2] < box[0] or box[3] < b[1] or b[3] < box[1] for b in taken)
            if clear and not any(box[0] < a < box[2] and box[1] < b < box[3] for a, b in marks):
                taken.append(box)
                offset = (5 if right else -5, lift)
                side = "left" if right else "right"
                axes.annotate(
                    name, (x, y), xytext=offset, textcoords="offset points", ha=side, fontsize=6.5, color=SOFT
                )
                break


def _strata(names: Sequence[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names) or "nothing"


def _short(name: str | None) -> str:
    if name is None:
        return "not stated"
    return name.removeprefix("SYNTHETIC-")


def chart_drawing(chart: Chart, dots: Sequence[ChartDot], words: str) -> Drawing | None:
    """Shares by period with limits of three standard deviations; None with fewer than two periods that may be shown."""
    drawn = [one for one in dots if one.total]
    if chart.mean is None or len(drawn) < 2:
        return None
    with settings():
        picture = new_figure(WIDTH_IN, 2.5)
        axes = picture.add_axes((0.09, 0.19, 0.87, 0.76))
        places = list(range(len(drawn)))
        shares = [one.events / one.total for one in drawn]
        axes.fill_between(
            places,
            [one.low for one in drawn],
            [one.high for one in drawn],
            step="mid",
            color="#dfe7ea",
            label="three standard deviations",
        )
        axes.axhline(chart.mean, color=SOFT, lw=0.8, ls="--", label=f"mean {_p(chart.mean)}")
        axes.plot(places, shares, color=_BLUE, lw=1.0, marker="o", ms=3.5)
        out = [n for n in places if drawn[n].outside]
        if out:
            axes.scatter(out, [shares[n] for n in out], s=44, marker="D", color=_ORANGE, zorder=3, label="outside")
        step = max(1, len(drawn) // 12)
        axes.set_xticks(places[::step], [drawn[n].period for n in places[::step]])
        axes.set_ylim(-0.03, 1.03)
        _percent(axes)
        axes.set_xlabel("period of surgery")
        axes.set_ylabel(words)
        axes.legend(frameon=False, fontsize=6.5, loc="best")
        _bare(axes)
        svg = svg_of(picture)
    named = ", ".join(drawn[n].period for n in out) or "none"
    longest = max(one.run for one in drawn)
    return Drawing(
        svg=svg,
        alt=f"Control chart over {len(drawn)} periods, mean {_p(chart.mean)}; outside the limits: {named}.",
        caption=f"Share of {words} by period. Outside the limits: {named}. Longest run on one side of the mean: {longest}.",
        columns=("period", "events", "courses", "share", "limits"),
        rows=tuple(
            (
                one.period,
                str(one.events),
                str(one.total),
                _p(one.events / one.total),
                f"{_p(one.low)} to {_p(one.high)}",
            )
            for one in drawn
        ),
        table="Figures of the control chart",
    )


def schedules_drawing(shares: Sequence[tuple[str, int]], total: int) -> Drawing | None:
    """Bars of the schedules in use; None without one."""
    if not shares:
        return None
    with settings():
        height = 0.6 + 0.19 * len(shares)
        picture = new_figure(WIDTH_IN, height)
        axes = picture.add_axes((0.25, 0.45 / height, 0.68, 1 - 0.5 / height))
        places = list(range(len(shares)))
        axes.barh(places, [count for _, count in shares], color=_BLUE, height=0.66)
        axes.set_yticks(places, [name for name, _ in shares])
        axes.invert_yaxis()
        for place, (_, count) in enumerate(shares):
            axes.annotate(
                f"{count:,} ({100 * count / total:.0f} %)",
                (count, place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=6.5,
            )
        axes.set_xlim(0, max(count for _, count in shares) * 1.18)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("courses")
        _bare(axes)
        svg = svg_of(picture)
    said = "; ".join(f"{name} {count}" for name, count in shares[:6])
    return Drawing(
        svg=svg,
        alt=f"Bars of the schedules prescribed, of {total} courses: {said}.",
        caption="Schedules prescribed, the most frequent first.",
        columns=("schedule", "courses", "share"),
        rows=tuple((name, f"{count:,}", f"{100 * count / total:.1f} %") for name, count in shares),
        table="Figures of the schedules",
    )  # fmt: skip


def days_drawing(groups: Sequence[DaysGroup], limit: int | None, words: str) -> Drawing | None:
    """Quartiles of whole days, a line for each group; None without a group that may be shown."""
    drawn = [one for one in groups if one.median is not None and one.q1 is not None and one.q3 is not None]
    if not drawn:
        return None
    with settings():
        height = 0.55 + 0.2 * len(drawn)
        picture = new_figure(WIDTH_IN, height)
        axes = picture.add_axes((0.2, 0.38 / height, 0.74, 1 - 0.45 / height))
        for place, one in enumerate(drawn):
            axes.plot([one.q1 or 0.0, one.q3 or 0.0], [place, place], color=SOFT, lw=2.2, solid_capstyle="butt")
            axes.scatter([one.median or 0.0], [place], color=_BLUE, s=22, zorder=3)
            axes.annotate(
                f"{one.median:g} days",
                (one.q3, place),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                fontsize=6.5,
            )
        if limit is not None:
            axes.axvline(limit, color=_ORANGE, lw=0.9, ls="--")
            axes.annotate(
                f"{limit} days", (limit, -0.5), xytext=(3, 1), textcoords="offset points", fontsize=6.5, color=_ORANGE
            )
        axes.set_yticks(range(len(drawn)), ["all" if one.group == "all" else _short(one.group) for one in drawn])
        axes.set_ylim(len(drawn) - 0.4, -0.6)
        axes.set_xlim(0, max(one.q3 or 0.0 for one in drawn) * 1.2)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(words)
        _bare(axes)
        svg = svg_of(picture)
    said = "; ".join(f"{_short(one.group)} {one.median:g} ({one.q1:g} to {one.q3:g})" for one in drawn)
    return Drawing(
        svg=svg,
        alt=f"{words}, median and quartiles: {said}.",
        caption=f"{words[:1].upper()}{words[1:]}: median (point) and quartiles (bar).",
        columns=("group", "lower quartile", "median", "upper quartile"),
        rows=tuple((_short(one.group), f"{one.q1:g}", f"{one.median:g}", f"{one.q3:g}") for one in drawn),
        table="Figures of the interval",
    )  # fmt: skip
