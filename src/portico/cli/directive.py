"""``portico directive``: show a Directive, or check that it holds and that its seal is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from portico.cli.help_text import help_text
from portico.errors import UsageError

__all__ = ["directive_app"]

directive_app = typer.Typer(name="directive", help="Show a signed Directive, or check its seal.", rich_markup_mode=None)

SHOW_HELP: Final = help_text(
    "Show a Directive: the decision, organs without limit first, limits with their sources, volumes, timing.",
    [
        "portico directive show directive-1a2b3c4d.json",
        "portico directive show directive-1a2b3c4d.json --pdf out/directive.pdf",
    ],
    {0: "fine", 3: "the Directive is refused, such as one changed after it was sealed"},
)
CHECK_HELP: Final = help_text(
    "Check that a Directive follows its schema, does not contradict itself, is signed, and that its seal is whole.",
    ["portico directive check directive-1a2b3c4d.json"],
    {
        0: "signed, sealed, and fit to plan from",
        1: "it holds, but is not signed or not for planning",
        3: "the Directive is refused, such as one changed after it was sealed",
    },
)

DirectivePath = Annotated[Path, typer.Argument(help="Directive file: .json, .yaml or .yml.", metavar="FILE")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@directive_app.command("show", help=SHOW_HELP)
def show_directive(
    file: DirectivePath,
    as_json: AsJson = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as HTML.", metavar="FILE")] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write it as PDF.", metavar="FILE")] = None,
) -> None:
    """Show a Directive.

    Raises
    ------
    DirectiveRefused : with every problem found
    """
    from portico.cli.library import open_library
    from portico.cli.output import save, say, show_json, shown_path
    from portico.directive import read_directive

    targets = [path.resolve() for path in (file, html, pdf) if path is not None]
    if len(set(targets)) < len(targets):
        raise UsageError("Each file needs its own name.", code="same-file")
    directive = read_directive(file)
    library = open_library()
    files: list[tuple[Path, bytes | str]] = []
    if html is not None:
        from portico.report import render_directive_html

        files.append((html, render_directive_html(directive, library)))
    if pdf is not None:
        from portico.report import render_directive_pdf

        files.append((pdf, render_directive_pdf(directive, library)))
    for path, content in files:
        save(path, content)
    if as_json:
        show_json(directive.to_dict())
    else:
        from rich.console import Console

        from portico.report import print_directive

        print_directive(directive, library, Console())
    for path, _ in files:
        say(f"Written: {shown_path(path)}")


@directive_app.command("check", help=CHECK_HELP)
def check(file: DirectivePath, as_json: AsJson = False) -> None:
    """Check a Directive.

    Raises
    ------
    DirectiveRefused : with every problem found
    """
    from portico.cli.output import show, show_json
    from portico.cli.sign import planning_lines
    from portico.directive import read_directive, verify_seal

    directive = read_directive(file)
    sealed = verify_seal(directive)
    signed = directive.status == "signed"
    fine = sealed and signed and directive.for_planning
    if as_json:
        show_json(
            {
                "schema": "directive-check/1",
                "ok": fine,
                "signed": signed,
                "sealed": sealed,
                "for_planning": directive.for_planning,
                "blockers_for_planning": list(directive.blockers_for_planning),
                "hash": directive.hash,
                "problems": [],
            }
        )
    else:
        show(f"{file}: no problems.")
        show(f"Signed: {'yes' if signed else 'NO'}")
        show(f"Seal: {directive.hash if sealed else 'NONE'}")
        for line in planning_lines(directive):
            show(line)
    raise typer.Exit(0 if fine else 1)
