"""The audit log: who did what when, each entry bound to the one before and to what was stored.

An entry's hash is the SHA-256 of its canonical JSON, which holds the hash of the entry before. A changed, removed or
added entry in the middle breaks the chain. Entries cut off at the end leave a chain that is whole, so the newest hash
must be kept elsewhere from time to time and given to the verification.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select

from portico.directive import sha256_of
from portico.service import tables

__all__ = ["FIRST", "Verified", "append", "digest_of", "now", "stamp", "verify_log"]

#: What the first entry names as the one before.
FIRST: Final = "0" * 64
#: Objects that come and go; every other one that was logged must be stored until the log says that it was removed.
_PASSING: Final = ("session/", "closing/", "export/", "backup/")


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found.

    Parameters
    ----------
    entries : how many entries were read
    head : hash of the newest; ``FIRST`` when the log is empty
    problems : one sentence each; empty when everything holds
    """

    entries: int
    head: str
    problems: tuple[str, ...]


def now() -> str:
    """This moment in UTC, to the millisecond: ``2026-03-02T10:15:00.123Z``."""
    return stamp()


def stamp(ago: dt.timedelta = dt.timedelta(0)) -> str:
    """A moment before this one, written as :func:`now` does; two of them compare as text."""
    return (dt.datetime.now(dt.UTC) - ago).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def append(connection: Connection, *, by: str, action: str, subject: str, digest: str) -> str:
    """Add an entry inside the transaction that stores what it speaks of.

    Parameters
    ----------
    connection : in a transaction that no other writer shares
    by : who acts
    action : such as ``case-saved``
    subject : such as ``case/ID/VERSION``
    digest : SHA-256 of what was stored, or, with the action ``removed``, of what is gone

    Returns
    -------
    hash of the entry
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE audit IN EXCLUSIVE MODE")
    table = tables.audit
    last = connection.execute(select(table.c.seq, table.c.hash).order_by(table.c.seq.desc()).limit(1)).first()
    entry: dict[str, Any] = {
        "seq": 1 if last is None else last.seq + 1,
        "at": now(),
        "by": by,
        "action": action,
        "object": subject,
        "digest": digest,
        "previous": FIRST if last is None else last.hash,
    }
    entry["hash"] = sha256_of(entry)
    connection.execute(insert(table).values(entry))
    return str(entry["hash"])


def verify_log(connection: Connection, head: str | None = None) -> Verified:
    """Follow the chain from its first entry and hold it against everything that is stored.

    Parameters
    ----------
    connection : of the database
    head : hash of an entry that was noted earlier; it must still be in the log
    """
    problems: list[str] = []
    previous, expected, known = FIRST, 1, {FIRST}
    logged: dict[str, str] = {}
    count = 0
    for row in connection.execute(select(tables.audit).order_by(tables.audit.c.seq)).mappings():
        entry = {key: value for key, value in row.items() if key != "hash"}
        if entry["seq"] != expected:
            problems.append(f"Entry {expected} is missing.")
        if entry["previous"] != previous:
            problems.append(f"Entry {entry['seq']} does not follow the entry before it.")
        if sha256_of(dict(entry)) != row["hash"]:
            problems.append(f"Entry {entry['seq']} was changed.")
        name = entry["object"]
        if entry["action"] == "removed":
            if logged.pop(name, None) != entry["digest"]:
                problems.append(f"Entry {entry['seq']} removes {name}, which was not stored so.")
        elif not name.startswith(_PASSING):
            logged[name] = entry["digest"]
        previous, expected, count = row["hash"], entry["seq"] + 1, count + 1
        known.add(row["hash"])
    problems += _stored(connection, logged)
    if head is not None and head not in known:
        problems.append("The hash that was noted is not in the log: entries were removed or written anew.")
    return Verified(count, previous, tuple(problems))


def _stored(connection: Connection, logged: dict[str, str]) -> list[str]:
    """What is stored must be what was logged, byte for byte, and nothing that was logged may be gone."""
    found: dict[str, str] = {}
    versions, signed, reports = tables.case_versions, tables.directives, tables.checks
    for row in connection.execute(select(versions)):
        found[f"case/{row.case_id}/{row.version}"] = digest_of(row.content, row.answers)
    for row in connection.execute(select(signed.c.hash, signed.c.content)):
        found[f"directive/{row.hash}"] = digest_of(row.content)
    for row in connection.execute(select(reports.c.id, reports.c.page)):
        found[f"check/{row.id}"] = digest_of(row.page)
    for row in connection.execute(select(tables.jobs)):
        found[f"job/{row.id}"] = digest_of(row.kind, row.request)
        if row.ended_at is not None:
            found[f"job/{row.id}/end"] = digest_of(row.state, row.result)
        elif f"job/{row.id}/end" in logged:  # it was resumed
            found[f"job/{row.id}/end"] = digest_of("resumed")
    for row in connection.execute(select(tables.cds_feedback)):
        found[f"cds-feedback/{row.id}"] = digest_of(
            row.service, row.card, row.topic, row.outcome, row.suggestions, row.reason_code, row.reason_system, row.comment,
            row.outcome_at, row.client,
        )  # fmt: skip
    newest = select(versions.c.case_id, func.max(versions.c.version)).group_by(versions.c.case_id)
    heads = {row[0]: row[1] for row in connection.execute(newest)}
    wrong = [
        f"case/{row.id} does not point to its newest version."
        for row in connection.execute(select(tables.cases))
        if heads.get(row.id) != row.version
    ]
    wrong += [f"{name} is in the log but not stored." for name in logged if name not in found]
    wrong += [f"{name} is stored but not in the log." for name in found if name not in logged]
    wrong += [
        f"{name} was changed after it was stored." for name in found if logged.get(name, found[name]) != found[name]
    ]
    return sorted(wrong)


def digest_of(*parts: str | bytes | None) -> str:
    """SHA-256 over stored parts, each with its length, so that none can flow into the next; None is told from empty."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8") if isinstance(part, str) else part
        total.update(b"-" if data is None else f"{len(data)}:".encode() + data)
    return total.hexdigest()
