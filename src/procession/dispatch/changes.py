"""Wakes whoever watches an aggregate in this process. Carries no data: watchers read the journal.

Across processes nothing is sent: watchers there poll at their timeout.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict


class Changes:
    """``announce(key)`` from the event loop's thread; ``await wait(key, timeout)`` returns True when announced.

    Keys: ``analysis:ID``, ``tenant:ID``.
    """

    def __init__(self) -> None:
        self._waiters: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)

    def announce(self, *keys: str) -> None:
        for key in keys:
            for waiter in self._waiters.pop(key, ()):
                if not waiter.done():
                    waiter.set_result(None)

    async def wait(self, key: str, timeout_seconds: float) -> bool:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[key].add(waiter)
        try:
            await asyncio.wait_for(waiter, timeout_seconds)
        except TimeoutError:
            return False
        else:
            return True
        finally:
            waiters = self._waiters.get(key)
            if waiters is not None:
                waiters.discard(waiter)
                if not waiters:
                    del self._waiters[key]
