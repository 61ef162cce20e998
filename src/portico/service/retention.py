"""Keeping no longer than needed: closing cases, removing what was closed long ago, and giving one case away whole.

Whatever is removed leaves its entries in the audit log, which name it by its random id and hash alone, and one entry
more for each part that says that it is gone. A part that was changed behind the service before is thus still told.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from portico.service import tables
from portico.service.audit import append, digest_of, now
from portico.service.storage import NotFound, Store, guarded

__all__ = ["Removed", "close_case", "closed_at", "export_case", "remove_older"]

_DATE: Final = (1980, 1, 1, 0, 0, 0)
_ENDED: Final = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed, or would be.

    Parameters
    ----------
    cases, directives, checks, jobs : how many of each
    """

    cases: int = 0
    directives: int = 0
    checks: int = 0
    jobs: int = 0

    def __add__(self, other: Removed) -> Removed:
        return Removed(
            self.cases + other.cases,
            self.directives + other.directives,
            self.checks + other.checks,
            self.jobs + other.jobs,
        )


def close_case(store: Store, case_id: str, *, by: str) -> None:
    """Close a case: from now on counts the time after which it may be removed. A new version opens it again.

    Raises
    ------
    NotFound : there is no such case
    Unavailable : it stays open
    """
    table, at = tables.cases, now()
    with guarded(), store.engine.begin() as connection:
        found = connection.execute(select(table).where(table.c.id == case_id).with_for_update()).first()
        if found is None:
            raise NotFound("There is no such case.")
        if found.closed_at is None:
            connection.execute(update(table).where(table.c.id == case_id).values(closed_at=at))
            append(connection, by=by, action="case-closed", subject=f"closing/{case_id}", digest=digest_of(at))


def closed_at(store: Store, case_id: str) -> str | None:
    """When a case was closed; None while it is open.

    Raises
    ------
    NotFound : there is no such case
    """
    table = tables.cases
    with guarded(), store.reader.connect() as connection:
        found = connection.execute(select(table.c.closed_at).where(table.c.id == case_id)).first()
    if found is None:
        raise NotFound("There is no such case.")
    return None if found.closed_at is None else str(found.closed_at)


def remove_older(store: Store, folder: Path, before: str, *, by: str, dry: bool = False) -> Removed:
    """Remove the cases that were closed before a moment, and the jobs that ended before it.

    Each case goes in a transaction of its own, with its Directives and checks: whoever stops half-way has removed
    whole cases, and the next call goes on.

    Parameters
    ----------
    folder : of the service, where the files of jobs lie
    before : moment, as :func:`portico.service.audit.stamp` writes it
    dry : only count

    Raises
    ------
    Unavailable : what was removed until then stays removed
    """
    cases, jobs = tables.cases, tables.jobs
    with guarded(), store.reader.connect() as connection:
        old = [row.id for row in connection.execute(select(cases.c.id).where(cases.c.closed_at < before))]
        ended = select(jobs.c.id).where(jobs.c.state.in_(_ENDED), jobs.c.ended_at < before)
        done = [row.id for row in connection.execute(ended)]
    total = Removed()
    for name in sorted(old):
        with guarded(), store.engine.begin() as connection:
            total += _case(connection, name, before, by, dry)
    for name in sorted(done):
        with guarded(), store.engine.begin() as connection:
            total += _job(connection, name, before, by, dry)
        if not dry:
            shutil.rmtree(folder / "jobs" / str(name), ignore_errors=True)
    if not dry:
        _sweep(store)
    return total


