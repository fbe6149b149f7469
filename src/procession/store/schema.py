"""The schema's version: which database this code runs on, and the migrations that bring one there.

A migration module may declare, beside Alembic's names, how it keeps a rolling upgrade safe (expand, then contract):
``code_from``, the oldest revision whose code still runs on the schema after it, and ``schema_from``, the oldest schema
the code of this revision runs on. Without them only equal revisions fit.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, delete, insert, inspect, select, text

from procession.domain.errors import Unavailable
from procession.store import row_security
from procession.store.dialects import is_postgresql
from procession.store.tables import schema_compatibility

_MIGRATION_LOCK = 7_091_820_030_504
"""Advisory lock, held by one migrating transaction at a time."""


@dataclass(frozen=True, slots=True)
class Pending:
    """One migration that was not run yet."""

    revision: str
    description: str


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", "procession.store:migrations")
    return made


def current(conn: Connection) -> str | None:
    """The revision the database is at; None for an empty one."""
    return MigrationContext.configure(conn).get_current_revision()


def pending(conn: Connection) -> list[Pending]:
    """Migrations still to run, in order. Raises Unavailable when the database is a newer version's."""
    scripts = ScriptDirectory.from_config(config())
    at = current(conn)
    if at is not None and at not in _revisions(scripts):
        if _newer_fits(conn, scripts, at):
            return []
        raise Unavailable(_newer(at))
    left = [script for script in scripts.walk_revisions() if script.revision not in _ancestry(scripts, at)]
    return [Pending(script.revision, (script.doc or "").split("\n")[0]) for script in reversed(left)]


def check(conn: Connection) -> None:
    """Raises Unavailable unless this code runs on the database's schema: an equal one, or one declared to fit."""
    scripts = ScriptDirectory.from_config(config())
    at = current(conn)
    if at is None:
        raise Unavailable("This database has no schema yet. Run `procession migrate`, then start again.")
    if at not in _revisions(scripts):
        if not _newer_fits(conn, scripts, at):
            raise Unavailable(_newer(at))
        return
    head = _head(scripts)
    least: str = getattr(head.module, "schema_from", head.revision)
    if least not in _ancestry(scripts, at):
        raise Unavailable(
            f"This database has schema {at}, and this version needs {least} or newer. "
            "Run `procession migrate`, then start again."
        )


def upgrade(conn: Connection) -> None:
    """Bring the database to the newest schema, all or nothing. Raises Unavailable when a newer version wrote it."""
    if is_postgresql(conn):
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    if not pending(conn):
        return
    settings = config()
    logging.getLogger("alembic").setLevel(logging.WARNING)
    settings.attributes["connection"] = conn
    command.upgrade(settings, "head")
    head = _head(ScriptDirectory.from_config(settings))
    code_from: str = getattr(head.module, "code_from", head.revision)
    conn.execute(delete(schema_compatibility))
    conn.execute(insert(schema_compatibility), {"revision": head.revision, "code_from": code_from})
    if is_postgresql(conn):
        row_security.apply(conn)


def _head(scripts: ScriptDirectory) -> Script:
    head = scripts.get_current_head()
    assert head is not None
    return scripts.get_revision(head)


def _revisions(scripts: ScriptDirectory) -> set[str]:
    return {script.revision for script in scripts.walk_revisions()}


def _ancestry(scripts: ScriptDirectory, at: str | None) -> set[str]:
    """``at`` and every revision before it; empty for an empty database."""
    return set() if at is None else {script.revision for script in scripts.walk_revisions(head=at)}


def _newer_fits(conn: Connection, scripts: ScriptDirectory, at: str) -> bool:
    """Whether the newer version that wrote the schema declared that code of our age still runs on it."""
    if not inspect(conn).has_table(schema_compatibility.name):
        return False
    columns = (schema_compatibility.c.revision, schema_compatibility.c.code_from)
    return any(row.revision == at and row.code_from in _revisions(scripts) for row in conn.execute(select(*columns)))


def _newer(at: str) -> str:
    return (
        f"This database has schema {at}, which this version does not know: a newer Procession wrote it. "
        "Start that version, or restore a backup made before the upgrade."
    )
