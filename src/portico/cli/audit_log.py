"""``portico audit-log``: verifying that nothing in the log or in what it speaks of was changed."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from portico.cli.help_text import help_text
from portico.cli.service_place import ConfigOption, FolderOption, settings_at
from portico.errors import Exit, ReadingRefused

__all__ = ["audit_log_app"]

audit_log_app = typer.Typer(
    name="audit-log", help="The audit log of the service.", no_args_is_help=False, rich_markup_mode=None
)

VERIFY_HELP: Final = help_text(
    "Follow the chain of the audit log and hold every stored case, Directive and check against it. Entries cut off at "
    "the end are found only with --head, a hash that was noted earlier: note the one that is printed.",
    [
        "portico audit-log verify",
        "portico audit-log verify --folder /var/lib/portico --head HASH",
        "portico audit-log verify --config /etc/portico/portico.toml",
    ],
    {
        0: "the chain is whole and everything stored is as it was logged",
        1: "something was changed, removed or added",
        3: "there is no database to read, or it is damaged",
    },
)


@audit_log_app.command("verify", help=VERIFY_HELP)
def verify(
    folder: FolderOption = None,
    config: ConfigOption = None,
    head: Annotated[str | None, typer.Option("--head", help="Hash of an entry noted earlier.", metavar="HASH")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Verify the log.

    Raises
    ------
    UsageError : ``no-database``, ``config-and-option``
    ReadingRefused : ``database-damaged``
    Unavailable : a server of databases does not answer
    """
    from portico.cli.output import show, show_json
    from portico.service.audit import verify_log
    from portico.service.storage import Unavailable, open_engine, snapshot

    engine = open_engine(settings_at(folder, config).url)
    try:
        with snapshot(engine) as connection:
            found = verify_log(connection, head)
    except (Unavailable, UnicodeDecodeError, ValueError) as error:
        if engine.dialect.name != "sqlite" and isinstance(error, Unavailable):
            raise
        raise ReadingRefused("The database is damaged and cannot be read.", code="database-damaged") from None
    finally:
        engine.dispose()
    if as_json:
        show_json(
            {"schema": "audit-log/1", "entries": found.entries, "head": found.head, "problems": list(found.problems)}
        )
    else:
        for line in found.problems:
            show(line)
        show(f"{found.entries} entries, newest {found.head}")
        show("The log holds." if not found.problems else "The log does NOT hold.")
    raise typer.Exit(Exit.FINDINGS.value if found.problems else Exit.FINE.value)
