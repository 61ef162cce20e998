"""``portico evidence build`` and ``report``: the file of answers, and the whole evidence as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from portico.cli.evidence_files import AsJson
from portico.cli.help_text import help_text

__all__ = ["BUILD_HELP", "REPORT_HELP", "build", "report"]

BUILD_HELP: Final = help_text(
    "Answer every question again and write pools.json, which advice reads. For curators, after a change of studies or questions.",
    ["portico evidence build", "portico evidence build --check", "portico evidence build --out out/pools.json --json"],
    {0: "fine", 1: "with --check: the file is not what the studies give", 3: "the file cannot be written"},
)
REPORT_HELP: Final = help_text(
    "The whole evidence as one page: summary of findings, every answer with its figures, dose response, gaps and timeline.",
    ["portico evidence report --html out/evidence.html"],
    {0: "fine", 3: "the file cannot be written"},
)


def build(
    out: Annotated[
        Path | None, typer.Option("--out", help="Where; beside the shipped data when left out.", metavar="FILE")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; say whether the file is current.")] = False,
    as_json: AsJson = False,
) -> None:
    """Build the file of answers."""
    from portico.cli.library import open_library
    from portico.cli.output import save, say, show, show_json, shown_path
    from portico.knowledge.files import data_root
    from portico.knowledge.pools import POOLS_NAME
    from portico.synthesis import build_pools

    path = out if out is not None else data_root() / POOLS_NAME
    found = build_pools(open_library())
    text = found.to_json()
    current = path.is_file() and path.read_bytes() == text.encode()
    if not check and not current:
        save(path, text)
    pooled = sum(one.k > 1 for one in found.answers.values())
    gaps = sum(one.k == 0 for one in found.answers.values())
    if as_json:
        show_json(
            {
                "schema": "evidence-build/1",
                "current": current,
                "written": not check and not current,
                "questions": len(found.answers),
                "pooled": pooled,
                "gaps": gaps,
            }
        )
    else:
        show(
            f"{len(found.answers)} questions: {pooled} pooled, {len(found.answers) - pooled - gaps} single studies, {gaps} gaps."
        )
        if check:
            show("Current." if current else "Not current: run portico evidence build.")
        elif not current:
            say(f"Written: {shown_path(path)}")
    raise typer.Exit(1 if check and not current else 0)


def report(
    html: Annotated[Path, typer.Option("--html", help="Where.", metavar="FILE")],
) -> None:
    """Write the page."""
    from portico.cli.evidence_dose import dose_section
    from portico.cli.evidence_files import page_file, write_files
    from portico.cli.library import open_library
    from portico.cli.plan_source import progress_line
    from portico.report.answer_view import answer_section, summary_section
    from portico.report.bubble import bubble_drawing
    from portico.report.evidence_page import Section
    from portico.report.gap_view import gap_section
    from portico.report.timeline_picture import timeline_drawing
    from portico.synthesis import beside_published, build_pools, dose_layers, gap_map

    library = open_library()
    answers = list(build_pools(library).answers.values())
    layers = dose_layers(library)

    step = progress_line()

    def sections() -> list[Section]:
        made = [
            summary_section(answers),
            gap_section(gap_map(library, answers)),
            dose_section(library, layers, bubble_drawing(layers)),
        ]
        for done, one in enumerate(answers, 1):
            made.append(answer_section(one, beside=beside_published(one)))
            step("answers", done, len(answers))
        made.append(Section("Timeline", drawings=(timeline_drawing(library.history),), anchor="timeline"))
        return made

    write_files(page_file(html, "The evidence on radiotherapy after surgery for bone metastases", sections))
