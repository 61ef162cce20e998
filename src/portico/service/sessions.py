"""Sessions: short, in the database, and known there only by the hash of what the browser holds."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from typing import Final

from sqlalchemy import delete, insert, select, update

from portico.service import tables
from portico.service.audit import append, digest_of, now, stamp
from portico.service.people import Person
from portico.service.roles import Role
from portico.service.settings import SignInSettings
from portico.service.storage import Store, guarded

__all__ = ["Sessions", "hash_of"]

_BYTES: Final = 32
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{43}")
#: A session is marked as seen at most once in so many seconds, so that reading costs no write.
_SEEN_EVERY_S: Final = 30


def hash_of(secret: str) -> str:
    """SHA-256 of what a browser holds, as it stands in the database."""
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()


class Sessions:
    """The sessions of one service; safe to share between threads and processes."""

    def __init__(self, store: Store, settings: SignInSettings) -> None:
        self._store = store
        self._idle = dt.timedelta(minutes=settings.idle_minutes)
        self._longest = dt.timedelta(minutes=settings.absolute_minutes)

    def begin(self, person: Person, old: str | None = None) -> str:
        """Begin a session.

        Parameters
        ----------
        person : who signed in
        old : what the browser held before; that session ends, so that nobody who planted or saw it shares the new one

        Returns
        -------
        what the browser is to hold

        Raises
        ------
        Unavailable : nothing was begun
        """
        secret = secrets.token_urlsafe(_BYTES)
        table, at, roles = tables.sessions, now(), ",".join(sorted(role.value for role in person.roles))
        with guarded(), self._store.engine.begin() as connection:
            connection.execute(
                delete(table).where((table.c.began_at <= self._began()) | (table.c.seen_at <= self._seen()))
            )
            if old is not None:
                connection.execute(delete(table).where(table.c.id == hash_of(old)))
            row = {"subject": person.subject, "name": person.name, "roles": roles, "began_at": at, "seen_at": at}
            connection.execute(insert(table).values(id=hash_of(secret), **row))
            append(
                connection, by=person.subject, action="signed-in", subject=f"session/{hash_of(secret)[:16]}",
                digest=digest_of(roles),
            )  # fmt: skip
        return secret

    def find(self, secret: str) -> Person | None:
        """The person of a session; None when there is none or when it ended. Finding it puts off its idle end.

        Raises
        ------
        Unavailable : the database does not answer
        """
        if not _FORM.fullmatch(secret):
            return None
        table = tables.sessions
        alive = (table.c.id == hash_of(secret), table.c.began_at > self._began(), table.c.seen_at > self._seen())
        with guarded(), self._store.reader.connect() as connection:
            row = connection.execute(select(table).where(*alive)).first()
        if row is None:
            return None
        if row.seen_at <= stamp(dt.timedelta(seconds=_SEEN_EVERY_S)):
            with guarded(), self._store.engine.begin() as connection:
                # A session that ended meanwhile stays ended.
                if connection.execute(update(table).where(*alive).values(seen_at=now())).rowcount != 1:
                    return None
        known = {role.value: role for role in Role}
        roles = frozenset(known[word] for word in row.roles.split(",") if word in known)
        return Person(row.subject, row.name, roles)

    def end(self, secret: str) -> None:
        """End a session, at its person's wish.

        Raises
        ------
        Unavailable : it may go on
        """
        table, name = tables.sessions, hash_of(secret)
        with guarded(), self._store.engine.begin() as connection:
            row = connection.execute(select(table.c.subject, table.c.roles).where(table.c.id == name)).first()
            if row is not None:
                connection.execute(delete(table).where(table.c.id == name))
                append(
                    connection, by=row.subject, action="signed-out", subject=f"session/{name[:16]}",
                    digest=digest_of(row.roles),
                )  # fmt: skip

    def _began(self) -> str:
        return stamp(self._longest)

    def _seen(self) -> str:
        return stamp(self._idle)
