"""What the service keeps: versions of cases, signed Directives, checks; each write with its audit entry or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, insert, select, text, update
from sqlalchemy.engine import Row, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as NoConnection

from portico.directive import Directive, canonical_json
from portico.errors import Blocked, PorticoError, UsageError
from portico.service import tables
from portico.service.audit import Verified, append, digest_of, now, verify_log
from portico.service.migrations import migrate
from portico.service.settings import Settings
from portico.service.stored_checks import put_check

__all__ = ["NotFound", "Store", "Unavailable", "guarded", "open_engine", "snapshot"]


class NotFound(UsageError):
    """There is nothing under that name."""

    default_code = "not-found"


class Unavailable(PorticoError):
    """The database cannot be written now: the disk is full, or another writer holds it."""

    default_code = "storage-unavailable"


#: Of PostgreSQL: a statement that waits longer gives up, so that a request ends with an error and not with silence.
_SESSION: Final = "-c lock_timeout=10s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s"


def open_engine(url: str) -> Engine:
    """An engine whose transactions are whole and on the disk when they are acknowledged.

    SQLite writes ahead with ``synchronous=FULL`` and takes its write lock when a transaction begins, so that two
    writers wait for each other instead of failing half-way. A connection to PostgreSQL is tried before it is used, so
    that a restart of the database costs no request that comes after it.
    """
    if make_url(url).get_backend_name() == "postgresql":
        return create_engine(
            url, pool_pre_ping=True, pool_size=10, max_overflow=30, pool_timeout=10, pool_recycle=1800,
            connect_args={"connect_timeout": 10, "options": _SESSION},
        )  # fmt: skip
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, record: Any) -> None:
            connection.isolation_level = None  # SQLAlchemy begins, not the driver
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
                "busy_timeout=10000",
                "secure_delete=ON",
            ):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def _begin(connection: Any) -> None:
            # A reader takes no lock: only writers wait for each other.
            connection.exec_driver_sql(
                "BEGIN" if connection.get_execution_options().get("reads") else "BEGIN IMMEDIATE"
            )

    return engine


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads and sees one moment for as long as it lasts, while others go on writing.

    Raises
    ------
    Unavailable : the database does not answer
    """
    postgres = engine.dialect.name == "postgresql"
    options = {"isolation_level": "REPEATABLE READ"} if postgres else {"reads": True}
    with guarded(), engine.connect().execution_options(**options) as connection:
        if postgres:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # it may read everything that there is
        yield connection


