"""The bell inside one process: ids in memory, nothing else. What is lost with the process is rung again from SQL."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice

from procession.domain.analysis import Priority

_CLASSES = (Priority.URGENT, Priority.STANDARD, Priority.LOW)


class InProcessDispatcher:
    """``dispatch.protocol.Dispatcher`` for one event loop. Ids leave it only when ``wait`` returns them.

    So a cancelled ``wait`` loses nothing, and ``acknowledge`` has nothing left to do but forget a ring that is still
    waiting for an id somebody claimed by other means.
    """

    def __init__(self) -> None:
        self._rung: dict[Priority, dict[str, None]] = {priority: {} for priority in _CLASSES}  # dicts keep order
        self._class_of: dict[str, Priority] = {}
        self._waiters: deque[asyncio.Future[None]] = deque()

    async def start(self) -> None:
        """See ``Dispatcher.start``."""

    async def stop(self) -> None:
        """See ``Dispatcher.stop``."""

    @property
    def trouble(self) -> str | None:
        """See ``Dispatcher.trouble``."""
        return None

    async def ring(self, ids: Sequence[str], priority: Priority) -> None:
        """See ``Dispatcher.ring``. An id rung again in a more urgent class moves there (it aged)."""
        for analysis_id in ids:
            known = self._class_of.get(analysis_id)
            if known is not None:
                if _CLASSES.index(known) <= _CLASSES.index(priority):
                    continue
                del self._rung[known][analysis_id]
            self._rung[priority][analysis_id] = None
            self._class_of[analysis_id] = priority
        self._wake()

    async def wait(self, capacity: int, timeout_seconds: float) -> list[str]:
        """See ``Dispatcher.wait``."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        while capacity > 0 and not self._class_of:
            left = deadline - loop.time()
            if left <= 0:
                return []
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.append(waiter)
            try:
                async with asyncio.timeout(left):
                    await waiter
            except TimeoutError:
                return self._take(capacity)
            finally:
                self._forget(waiter)
        return self._take(capacity)

    async def acknowledge(self, ids: Sequence[str]) -> None:
        """See ``Dispatcher.acknowledge``."""
        for analysis_id in ids:
            known = self._class_of.pop(analysis_id, None)
            if known is not None:
                del self._rung[known][analysis_id]

    async def depth(self) -> dict[Priority, int]:
        """See ``Dispatcher.depth``."""
        return {priority: len(ids) for priority, ids in self._rung.items()}

    def _take(self, capacity: int) -> list[str]:
        taken: list[str] = []
        for ids in self._rung.values():
            for analysis_id in list(islice(ids, capacity - len(taken))):
                del ids[analysis_id]
                del self._class_of[analysis_id]
                taken.append(analysis_id)
        return taken

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
                return

    def _forget(self, waiter: asyncio.Future[None]) -> None:
        self._waiters.remove(waiter)
        if waiter.done() and not waiter.cancelled() and self._class_of:
            self._wake()  # this one may leave without taking, or take less than there is: pass it on
