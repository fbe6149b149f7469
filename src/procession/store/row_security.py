"""What PostgreSQL enforces beside our queries: a transaction of one tenant sees and writes that tenant's rows only.

A transaction states its scope with ``SET LOCAL``: ``procession.tenant`` for the work of one tenant, or
``procession.scope = 'system'`` for claims, maintenance and whatever serves every tenant. One that states neither sees
nothing. FORCE makes the policies hold for the tables' owner too; superusers and roles with BYPASSRLS stand above them.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

PARENTS = {
    "attempts": ("analyses", "analysis_id"),
    "page_images": ("documents", "document_id"),
    "template_sources": ("analyses", "analysis_id"),
}
"""Tables without a tenant of their own: a row belongs to whom its parent (table, reference) belongs."""

WITHOUT_TENANT = frozenset(
    {
        "alembic_version",
        "schema_compatibility",
        "deletions",
        "intents",
        "review_outcomes",
        "calibrations",
        "class_controls",
        "workers",
        "duties",
        "usage_totals",
        "meter_marks",
        "models",
        "model_versions",
        "model_deployments",
        "model_outcomes",
    }
)
"""Tables with nothing of a tenant: versions, names of objects that are being written or deleted, counts over all
tenants, running processes, models and their versions, files of questions at a provider."""

# in a sub-select the settings are read once per statement, not once per row
_SYSTEM = "(SELECT current_setting('procession.scope', true)) = 'system'"
_OWN = f"tenant = (SELECT current_setting('procession.tenant', true)) OR {_SYSTEM}"
POLICY = "of_tenant"

_TABLES = text(
    "SELECT c.relname AS name, EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid "
    "AND a.attname = 'tenant' AND NOT a.attisdropped) AS has_tenant "
    "FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1"
)
_BY_LOCALE = text(
    "SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type "
    "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_collation l ON l.oid = a.attcollation "
    "WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND l.collname <> 'C' "
    "AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2"
)


def apply(conn: Connection) -> None:
    """Make every table of the schema follow the rules; harmless to repeat. Runs after each migration.

    Raises LookupError for a new table that has no tenant and is named in neither list above.
    """
    _compare_by_bytes(conn)
    for name, has_tenant in conn.execute(_TABLES).all():
        if name in WITHOUT_TENANT:
            continue
        _protect(conn, name, _OWN if has_tenant else _of_parent(name))


def _of_parent(table: str) -> str:
    if table not in PARENTS:
        raise LookupError(f"table {table} has no tenant column: say in store/row_security.py whose rows it holds")
    parent, reference = PARENTS[table]
    return f"{_SYSTEM} OR EXISTS (SELECT 1 FROM {parent} WHERE {parent}.id = {table}.{reference})"  # noqa: S608 ours


def _protect(conn: Connection, table: str, rule: str) -> None:
    for statement in (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS {POLICY} ON {table}",
        f"CREATE POLICY {POLICY} ON {table} USING ({rule}) WITH CHECK ({rule})",
    ):
        conn.execute(text(statement))


def _compare_by_bytes(conn: Connection) -> None:
    """Ids are compared and sorted as on SQLite, by bytes, whatever the database's locale; faster, too."""
    for table, column, kind in conn.execute(_BY_LOCALE).all():
        conn.execute(text(f'ALTER TABLE {table} ALTER COLUMN "{column}" TYPE {kind} COLLATE "C"'))
