"""The bell while Redis is away, refuses, loses its memory or changes its master."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from procession.dispatch import redis as bell
from procession.dispatch import redis_streams
from procession.dispatch.redis import RedisDispatcher, examine
from procession.dispatch.redis_address import parse
from procession.domain.analysis import Priority
from procession.domain.errors import InvalidRequest
from procession.telemetry import metrics
from tests.support.redis import PASSWORD, RedisServer, plain

PATIENCE = 60.0  # seconds
LONG = 120.0
Make = Callable[..., RedisDispatcher]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Dispatchers that tell soon that Redis is away."""
    made: list[RedisDispatcher] = []

    def new(server: RedisServer, prefix: str, consumer: str = "one", **more: object) -> RedisDispatcher:
        quick = replace(server.options, connect_seconds_max=0.5, command_seconds_max=0.5)
        made.append(RedisDispatcher(parse(server.url), quick, prefix, consumer, **more))  # type: ignore[arg-type]
        return made[-1]

    yield new
    for one in made:
        await one.stop()


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not what():  # noqa: ASYNC110 # what happens in Redis sets no event here
            await asyncio.sleep(0.02)


async def test_away_and_back_it_rings_within_the_process_and_says_each_change_once(
    redis_server: RedisServer, make: Make
) -> None:
    changes: list[str] = []
    one = make(redis_server, redis_server.prefix(), changed=lambda: changes.append("changed"))
    (node,) = redis_server.nodes
    with capture_logs() as logs:
        await one.start()
        assert (await one.wait(1, 0.01), one.trouble, metrics.REDIS_UP._value.get()) == ([], None, 1)
        node.kill()
        waiting = asyncio.create_task(one.wait(1, LONG))
        await until(lambda: one.trouble is not None)
        await one.ring(["a"], Priority.URGENT)
        assert await asyncio.wait_for(waiting, PATIENCE) == ["a"]
        await one.acknowledge(["a"])
        assert (await one.depth(), metrics.REDIS_UP._value.get()) == (dict.fromkeys(Priority, 0), 0)
        node.start()
        await asyncio.to_thread(redis_server.wait_healthy)
        await until(lambda: one.trouble is None)
        await one.ring(["b"], Priority.URGENT)
        assert await asyncio.wait_for(one.wait(1, LONG), PATIENCE) == ["b"]
    assert [entry["event"] for entry in logs] == ["redis.away", "redis.back"]
    assert changes == ["changed", "changed"]
    assert metrics.REDIS_UP._value.get() == 1
    assert PASSWORD not in str(logs)


async def test_a_server_without_tls_and_passwords_will_do(make: Make) -> None:
    with plain() as server:
        one = make(server, server.prefix())
        await one.start()
        await one.ring(["a"], Priority.URGENT)
        assert await asyncio.wait_for(one.wait(1, LONG), PATIENCE) == ["a"]
        assert one.trouble is None
        await one.stop()


async def test_a_redis_that_does_not_answer_is_away(redis_server: RedisServer, make: Make) -> None:
    one = make(redis_server, redis_server.prefix())
    (node,) = redis_server.nodes
    await one.start()
    node.signal(signal.SIGSTOP)
    try:
        async with asyncio.timeout(PATIENCE):
            assert await one.wait(1, 2.0) == []
        assert one.trouble is not None
        assert "did not answer within 0.5 s" in one.trouble
    finally:
        node.signal(signal.SIGCONT)
    await until(lambda: one.trouble is None)


async def test_it_starts_without_redis_and_finds_it_later(redis_server: RedisServer, make: Make) -> None:
    (node,) = redis_server.nodes
    node.kill()
    one = make(redis_server, redis_server.prefix())
    try:
        await one.start()
        assert one.trouble is not None
    finally:
        node.start()
        await asyncio.to_thread(redis_server.wait_healthy)
    await until(lambda: one.trouble is None)


