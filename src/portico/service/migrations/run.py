"""Bringing a database to a version, up or down, in one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

__all__ = ["migrate"]

_HERE: Final = Path(__file__).parent


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
        config.attributes["connection"] = connection
        (command.downgrade if to == "base" else command.upgrade)(config, to)
