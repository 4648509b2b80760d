"""Gives Alembic the connection of `station.store.migrate`, which keeps the change in one transaction."""

from __future__ import annotations

from alembic import context

from station.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
