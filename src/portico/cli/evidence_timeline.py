"""``portico evidence timeline``: how practice changed, and on what evidence."""

from __future__ import annotations

from typing import Final

from portico.cli.evidence_files import AsJson, CsvOption, HtmlOption, PngOption, SvgOption
from portico.cli.help_text import help_text

__all__ = ["TIMELINE_HELP", "timeline"]

TIMELINE_HELP: Final = help_text(
    "How practice changed, and on what evidence: each step with its record and level. A year that no record states is left open.",
    ["portico evidence timeline", "portico evidence timeline --svg out/timeline.svg"],
    {0: "fine", 3: "a file cannot be written"},
)


def timeline(
    csv: CsvOption = None,
    svg: SvgOption = None,
    png: PngOption = None,
    html: HtmlOption = None,
    as_json: AsJson = False,
) -> None:
    """Print the timeline, oldest first; entries without a year come last."""
    from portico.cli.evidence_files import csv_text, drawing_files, page_file, write_files
    from portico.cli.library import open_library
    from portico.cli.output import plain_table, show, show_json
    from portico.report.evidence_page import Section
    from portico.report.record_json import timeline_json
    from portico.report.timeline_picture import timeline_drawing

    library = open_library()
    drawing = timeline_drawing(library.history)
    files = drawing_files(lambda wanted: timeline_drawing(library.history, png=wanted), svg, png)
    if csv is not None:
        files.append((csv, csv_text(drawing.columns, drawing.rows)))
    files += page_file(html, "Timeline", lambda: [Section("Timeline", drawings=(drawing,))])
    write_files(files)
    if as_json:
        show_json(timeline_json(library))
        return
    order = (0, 3, 2, 1)
    show(plain_table([drawing.columns[i] for i in order], [[row[i] for i in order] for row in drawing.rows]))
