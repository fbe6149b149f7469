"""Tells other processes through Redis which aggregates changed, and hears it from them. Best effort.

A stream that forgets carries keys of ``dispatch.changes`` only; whoever hears one reads SQL. What is lost, with Redis
or without it, is found there a moment later: every process that has watchers looks for itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import structlog

from procession.dispatch.redis_address import Address
from procession.dispatch.redis_connection import Connected, Failure, Options, connect, explained

GATHER_SECONDS = 0.01
"""Changes of this long travel in one entry."""
KEYS_MAX = 1000
"""Keys of one entry, and of what waits to be told; more are left to those who look for themselves."""
ENTRIES_KEPT = 1000
"""About how many entries the stream keeps; nobody reads old ones."""
BLOCK_SECONDS_MAX = 1.0
RETRY_SECONDS = 1.0

log = structlog.get_logger(__name__)


class RedisChanges:
    """``tell`` from the event loop's thread. ``heard`` is called with what others told, when ``listens``."""

    def __init__(
        self,
        address: Address,
        options: Options,
        prefix: str,
        process_id: str,
        heard: Callable[[Sequence[str]], None],
        *,
        listens: bool,
    ) -> None:
        """Opens nothing. Raises InvalidRequest when a certificate cannot be read."""
        self._address, self._options = address, options
        self._connected: Connected = connect(address, options)
        self._stream = f"{{{prefix}}}:changes"
        self._id = process_id
        self._heard = heard
        self._listens = listens
        self._block_milliseconds = int(min(BLOCK_SECONDS_MAX, options.command_seconds_max / 2) * 1000)
        self._untold: dict[str, None] = {}
        self._telling: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._away = False

    async def start(self) -> None:
        if self._listens:
            self._listening = asyncio.create_task(self._listen(), name="redis-changes")

    async def stop(self) -> None:
        """What was told last is still sent, when Redis answers."""
        if self._telling is not None:
            await asyncio.wait({self._telling}, timeout=self._options.command_seconds_max)
        for task in (self._telling, self._listening):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})
        with contextlib.suppress(*Failure):
            await self._connected.close()

    def tell(self, keys: Sequence[str]) -> None:
        """Soon, together with what else changes meanwhile."""
        for key in keys:
            if len(self._untold) < KEYS_MAX:
                self._untold[key] = None
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell(), name="redis-changes-told")

    async def _tell(self) -> None:
        while self._untold:
            await asyncio.sleep(GATHER_SECONDS)
            keys, self._untold = list(self._untold), {}
            limit = ("MAXLEN", "~", ENTRIES_KEPT)
            try:
                await self._command("XADD", self._stream, *limit, "*", "by", self._id, "keys", " ".join(keys))
            except Exception as error:  # whatever it is, who waits for these looks for himself
                self._failed(error)
            else:
                self._worked()

    async def _listen(self) -> None:
        last = "$"
        while True:
            try:
                block = ("COUNT", 100, "BLOCK", self._block_milliseconds)
                found = await self._command("XREAD", *block, "STREAMS", self._stream, last)
            except Exception as error:  # nothing that the client meets may end the listening
                self._failed(error)
                last = "$"  # the stream may be another one now
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._worked()
            for _, entries in found or ():
                for entry_id, fields in entries:
                    last = entry_id
                    if fields.get("by") != self._id:
                        self._heard(fields.get("keys", "").split())

    def _failed(self, error: BaseException) -> None:
        if not self._away:
            self._away = True
            reason = explained(error, self._address, self._options)
            log.warning("redis.changes_not_told", reason=reason, meanwhile="changes are found in SQL")

    def _worked(self) -> None:
        self._away = False

    async def _command(self, *parts: Any) -> Any:
        return await cast(Awaitable[Any], self._connected.client.execute_command(*parts))
