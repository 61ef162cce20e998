"""Writing the report of a check, inside a transaction of the caller."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from portico.service import tables
from portico.service.audit import append, digest_of, now

__all__ = ["put_check"]


def put_check(connection: Connection, name: str, seal: str, status: int, page: bytes, *, by: str) -> None:
    """Store the report of a check against a stored Directive, with its audit entry.

    Parameters
    ----------
    connection : in a transaction
    name : id of the check
    seal : of the Directive
    status : what the command would have ended with
    page : the report as HTML in UTF-8
    """
    digest = digest_of(page)
    row = {"id": name, "directive_hash": seal, "status": status, "page": page, "digest": digest}
    connection.execute(insert(tables.checks).values(**row, at=now()))
    append(connection, by=by, action="plan-checked", subject=f"check/{name}", digest=digest)
