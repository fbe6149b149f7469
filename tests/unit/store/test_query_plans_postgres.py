"""On PostgreSQL too, and under the tenants' policies, what runs often never reads the history."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sized
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from procession.domain.analysis import State
from procession.domain.clock import system_clock
from procession.store import claims_at_once, journal
from procession.store.claims import Outcome
from procession.store.claims_at_once import Ending
from procession.store.postgres import PostgresStore
from tests.support.postgres import PostgresServer
from tests.unit.store.test_query_plans import ASKED, BY_INDEX, IN_ORDER, SMALL_INDEXES

HISTORY_ROWS = 20_000
OTHERS = {
    "journal.after a place": lambda conn: journal.after(conn, "acme", 19_000, 100),
    "journal.last_sequence": lambda conn: journal.last_sequence(conn, "acme"),
    "journal.unsettled": lambda conn: journal.unsettled(conn, "acme"),
    "claims_at_once.claim": lambda conn: _all(
        claims_at_once.claim(conn, ["an_1000", "an_2000", "an_3000"], "w", 15, system_clock())
    ),
    "claims_at_once.finish": lambda conn: _all(
        claims_at_once.finish(conn, [_ending(number) for number in (1001, 2001, 3001)], system_clock())
    ),
}


def _ending(number: int) -> Ending:
    return Ending(f"an_{number}", 1, f"doc_{number}", Outcome(State.COMPLETED, pages_total=2))


def _all(found: Sized) -> None:
    assert len(found) == 3, "else not every statement was asked"


LARGE = frozenset(
    {"documents", "analyses", "events", "attempts", "batches", "ai_calls", "usage_rollups", "webhook_deliveries"}
)
SORTS = frozenset({"Sort", "Incremental Sort"})

HISTORY = (
    """INSERT INTO documents (id, tenant, fingerprint, key_id, blob_ref, size_bytes, content_type, created_at)
    SELECT 'doc_' || n, t.name, md5(n::text), 'key_' || n, 'b', 1, 'application/pdf', now() FROM rows""",
    """INSERT INTO analyses (id, tenant, region, document_id, priority, options, engine_version, state, stage,
    pages_done, pages_total, version, fence, attempts, pass_number, created_at, run_at, updated_at, cancel_requested,
    degraded, usage, file_name_sealed)
    SELECT 'an_' || n, t.name, 'local', 'doc_' || n, 'urgent', '{"languages": ["eng"], "ocr": true}', '1',
    CASE WHEN n % 1000 = 0 THEN 'pending' WHEN n % 1000 = 1 THEN 'processing' WHEN n % 50 = 2 THEN 'failed'
    ELSE 'completed' END,
    'done', 1, 1, 2, 1, 0, 1,
    now(), now(), now(), false, false, '{}', '' FROM rows""",
    """INSERT INTO batches (id, tenant, files_expected, created_at, version)
    SELECT 'batch_' || n, t.name, 3, now(), 1 FROM rows""",
    """INSERT INTO attempts (analysis_id, fence, worker, started_at) SELECT 'an_' || n, 1, 'w', now() FROM rows""",
    """INSERT INTO idempotency_keys (tenant, route, key, fingerprint, created_at, locked_until)
    SELECT t.name, 'POST /v1/analyses', 'key ' || n, 'f', now() + n * interval '1 day', now() FROM rows""",
    """INSERT INTO events (id, tenant, region, aggregate_type, aggregate_id, version, type, occurred_at, actor,
    schema_version, data, digest)
    SELECT 'evt_' || n, t.name, 'local', 'analysis', 'an_' || n, 1, 'analysis.submitted', now(), 'me', 1, '{}', ''
    FROM rows""",
    """INSERT INTO ai_calls (id, tenant, region, analysis_id, purpose, provider, model, tier, price_version, rates,
    status, input_tokens, cached_tokens, written_tokens, image_tokens, output_tokens, reserved_pico, list_pico,
    effective_pico, client_request_id, reserved_at, expires_at, ended_at)
    SELECT 'call_' || n, t.name, 'local', 'an_' || n, 'extraction', 'fake', 'small', 'standard', '1', '{}',
    CASE WHEN n % 1000 = 0 THEN 'sent' ELSE 'settled' END, 1, 0, 0, 0, 1, 9, 9, 9, 'c_' || n,
    now(), now(), CASE WHEN n % 1000 = 0 THEN NULL ELSE now() END FROM rows""",
    """INSERT INTO usage_rollups (tenant, hour, region, provider, model, tier, purpose, calls,
    input_tokens, cached_tokens, written_tokens, image_tokens, output_tokens, list_pico, effective_pico)
    SELECT t.name, timestamptz '2028-01-01' + n * interval '1 hour', 'local', 'fake', 'small', 'standard',
    'extraction', 1, 1, 0, 0, 0, 1, 9, 9 FROM rows""",
    """INSERT INTO webhooks (id, tenant, url_sealed, secrets_sealed, events, enabled, version, created_at, updated_at,
    failures, read_xid, read_sequence)
    SELECT 'whk_' || name, name, '', '', '[]', true, 1, now(), now(), 0, 0, 0
    FROM (SELECT DISTINCT t.name FROM rows) tenants""",
    """INSERT INTO webhook_deliveries (id, tenant, webhook_id, event_id, event_type, aggregate_id, body, state,
    attempts, created_at, next_at, owner)
    SELECT 'whd_' || n, t.name, 'whk_' || t.name, 'evt_' || n, 'analysis.completed', 'an_' || n, '{}',
    CASE WHEN n % 500 = 0 THEN 'waiting' ELSE 'delivered' END, 1, now(), now(),
    CASE WHEN n % 1000 = 0 THEN 'w' END FROM rows""",
)


@pytest.fixture(scope="module")
def store(postgres_server: PostgresServer) -> Iterator[PostgresStore]:
    """A history of some thousand analyses of twenty tenants, of which a few wait or run."""
    url = postgres_server.migrated()
    series = f"generate_series(1, {HISTORY_ROWS}) n, LATERAL (SELECT CASE WHEN n % 20 = 0 THEN 'acme' "
    series += "ELSE 'tenant-' || n % 20 END AS name) t"
    with postgres_server.superuser(str(url.database)) as conn:
        for statement in HISTORY:
            conn.execute(statement.replace("FROM rows", f"FROM {series}"))  # type: ignore[call-overload]
        conn.execute("VACUUM ANALYZE")
    yield PostgresStore(url)
    postgres_server.migrated()  # leaves nothing of it to others


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "Scan" in plan["Node Type"]:
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans(part)


@pytest.mark.parametrize("name", [*ASKED, *OTHERS])
def test_it_scans_no_table_and_no_large_index(store: PostgresStore, name: str) -> None:
    asked: list[tuple[str, Any]] = []

    def plans(conn: Connection) -> list[dict[str, Any]]:
        conn.execute(text("SET LOCAL procession.scope = ''"))
        conn.execute(text("SET LOCAL procession.tenant = 'acme'"))
        if name in SYSTEM:
            conn.execute(text("SET LOCAL procession.scope = 'system'"))
        passing = conn.begin_nested()
        event.listen(conn, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
        (ASKED | OTHERS)[name](conn)
        with conn.connection.cursor() as cursor:
            found = []
            for statement, values in asked:
                if statement.startswith("SET LOCAL"):
                    cursor.execute(statement)
                    continue
                cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
                told = cursor.fetchone()
                assert told is not None
                found.append(json.loads(told[0])[0]["Plan"] if isinstance(told[0], str) else told[0][0]["Plan"])
        passing.rollback()
        return found

    found = store.inspect(plans, writing=True)
    steps = [step for plan in found for step in scans(plan)]
    assert steps
    bad = [
        step
        for step in steps
        if (step["Node Type"] == "Seq Scan" and step["Relation Name"] in LARGE)
        or (
            step["Node Type"] in ("Index Scan", "Index Only Scan", "Bitmap Index Scan")
            and "Index Cond" not in step
            and step["Index Name"] not in SMALL_INDEXES
        )
    ]
    assert bad == []
    used = {step["Index Name"] for step in steps if "Index Name" in step}
    assert BY_INDEX.get(name) in {None, *used}
    assert name not in IN_ORDER or all(node["Node Type"] not in SORTS for plan in found for node in nodes(plan))


SYSTEM = frozenset(
    {
        *(
            "ready_heads",
            "expired",
            "heartbeat",
            "release_all",
            "idempotency.prune",
            "queue_depth",
            "depth_by_tenant",
            "claim",
        ),
        *("claims_at_once.claim", "claims_at_once.finish"),
        *("dead_letters.page", "dead_letters.matching", "dead_letters.codes", "priorities.of_batch"),
        *(
            "ledger.reserve",
            "ledger.expired",
            "ledger.get",
            "ledger.unsure",
            "ledger.open_sums",
            "ledger.open_calls",
            "budgets.in_force",
            "usage_rollups.sums",
        ),
        *("webhooks.any_enabled", "webhooks.behind", "webhook_deliveries.due", "webhook_deliveries.take"),
        *("webhook_deliveries.any_stuck", "webhook_deliveries.free_stuck", "webhook_deliveries.overdue"),
        "webhook_deliveries.forget",
    }
)
"""Asked by the relay, the rescuer, workers, gauges, the ledger and the sender of webhooks, for every tenant at once."""
