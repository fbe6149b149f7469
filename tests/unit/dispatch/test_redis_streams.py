"""What the streams promise beyond any bell: nothing doubled, nothing stuck, whoever dies and whatever is wiped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from procession.dispatch import redis_streams
from procession.dispatch.redis_address import parse
from procession.dispatch.redis_connection import Connected, connect
from procession.dispatch.redis_streams import GROUP, Streams
from procession.domain.analysis import Priority
from tests.support.redis import RedisServer

Consumer = Callable[[str], Streams]


@pytest.fixture
async def connected(redis_server: RedisServer) -> AsyncIterator[Connected]:
    made = connect(parse(redis_server.url), redis_server.options)
    yield made
    await made.close()


@pytest.fixture
def prefix(redis_server: RedisServer) -> str:
    return redis_server.prefix()


@pytest.fixture
def consumer(connected: Connected, prefix: str) -> Consumer:
    return lambda name: Streams(connected.client, prefix, name)


@pytest.fixture
def told(redis_server: RedisServer, prefix: str) -> Callable[..., object]:
    """A command an administrator gives, ``URGENT`` standing for that stream."""
    admin = redis_server.admin(redis_server.nodes[0])

    def run(*command: str) -> object:
        return admin.execute_command(*(f"{{{prefix}}}:ring:urgent" if part == "URGENT" else part for part in command))

    return run


async def test_taking_keeps_to_its_count_over_all_classes(consumer: Consumer) -> None:
    one = consumer("one")
    for priority in (Priority.LOW, Priority.STANDARD, Priority.URGENT):
        await one.ring([f"{priority.value}-{number}" for number in range(3)], priority)
    assert await one.take(4, reclaim=False) == ["urgent-0", "urgent-1", "urgent-2", "standard-0"]


async def test_any_number_of_relays_ring_an_id_once(consumer: Consumer) -> None:
    relays = [consumer(name) for name in ("a", "b", "c")]
    added = await asyncio.gather(*(relay.ring(["x", "y"], Priority.URGENT) for relay in relays for _ in range(5)))
    assert sum(added) == 2
    assert await relays[0].take(9, reclaim=False) == ["x", "y"]


async def test_a_ring_that_is_taken_is_not_doubled_either(consumer: Consumer) -> None:
    one = consumer("one")
    await one.ring(["a"], Priority.URGENT)
    assert await one.take(1, reclaim=False) == ["a"]
    assert await one.ring(["a"], Priority.URGENT) == 0


async def test_an_id_that_aged_moves_up_and_never_down(consumer: Consumer) -> None:
    one = consumer("one")
    await one.ring(["a", "b"], Priority.LOW)
    assert await one.ring(["b"], Priority.URGENT) == 1
    assert await one.ring(["b"], Priority.STANDARD) == 0
    assert await one.depth() == {Priority.URGENT: 1, Priority.STANDARD: 0, Priority.LOW: 1}
    assert await one.take(9, reclaim=False) == ["b", "a"]


async def test_acknowledging_leaves_nothing_behind_whoever_does_it(
    consumer: Consumer, told: Callable[..., object], prefix: str
) -> None:
    one, other = consumer("one"), consumer("other")
    await one.ring(["a", "b"], Priority.URGENT)
    assert await one.take(1, reclaim=False) == ["a"]
    await other.acknowledge(["a", "b", "unknown"])
    assert told("XLEN", "URGENT") == 0
    assert told("XPENDING", "URGENT", GROUP)["pending"] == 0  # type: ignore[index]
    assert told("HLEN", f"{{{prefix}}}:rung") == 0


async def test_what_a_dead_consumer_took_another_one_takes_after_a_while(
    consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead, alive = consumer("dead"), consumer("alive")
    await dead.ring(["a"], Priority.STANDARD)
    assert await dead.take(1, reclaim=False) == ["a"]
    assert await alive.take(1, reclaim=True) == [], "it may well be at work on it"
    monkeypatch.setattr(redis_streams, "RECLAIM_SECONDS", 0.001)
    await asyncio.sleep(0.01)
    assert await alive.take(1, reclaim=True) == ["a"]


async def test_a_consumer_that_stops_gives_back_what_it_holds_and_is_forgotten(
    consumer: Consumer, told: Callable[..., object]
) -> None:
    leaving, staying = consumer("leaving"), consumer("staying")
    await leaving.ring(["a", "b"], Priority.URGENT)
    await leaving.take(2, reclaim=False)
    assert await leaving.give_back() == 2
    assert await staying.take(9, reclaim=False) == ["a", "b"]
    names = [one["name"] for one in told("XINFO CONSUMERS", "URGENT", GROUP)]  # type: ignore[attr-defined]
    assert names == ["staying"]


async def test_consumers_of_killed_processes_are_forgotten_but_none_that_holds_something(
    consumer: Consumer, told: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    holding, idle = consumer("holding"), consumer("idle")
    await holding.ring(["a"], Priority.URGENT)
    await holding.take(1, reclaim=False)
    await idle.take(1, reclaim=False)
    assert await idle.forget_consumers() == 0, "both were heard of just now"
    monkeypatch.setattr(redis_streams, "CONSUMER_IDLE_SECONDS_MAX", 0.0)
    await idle.forget_consumers()
    names = [one["name"] for one in told("XINFO CONSUMERS", "URGENT", GROUP)]  # type: ignore[attr-defined]
    assert names == ["holding"]


@pytest.mark.parametrize("lost", [("DEL", "URGENT"), ("XGROUP DESTROY", "URGENT", GROUP)])
async def test_a_stream_or_a_group_that_is_gone_is_made_anew(
    consumer: Consumer, told: Callable[..., object], lost: tuple[str, ...]
) -> None:
    """As an eviction or a hand does it, while the note of what is rung stays."""
    one = consumer("one")
    await one.ring(["a"], Priority.URGENT)
    assert await one.take(1, reclaim=False) == ["a"]
    await one.acknowledge(["a"])
    await one.ring(["b"], Priority.URGENT)
    told(*lost)
    assert await one.wait(1, 0.01) == []
    assert (await one.depth())[Priority.URGENT] == (0 if lost[0] == "DEL" else 1)
    await one.ring(["b"], Priority.URGENT)
    assert await one.take(9, reclaim=False) == ["b"]


async def test_waiting_ends_as_soon_as_something_is_rung(consumer: Consumer) -> None:
    one = consumer("one")
    await one.take(1, reclaim=False)
    waiting = asyncio.create_task(one.wait(5, 2.0))
    await asyncio.sleep(0.05)
    await consumer("other").ring(["a", "b"], Priority.LOW)
    assert await waiting == ["a", "b"]


async def test_the_probe_leaves_no_trace(consumer: Consumer, told: Callable[..., object], prefix: str) -> None:
    await consumer("one").probe()
    assert told("KEYS", f"*{prefix}*") == []
