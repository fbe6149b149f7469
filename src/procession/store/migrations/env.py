"""Alembic runs this. The connection comes from ``store.schema.upgrade``, with its transaction already open."""

from __future__ import annotations

from alembic import context

from procession.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,  # all of an upgrade or nothing, on SQLite too
)
context.run_migrations()
