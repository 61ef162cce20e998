"""What Alembic runs: the connection is given by :func:`portico.service.migrations.migrate`."""

from __future__ import annotations

from alembic import context

from portico.service.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
