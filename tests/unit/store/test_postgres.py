"""What is PostgreSQL's own: pooler-safe transactions, collisions run again, lost connections, the database's time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import structlog
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from procession.domain.analysis import State
from procession.domain.errors import Conflict, NotFound, Unavailable
from procession.store import analyses, claims, documents, erasure, idempotency, postgres
from procession.store.database_clock import DatabaseClock
from procession.store.idempotency import Holder
from procession.store.postgres import ATTEMPTS_MAX, Limits, PostgresStore
from procession.store.tables import metadata
from tests.records import a_document, an_analysis, at, submit
from tests.support.postgres import PostgresServer

HANG = 30  # seconds; what takes this long will not end


@pytest.fixture
async def store(postgres_server: PostgresServer) -> AsyncIterator[PostgresStore]:
    made = PostgresStore(postgres_server.migrated())
    await made.start()
    yield made
    await made.stop()


# --- what a transaction pooler hands on -------------------------------------------------------------------------------


async def test_nothing_a_transaction_set_outlives_it(store: PostgresStore) -> None:
    names = ("procession.tenant", "procession.scope", "statement_timeout", "lock_timeout")

    def settings(conn: Connection) -> list[Any]:
        return [conn.exec_driver_sql(f"SELECT current_setting('{name}', true)").scalar() for name in names]

    async with asyncio.timeout(HANG):
        tenant, scope, *timeouts = await store.read(settings, tenant="acme")
        assert (tenant, scope or "", timeouts) == ("acme", "", ["10s", "5s"])
        tenant, scope, *_ = await store.read(settings)
        assert (tenant or "", scope) == ("", "system")
    with store._engine.connect() as conn:  # a connection as the pool has it, outside any transaction of ours
        left = [conn.exec_driver_sql(f"SHOW {name}").scalar() for name in names]
        prepared = conn.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar()
        listening = conn.exec_driver_sql("SELECT count(*) FROM pg_listening_channels()").scalar()
        locks = conn.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").scalar()
    assert left == ["", "", "0", "0"]
    assert (prepared, listening, locks) == (0, 0, 0)


async def test_a_statement_run_many_times_is_never_prepared_on_the_server(store: PostgresStore) -> None:
    def often(conn: Connection) -> Any:
        for _ in range(20):
            analyses.get(conn, "acme", "an_1")
        return conn.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar()

    assert await store.read(often) == 0


async def test_a_tenant_s_name_cannot_leave_its_quotes(store: PostgresStore) -> None:
    hostile = "a'; SET LOCAL procession.scope = 'system'; --"
    await store.write(submit)
    found = await store.read(lambda conn: conn.execute(text("SELECT count(*) FROM analyses")).scalar(), tenant=hostile)
    told = await store.read(
        lambda conn: conn.exec_driver_sql("SELECT current_setting('procession.tenant')").scalar(), tenant=hostile
    )
    assert (found, told) == (0, hostile)


async def test_no_more_connections_than_allowed_are_opened(postgres_server: PostgresServer) -> None:
    store = PostgresStore(postgres_server.migrated(), Limits(connections_max=2))
    await store.start()
    busy, most, counting = 0, 0, threading.Lock()

    def unit(conn: Connection) -> None:
        nonlocal busy, most
        with counting:
            busy += 1
            most = max(most, busy)
        conn.exec_driver_sql("SELECT pg_sleep(0.01)")
        with counting:
            busy -= 1

    await asyncio.gather(*(store.read(unit) for _ in range(20)))
    with postgres_server.superuser() as conn:
        opened = conn.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'procession'").fetchone()
    await store.stop()
    assert opened is not None
    assert most <= 2
    assert opened[0] <= 2


async def test_past_the_waiting_limit_it_refuses_in_words(postgres_server: PostgresServer) -> None:
    store = PostgresStore(postgres_server.migrated(), Limits(connections_max=1, waiting_max=3))
    await store.start()
    results = await asyncio.gather(*(store.write(submit) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(result, Unavailable) for result in results) == 7
    assert len(await store.read(lambda conn: analyses.page(conn, "acme"))) == 3
    await store.stop()


# --- collisions -------------------------------------------------------------------------------------------------------


async def test_units_that_deadlock_are_run_again_and_both_are_done(store: PostgresStore) -> None:
    one, two = [await store.write(submit) for _ in range(2)]
    met = threading.Barrier(2)
    runs = []

    def crossing(first: str, second: str) -> Any:
        def unit(conn: Connection) -> None:
            runs.append(first)
            rename = text("UPDATE analyses SET pages_done = pages_done + 1 WHERE id = :id")
            conn.execute(rename, {"id": first})
            if len(runs) <= 2:
                met.wait(HANG)
            conn.execute(rename, {"id": second})

        return unit

    await asyncio.gather(store.write(crossing(one.id, two.id)), store.write(crossing(two.id, one.id)))
    found = await store.read(lambda conn: analyses.page(conn, "acme"))
    assert {analysis.pages_done for analysis in found} == {2}
    assert len(runs) == 3


async def test_a_unit_that_always_collides_ends_unavailable_within_its_budget(store: PostgresStore) -> None:
    runs = []

    def collides(conn: Connection) -> None:
        runs.append(1)
        conn.exec_driver_sql("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")

    with pytest.raises(Unavailable, match="at once"):
        await store.write(collides)
    assert len(runs) == ATTEMPTS_MAX


async def test_a_broken_unique_constraint_is_tried_once_more_and_then_told(store: PostgresStore) -> None:
    runs = []
    twice = a_document()

    def unit(conn: Connection) -> None:
        runs.append(1)
        for _ in range(2):
            conn.execute(documents.documents.insert(), documents._values(twice))

    with pytest.raises(IntegrityError):
        await store.write(unit)
    assert len(runs) == 2


async def test_of_two_requests_with_one_key_at_once_one_reserves_and_the_other_is_told_so(store: PostgresStore) -> None:
    met = threading.Barrier(2)
    runs = []

    def reserve(conn: Connection) -> object:
        runs.append(1)
        if len(runs) <= 2:
            conn.exec_driver_sql("SELECT 1")
            met.wait(HANG)
        return idempotency.reserve(conn, "acme", "/v1/analyses", "key-1", "f" * 64, at(0), Holder("p", 60, 10))

    results = await asyncio.gather(*(store.write(reserve, tenant="acme") for _ in range(2)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Reserved"]


async def test_a_unit_that_swallowed_a_failure_is_not_taken_for_committed(store: PostgresStore) -> None:
    def swallows(conn: Connection) -> None:
        submit(conn)
        with pytest.raises(IntegrityError):
            conn.exec_driver_sql(
                "INSERT INTO attempts (analysis_id, fence, worker, started_at) VALUES ('x', 1, 'w', now())"
            )

    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        await store.write(swallows)
    assert await store.read(lambda conn: analyses.page(conn, "acme")) == []


async def test_a_document_that_gets_a_reference_is_not_erased_with_its_last(store: PostgresStore) -> None:
    first = await store.write(lambda conn: submit(conn, "same"))
    inserted, go_on = threading.Event(), threading.Event()

    def uploads_again(conn: Connection) -> str:
        document = documents.keep(conn, first.document_id)
        assert document is not None
        made = analyses.insert(conn, an_analysis(document), "key:test", None)
        inserted.set()
        assert go_on.wait(HANG)
        return made.id

    uploading = asyncio.create_task(store.write(uploads_again, tenant="acme"))
    await asyncio.to_thread(inserted.wait, HANG)
    erasing = asyncio.create_task(
        store.write(lambda conn: erasure.erase(conn, "acme", first.id, "me", at(1)), tenant="acme")
    )
    await _until_somebody_waits_for_a_lock(store)
    go_on.set()
    again, erased = await uploading, await erasing
    assert erased.key_ids == ()
    document = await store.read(lambda conn: documents.get(conn, first.document_id))
    assert document is not None
    assert document.erased_at is None
    assert await store.read(lambda conn: analyses.get(conn, "acme", again)) is not None


async def test_an_upload_that_meets_an_erasure_finds_the_document_gone(store: PostgresStore) -> None:
    first = await store.write(lambda conn: submit(conn, "same"))
    erased, go_on = threading.Event(), threading.Event()

    def erases(conn: Connection) -> erasure.Erased:
        found = erasure.erase(conn, "acme", first.id, "me", at(1))
        erased.set()
        assert go_on.wait(HANG)
        return found

    erasing = asyncio.create_task(store.write(erases, tenant="acme"))
    await asyncio.to_thread(erased.wait, HANG)
    keeping = asyncio.create_task(store.write(lambda conn: documents.keep(conn, first.document_id), tenant="acme"))
    await _until_somebody_waits_for_a_lock(store)
    go_on.set()
    assert len((await erasing).key_ids) == 1
    assert await keeping is None


async def test_a_claim_leaves_a_row_that_is_being_claimed_at_once(store: PostgresStore) -> None:
    made = await store.write(submit)
    claimed, go_on = threading.Event(), threading.Event()

    def claims_slowly(conn: Connection) -> object:
        found = claims.claim(conn, made.id, "worker-a", 15, at(1))
        claimed.set()
        assert go_on.wait(HANG)
        return found

    slow = asyncio.create_task(store.write(claims_slowly))
    await asyncio.to_thread(claimed.wait, HANG)
    async with asyncio.timeout(HANG):
        assert await store.write(lambda conn: claims.claim(conn, made.id, "worker-b", 15, at(1))) is None
    assert not slow.done()
    go_on.set()
    assert await slow is not None


async def test_of_many_claims_at_once_each_analysis_goes_to_one_worker(store: PostgresStore) -> None:
    made = [await store.write(submit) for _ in range(10)]
    results = await asyncio.gather(
        *(
            store.write(lambda conn, a=a, w=w: claims.claim(conn, a.id, f"worker-{w}", 15, at(1)))
            for w in range(4)
            for a in made
        )
    )
    won = [found for found in results if found is not None]
    assert sorted(found.id for found in won) == sorted(a.id for a in made)
    assert {found.state for found in won} == {State.PROCESSING}


async def _until_somebody_waits_for_a_lock(store: PostgresStore) -> None:
    async with asyncio.timeout(HANG):
        while not await store.read(_waiting):  # noqa: ASYNC110 the database tells nobody
            await asyncio.sleep(0.01)


def _waiting(conn: Connection) -> Any:
    return conn.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar()


# --- time-outs and lost connections -----------------------------------------------------------------------------------


async def test_a_statement_that_takes_too_long_is_stopped(postgres_server: PostgresServer) -> None:
    store = PostgresStore(postgres_server.migrated(), Limits(statement_seconds_max=1.0))
    await store.start()
    with pytest.raises(Unavailable):
        await store.read(lambda conn: conn.exec_driver_sql("SELECT pg_sleep(60)"))
    assert await store.read(lambda conn: conn.exec_driver_sql("SELECT 1").scalar()) == 1
    await store.stop()


async def test_waiting_too_long_for_a_row_ends_in_words(postgres_server: PostgresServer) -> None:
    store = PostgresStore(postgres_server.migrated(), Limits(lock_seconds_max=0.05))
    await store.start()
    made = await store.write(submit)
    held, go_on = threading.Event(), threading.Event()

    def holds(conn: Connection) -> None:
        conn.execute(text("SELECT 1 FROM analyses WHERE id = :id FOR UPDATE"), {"id": made.id})
        held.set()
        assert go_on.wait(HANG)

    holding = asyncio.create_task(store.write(holds))
    await asyncio.to_thread(held.wait, HANG)
    with pytest.raises(Unavailable):
        await store.write(lambda conn: analyses.request_cancel(conn, "acme", made.id, "me", at(1)))
    go_on.set()
    await holding
    await store.stop()


async def test_connections_the_server_closed_are_replaced_unseen(
    store: PostgresStore, postgres_server: PostgresServer
) -> None:
    await asyncio.gather(*(store.write(submit) for _ in range(20)))
    with postgres_server.superuser() as conn:
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'procession'")
    assert len(await store.read(lambda conn: analyses.page(conn, "acme"))) == 20
    await asyncio.gather(*(store.write(submit) for _ in range(20)))
    assert len(await store.read(lambda conn: analyses.page(conn, "acme"))) == 40


async def test_a_commit_whose_answer_was_lost_is_not_run_again(
    store: PostgresStore, postgres_server: PostgresServer
) -> None:
    runs = []

    def unit(conn: Connection) -> None:
        runs.append(1)
        submit(conn)
        pid = conn.exec_driver_sql("SELECT pg_backend_pid()").scalar()

        def kill(_: Connection) -> None:
            with postgres_server.superuser() as other:
                other.execute("SELECT pg_terminate_backend(%s)", [pid])

        event.listen(conn.engine, "commit", kill, once=True)

    with pytest.raises(Unavailable):
        await store.write(unit)
    assert len(runs) == 1


async def test_a_server_that_is_not_there_is_told_in_words(postgres_server: PostgresServer) -> None:
    store = PostgresStore(postgres_server.url("procession").set(port=1))
    with pytest.raises(Unavailable):
        await store.start()
    await store.stop()


async def test_readers_cannot_write(store: PostgresStore) -> None:
    with pytest.raises(Unavailable):
        await store.read(submit)


async def test_a_role_above_the_policies_is_warned_of(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role, warned in (("postgres", True), ("procession", False)):
        store = PostgresStore(postgres_server.migrated().set(username=role))
        monkeypatch.setattr(postgres, "log", structlog.get_logger())  # a logger bound earlier keeps its own output
        with capture_logs() as said:
            await store.start()
        await store.stop()
        assert ("store.row_security_bypassed" in [one["event"] for one in said]) is warned


# --- the database's time ----------------------------------------------------------------------------------------------


async def test_leases_follow_the_database_s_clock_not_this_machine_s(
    postgres_server: PostgresServer,
) -> None:
    wrong = datetime(2001, 1, 1, tzinfo=UTC)
    store = PostgresStore(postgres_server.migrated(), clock=lambda: wrong)
    assert store.clock() == wrong
    await store.start()
    told = await store.read(lambda conn: conn.exec_driver_sql("SELECT clock_timestamp()").scalar())
    assert isinstance(told, datetime)
    assert abs(store.clock() - told) < timedelta(seconds=HANG)
    await store.stop()


def test_between_transactions_the_clock_goes_on() -> None:
    clock = DatabaseClock(lambda: at(0))
    now = time.monotonic()
    clock.hear(at(100), now - 20, now - 10)
    assert at(115) <= clock() < at(115 + HANG)


# --- the schema -------------------------------------------------------------------------------------------------------


async def test_the_migrations_make_exactly_the_tables(store: PostgresStore) -> None:
    found = await store.read(lambda conn: list(compare_metadata(MigrationContext.configure(conn), metadata)))
    told = sorted((what, index.name) for what, index in found)
    # the journal is read in another order here, see store/journal.py
    assert told == [
        ("add_index", "ix_events_tenant_sequence"),
        ("remove_index", "ix_events_tenant_xid_sequence"),
    ]


async def test_another_tenant_s_analysis_is_not_found(store: PostgresStore) -> None:
    made = await store.write(submit, tenant="acme")
    with pytest.raises(NotFound):
        await store.write(lambda conn: analyses.request_cancel(conn, "acme", made.id, "me", at(1)), tenant="other")
    with pytest.raises(Conflict):
        await store.write(
            lambda conn: analyses.insert(conn, replace(made, id="an_other", tenant="other"), "me", None),
            tenant="other",
        )
