"""``portico advise``: the options of one case, on the terminal, as JSON, as HTML and as PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from portico.cli.help_text import help_text
from portico.cli.library import SignaturesOption
from portico.errors import UsageError

__all__ = ["HELP", "advise"]

HELP: Final = help_text(
    "Show the options of one case with their evidence: notices first, then options side by side, why this order, "
    "what would change it, and which answers are missing.",
    [
        "portico advise examples/cases/femur-renal.yaml",
        "portico advise case.yaml --html out/case.html --pdf out/case.pdf",
        "portico advise case.yaml --json",
        "portico advise case.yaml --signatures examples/site/signatures.yaml",
    ],
    {
        0: "no urgent state or gate holds or is left open",
        1: "an urgent state or a gate holds, or is NOT EXCLUDED; the options are shown all the same",
        3: "the case is refused; nothing is written",
    },
)


def advise(
    case: Annotated[Path, typer.Argument(help="Case file: .yaml, .yml or .json.", metavar="CASE")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as HTML.", metavar="FILE")] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write the report as PDF.", metavar="FILE")] = None,
    signatures: SignaturesOption = None,
    all_options: Annotated[bool, typer.Option("--all", help="Also list every option that is not eligible.")] = False,
) -> None:
    """Advise on a case; reports are made in memory first, so that a refusal leaves no file behind.

    Raises
    ------
    CaseRefused : with every problem found
    UsageError : ``same-file``
    """
    from portico.advice import advise as advise_on
    from portico.case import read_case
    from portico.cli.library import open_library
    from portico.cli.output import save, say, show_json, shown_path

    targets = [path.resolve() for path in (html, pdf) if path is not None]
    if len(set(targets)) < len(targets) or case.resolve() in targets:
        raise UsageError("Each file needs its own name.", code="same-file")
    found = read_case(case)
    library = open_library(signatures)
    advice = advise_on(found, library)
    files: list[tuple[Path, bytes | str]] = []
    if html is not None:
        from portico.report import render_html

        files.append((html, render_html(advice, library)))
    if pdf is not None:
        from portico.report import render_pdf

        files.append((pdf, render_pdf(advice, library)))
    for path, content in files:
        save(path, content)
    if as_json:
        show_json(advice.to_dict())
    else:
        from rich.console import Console

        from portico.report import print_advice

        print_advice(advice, library, Console(), all_options=all_options)
    for path, _ in files:
        say(f"Written: {shown_path(path)}")
    raise typer.Exit(advice.exit_status)
