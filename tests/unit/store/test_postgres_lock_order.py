"""Transactions that hold several rows take them in one order, so that no two wait for each other in a circle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection

from procession.domain.analysis import Analysis, State
from procession.store import claims, claims_at_once, controls
from procession.store.claims import Outcome
from procession.store.claims_at_once import Ending
from procession.store.controls import By
from procession.store.postgres import PostgresStore
from tests.records import at, submit
from tests.support.postgres import PostgresServer

HANG = 30  # seconds; what takes this long will not end
FOUND = Outcome(State.COMPLETED, result_ref="results/r", pages_total=4)
BROKEN = Outcome(State.FAILED, error_code="damaged_pdf", error_message="It is damaged.")


@pytest.fixture
async def store(postgres_server: PostgresServer) -> AsyncIterator[PostgresStore]:
    made = PostgresStore(postgres_server.migrated())
    await made.start()
    yield made
    await made.stop()


async def _waits_without(
    store: PostgresStore,
    server: PostgresServer,
    held: tuple[str, str, str],
    free: tuple[str, str, str],
    unit: Callable[[Connection], Any],
) -> None:
    """While somebody holds the row ``held`` (table, column, value) the unit waits, and does not hold ``free``."""

    def row(which: tuple[str, str, str], then: str = "") -> str:
        table, column, value = which
        return f"SELECT 1 FROM {table} WHERE {column} = '{value}' FOR UPDATE {then}"

    with server.superuser(str(store._url.database)) as other:
        other.autocommit = False
        other.execute(row(held))  # type: ignore[call-overload]
        running = asyncio.create_task(store.write(unit))
        async with asyncio.timeout(HANG):
            while not await asyncio.to_thread(_somebody_waits, server, str(store._url.database)):
                assert not running.done()
        try:
            other.execute(row(free, "NOWAIT"))  # type: ignore[call-overload]
        finally:
            other.rollback()
            await running


def _somebody_waits(server: PostgresServer, database: str) -> bool:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    with server.superuser() as conn:
        return conn.execute(waiting, [database]).fetchone() is not None


async def _claimed(store: PostgresStore, count: int) -> list[Analysis]:
    """By id; the one with the greatest was claimed first, and so lies first in the table."""

    def one(conn: Connection, analysis_id: str) -> Analysis:
        found = claims.claim(conn, analysis_id, "worker-a", 15, at(1))
        assert found is not None
        return found

    ids = sorted(await store.write(lambda conn: [submit(conn).id for _ in range(count)]))
    claimed = [await store.write(lambda conn, one_id=one_id: one(conn, one_id)) for one_id in reversed(ids)]
    return sorted(claimed, key=lambda claim: claim.id)


def _finish(endings: Sequence[tuple[Analysis, Outcome]]) -> Callable[[Connection], Any]:
    made = [Ending(one.id, one.fence, one.document_id, outcome) for one, outcome in endings]
    return lambda conn: claims_at_once.finish(conn, made, at(3))


async def test_heartbeats_hold_claims_in_the_order_of_their_ids(
    store: PostgresStore, postgres_server: PostgresServer
) -> None:
    first, second = await _claimed(store, 2)
    asked = [(one.id, one.fence) for one in (second, first)]
    await _waits_without(
        store,
        postgres_server,
        ("analyses", "id", first.id),
        ("analyses", "id", second.id),
        lambda conn: claims.heartbeat(conn, asked, "worker-a", 15, at(2)),
    )


@pytest.mark.parametrize(("outcome", "other"), [(BROKEN, BROKEN), (BROKEN, FOUND), (FOUND, BROKEN)])
async def test_ends_of_any_kind_hold_claims_in_the_order_of_their_ids(
    store: PostgresStore, postgres_server: PostgresServer, outcome: Outcome, other: Outcome
) -> None:
    first, second = await _claimed(store, 2)
    await _waits_without(
        store,
        postgres_server,
        ("analyses", "id", first.id),
        ("analyses", "id", second.id),
        _finish([(second, outcome), (first, other)]),
    )


@pytest.mark.parametrize("count", [1, 2])
async def test_an_end_holds_the_analysis_before_its_document_as_an_erasure_does(
    store: PostgresStore, postgres_server: PostgresServer, count: int
) -> None:
    claimed = await _claimed(store, count)
    await _waits_without(
        store,
        postgres_server,
        ("analyses", "id", claimed[0].id),
        ("documents", "id", claimed[0].document_id),
        _finish([(one, FOUND) for one in claimed]),
    )


async def test_ends_hold_documents_in_the_order_of_their_ids(
    store: PostgresStore, postgres_server: PostgresServer
) -> None:
    first, second = sorted(await _claimed(store, 2), key=lambda one: one.document_id)
    await _waits_without(
        store,
        postgres_server,
        ("documents", "id", first.document_id),
        ("documents", "id", second.document_id),
        _finish([(second, FOUND), (first, FOUND)]),
    )


async def test_a_claim_of_several_holds_the_caps_of_tenants_in_the_order_of_their_names(
    store: PostgresStore, postgres_server: PostgresServer
) -> None:
    def fill(conn: Connection) -> list[str]:
        for tenant in ("a", "b"):
            controls.set_tenant(conn, tenant, {"running_max": 2}, By("key:operator", "ops", None, "local", at(0)))
        return [submit(conn, tenant=tenant).id for tenant in ("b", "a")]

    ids = await store.write(fill)
    await _waits_without(
        store,
        postgres_server,
        ("tenant_controls", "tenant", "a"),
        ("tenant_controls", "tenant", "b"),
        lambda conn: claims_at_once.claim(conn, ids, "worker-a", 15, at(1)),
    )


async def test_an_id_that_was_rung_twice_is_claimed_once(store: PostgresStore) -> None:
    ids = await store.write(lambda conn: [submit(conn).id for _ in range(2)])
    claimed = await store.write(lambda conn: claims_at_once.claim(conn, [ids[0], *ids], "worker-a", 15, at(1)))
    assert [one.id for one in claimed] == ids
