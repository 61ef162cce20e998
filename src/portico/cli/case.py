"""``portico case``: check, write, show; the inputs of the decision."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from portico.cli.help_text import help_text
from portico.errors import UsageError

__all__ = ["case_app"]

case_app = typer.Typer(
    name="case",
    help="Check a case, write one by guided questions, print its schema or its flat row.",
    rich_markup_mode=None,
)

CasePath = Annotated[Path, typer.Argument(help="Case file: .yaml, .yml or .json.", metavar="CASE")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

CHECK_HELP: Final = help_text(
    "Check a case and name every problem with file, line and place. What is unknown is counted, not complained of.",
    ["portico case check examples/cases/femur-renal.yaml", "portico case check case.yaml --json"],
    {0: "the case holds", 3: "the case is refused; every problem is printed"},
)
NEW_HELP: Final = help_text(
    "Write a case by guided questions. An empty line means unknown, ? explains a question, Ctrl-C ends without "
    "writing. Questions go to standard error, the case to standard output or to --out. Answers may come from a file: "
    "one a line, in the order of the questions; the end of the file leaves the rest unknown.",
    ["portico case new --out case.yaml", "portico case new < answers.txt > case.yaml"],
    {0: "a case was written", 3: "an answer from a file does not fit; nothing is written"},
)
SCHEMA_HELP: Final = help_text(
    "Print the JSON Schema of case/1.", ["portico case schema > case.schema.json"], {0: "fine"}
)
ROW_HELP: Final = help_text(
    "Print the flat row that rules see: one value per column, with its unit and meaning.",
    ["portico case row examples/cases/femur-renal.yaml", "portico case row case.yaml --json"],
    {0: "fine", 3: "the case is refused"},
)


@case_app.command("check", help=CHECK_HELP)
def check(case: CasePath, as_json: AsJson = False) -> None:
    """Check a case.

    Raises
    ------
    CaseRefused : with every problem found
    """
    from portico.case import read_case
    from portico.cli.output import show, show_json

    row = read_case(case).row()
    unknown = [name for name, value in row.items() if value is None]
    if as_json:
        show_json({"schema": "case-check/1", "ok": True, "problems": [], "columns": len(row), "unknown": unknown})
        return
    show(f"{case}: no problems. {len(row) - len(unknown)} of {len(row)} columns are known.")


@case_app.command("new", help=NEW_HELP)
def new(
    out: Annotated[Path | None, typer.Option("--out", help="File to write; it must not exist.", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask, write, check.

    Raises
    ------
    UsageError : the file to write exists
    InputRefused : an answer that does not fit, when no person is there to be asked again
    """
    from portico.case import read_case
    from portico.cli.case_new import Interview, case_text
    from portico.cli.output import save, say, show, show_json

    if out is not None and out.suffix.lower() not in (".yaml", ".yml"):
        raise UsageError("The file name must end in .yaml.", code="unknown-suffix", file=str(out))
    if out is not None and out.exists():
        raise UsageError("This file exists already.", code="file-exists", file=str(out), fix="Give another name.")
    say("An empty line means unknown, ? explains, Ctrl-C ends without writing.")
    found = Interview().run()
    text = case_text(found)
    row = found.row()
    known = sum(value is not None for value in row.values())
    if out is not None:
        save(out, text, replace=False)
        read_case(out)
    if as_json:
        show_json({"schema": "case-new/1", "file": str(out) if out else None, "case": found.to_dict()})
    elif out is None:
        show(text.rstrip("\n"))
    say(f"The case holds. {known} of {len(row)} columns are known." + (f" Written: {out}" if out else ""))


@case_app.command("schema", help=SCHEMA_HELP)
def schema(as_json: AsJson = False) -> None:
    """Print the JSON Schema; it is JSON with or without ``--json``."""
    from portico.case import Case
    from portico.cli.output import show_json

    show_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **Case.model_json_schema(by_alias=True)})


@case_app.command("row", help=ROW_HELP)
def row(case: CasePath, as_json: AsJson = False) -> None:
    """Print the flat row.

    Raises
    ------
    CaseRefused : with every problem found
    """
    from portico.case import load_columns, read_case
    from portico.cli.output import plain_table, show, show_json

    values = read_case(case).row()
    if as_json:
        show_json({"schema": "row/1", "row": values})
        return
    columns = load_columns()
    show(
        plain_table(
            ["column", "value", "unit", "meaning"],
            [
                [name, value_text(value), columns[name].unit or "", columns[name].meaning]
                for name, value in values.items()
            ],
        )
    )


def value_text(value: Any) -> str:
    """A value of the row in words.

    >>> [value_text(value) for value in (None, True, 3, 32.0, "1a")]
    ['unknown', 'yes', '3', '32', '1a']
    """
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
