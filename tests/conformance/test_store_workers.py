"""The record of running processes, and the duties that one of them has for all."""

from __future__ import annotations

from dataclasses import replace

from procession.store import duties, workers
from procession.store.protocol import Store
from tests.records import START, a_worker, at

ROW = a_worker("w1")


async def test_a_heartbeat_registers_then_refreshes_what_changes(store: Store) -> None:
    assert await store.write(lambda conn: workers.beat(conn, ROW)) is False
    later = replace(ROW, busy=1, seen_at=at(5), started_at=at(5))
    await store.write(lambda conn: workers.beat(conn, later))
    assert await store.read(lambda conn: workers.seen(conn, at(5))) == [replace(later, started_at=START)]
    assert await store.read(lambda conn: workers.seen(conn, at(6))) == []


async def test_a_drain_is_heard_at_the_next_heartbeat_and_called_off_the_same_way(store: Store) -> None:
    await store.write(lambda conn: workers.beat(conn, ROW))
    asked = await store.write(lambda conn: workers.request_drain(conn, "w1", True))
    assert asked is not None
    assert asked.available == 0
    assert await store.write(lambda conn: workers.beat(conn, ROW)) is True
    await store.write(lambda conn: workers.request_drain(conn, "w1", False))
    assert await store.write(lambda conn: workers.beat(conn, ROW)) is False
    assert await store.write(lambda conn: workers.request_drain(conn, "nobody", True)) is None


async def test_who_was_not_seen_for_long_is_forgotten_and_registers_again_when_it_wakes(store: Store) -> None:
    awake = replace(ROW, id="w2", seen_at=at(100))
    await store.write(lambda conn: [workers.beat(conn, ROW), workers.beat(conn, awake)])
    assert await store.write(lambda conn: workers.forget(conn, at(100))) == 1
    assert await store.read(lambda conn: workers.seen(conn, START)) == [awake]
    await store.write(lambda conn: workers.beat(conn, ROW))
    await store.write(lambda conn: workers.leave(conn, "w2"))
    assert await store.read(lambda conn: workers.seen(conn, START)) == [ROW]


async def test_a_duty_is_one_holder_s_until_it_resigns_or_its_lease_runs_out(store: Store) -> None:
    async def takes(owner: str, seconds: float) -> bool:
        return await store.write(lambda conn: duties.take(conn, "pruner", owner, 10, at(seconds)))

    assert await takes("w1", 0)
    assert not await takes("w2", 9)
    assert await takes("w1", 9), "its holder may keep it"
    assert not await takes("w2", 18)
    assert await takes("w2", 19), "the lease ran out"
    assert not await takes("w1", 20)
    await store.write(lambda conn: duties.resign(conn, "w2"))
    assert await takes("w1", 20)
