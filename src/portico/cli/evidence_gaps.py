"""``portico evidence gaps``: what is not known, and what to ask next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from portico.cli.evidence_files import AsJson, CsvOption, HtmlOption, PngOption, SvgOption
from portico.cli.help_text import help_text

if TYPE_CHECKING:
    from portico.synthesis import GapMap

__all__ = ["GAPS_HELP", "gaps"]

GAPS_HELP: Final = help_text(
    "The gap map: populations by outcomes, with studies, people and certainty; and the questions to ask next, each with the size of "
    "a trial from the library's own figures.",
    [
        "portico evidence gaps",
        "portico evidence gaps --svg out/gaps.svg --html out/gaps.html",
        "portico evidence gaps --json",
    ],
    {0: "fine", 3: "a file cannot be written"},
)


def gaps(
    csv: CsvOption = None,
    svg: SvgOption = None,
    png: PngOption = None,
    html: HtmlOption = None,
    as_json: AsJson = False,
) -> None:
    """Print the map and the questions to ask next."""
    from portico.cli.evidence_files import csv_text, drawing_files, page_file, write_files
    from portico.cli.library import open_library
    from portico.cli.output import plain_table, show, show_json
    from portico.report.evidence_json import gap_map_of, gaps_json
    from portico.report.gap_picture import gap_drawing
    from portico.report.gap_view import gap_section

    library = open_library()
    found = gap_map_of(library)
    section = gap_section(found)
    drawing = gap_drawing(found)
    files = drawing_files(lambda wanted: gap_drawing(found, png=wanted), svg, png)
    if csv is not None:
        files.append((csv, csv_text(drawing.columns, drawing.rows)))
    files += page_file(html, "What is not known", lambda: [section])
    write_files(files)
    if as_json:
        show_json(gaps_json(found))
        return
    show(plain_table(["population", *(label for _, label in found.columns)], _map_rows(found)))
    show("Studies / people, and certainty from + (very low) to ++++ (high); a dash does not apply.")
    for table in section.tables:
        show("")
        show(table.caption)
        show(plain_table(table.columns, table.rows))


def _map_rows(found: GapMap) -> list[list[str]]:
    """The map in few characters, for a terminal."""
    from portico.report.gap_picture import GRADE_MARKS

    rows = []
    for row, label in found.rows:
        cells = [found.cell(row, column) for column, _ in found.columns]
        texts = [
            "-"
            if not one.applies
            else "gap"
            if one.is_gap
            else f"{len(one.studies)}/{one.people} {GRADE_MARKS.get(one.certainty or '', '')}".strip()
            for one in cells
        ]
        rows.append([label, *texts])
    return rows
