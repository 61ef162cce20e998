"""Drawings by matplotlib: arrays in, SVG out, and the same bytes for the same arrays.

Nothing of the user's own settings and no global figure is used. Text is drawn as outlines, so that a drawing looks the same
wherever it is shown; what it says stands in its alternative text.
"""

from __future__ import annotations

import hashlib
import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["INK", "SOFT", "WIDTH_IN", "Drawing", "halo", "new_figure", "png_of", "settings", "svg_of"]

#: Width in inches: the text width of an A4 page with margins of 15 mm.
WIDTH_IN: Final = 7.08
INK: Final = "#1c2430"
SOFT: Final = "#4b5563"
_LOCK: Final = threading.RLock()
_SETTINGS: Final[dict[str, Any]] = {
    "svg.hashsalt": "portico",
    "svg.fonttype": "path",
    "path.simplify": True,
    "path.simplify_threshold": 0.15,
    "font.family": ["DejaVu Sans"],
    "font.size": 7.5,
    "axes.linewidth": 0.7,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.parse_math": False,
}
#: Settings of the machine rather than of the look.
_LEFT_ALONE: Final = frozenset({"backend", "backend_fallback", "interactive", "toolbar", "timezone", "webagg.address"})


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure with what it says in words and as a table.

    Parameters
    ----------
    svg : drawing
    alt : what it shows, in words with numbers, for those who do not see it
    caption : what stands beneath it
    columns : heads of the table, the first names the row
    rows : the drawing's figures as text
    table : caption of the table
    png : the same as a picture of 200 dots per inch; None unless asked for
    """

    svg: str
    alt: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    table: str
    png: bytes | None = None

    def for_page(self) -> dict[str, Any]:
        """What a template needs of it."""
        return {
            "svg": self.svg,
            "alt": self.alt,
            "caption": self.caption,
            "columns": self.columns,
            "rows": self.rows,
            "table": self.table,
        }


@contextmanager
def settings() -> Iterator[None]:
    """The look of all drawings; one thread at a time, since matplotlib keeps its settings in one place."""
    import matplotlib

    look: Any = {key: value for key, value in matplotlib.rcParamsDefault.items() if key not in _LEFT_ALONE}
    look.update(_SETTINGS)
    with _LOCK, matplotlib.rc_context(look):
        yield


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty white figure that belongs to nobody else; sizes in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=72, facecolor="white")
    FigureCanvasAgg(figure)  # for the size of text while it is placed
    return figure


def halo(colour: str = "white", width: float = 2.0) -> list[Any]:
    """An outline around a line or a text that keeps it readable on any ground."""
    from matplotlib.patheffects import Normal, Stroke

    return [Stroke(linewidth=width, foreground=colour), Normal()]


def svg_of(figure: Figure) -> str:
    """The figure as SVG without date, creator or document type."""
    out = io.StringIO()
    figure.savefig(out, format="svg", dpi=72, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = out.getvalue()
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", text[text.index("<svg") :])
    text, found = _STYLE_SHEET.subn("", text)
    if found:
        text = text.replace("<svg ", '<svg stroke-linejoin="round" stroke-linecap="butt" ', 1)
    text = re.sub(r'<g id="[^"]*"', "<g", text)  # nothing refers to them, and pages hold several drawings
    own = hashlib.sha256(text.encode()).hexdigest()[:8]
    text = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>d{own}-", text)
    return _STYLE.sub(lambda match: _attributes(match[1]), text)


#: What matplotlib writes for every drawing: joins and caps of all lines.
_STYLE_SHEET: Final = re.compile(
    r'<defs>\s*<style type="text/css">\*\{stroke-linejoin: round; stroke-linecap: butt\}\s*</style>\s*</defs>\s*'
)
_STYLE: Final = re.compile(r'style="([^"]*)"')


def _attributes(style: str) -> str:
    """A style as attributes of their own, which a page under a strict content security policy may show."""
    pairs = (one.split(":", 1) for one in style.split(";") if one.strip())
    return " ".join(f'{name.strip()}="{value.strip()}"' for name, value in pairs)


def png_of(figure: Figure, dots_per_inch: int = 200) -> bytes:
    """The figure as PNG without date or creator."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=dots_per_inch, metadata={"Software": None})
    return out.getvalue()
