"""The clock after surgery as a drawing: an SVG for the HTML page and for the PDF, and the sentence that says the same."""

from __future__ import annotations

from html import escape
from typing import Final

from portico.advice.model import Timing
from portico.report import wording
from portico.report.amounts import day_text

__all__ = ["clock_alt", "clock_svg"]

_WIDTH: Final = 720
_LEFT: Final = 16
#: Room for the label of the last mark, so that every label stands to the right of its own line.
_RIGHT: Final = 300
_ROW: Final = 19
_TOP: Final = 6
#: Space under the axis for day 0 and the day of the case.
_FOOT: Final = 40


def clock_svg(timing: Timing, *, ink: str = "currentColor", accent: str = "currentColor", font: str = "inherit") -> str:
    """A scale of days since surgery with the marks of the clock and the day of the case.

    Parameters
    ----------
    timing : its marks; without marks the result is empty text
    ink, accent : colours of text and of the day of the case
    font : font family
    """
    if not timing.marks:
        return ""
    today = timing.days_since_surgery
    shown_today = today if today is not None and today >= 0 else None
    last = max([mark.day for mark in timing.marks] + ([shown_today] if shown_today is not None else [])) or 1
    scale = (_WIDTH - _LEFT - _RIGHT) / (last * 1.04)
    axis = _TOP + _ROW * len(timing.marks) + 8
    height = axis + _FOOT

    def place(day: int) -> float:
        return round(_LEFT + day * scale, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(clock_alt(timing))}" font-family="{escape(font)}" font-size="13" fill="{ink}">',
        f'<line x1="{_LEFT}" y1="{axis}" x2="{_WIDTH - _RIGHT}" y2="{axis}" stroke="{ink}" stroke-width="1.5"/>',
        f'<line x1="{_LEFT}" y1="{axis - 7}" x2="{_LEFT}" y2="{axis + 7}" stroke="{ink}" stroke-width="1.5"/>',
    ]
    for row, mark in enumerate(timing.marks):
        x, y = place(mark.day), _TOP + _ROW * row + 13
        date = "" if mark.date is None else f", {day_text(mark.date, short=True)}"
        label = escape(f"{wording.mark_name(mark.name)}: day {mark.day}{date}")
        parts.append(
            f'<line x1="{x}" y1="{y - 10}" x2="{x}" y2="{axis}" stroke="{ink}" stroke-width="1" stroke-dasharray="2 2"/>'
        )
        parts.append(f'<text x="{x + 6}" y="{y}">{label}</text>')
    near = shown_today is not None and place(shown_today) < _LEFT + 190
    surgery = f"surgery, {day_text(timing.surgery_date)}" if timing.surgery_date else "surgery, date unknown"
    parts.append(f'<text x="{_LEFT}" y="{axis + (36 if near else 20)}">{escape(surgery)}</text>')
    if shown_today is not None:
        x = place(shown_today)
        parts.append(
            f'<path d="M{x} {axis - 7}l7 7l-7 7l-7 -7z" fill="{accent}" stroke="{ink}" stroke-width="1"/>'
            f'<text x="{x}" y="{axis + 20}" font-weight="bold">this case: day {shown_today}</text>'
        )
    parts.append("</svg>")
    return "".join(parts)


def clock_alt(timing: Timing) -> str:
    """The drawing in one sentence."""
    day = timing.days_since_surgery
    now = "The day of surgery is unknown" if day is None else f"The case stands at day {day} after surgery"
    marks = "; ".join(
        f"{wording.mark_name(mark.name)} day {mark.day}" + ("" if mark.date is None else f" ({day_text(mark.date)})")
        for mark in timing.marks
    )
    return f"Days since surgery. {now}. Marks: {marks}." if marks else f"{now}."
