"""``portico backup``, ``restore``, ``retain`` and ``export``: what an operator does with everything that is stored."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from portico.cli.help_text import help_text
from portico.cli.service_place import ConfigOption, FolderOption, settings_at
from portico.errors import Exit, UsageError

__all__ = [
    "BACKUP_HELP",
    "EXPORT_HELP",
    "RESTORE_HELP",
    "RETAIN_HELP",
    "backup",
    "export",
    "restore",
    "retain",
]

BACKUP_HELP: Final = help_text(
    "Write a backup of the service as one checked archive, while the service goes on: every row of one moment and the "
    "results of jobs, without sessions and secrets. It holds everything that patients' cases hold: keep it so.",
    [
        "portico backup --out /backup/portico-2026-03-02.zip",
        "portico backup --config /etc/portico/portico.toml --out portico.zip",
    ],
    {
        0: "the backup was written and the audit log holds",
        1: "it was written, but the audit log does not hold; or a file of that name exists",
        3: "it cannot be written, or the database does not answer",
    },
)
RESTORE_HELP: Final = help_text(
    "Put a backup into an empty database, of SQLite or PostgreSQL whichever it came from, and verify its audit log "
    "there. A backup that was changed or does not hold is refused and nothing is stored.",
    [
        "portico restore portico.zip --folder /var/lib/portico",
        "portico restore portico.zip --config /etc/portico/portico.toml",
    ],
    {
        0: "everything is back and the audit log holds",
        1: "the database is not empty",
        3: "the backup is damaged, or the database does not answer",
    },
)
RETAIN_HELP: Final = help_text(
    "Remove the cases that were closed longer ago than a time, with their Directives and checks, and the jobs that "
    "ended before it. An open case is never removed. The audit log keeps random ids and hashes, and says what is gone. "
    "Older backups still hold it.",
    ["portico retain --older-than 3650d --dry-run", "portico retain --older-than 3650d --folder /var/lib/portico"],
    {
        0: "what was due is removed, or counted with --dry-run",
        3: "the database does not answer; what was removed until then stays removed",
    },
)
EXPORT_HELP: Final = help_text(
    "Write everything that is kept of one case into a zip file: every version, its Directives and checks, and its "
    "entries of the audit log. The export itself is logged.",
    ["portico export 3f2a9c0d1e4b5a67 --out case.zip"],
    {
        0: "the file was written",
        3: "it cannot be written, or the database does not answer",
    },
)

_DAYS: Final = re.compile(r"([1-9][0-9]{0,4})d")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def backup(
    out: Annotated[Path, typer.Option("--out", help="File to write; must not exist.", metavar="FILE")],
    folder: FolderOption = None,
    config: ConfigOption = None,
    as_json: AsJson = False,
) -> None:
    """Write a backup.

    Raises
    ------
    UsageError : ``no-database``, ``config-and-option``
    Blocked : ``exists``
    ReadingRefused, Unavailable : it cannot be written
    """
    from portico.service.backup import back_up

    made = back_up(settings_at(folder, config), out)
    _tell(made, as_json, "Written.")
    raise typer.Exit(Exit.FINDINGS.value if made.problems else Exit.FINE.value)


def restore(
    file: Annotated[Path, typer.Argument(help="The backup.", metavar="FILE")],
    folder: FolderOption = None,
    config: ConfigOption = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup.

    Raises
    ------
    UsageError : ``config-and-option``
    Blocked : ``not-empty``
    ReadingRefused, Unavailable : nothing was restored
    """
    from portico.service.backup import restore as bring_back

    _tell(bring_back(file, settings_at(folder, config, exists=False)), as_json, "Restored.")


def retain(
    older_than: Annotated[str, typer.Option("--older-than", help="Days, as in 3650d.", metavar="DAYS")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Remove nothing; count what is due.")] = False,
    folder: FolderOption = None,
    config: ConfigOption = None,
    as_json: AsJson = False,
) -> None:
    """Remove what was closed long ago.

    Raises
    ------
    UsageError : ``days``, ``no-database``, ``config-and-option``
    Unavailable : the database does not answer
    """
    import datetime as dt

    from portico.cli.output import show, show_json
    from portico.service.audit import stamp
    from portico.service.backup import OPERATOR
    from portico.service.retention import remove_older
    from portico.service.storage import Store

    found = _DAYS.fullmatch(older_than)
    if found is None:
        raise UsageError("Give whole days.", code="days", path="--older-than", fix="Write them as 3650d.")
    settings = settings_at(folder, config)
    store = Store(settings)
    try:
        before = stamp(dt.timedelta(days=int(found[1])))
        gone = remove_older(store, settings.folder, before, by=OPERATOR, dry=dry_run)
    finally:
        store.close()
    counts = {"cases": gone.cases, "directives": gone.directives, "checks": gone.checks, "jobs": gone.jobs}
    if as_json:
        show_json({"schema": "retain/1", "dry_run": dry_run, "before": before, **counts})
    else:
        words = ", ".join(f"{count} {name}" for name, count in counts.items())
        show(f"{'Due' if dry_run else 'Removed'}: {words}.")


def export(
    case: Annotated[str, typer.Argument(help="Id of the case, from its address.", metavar="CASE")],
    out: Annotated[Path, typer.Option("--out", help="File to write.", metavar="FILE")],
    folder: FolderOption = None,
    config: ConfigOption = None,
) -> None:
    """Export a case.

    Raises
    ------
    UsageError : ``not-found``, ``no-database``, ``config-and-option``
    ReadingRefused, Unavailable : it cannot be written
    """
    from portico.cli.output import say, shown_path
    from portico.reading import write_atomic
    from portico.service.backup import OPERATOR
    from portico.service.retention import export_case
    from portico.service.storage import Store

    store = Store(settings_at(folder, config))
    try:
        data = export_case(store, case, by=OPERATOR)
    finally:
        store.close()
    write_atomic(out, data)
    say(f"Written: {shown_path(out)}")


def _tell(made: Any, as_json: bool, done: str) -> None:
    from portico.cli.output import show, show_json

    if as_json:
        show_json(
            {
                "schema": "backup-result/1", "rows": made.rows, "entries": made.entries, "head": made.head,
                "problems": list(made.problems), "files": made.files, "digest": made.digest,
            }
        )  # fmt: skip
        return
    for line in made.problems:
        show(line)
    show(", ".join(f"{count} {name}" for name, count in made.rows.items()) + f", {made.files} files")
    show(f"{made.entries} entries of the log, newest {made.head}")
    show(f"Contents {made.digest}")
    show(done if not made.problems else f"{done} The log does NOT hold.")
