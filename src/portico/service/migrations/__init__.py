"""Migrations of the database, run by Alembic from inside the package."""

from portico.service.migrations.run import migrate

__all__ = ["migrate"]