def _case(connection: Connection, name: str, before: str, by: str, dry: bool) -> Removed:
    cases, versions, signed, checks = tables.cases, tables.case_versions, tables.directives, tables.checks
    # Looked at again under a lock: somebody may have opened it meanwhile.
    query = select(cases.c.id).where(cases.c.id == name, cases.c.closed_at < before).with_for_update()
    if connection.execute(query).first() is None:
        return Removed()
    gone: list[tuple[str, str]] = []
    seals = connection.execute(select(signed).where(signed.c.case_id == name).order_by(signed.c.hash)).all()
    made = connection.execute(
        select(checks).where(checks.c.directive_hash.in_([row.hash for row in seals])).order_by(checks.c.id)
    ).all()
    for row in connection.execute(select(versions).where(versions.c.case_id == name).order_by(versions.c.version)):
        gone.append((f"case/{name}/{row.version}", digest_of(row.content, row.answers)))
    gone += [(f"directive/{row.hash}", digest_of(row.content)) for row in seals]
    gone += [(f"check/{row.id}", digest_of(row.page)) for row in made]
    if not dry:
        connection.execute(delete(checks).where(checks.c.directive_hash.in_([row.hash for row in seals])))
        connection.execute(delete(signed).where(signed.c.case_id == name))
        connection.execute(delete(versions).where(versions.c.case_id == name))
        connection.execute(delete(cases).where(cases.c.id == name))
        for subject, digest in gone:
            append(connection, by=by, action="removed", subject=subject, digest=digest)
    return Removed(cases=1, directives=len(seals), checks=len(made))


def _job(connection: Connection, name: str, before: str, by: str, dry: bool) -> Removed:
    jobs = tables.jobs
    query = select(jobs).where(jobs.c.id == name, jobs.c.state.in_(_ENDED), jobs.c.ended_at < before).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        return Removed()
    if not dry:
        connection.execute(delete(jobs).where(jobs.c.id == name))
        asked, ended = digest_of(row.kind, row.request), digest_of(row.state, row.result)
        append(connection, by=by, action="removed", subject=f"job/{name}", digest=asked)
        append(connection, by=by, action="removed", subject=f"job/{name}/end", digest=ended)
    return Removed(jobs=1)


def _sweep(store: Store) -> None:
    """Have the database give back what removed rows held: SQLite has overwritten it already, in its log too then."""
    with guarded(), store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if store.engine.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM cases, case_versions, directives, checks, jobs")
        else:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")


def export_case(store: Store, case_id: str, *, by: str) -> bytes:
    """Everything that is kept of one case, as a zip file: versions, Directives, checks, and its entries of the log.

    Raises
    ------
    NotFound : there is no such case
    Unavailable : the database does not answer
    """
    versions, signed, checks, log = tables.case_versions, tables.directives, tables.checks, tables.audit
    files: dict[str, bytes] = {}
    with guarded(), store.engine.begin() as connection:
        for row in connection.execute(select(versions).where(versions.c.case_id == case_id)):
            files[f"case/version-{row.version}.json"] = row.content.encode("utf-8")
            if row.answers is not None:
                files[f"case/version-{row.version}-answers.json"] = row.answers.encode("utf-8")
        if not files:
            raise NotFound("There is no such case.")
        seals = connection.execute(select(signed).where(signed.c.case_id == case_id)).all()
        names = {f"directive/{row.hash}" for row in seals}
        for row in seals:
            files[f"directives/{row.hash}.json"] = row.content.encode("utf-8")
            for made in connection.execute(select(checks).where(checks.c.directive_hash == row.hash)):
                files[f"checks/{made.id}.html"] = made.page
                names.add(f"check/{made.id}")
        mine = (
            log.c.object.in_(names)
            | log.c.object.startswith(f"case/{case_id}/")
            | (log.c.object == f"closing/{case_id}")
        )
        entries: list[dict[str, Any]] = [
            dict(row) for row in connection.execute(select(log).where(mine).order_by(log.c.seq)).mappings()
        ]
        files["log.json"] = json.dumps(entries, indent=1).encode("utf-8")
        made_zip = io.BytesIO()
        with zipfile.ZipFile(made_zip, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(files):
                archive.writestr(zipfile.ZipInfo(name, _DATE), files[name], zipfile.ZIP_DEFLATED)
        data = made_zip.getvalue()
        append(connection, by=by, action="exported", subject=f"export/{case_id}", digest=digest_of(data))
    return data
