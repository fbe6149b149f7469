"""PostgreSQL's journal is read behind the snapshot's horizon: however commits overlap, a follower misses no event."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from procession.store import journal
from procession.store.postgres import PostgresStore
from procession.store.tables import events
from tests.records import submit
from tests.support.postgres import PostgresServer

HANG = 30
FOLLOW_READ = 50


@pytest.fixture
async def store(postgres_server: PostgresServer) -> AsyncIterator[PostgresStore]:
    made = PostgresStore(postgres_server.migrated())
    await made.start()
    yield made
    await made.stop()


async def followed(store: PostgresStore, after: int) -> list[Any]:
    return await store.read(lambda conn: journal.after(conn, "acme", after, FOLLOW_READ), tenant="acme")


async def test_an_event_of_a_long_transaction_is_read_after_shorter_ones_overtook_it(store: PostgresStore) -> None:
    wrote, go_on = threading.Event(), threading.Event()

    def long(conn: Connection) -> str:
        made = submit(conn, "long")
        wrote.set()
        assert go_on.wait(HANG)
        return made.id

    first = await store.write(lambda conn: submit(conn, "first"))
    (*_, last) = await followed(store, 0)
    running = asyncio.create_task(store.write(long))
    await asyncio.to_thread(wrote.wait, HANG)
    short = await store.write(lambda conn: submit(conn, "short"))

    newest = await store.read(lambda conn: conn.execute(select(func.max(events.c.sequence))).scalar_one())
    assert newest > last.sequence  # committed, with a greater sequence than the long one's
    assert await followed(store, last.sequence) == []
    assert await store.read(lambda conn: journal.unsettled(conn, "acme"), tenant="acme")
    assert await store.read(lambda conn: journal.last_sequence(conn, "acme"), tenant="acme") == last.sequence

    go_on.set()
    long_id = await running
    seen = [event.aggregate_id for event in await followed(store, last.sequence) if event.type == "analysis.submitted"]
    assert seen == [long_id, short.id]
    assert first.id not in seen
    assert not await store.read(lambda conn: journal.unsettled(conn, "acme"), tenant="acme")


async def test_an_older_transaction_with_a_later_sequence_does_not_hide_a_younger_one(store: PostgresStore) -> None:
    """Sequences are drawn out of the order of transactions: going on from a sequence alone would lose an event."""
    started, go_on = threading.Event(), threading.Event()
    start = await store.write(lambda conn: submit(conn, "start"))

    def older(conn: Connection) -> str:
        conn.exec_driver_sql("SELECT pg_current_xact_id()")  # the older transaction, which draws its sequence later
        started.set()
        assert go_on.wait(HANG)
        return submit(conn, "older").id

    drew, finish = threading.Event(), threading.Event()

    def younger(conn: Connection) -> str:
        made = submit(conn, "younger")
        drew.set()
        assert finish.wait(HANG)
        return made.id

    (*_, last) = await followed(store, 0)
    one = asyncio.create_task(store.write(older))
    await asyncio.to_thread(started.wait, HANG)
    two = asyncio.create_task(store.write(younger))
    await asyncio.to_thread(drew.wait, HANG)
    go_on.set()
    older_id = await one
    got = await followed(store, last.sequence)
    assert {event.aggregate_id for event in got if event.aggregate_type == "analysis"} == {older_id}
    finish.set()
    younger_id = await two
    rest = await followed(store, got[-1].sequence)
    assert min(event.sequence for event in rest) < got[-1].sequence
    assert {event.aggregate_id for event in rest if event.aggregate_type == "analysis"} == {younger_id}
    assert start.id not in {event.aggregate_id for event in rest}


async def test_a_follower_of_many_writers_misses_nothing_and_repeats_nothing(store: PostgresStore) -> None:
    chance = random.Random(20300504)
    pauses = [chance.uniform(0, 0.01) for _ in range(200)]

    def unit(conn: Connection, pause: float) -> str:
        conn.exec_driver_sql(f"SELECT pg_current_xact_id(), pg_sleep({pause})")
        made = submit(conn)
        conn.exec_driver_sql(f"SELECT pg_sleep({pause / 2})")
        return made.id

    writes = [asyncio.create_task(store.write(lambda conn, p=p: unit(conn, p))) for p in pauses]
    seen: list[str] = []
    place = 0
    async with asyncio.timeout(HANG):
        while len(seen) < 2 * len(pauses):
            got = await followed(store, place)
            seen += [event.id for event in got]
            place = got[-1].sequence if got else place
    made = await asyncio.gather(*writes)
    kept = await store.read(lambda conn: conn.execute(select(events.c.id)).scalars().all())
    assert len(made) == len(pauses)
    assert sorted(seen) == sorted(kept)


async def test_a_follower_of_places_that_starts_among_writers_misses_nothing_of_what_is_committed_later(
    store: PostgresStore,
) -> None:
    """As webhooks do. What was committed shortly before may come too, nothing comes twice."""
    chance = random.Random(20300505)

    def unit(conn: Connection, pause: float) -> str:
        conn.exec_driver_sql(f"SELECT pg_current_xact_id(), pg_sleep({pause})")
        made = submit(conn)
        conn.exec_driver_sql(f"SELECT pg_sleep({pause / 2})")
        return made.id

    pauses = [chance.uniform(0, 0.01) for _ in range(150)]
    writes = [asyncio.create_task(store.write(lambda conn, p=p: unit(conn, p))) for p in pauses]
    await writes[20]
    place = await store.write(journal.place_now)
    before = {write.result() for write in writes if write.done()}
    seen: list[str] = []
    async with asyncio.timeout(HANG):
        done = False
        while not done:
            done = all(write.done() for write in writes)
            read = await store.read(
                lambda conn, at=place: journal.after_place(conn, "acme", at, FOLLOW_READ),  # type: ignore[misc]
                tenant="acme",
            )
            assert [one for one, _ in read] == sorted(one for one, _ in read)
            place = read[-1][0] if read else place
            seen += [event.aggregate_id for _, event in read if event.type == "analysis.submitted"]
            done = done and not read
    made = {write.result() for write in writes}
    assert len(seen) == len(set(seen))
    assert made - before <= set(seen) <= made
    assert before
    assert made - before


async def test_a_place_that_is_no_event_s_leaves_nothing_out(store: PostgresStore) -> None:
    for _ in range(3):
        await store.write(submit)
    whole = await followed(store, 0)
    await store.write(lambda conn: conn.execute(events.delete().where(events.c.id == whole[2].id)))
    rest = await followed(store, whole[2].sequence)
    assert [event.id for event in whole[3:]] == [event.id for event in rest][-3:]
    assert await followed(store, whole[-1].sequence + 100) == []
