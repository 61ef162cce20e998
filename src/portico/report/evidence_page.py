"""Pages of the evidence: sections of text, figures and tables in one HTML page that asks nothing of any network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portico import __version__
from portico.intended_use import INTENDED_USE_SHORT
from portico.knowledge import Library
from portico.report.drawing import Drawing
from portico.report.html import environment

__all__ = ["Section", "Table", "render_evidence_html"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first cell of a row names it."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page.

    Parameters
    ----------
    title : head of the section
    text : paragraphs; all text is escaped
    drawings : figures with their tables
    tables : further tables
    mark : a word set apart above the text, such as INDIRECT; empty for none
    anchor : id for links within the page; empty for none
    """

    title: str
    text: tuple[str, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    tables: tuple[Table, ...] = ()
    mark: str = ""
    anchor: str = ""


def render_evidence_html(title: str, sections: Sequence[Section], library: Library) -> str:
    """The sections as one page.

    Parameters
    ----------
    title : of the page
    sections : in order
    library : for the version of the knowledge

    Returns
    -------
    the page; the same sections give the same text
    """
    from markupsafe import Markup

    view = {
        "title": title,
        "use": INTENDED_USE_SHORT,
        "stamp": f"Portico {__version__}, knowledge {library.version[:12]}",
        "sections": [
            {
                "title": one.title,
                "mark": one.mark,
                "anchor": one.anchor,
                "text": one.text,
                "tables": one.tables,
                "drawings": [
                    {**drawing.for_page(), "svg": Markup(drawing.svg)}  # made by matplotlib, text drawn as outlines
                    for drawing in one.drawings
                ],
            }
            for one in sections
        ],
    }
    return environment().get_template("evidence.html.j2").render(v=view)