class Store:
    """The database of one service, brought to the newest version of its tables; safe to share between threads.

    Raises
    ------
    Blocked : ``database-newer``, when a newer Portico has been at work
    Unavailable : the database does not answer
    """

    def __init__(self, settings: Settings) -> None:
        self.engine = open_engine(settings.url)
        self.reader = self.engine.execution_options(reads=True)
        try:
            with guarded():
                migrate(self.engine)
        except CommandError:
            self.close()
            raise Blocked(
                "The database was made by a newer Portico.", code="database-newer", fix="Install that version again."
            ) from None
        except Unavailable:
            self.close()
            raise

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()

    def ready(self) -> bool:
        """Whether the database answers."""
        try:
            with self.reader.connect() as connection:
                return connection.execute(text("SELECT 1")).scalar() == 1
        except SQLAlchemyError:
            return False

    def save_case(
        self,
        content: dict[str, Any],
        *,
        by: str,
        answers: dict[str, str] | None = None,
        case_id: str | None = None,
        version: int | None = None,
        once: str | None = None,
    ) -> tuple[str, int]:
        """Store a new case, or the next version of one.

        Parameters
        ----------
        content : the case as plain data, checked by the caller
        answers : what was typed into the form; None for a case from a file
        case_id, version : the case and the version that was read before; both None for a new case
        once : id for a new case, chosen before it is sent: sent again because no answer came, it is stored once

        Returns
        -------
        the id and the number of the version

        Raises
        ------
        Blocked : ``changed-meanwhile``, when another version was stored since
        NotFound : there is no such case
        Unavailable : nothing was stored
        """
        body = canonical_json(content).decode("utf-8")
        typed = None if answers is None else canonical_json(answers).decode("utf-8")
        digest, at = digest_of(body, typed), now()
        name, number = case_id or once or secrets.token_hex(8), (version or 0) + 1
        with guarded(), self.engine.begin() as connection:
            if case_id is None:
                if once is not None and self._stored_before(connection, once, digest):
                    return once, 1
                connection.execute(insert(tables.cases).values(id=name, version=1, changed_at=at))
            else:
                table = tables.cases
                found = connection.execute(select(table.c.version).where(table.c.id == name)).scalar()
                if found is None:
                    raise NotFound("There is no such case.")
                changed = connection.execute(
                    update(table)
                    .where(table.c.id == name, table.c.version == version)
                    .values(version=number, changed_at=at, closed_at=None)
                )
                if changed.rowcount != 1:
                    raise Blocked(
                        "Someone changed this case after you opened it; nothing was stored.",
                        code="changed-meanwhile",
                        fix="Open the case again and enter your change there.",
                    )
            row = {"case_id": name, "version": number, "content": body, "answers": typed, "digest": digest, "at": at}
            connection.execute(insert(tables.case_versions).values(**row, by=by))
            append(connection, by=by, action="case-saved", subject=f"case/{name}/{number}", digest=digest)
        return name, number

    @staticmethod
    def _stored_before(connection: Connection, once: str, digest: str) -> bool:
        """Whether a new case was stored already under the id that was chosen for it.

        Raises
        ------
        Blocked : ``sent-twice``, when something else was
        """
        table = tables.case_versions
        query = select(table.c.digest).where(table.c.case_id == once, table.c.version == 1)
        found = connection.execute(query).scalar()
        if found is not None and found != digest:
            raise Blocked(
                "This form was stored already, with other answers; nothing was stored now.",
                code="sent-twice",
                fix="Open the case and enter your change there.",
            )
        return found is not None

    def save_directive(self, directive: Directive, *, case_id: str, version: int, by: str) -> str:
        """Store a signed Directive; the same one twice is stored once.

        Raises
        ------
        UsageError : ``not-signed``
        Blocked : ``changed-meanwhile``, when the case is no longer the version that was decided on
        """
        if directive.hash is None:
            raise UsageError("Only a signed Directive is stored.", code="not-signed")
        body = canonical_json(directive.to_dict()).decode("utf-8")
        digest = digest_of(body)
        with guarded(), self.engine.begin() as connection:
            table = tables.cases
            # Locked, so that no version can be stored between this look and the end of the transaction.
            query = select(table.c.version).where(table.c.id == case_id).with_for_update()
            if connection.execute(query).scalar() != version:
                raise Blocked(
                    "The case was changed after you opened it; nothing was signed.",
                    code="changed-meanwhile",
                    fix="Look at the options again.",
                )
            known = select(tables.directives.c.case_id).where(tables.directives.c.hash == directive.hash)
            owner = connection.execute(known).scalar()
            if owner == case_id:
                return directive.hash
            if owner is not None:
                raise Blocked(
                    "The same Directive was signed for another case with the same content.",
                    code="signed-elsewhere",
                    fix="Use that case, or say in the reason what differs.",
                )
            connection.execute(
                insert(tables.directives).values(
                    hash=directive.hash, case_id=case_id, case_version=version, content=body, digest=digest, at=now()
                )
            )
            append(connection, by=by, action="signed", subject=f"directive/{directive.hash}", digest=digest)
        return directive.hash

    def save_check(self, directive_hash: str, status: int, page: str, *, by: str) -> str:
        """Store the report of a check; gives its id."""
        name = secrets.token_hex(8)
        with guarded(), self.engine.begin() as connection:
            put_check(connection, name, directive_hash, status, page.encode("utf-8"), by=by)
        return name

    def cases(self) -> Sequence[Row[Any]]:
        """Newest version of each case, newest first."""
        newest, versions = tables.cases, tables.case_versions
        joined = newest.join(versions, (versions.c.case_id == newest.c.id) & (versions.c.version == newest.c.version))
        query = select(versions).select_from(joined).order_by(newest.c.changed_at.desc()).limit(200)
        return self._all(query)

    def case(self, case_id: str) -> Row[Any]:
        """Newest version of a case.

        Raises
        ------
        NotFound : there is none
        """
        found = self.history(case_id)
        if not found:
            raise NotFound("There is no such case.")
        return found[0]

    def history(self, case_id: str) -> Sequence[Row[Any]]:
        """Versions of a case, newest first."""
        table = tables.case_versions
        return self._all(select(table).where(table.c.case_id == case_id).order_by(table.c.version.desc()))

    def directive(self, seal: str) -> Row[Any]:
        """A signed Directive.

        Raises
        ------
        NotFound : there is none
        """
        found = self._all(select(tables.directives).where(tables.directives.c.hash == seal))
        if not found:
            raise NotFound("There is no such Directive.")
        return found[0]

    def directives(self, case_id: str) -> Sequence[Row[Any]]:
        """Directives of a case, newest first."""
        table = tables.directives
        return self._all(select(table).where(table.c.case_id == case_id).order_by(table.c.at.desc()))

    def check(self, check_id: str) -> Row[Any]:
        """The report of a check.

        Raises
        ------
        NotFound : there is none
        """
        found = self._all(select(tables.checks).where(tables.checks.c.id == check_id))
        if not found:
            raise NotFound("There is no such check.")
        return found[0]

    def checks(self, seal: str) -> Sequence[Row[Any]]:
        """Checks against a Directive, newest first, without their pages."""
        table = tables.checks
        query = select(table.c.id, table.c.status, table.c.at).where(table.c.directive_hash == seal)
        return self._all(query.order_by(table.c.at.desc()))

    def verify(self, head: str | None = None) -> Verified:
        """Verify the audit log; see :func:`portico.service.audit.verify_log`."""
        with snapshot(self.engine) as connection:
            return verify_log(connection, head)

    def _all(self, query: Any) -> Sequence[Row[Any]]:
        with guarded(), self.reader.connect() as connection:
            return connection.execute(query).all()


class guarded:  # noqa: N801  # reads as a word after "with"
    """Turns what the database cannot do into one clear error; its own text could hold what was to be stored."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            # It may have broken while the transaction was being acknowledged.
            raise Unavailable(
                "The connection to the database broke; it is not known whether this was stored.",
                code="outcome-unknown",
                fix="Look whether it is there before you send it again.",
            ) from None
        if isinstance(error, StatementError | NoConnection):
            raise Unavailable(
                "The database could not store or read this; nothing was changed.",
                fix="Try again; if it stays so, look at the disk and the database.",
            ) from None
