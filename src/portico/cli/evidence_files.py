"""Files of figures and pages that the evidence verbs write: made in memory first, each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from portico.report.drawing import Drawing
    from portico.report.evidence_page import Section, Table

__all__ = ["AsJson", "CsvOption", "HtmlOption", "PngOption", "SvgOption", "csv_text", "drawing_files", "write_files"]

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
HtmlOption = Annotated[Path | None, typer.Option("--html", help="Write a page.", metavar="FILE")]
SvgOption = Annotated[Path | None, typer.Option("--svg", help="Write the figure as SVG.", metavar="FILE")]
PngOption = Annotated[
    Path | None, typer.Option("--png", help="Write the figure as PNG, 200 dots an inch.", metavar="FILE")
]
CsvOption = Annotated[Path | None, typer.Option("--csv", help="Write the table as CSV.", metavar="FILE")]
Files = list[tuple[Path, bytes | str]]


def csv_text(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as CSV (RFC 4180); a cell that a spreadsheet would take for a formula starts with an apostrophe."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t") else cell for cell in row])
    return out.getvalue()


def drawing_files(make: Callable[[bool], Drawing | None], svg: Path | None, png: Path | None) -> Files:
    """The figure in the forms that are wanted.

    Parameters
    ----------
    make : gives the figure, with its picture when asked; None when there is nothing to draw
    svg, png : where; None when not wanted

    Raises
    ------
    CannotTell : ``nothing-to-draw``
    """
    if svg is None and png is None:
        return []
    from portico.errors import CannotTell

    drawing = make(png is not None)
    if drawing is None:
        raise CannotTell("There is nothing to draw.", code="nothing-to-draw")
    files: Files = [] if svg is None else [(svg, drawing.svg)]
    if png is not None and drawing.png is not None:
        files.append((png, drawing.png))
    return files


def write_files(files: Files) -> None:
    """Check the names, write, and say where the files are."""
    from portico.cli.plan_reports import save_reports, say_written, separate_files

    separate_files(tuple(path for path, _ in files))
    save_reports(files)
    say_written(files)


def page_file(html: Path | None, title: str, sections: Callable[[], Sequence[Section]]) -> Files:
    """The page, when it is wanted."""
    if html is None:
        return []
    from portico.cli.library import open_library
    from portico.report.evidence_page import render_evidence_html

    return [(html, render_evidence_html(title, sections(), open_library()))]


def table_of(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table of a page."""
    from portico.report.evidence_page import Table

    return Table(caption, tuple(columns), tuple(tuple(row) for row in rows))
