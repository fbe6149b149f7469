"""The bell between processes: Redis Streams. While Redis is away each process rings for itself, from SQL."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

from procession.dispatch.inprocess import InProcessDispatcher
from procession.dispatch.redis_address import Address
from procession.dispatch.redis_connection import Connected, Failure, Options, connect, explained
from procession.dispatch.redis_streams import Streams
from procession.domain.analysis import Priority
from procession.telemetry import metrics

BLOCK_SECONDS_MAX = 1.0
"""Longest wait in one command; at most half of `command_seconds_max`, so that a silent network is told from quiet."""
RECLAIM_EVERY_SECONDS = 2.0
"""How often a waiting worker looks for rings that another one took and lost."""
FORGET_EVERY_SECONDS = 60.0
"""How often it looks for consumers of processes that were killed."""
RETRY_SECONDS = 1.0
"""How often a Redis that is away is tried again."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


def _nobody() -> None:
    return


async def examine(address: Address, options: Options, prefix: str, consumer: str) -> str | None:
    """What keeps the queue from working there, in words for people; None when all it needs is allowed and answers."""
    connected = connect(address, options)
    try:
        await Streams(connected.client, prefix, consumer).probe()
    except Failure as error:
        return explained(error, address, options)
    else:
        return None
    finally:
        await connected.close()


class RedisDispatcher:
    """``dispatch.protocol.Dispatcher`` for one process. ``consumer`` is unique for each start of a process.

    One read at a time is on its way, whoever waits: it is never cancelled, so that what Redis hands out arrives; what
    its waiter no longer wants, the next one gets. ``changed`` is called when Redis went or came back: then all that is
    ready must be rung again, here or there.
    """

    def __init__(
        self,
        address: Address,
        options: Options,
        prefix: str,
        consumer: str,
        changed: Callable[[], None] = _nobody,
    ) -> None:
        """Opens nothing. Raises InvalidRequest when a certificate cannot be read."""
        self._address, self._options = address, options
        self._prefix, self._consumer = prefix, consumer
        self._changed = changed
        self._connected: Connected = connect(address, options)
        self._streams = Streams(self._connected.client, prefix, consumer)
        self._block_seconds = min(BLOCK_SECONDS_MAX, options.command_seconds_max / 2)
        self._room = asyncio.Semaphore(max(1, options.connections_max - 1))  # one is for the read that waits
        self._stopping = asyncio.Event()
        self._trouble: str | None = None
        self._retrying: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._arrived: list[str] = []
        self._alone = InProcessDispatcher()
        self._listening = False
        self._reclaimed_at = self._forgot_at = float("-inf")

    async def start(self) -> None:
        """See ``Dispatcher.start``."""
        try:
            await self._streams.probe()
        except Exception as error:  # work goes on without Redis, whatever keeps it away
            self._away(error)
        else:
            metrics.REDIS_UP.set(1)

    async def stop(self) -> None:
        """See ``Dispatcher.stop``."""
        self._stopping.set()
        for task in (self._retrying, self._reading):
            if task is not None:  # not cancelled at once: what it was handed would be on its way to nobody
                await asyncio.wait({task}, timeout=self._options.command_seconds_max)
                task.cancel()
                await asyncio.wait({task})
        if self._trouble is None and self._listening:
            with contextlib.suppress(*Failure):  # left behind, it is reclaimed
                await self._streams.give_back()
        with contextlib.suppress(*Failure):
            await self._connected.close()

    @property
    def trouble(self) -> str | None:
        """See ``Dispatcher.trouble``."""
        return self._trouble

    async def ring(self, ids: Sequence[str], priority: Priority) -> None:
        """See ``Dispatcher.ring``."""
        if await self._ask(lambda: self._streams.ring(ids, priority)) is None and self._listening:
            await self._alone.ring(ids, priority)

    async def wait(self, capacity: int, timeout_seconds: float) -> list[str]:
        """See ``Dispatcher.wait``."""
        self._listening = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        while capacity > 0:
            left = max(0.0, deadline - loop.time())
            found = await self._heard(capacity, left)
            if found or deadline <= loop.time():
                return found
        return []

    async def acknowledge(self, ids: Sequence[str]) -> None:
        """See ``Dispatcher.acknowledge``."""
        await self._alone.acknowledge(ids)
        await self._ask(lambda: self._streams.acknowledge(ids))

    async def depth(self) -> dict[Priority, int]:
        """See ``Dispatcher.depth``."""
        depth = await self._ask(self._streams.depth)
        return await self._alone.depth() if depth is None else depth

    # --- reading ------------------------------------------------------------------------------------------------------

    async def _heard(self, capacity: int, seconds: float) -> list[str]:
        """One look, of at most ``seconds`` and one command's longest wait."""
        if self._arrived:
            return self._hand_over(capacity)
        if self._trouble is not None:
            return await self._alone.wait(capacity, min(seconds, BLOCK_SECONDS_MAX))
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(capacity, seconds), name="redis-read")
            await asyncio.shield(self._reading)
        else:  # another waiter's, perhaps longer than this one waits
            await asyncio.wait({self._reading}, timeout=seconds)
        return self._hand_over(capacity)

    def _hand_over(self, capacity: int) -> list[str]:
        taken, self._arrived = self._arrived[:capacity], self._arrived[capacity:]
        return taken

    async def _read(self, count: int, seconds: float) -> None:
        try:
            found = await self._streams.take(count, reclaim=await self._due())
            if not found and seconds > 0:
                found = await self._streams.wait(count, min(seconds, self._block_seconds))
        except Exception as error:  # whatever it is, the worker goes on with what SQL tells
            self._away(error)
        else:
            self._arrived.extend(found)

    async def _due(self) -> bool:
        """Whether to reclaim now; forgets consumers on the way."""
        now = asyncio.get_running_loop().time()
        if now - self._forgot_at >= FORGET_EVERY_SECONDS:
            self._forgot_at = now
            await self._streams.forget_consumers()
        if now - self._reclaimed_at < RECLAIM_EVERY_SECONDS:
            return False
        self._reclaimed_at = now
        return True

    # --- away and back ------------------------------------------------------------------------------------------------

    async def _ask(self, what: Callable[[], Awaitable[T]]) -> T | None:
        """None when Redis is away, or goes away over it."""
        if self._trouble is not None:
            return None
        try:
            async with self._room:
                return await what()
        except Exception as error:  # a bell is best effort: the upload that rings has been taken
            self._away(error)
            return None

    def _away(self, error: BaseException) -> None:
        if self._trouble is not None:
            return
        self._trouble = explained(error, self._address, self._options)
        metrics.REDIS_UP.set(0)
        log.warning("redis.away", reason=self._trouble, meanwhile="work is found in SQL")
        self._retrying = asyncio.create_task(self._retry(), name="redis-retry")
        self._changed()

    async def _retry(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), RETRY_SECONDS)
                return
            try:
                await self._streams.probe()
            except Exception as error:  # as above: the next try may end otherwise
                self._trouble = explained(error, self._address, self._options)
                continue
            self._alone = InProcessDispatcher()
            self._trouble = None
            metrics.REDIS_UP.set(1)
            log.warning("redis.back", at=str(self._address))
            self._changed()
            return
