"""Backup and restore: everything a service keeps, of one moment, as one checked archive.

The archive holds the rows of every table, not the files of a database, so that what SQLite kept can be taken over by
PostgreSQL. The moment is that of one transaction that only reads: SQLite in its write-ahead mode and PostgreSQL both
go on serving meanwhile. Sessions are left out: nobody is signed in by a restored backup.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from alembic.runtime.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy import Connection, MetaData, Table, insert, select

from portico import __version__
from portico.directive import canonical_json
from portico.errors import Blocked, PorticoError, ReadingRefused
from portico.service import tables
from portico.service.audit import append, now, verify_log
from portico.service.migrations import migrate
from portico.service.settings import Settings
from portico.service.storage import guarded, open_engine, snapshot

__all__ = ["OPERATOR", "BackedUp", "back_up", "restore"]

OPERATOR: Final = "operator"
"""Who acts, in the audit log, when a command is run on the machine of the service."""
_LEFT_OUT: Final = frozenset({"alembic_version", "sessions", "sign_ins"})
_MANIFEST: Final = "manifest.json"
_LARGEST_MANIFEST: Final = 64 * 1024 * 1024
_LARGEST_LINE: Final = 256 * 1024 * 1024
_MEMBER: Final = re.compile(r"tables/[a-z_]{1,40}\.jsonl|jobs/[0-9a-f]{1,32}/try-[0-9]{1,6}/[A-Za-z0-9_.-]{1,100}")
_BLOCK: Final = 1 << 20
_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds, or what was restored from one.

    Parameters
    ----------
    rows : of each table
    entries, head : of the audit log
    problems : what its verification found; empty when it holds
    files : of results of jobs
    digest : SHA-256 of the list of contents, which holds that of each part
    """

    rows: dict[str, int]
    entries: int
    head: str
    problems: tuple[str, ...]
    files: int
    digest: str


def back_up(settings: Settings, out: Path) -> BackedUp:
    """Write a backup while the service goes on.

    Parameters
    ----------
    out : file to write, which must not exist; readable by its owner alone, for it holds everything

    Raises
    ------
    Blocked : ``exists``
    ReadingRefused : ``cannot-write``
    Unavailable : the database does not answer
    """
    if out.exists():
        raise Blocked("There is a file of that name.", code="exists", file=str(out), fix="Choose another name.")
    part = out.with_name(f".{out.name[:100]}.{secrets.token_hex(8)}.part")
    engine = open_engine(settings.url)
    try:
        with (
            os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as stream,
            snapshot(engine) as connection,
        ):
            made = _write(stream, connection, settings.folder)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(out)
    except OSError as error:
        raise ReadingRefused(
            f"The backup cannot be written: {error.strerror}.", code="cannot-write", file=str(out)
        ) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        engine.dispose()
    return made


