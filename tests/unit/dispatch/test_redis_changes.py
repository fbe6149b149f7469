"""Changes told through Redis: heard by the other processes, once, and silently left out while Redis is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from procession.dispatch import redis_changes
from procession.dispatch.changes import Changes
from procession.dispatch.redis_address import parse
from procession.dispatch.redis_changes import RedisChanges
from procession.dispatch.redis_connection import Options
from tests.support.processes import free_ports
from tests.support.redis import RedisServer

HANG_SECONDS = 30


@asynccontextmanager
async def telling(
    server: RedisServer, prefix: str, name: str, heard: Callable[[Sequence[str]], None], url: str | None = None
) -> AsyncIterator[RedisChanges]:
    made = RedisChanges(parse(url or server.url), server.options, prefix, name, heard, listens=True)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(HANG_SECONDS):
        while not condition():  # noqa: ASYNC110 another process, in truth, sets no event here
            await asyncio.sleep(0.01)


async def test_what_one_process_announces_wakes_the_watchers_of_another(redis_server: RedisServer) -> None:
    prefix, here, there = redis_server.prefix(), Changes(), Changes()
    async with telling(redis_server, prefix, "a", here.hear) as a, telling(redis_server, prefix, "b", there.hear):
        here.forward = a.tell
        watching = asyncio.create_task(there.wait("analysis:1", HANG_SECONDS))
        while not watching.done():  # the other one may not listen yet
            here.announce("analysis:1", "tenant:acme", "queue")
            await asyncio.sleep(0.05)
        assert watching.result()


async def test_a_process_does_not_hear_itself_nor_what_concerns_it_alone(redis_server: RedisServer) -> None:
    own: list[str] = []
    others: list[str] = []
    prefix, here = redis_server.prefix(), Changes()
    async with (
        telling(redis_server, prefix, "a", own.extend) as a,
        telling(redis_server, prefix, "b", others.extend),
    ):
        here.forward = a.tell

        def announced() -> bool:
            here.announce("cancel", "queue")
            return bool(others)

        await until(announced)
    assert set(others) == {"cancel"}
    assert own == []


async def test_no_failure_of_the_client_ends_the_listening(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    failures: list[Exception] = [AttributeError("no connection any more"), RuntimeError("and another defect")]
    prefix, command = redis_server.prefix(), RedisChanges._command

    async def failing(told: RedisChanges, *parts: Any) -> Any:
        if parts[0] == "XREAD" and failures:
            raise failures.pop()
        return await command(told, *parts)

    monkeypatch.setattr(RedisChanges, "_command", failing)
    monkeypatch.setattr(redis_changes, "RETRY_SECONDS", 0.01)
    async with (
        telling(redis_server, prefix, "a", heard.extend),
        telling(redis_server, prefix, "b", heard.extend) as other,
    ):

        def told() -> bool:
            other.tell(["cancel"])
            return bool(heard)

        await until(told)


async def test_while_redis_is_away_telling_is_harmless(redis_server: RedisServer) -> None:
    (port,) = free_ports(1)
    heard: list[str] = []
    address = parse(f"redis://127.0.0.1:{port}/0")
    made = RedisChanges(address, Options(connect_seconds_max=0.2), "procession", "a", heard.extend, listens=True)
    await made.start()
    made.tell(["analysis:1"])
    await until(lambda: made._away)
    await made.stop()
    assert heard == []
