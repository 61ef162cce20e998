"""``portico knowledge``: look into the library of studies, limits, rules, regimens, scores and volumes."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from portico.cli.help_text import help_text
from portico.cli.library import SignaturesOption

__all__ = ["Kind", "knowledge_app"]

knowledge_app = typer.Typer(
    name="knowledge", help="Check the library, show a record, list records, print the timeline.", rich_markup_mode=None
)


class Kind(StrEnum):
    """Kinds of record that can be listed."""

    STUDIES = "studies"
    LIMITS = "limits"
    RULES = "rules"
    REGIMENS = "regimens"
    SCORES = "scores"
    VOLUMES = "volumes"
    HISTORY = "history"
    WAITING = "waiting"


CHECK_HELP: Final = help_text(
    "Read every data file again and check it: shapes, dangling sources, figures against their intervals, rules against "
    "the columns, points tables against their ranges. With --signatures, a site's signature file is checked too.",
    ["portico knowledge check", "portico knowledge check --signatures examples/site/signatures.yaml"],
    {0: "the library holds", 1: "the library holds, but its compiled form is out of date", 3: "problems, all printed"},
)
SHOW_HELP: Final = help_text(
    "Show one record by its id: a study, limit, rule, regimen, score, volume, model, policy or timeline entry.",
    ["portico knowledge show patchell-2005", "portico knowledge show hytec-cord-2fx-dmax --json"],
    {0: "fine", 2: "usage; also an id that the library does not have"},
)
LIST_HELP: Final = help_text(
    "List the records of one kind with their level of verification, or count all kinds. `waiting` are rules and "
    "regimens that do not act until a site signs them.",
    ["portico knowledge list", "portico knowledge list --kind limits", "portico knowledge list --kind rules --json"],
    {0: "fine"},
)
VERSION_HELP: Final = help_text(
    "Print the version of the knowledge (SHA-256 over all data files) and of the software.",
    ["portico knowledge version"],
    {0: "fine"},
)
TIMELINE_HELP: Final = help_text(
    "Print the history of the field, each line with its record. A year that no record states is left open.",
    ["portico knowledge timeline"],
    {0: "fine"},
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@knowledge_app.command("check", help=CHECK_HELP)
def check(
    as_json: AsJson = False,
    signatures: SignaturesOption = None,
    root: Annotated[
        Path | None, typer.Option("--root", help="Folder of data files; the shipped ones when left out.", metavar="DIR")
    ] = None,
) -> None:
    """Check the library from its sources, not from its compiled form.

    Raises
    ------
    KnowledgeRefused : with every problem found
    """
    from portico.cli.output import show, show_json
    from portico.knowledge import load_library
    from portico.knowledge.compiled_file import read_compiled
    from portico.knowledge.files import read_data_files
    from portico.knowledge.library import parse_library
    from portico.report.record_json import counts as counts_of

    files = read_data_files(root)
    parse_library(files)
    current = read_compiled(files) is not None
    library = load_library(root, signatures=signatures)
    counts = counts_of(library)
    if as_json:
        show_json(
            {"schema": "knowledge-check/1", "ok": True, "version": library.version, "compiled_current": current,
             "records": counts, "problems": []}
        )  # fmt: skip
    else:
        show(f"No problems in {sum(counts.values())} records, version {library.version[:12]}.")
        if not current:
            show("The compiled form is missing or out of date; starts are slow until it is built again.")
    raise typer.Exit(0 if current else 1)


@knowledge_app.command("show", help=SHOW_HELP)
def show_record(
    record: Annotated[str, typer.Argument(help="Id of the record.", metavar="ID")], as_json: AsJson = False
) -> None:
    """Show one record.

    Raises
    ------
    UsageError : ``unknown-record``, with the nearest id
    """
    from portico.cli.library import open_library
    from portico.cli.output import show, show_json
    from portico.cli.record_text import record_lines
    from portico.report.record_json import record_json

    found = record_json(open_library(), record)
    if as_json:
        show_json(found)
        return
    for line in record_lines(found["record"]):
        show(line)


@knowledge_app.command("list", help=LIST_HELP)
def list_records(
    kind: Annotated[Kind | None, typer.Option("--kind", help="Kind of record; counts of all when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """List records, or count them."""
    from portico.cli.library import open_library
    from portico.cli.output import plain_table, show, show_json
    from portico.report.record_json import counts as counts_of
    from portico.report.record_json import list_json

    library = open_library()
    if kind is None:
        counts = counts_of(library)
        if as_json:
            show_json({"schema": "knowledge-counts/1", "records": counts})
        else:
            show(plain_table(["kind", "records"], [[name, str(count)] for name, count in counts.items()]))
        return
    found = list_json(library, kind.value)
    if as_json:
        show_json(found)
        return
    rows = found["records"]
    show(plain_table(["id", "verified", "what"], [[r["id"], r["verified"] or "", r["what"]] for r in rows]))


@knowledge_app.command("version", help=VERSION_HELP)
def version(as_json: AsJson = False) -> None:
    """Print both versions."""
    from portico import __version__
    from portico.cli.library import open_library
    from portico.cli.output import show, show_json
    from portico.report.record_json import version_json

    library = open_library()
    if as_json:
        show_json(version_json(library))
        return
    show(f"software {__version__}")
    show(f"knowledge {library.version}")


@knowledge_app.command("timeline", help=TIMELINE_HELP)
def timeline(as_json: AsJson = False) -> None:
    """Print the timeline, oldest first; entries without a year come last."""
    from portico.cli.library import open_library
    from portico.cli.output import plain_table, show, show_json
    from portico.report.record_json import timeline_json

    library = open_library()
    if as_json:
        show_json(timeline_json(library))
        return
    entries = sorted(library.history, key=lambda entry: (entry.year is None, entry.year or 0))
    rows = [["not stated" if e.year is None else str(e.year), e.verified, e.source_id, e.what] for e in entries]
    show(plain_table(["year", "verified", "record", "what"], rows))