def restore(path: Path, settings: Settings) -> BackedUp:
    """Put a backup into an empty database and verify its audit log there.

    Everything is read and checked before the database is touched, and stored in one transaction: a backup that does
    not hold leaves the database empty.

    Raises
    ------
    ReadingRefused : ``not-a-backup``, ``backup-damaged``, ``backup-newer``, ``log-broken``
    Blocked : ``not-empty``
    Unavailable : the database does not answer
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _checked(archive)
            settings.prepare()
            engine = open_engine(settings.url)
            try:
                with guarded():
                    try:
                        migrate(engine, manifest["revision"])
                    except CommandError:
                        raise _refused("backup-newer", "The backup was made by a newer Portico.") from None
                    with engine.begin() as connection:
                        made = _read(archive, manifest, connection, settings.folder)
                    migrate(engine)
            finally:
                engine.dispose()
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError):
        raise _refused("not-a-backup", "This is no backup, or it is damaged.") from None
    except OSError as error:
        raise ReadingRefused(
            f"The backup cannot be read: {error.strerror}.", code="unreadable", file=str(path)
        ) from None
    return made


def _write(stream: IO[bytes], connection: Connection, folder: Path) -> BackedUp:
    found = verify_log(connection)
    revision = MigrationContext.configure(connection).get_current_revision()
    members: list[dict[str, Any]] = []
    rows: dict[str, int] = {}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in tables.metadata.sorted_tables:
            if table.name in _LEFT_OUT:
                continue
            lines = _lines(connection, table)
            members.append(_put(archive, f"tables/{table.name}.jsonl", lines))
            rows[table.name] = members[-1].pop("parts")
        for name, file in _results(connection, folder):
            members.append(_put(archive, name, _blocks(file)))
            members[-1].pop("parts")
        body = canonical_json(
            {
                "schema": "backup/1", "at": now(), "software": __version__, "revision": revision, "entries": found.entries,
                "head": found.head, "problems": list(found.problems), "rows": rows, "members": members,
            }
        )  # fmt: skip
        archive.writestr(_MANIFEST, body)
    files = sum(one["name"].startswith("jobs/") for one in members)
    return BackedUp(rows, found.entries, found.head, found.problems, files, hashlib.sha256(body).hexdigest())


def _put(archive: zipfile.ZipFile, name: str, parts: Iterator[bytes]) -> dict[str, Any]:
    total, size, count = hashlib.sha256(), 0, 0
    with archive.open(name, "w", force_zip64=True) as stream:
        for part in parts:
            stream.write(part)
            total.update(part)
            size, count = size + len(part), count + 1
    return {"name": name, "bytes": size, "sha256": total.hexdigest(), "parts": count}


def _lines(connection: Connection, table: Table) -> Iterator[bytes]:
    query = select(table).order_by(*table.primary_key.columns)
    for row in connection.execution_options(yield_per=_ROWS).execute(query).mappings():
        plain = {
            key: {"base64": base64.b64encode(value).decode("ascii")} if isinstance(value, bytes) else value
            for key, value in row.items()
        }
        yield json.dumps(plain, ensure_ascii=True, sort_keys=True).encode("ascii") + b"\n"


def _results(connection: Connection, folder: Path) -> Iterator[tuple[str, Path]]:
    """Files that jobs gave: those that the database names, and that lie there still."""
    jobs = tables.jobs
    for row in connection.execute(select(jobs).where(jobs.c.state == "done").order_by(jobs.c.id)):
        place = f"jobs/{row.id}/try-{row.attempts}"
        for one in json.loads(row.result or "{}").get("files", ()):
            name = f"{place}/{one['name']}"
            if _MEMBER.fullmatch(name) and (folder / name).is_file():
                yield name, folder / name


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield block


def _checked(archive: zipfile.ZipFile) -> dict[str, Any]:
    """The list of contents, after every part was read once and found as it was written."""
    try:
        with archive.open(_MANIFEST) as stream:
            body = stream.read(_LARGEST_MANIFEST + 1)
        manifest: dict[str, Any] = json.loads(body)
        if manifest["schema"] != "backup/1" or canonical_json(manifest) != body:
            raise _refused("not-a-backup", "This is no backup that this Portico reads.")
        listed = {one["name"]: one for one in manifest["members"]}
        known = [one.filename for one in archive.infolist()]
        if sorted(known) != sorted([*listed, _MANIFEST]) or not all(_MEMBER.fullmatch(name) for name in listed):
            raise _refused("backup-damaged", "The backup does not hold what its list says.")
        for name, one in listed.items():
            total, size = hashlib.sha256(), 0
            with archive.open(name) as stream:
                while size <= one["bytes"] and (block := stream.read(_BLOCK)):
                    total.update(block)
                    size += len(block)
            if (size, total.hexdigest()) != (one["bytes"], one["sha256"]):
                raise _refused("backup-damaged", "A part of the backup was changed after it was made.")
        manifest["digest"] = hashlib.sha256(body).hexdigest()
    except (KeyError, TypeError, ValueError, RecursionError, zipfile.BadZipFile, OverflowError) as error:
        if isinstance(error, PorticoError):
            raise
        raise _refused("not-a-backup", "This is no backup, or it is damaged.") from None
    return manifest


def _read(archive: zipfile.ZipFile, manifest: dict[str, Any], connection: Connection, folder: Path) -> BackedUp:
    known = MetaData()
    known.reflect(connection)
    kept = [table for table in known.sorted_tables if table.name not in _LEFT_OUT]
    if any(connection.execute(select(table).limit(1)).first() is not None for table in kept):
        raise Blocked("The database is not empty; nothing was restored.", code="not-empty", fix="Take an empty one.")
    names = {one["name"] for one in manifest["members"]}
    rows: dict[str, int] = {}
    for table in kept:
        name = f"tables/{table.name}.jsonl"
        if name not in names:
            raise _refused("backup-damaged", "A table is missing from the backup.")
        rows[table.name] = 0
        waiting: list[dict[str, Any]] = []
        with archive.open(name) as stream:
            while line := stream.readline(_LARGEST_LINE):
                waiting.append({key: _value(value) for key, value in json.loads(line).items()})
                rows[table.name] += 1
                if len(waiting) == _ROWS:
                    connection.execute(insert(table), waiting)
                    waiting = []
        if waiting:
            connection.execute(insert(table), waiting)
    found = verify_log(connection, manifest["head"])
    if found.problems or (found.entries, found.head) != (manifest["entries"], manifest["head"]):
        raise _refused("log-broken", "The audit log of the backup does not hold; nothing was restored.")
    files = [name for name in names if name.startswith("jobs/")]
    for name in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with archive.open(name) as source, target.open("wb") as stream:
            while block := source.read(_BLOCK):
                stream.write(block)
    digest = manifest["digest"]
    head = append(connection, by=OPERATOR, action="restored", subject=f"backup/{digest[:16]}", digest=digest)
    return BackedUp(rows, found.entries + 1, head, (), len(files), digest)


def _value(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


def _refused(code: str, message: str) -> ReadingRefused:
    return ReadingRefused(message, code=code)
