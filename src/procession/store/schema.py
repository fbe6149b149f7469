"""The schema's version: migrated in process at start, inside the caller's transaction."""

from __future__ import annotations

import logging

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from procession.domain.errors import Unavailable


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", "procession.store:migrations")
    return made


def current(conn: Connection) -> str | None:
    """The revision the database is at; None for an empty one."""
    return MigrationContext.configure(conn).get_current_revision()


def upgrade(conn: Connection) -> None:
    """Bring the database to the newest schema. Raises Unavailable when it was written by a newer Procession."""
    settings = config()
    scripts = ScriptDirectory.from_config(settings)
    at = current(conn)
    if at == scripts.get_current_head():
        return
    if at is not None:
        try:
            scripts.get_revision(at)
        except CommandError:
            raise Unavailable(
                f"This database has schema {at}, which this version does not know: a newer Procession wrote it. "
                "Start that version, or restore a backup made before the upgrade."
            ) from None
    logging.getLogger("alembic").setLevel(logging.WARNING)
    settings.attributes["connection"] = conn
    command.upgrade(settings, "head")
