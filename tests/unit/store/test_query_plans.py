"""What runs every second reads what waits and runs, never the history: its cost must not grow with the years."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from procession.domain.analysis import AnalysisOptions, Priority, State
from procession.domain.billing import CallStatus
from procession.store import (
    analyses,
    batches,
    budget_windows,
    budgets,
    claims,
    dead_letters,
    documents,
    idempotency,
    journal,
    ledger,
    priorities,
    queue_depth,
    review_outcomes,
    templates,
    usage_rollups,
    webhook_deliveries,
    webhooks,
)
from procession.store.dead_letters import Filter
from procession.store.idempotency import Holder
from procession.store.sqlite import SqliteStore
from tests.calls import a_call
from tests.records import at

ASKED = {
    "ready_heads": lambda conn: analyses.ready_heads(conn, at(0), 4, 100),
    "expired": lambda conn: claims.expired(conn, at(0), 100),
    "heartbeat": lambda conn: claims.heartbeat(conn, [("an_1", 1)], "w", 15, at(0)),
    "release_all": lambda conn: claims.release_all(conn, at(0)),
    "queue_depth": lambda conn: queue_depth.queue_depth(conn, at(0)),
    "depth_by_tenant": lambda conn: queue_depth.depth_by_tenant(conn, at(0)),
    "backlog": lambda conn: queue_depth.backlog(conn, "acme"),
    "claim": lambda conn: claims.claim(conn, "an_1", "w", 15, at(0)),
    "dead_letters.page": lambda conn: dead_letters.page(conn, Filter(code="timeout"), "an_1", 50),
    "dead_letters.matching": lambda conn: dead_letters.matching(conn, Filter(tenant="acme"), "an_1", 50),
    "dead_letters.codes": dead_letters.codes,
    "priorities.of_batch": lambda conn: priorities.of_batch(conn, "batch_1", Priority.LOW, "an_1", 50),
    "get": lambda conn: analyses.get(conn, "acme", "an_1"),
    "page": lambda conn: analyses.page(conn, "acme"),
    "page before an id": lambda conn: analyses.page(conn, "acme", before_id="an_5000"),
    "batches.page": lambda conn: batches.page(conn, "acme", before_id="batch_5000"),
    "idempotency.reserve": lambda conn: idempotency.reserve(
        conn, "acme", "POST /v1/analyses", "k", "f", at(0), Holder("p", 60, 10)
    ),
    "idempotency.prune": lambda conn: idempotency.prune(conn, at(0), 100),
    "page of states": lambda conn: analyses.page(conn, "acme", states=[State.FAILED]),
    "reusable": lambda conn: analyses.reusable(conn, "doc_1", "1", AnalysisOptions()),
    "find_live": lambda conn: documents.find_live(conn, "acme", "f"),
    "references": lambda conn: documents.references(conn, "doc_1"),
    "templates.likely": lambda conn: templates.likely(conn, "acme", "local", ["b1", "b2"], 3),
    "templates.has_any": lambda conn: templates.has_any(conn, "acme", "local"),
    "templates.changed_at": lambda conn: templates.changed_at(conn, "acme", "local"),
    "templates.of_analysis": lambda conn: templates.of_analysis(conn, "acme", "local", "an_1"),
    "templates.newest_source": lambda conn: templates.newest_source(conn, "tpl_1"),
    "templates.read_by": lambda conn: templates.read_by(conn, "tpl_1"),
    "templates.forget": lambda conn: templates.forget(conn, "tpl_1", "key:test", at(0)),
    "templates.erase_source": lambda conn: templates.erase_source(conn, "an_1", "key:test", at(0)),
    "review_outcomes.counts": lambda conn: review_outcomes.counts(conn, at(0).date(), 30),
    "ledger.expired": lambda conn: ledger.expired(conn, at(0), 100),
    "ledger.unsure": lambda conn: ledger.unsure(conn, "", 100),
    "ledger.open_sums": ledger.open_sums,
    "ledger.open_calls": lambda conn: ledger.open_calls(conn, CallStatus.UNKNOWN, 100),
    "ledger.get": lambda conn: ledger.get(conn, "call_1"),
    "ledger.of_analysis": lambda conn: ledger.of_analysis(conn, "an_1"),
    "ledger.reserve": lambda conn: ledger.reserve(conn, a_call(), at(0)),
    "budgets.in_force": lambda conn: budgets.in_force(conn, "acme"),
    "budget_windows.current": lambda conn: budget_windows.current(conn, ["acme", "*"], at(0)),
    "usage_rollups.sums": lambda conn: usage_rollups.sums(conn, at(0), at(7200), ["hour", "model"]),
    "usage_rollups.sums of a tenant": lambda conn: usage_rollups.sums(conn, at(0), at(7200), ["model"], tenant="acme"),
    "webhooks.any_enabled": webhooks.any_enabled,
    "webhooks.behind": lambda conn: webhooks.behind(conn, 100),
    "webhooks.page": lambda conn: webhooks.page(conn, "acme"),
    "webhook_deliveries.due": lambda conn: webhook_deliveries.due(conn, at(0)),
    "webhook_deliveries.take": lambda conn: webhook_deliveries.take(conn, {"whk_1": 4}, "w", at(0)),
    "webhook_deliveries.any_stuck": lambda conn: webhook_deliveries.any_stuck(conn, "w", ["whd_1"], at(0)),
    "webhook_deliveries.free_stuck": lambda conn: webhook_deliveries.free_stuck(conn, "w", ["whd_1"], at(0)),
    "webhook_deliveries.page": lambda conn: webhook_deliveries.page(conn, "acme", "whk_1"),
    "webhook_deliveries.overdue": lambda conn: webhook_deliveries.give_up_overdue(conn, at(0), at(0)),
    "webhook_deliveries.forget": lambda conn: webhook_deliveries.forget(conn, at(0), 100),
    "journal.after_place": lambda conn: journal.after_place(conn, "acme", journal.Place(0, 19_000), 100),
    "journal.after": lambda conn: journal.after(conn, "acme", 0, 100),
    "journal.of_aggregate": lambda conn: journal.of_aggregate(conn, "an_1", 0, 100),
}
SMALL = frozenset({"SCAN pairs", "SCAN CONSTANT ROW", "SCAN picked"})
"""Pairs of a class and a tenant, a row of no table, and what was just picked."""
NUMBERED = "SCAN (subquery-"
"""SQLite numbers rows by going over those that were already found."""
BY_INDEX = {
    "ready_heads": "ix_analyses_ready",
    "idempotency.prune": "ix_idempotency_keys_created_at",
    "expired": "ix_analyses_leased",
    "queue_depth": "ix_analyses_ready",
    "backlog": "ix_analyses_ready",
    "page": "ix_analyses_tenant_id",
    "page before an id": "ix_analyses_tenant_id",
    "page of states": "ix_analyses_tenant_state_id",
    "batches.page": "ix_batches_tenant_id",
    "webhook_deliveries.due": "ix_webhook_deliveries_open",
    "webhook_deliveries.take": "ix_webhook_deliveries_open",
    "webhook_deliveries.any_stuck": "ix_webhook_deliveries_owned",
    "webhook_deliveries.free_stuck": "ix_webhook_deliveries_owned",
    "webhook_deliveries.page": "ix_webhook_deliveries_webhook_id_id",
    "reusable": "ix_analyses_document_id",
    "find_live": "uq_documents_tenant_fingerprint_live",
    "ledger.expired": "ix_ai_calls_open",
    "ledger.unsure": "ix_ai_calls_open",
    "ledger.open_calls": "ix_ai_calls_open",
}
"""The index a hot question goes by."""
IN_ORDER = (
    *("page", "page before an id", "page of states", "batches.page", "journal.after", "journal.of_aggregate"),
    *("journal.after_place", "webhook_deliveries.page"),
)
"""Read in the index's order: nothing is sorted."""
SMALL_INDEXES = (
    *("ix_analyses_ready", "ix_analyses_leased", "ix_analyses_failed", "ix_ai_calls_open"),
    *("ix_webhook_deliveries_open", "ix_webhook_deliveries_owned"),
)
"""They hold only what waits, runs or failed; scanning one of them is fine."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(tmp_path / "procession.db")
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize("name", ASKED)
async def test_it_scans_no_table_and_no_large_index(store: SqliteStore, name: str) -> None:
    asked: list[tuple[str, object]] = []

    def plans(conn: Connection) -> list[str]:
        event.listen(conn, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
        ASKED[name](conn)
        cursor = conn.connection.cursor()
        steps = []
        for statement, values in asked:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)  # type: ignore[arg-type]
            steps += [row[3] for row in cursor.fetchall()]
        return steps

    steps = await store.write(plans)
    assert any(step.startswith(("SEARCH", "SCAN")) for step in steps)
    scans = [step for step in steps if step.startswith("SCAN") and step not in SMALL and not step.startswith(NUMBERED)]
    assert [step for step in scans if not step.endswith(SMALL_INDEXES)] == []
    assert any(BY_INDEX.get(name, "") in step for step in steps)
    assert name not in IN_ORDER or not any("TEMP B-TREE" in step for step in steps)