async def test_a_client_that_fails_in_a_way_nobody_foresaw_stops_no_worker(
    redis_server: RedisServer, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> list[str]:
        raise AttributeError("within the library")

    one = make(redis_server, redis_server.prefix())
    await one.start()
    with monkeypatch.context() as broken:
        broken.setattr(redis_streams.Streams, "take", fails)
        assert await one.wait(1, 0.01) == []
        assert one.trouble is not None
        assert "AttributeError" in one.trouble
        await one.ring(["a"], Priority.URGENT)
        assert await asyncio.wait_for(one.wait(1, LONG), PATIENCE) == ["a"]
    await until(lambda: one.trouble is None)


async def test_nobody_who_only_rings_keeps_rings_while_redis_is_away(redis_server: RedisServer, make: Make) -> None:
    """A process that takes uploads and does no work: nobody there would ever take them."""
    (node,) = redis_server.nodes
    one = make(redis_server, redis_server.prefix())
    await one.start()
    node.kill()
    try:
        await one.ring(["a", "b"], Priority.URGENT)
        assert one.trouble is not None
        assert await one.depth() == dict.fromkeys(Priority, 0)
    finally:
        node.start()
        await asyncio.to_thread(redis_server.wait_healthy)


async def test_after_a_wipe_waiting_goes_on_and_rings_are_taken_again(redis_server: RedisServer, make: Make) -> None:
    prefix = redis_server.prefix()
    one, relay = make(redis_server, prefix), make(redis_server, prefix, "relay")
    await one.start()
    await relay.ring(["a"], Priority.URGENT)
    waiting = asyncio.create_task(one.wait(1, LONG))
    assert await asyncio.wait_for(waiting, PATIENCE) == ["a"]
    waiting = asyncio.create_task(one.wait(1, LONG))
    await asyncio.sleep(0.1)
    redis_server.admin(redis_server.nodes[0]).flushall()
    await relay.ring(["a"], Priority.URGENT)
    assert await asyncio.wait_for(waiting, PATIENCE) == ["a"]
    assert one.trouble is None


async def test_what_a_killed_worker_took_reaches_another_one(
    redis_server: RedisServer, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_streams, "RECLAIM_SECONDS", 0.2)
    monkeypatch.setattr(bell, "RECLAIM_EVERY_SECONDS", 0.1)
    prefix = redis_server.prefix()
    dead, alive = make(redis_server, prefix, "dead"), make(redis_server, prefix, "alive")
    await dead.ring(["a"], Priority.URGENT)
    assert await dead.wait(1, LONG) == ["a"]
    assert await asyncio.wait_for(alive.wait(1, LONG), PATIENCE) == ["a"]


async def test_what_was_heard_and_not_claimed_at_a_stop_is_rung_for_others(
    redis_server: RedisServer, make: Make
) -> None:
    prefix = redis_server.prefix()
    leaving, staying = make(redis_server, prefix, "leaving"), make(redis_server, prefix, "staying")
    waiting = asyncio.create_task(leaving.wait(4, LONG))
    await asyncio.sleep(0.1)
    waiting.cancel()
    await staying.ring(["a", "b"], Priority.URGENT)
    await leaving.stop()
    taken: list[str] = []
    async with asyncio.timeout(PATIENCE):
        while len(taken) < 2:
            taken += await staying.wait(4, LONG)
    assert sorted(taken) == ["a", "b"]


# --- what it refuses to be used with ----------------------------------------------------------------------------------


async def test_a_wrong_password_is_told_without_it(redis_server: RedisServer) -> None:
    address = replace(parse(redis_server.url), password="mistaken")
    told = await examine(address, redis_server.options, redis_server.prefix(), "one")
    assert told is not None
    assert "refuses the user or the password" in told
    assert "mistaken" not in told


@pytest.mark.parametrize("command", ["xautoclaim", "xreadgroup", "xgroup|create", "unlink"])
async def test_a_user_who_may_not_do_all_is_told_which_command(redis_server: RedisServer, command: str) -> None:
    admin = redis_server.admin(redis_server.nodes[0])
    admin.execute_command("ACL", "SETUSER", "procession", f"-{command}")
    try:
        told = await examine(parse(redis_server.url), redis_server.options, redis_server.prefix(), "one")
    finally:
        admin.execute_command("ACL", "SETUSER", "procession", f"+{command}")
    assert told is not None
    assert "may not do all that the queue needs" in told


async def test_keys_a_user_may_not_touch_are_told(redis_server: RedisServer) -> None:
    told = await examine(parse(redis_server.url), redis_server.options, "others", "one")
    assert told is not None
    assert "may not do all that the queue needs" in told


async def test_a_certificate_nobody_trusts_is_told(redis_server: RedisServer) -> None:
    options = replace(redis_server.options, ca_file=None)
    told = await examine(parse(redis_server.url), options, redis_server.prefix(), "one")
    assert told is not None
    assert "certificate verify failed" in told


async def test_a_certificate_file_that_cannot_be_read_is_refused(redis_server: RedisServer) -> None:
    options = replace(redis_server.options, ca_file="missing.pem")
    with pytest.raises(InvalidRequest, match="ca_file"):
        await examine(parse(redis_server.url), options, redis_server.prefix(), "one")


async def test_a_master_no_sentinel_knows_is_told(redis_sentinel: RedisServer) -> None:
    address = replace(parse(redis_sentinel.url), service="another")
    told = await examine(address, redis_sentinel.options, redis_sentinel.prefix(), "one")
    assert told is not None
    assert "knows a master of that name" in told


# --- masters that are lost --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["redis_sentinel", "redis_cluster"])
async def test_rings_go_on_after_the_master_is_killed(kind: str, request: pytest.FixtureRequest, make: Make) -> None:
    server: RedisServer = request.getfixturevalue(kind)
    prefix = server.prefix()
    relay, worker = make(server, prefix, "relay"), make(server, prefix, "worker")
    await relay.start()
    await worker.start()
    await relay.ring(["before"], Priority.URGENT)
    assert await worker.wait(1, LONG) == ["before"]
    await worker.acknowledge(["before"])
    await asyncio.to_thread(server.wait_healthy)
    node = server.master(prefix)
    node.kill()
    heard: list[str] = []
    try:
        async with asyncio.timeout(PATIENCE):
            while not heard:  # as the relay does every now and then: what is ready is rung until somebody takes it
                await relay.ring(["after"], Priority.URGENT)
                heard = await worker.wait(1, 0.2)
        assert heard == ["after"]
        assert server.master(prefix) is not node
    finally:
        node.start()  # it follows the new master; whoever kills that one waits until then
