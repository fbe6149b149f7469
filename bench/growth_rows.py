"""Years of finished work for ``bench growth``: rows written by the database itself, straight into the tables.

Each job has its document and attempt and is long finished; of the journal only the last tenth is there, to save disk.
Fifty tenants share them row by row. Indexes are dropped meanwhile and built anew, as a restore would.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from string import Template

import psycopg

TENANTS = 50
EVENTS_SHARE = 10
"""One event for so many jobs."""
FAILED_EVERY = 3

_TENANT = "'tenant-' || (n % 50)"
_STATE = f"CASE WHEN n % {FAILED_EVERY} = 0 THEN 'failed' ELSE 'completed' END"
_OPTIONS = '\'{"languages":["eng"],"ocr":true,"templates":true}\''

_INSERTS = {
    "documents": f"""INSERT INTO documents (id, tenant, fingerprint, key_id, blob_ref, size_bytes, content_type,
    page_count, created_at) SELECT 'doc_' || $at, {_TENANT}, $digest, 'key_' || $at,
    'documents/' || $at || '@key_' || $at, 200000, 'application/pdf', 3, $then FROM $rows""",
    "analyses": f"""INSERT INTO analyses (id, tenant, region, document_id, priority, options, engine_version, state,
    stage, pages_done, pages_total, version, fence, attempts, pass_number, created_at, run_at, updated_at, started_at,
    finished_at, cancel_requested, result_ref, fields_found, fields_flagged, confidence, degraded, usage,
    file_name_sealed) SELECT 'an_' || $at, {_TENANT}, 'local', 'doc_' || $at, 'urgent', {_OPTIONS}, '2', {_STATE},
    'done', 3, 3, 3, 1, 0, 1, $then, $then, $then, $then, $then, $no, 'results/' || $at, 40, 2, 0.9,
    $no, '{{}}', $sealed FROM $rows""",
    "attempts": """INSERT INTO attempts (analysis_id, fence, worker, started_at, ended_at, outcome)
    SELECT 'an_' || $at, 1, 'worker-a', $then, $then, 'completed' FROM $rows""",
    "events": f"""INSERT INTO events (id, tenant, region, aggregate_type, aggregate_id, version, type, occurred_at,
    actor, schema_version, data, digest) SELECT 'evt_' || $at, {_TENANT}, 'local', 'analysis', 'an_' || $at, 3,
    'analysis.completed', $then, 'worker:worker-a', 1, '{{"state":"completed"}}', '' FROM $rows
    WHERE n > $count - $count / {EVENTS_SHARE}""",
}


def fill_postgres(conn: psycopg.Connection, count: int) -> None:
    """``conn``: a superuser's, in autocommit, on a migrated and empty database."""
    words = {
        "at": "'00' || lpad(n::text, 24, '0')",
        "then": "timestamptz '2026-01-01' + n * interval '1 second'",
        "digest": "md5(n::text) || md5(n::text)",
        "no": "false",
        "sealed": "'\\x50534501'::bytea",
        "rows": f"generate_series(1, {count}) n",
        "count": count,
    }
    with conn.transaction():
        conn.execute("SET LOCAL session_replication_role = replica")  # what is written refers to what is written
        conn.execute("SET LOCAL maintenance_work_mem = '1GB'")
        conn.execute(f"TRUNCATE {', '.join(_INSERTS)} CASCADE")  # so it needs no log
        indexes = conn.execute(
            "SELECT indexname, indexdef FROM pg_indexes i WHERE tablename = ANY (%s) AND NOT EXISTS "
            "(SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)",
            [list(_INSERTS)],
        ).fetchall()
        for name, _ in indexes:
            conn.execute(f"DROP INDEX {name}")
        for statement in _INSERTS.values():
            conn.execute(Template(statement).substitute(words))
        for _, definition in indexes:
            conn.execute(definition)
    conn.execute("VACUUM (ANALYZE)")


def fill_sqlite(path: Path, count: int) -> None:
    """``path``: a migrated, empty database that nobody has open."""
    words = {
        "at": "printf('00%024d', n)",
        "then": "strftime('%Y-%m-%d %H:%M:%f000', 1767225600 + n, 'unixepoch')",
        "digest": "lower(hex(randomblob(32)))",
        "no": "0",
        "sealed": "x'50534501'",
        "rows": f"(WITH RECURSIVE s(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM s LIMIT {count}) SELECT n FROM s)",
        "count": count,
    }
    conn = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-1000000"):
            conn.execute(f"PRAGMA {pragma}")
        marks = ", ".join("?" * len(_INSERTS))
        select = (
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks})"
        )
        indexes = conn.execute(select, list(_INSERTS)).fetchall()
        for name, _ in indexes:
            conn.execute(f"DROP INDEX {name}")
        for statement in _INSERTS.values():
            conn.execute(Template(statement).substitute(words))
        for _, definition in indexes:
            conn.execute(definition)
    finally:
        conn.close()
