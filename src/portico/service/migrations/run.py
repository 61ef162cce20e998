"""Bringing a database to a version, up or down, in one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

__all__ = ["migrate"]

_HERE: Final = Path(__file__).parent
#: Any number that no other program in the same database takes: "portico" in ASCII.
_LOCK: Final = int.from_bytes(b"portico", "big")


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the database to a version.

    Parameters
    ----------
    engine : SQLite or PostgreSQL
    to : a revision, ``head`` for the newest, ``base`` for an empty database. Towards ``base`` everything that is
        stored is removed
    """
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # of several processes that start at once, one makes the tables
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        config.attributes["connection"] = connection
        (command.downgrade if to == "base" else command.upgrade)(config, to)
