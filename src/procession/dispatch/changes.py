"""Wakes whoever watches an aggregate in this process. Carries no data: watchers read the journal.

``forward`` carries announcements to other processes; what they announce arrives through ``hear``. Both are best effort:
a process that shares its records with others also looks there for what its watchers wait for (``maintenance.watcher``).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence

QUEUE_KEY = "queue"
"""Something became ready or a slot is about to be free: this process' relay rings again; others have the bell."""
CANCEL_KEY = "cancel"
"""Some running analysis is to stop: workers ask at once which."""
WATCH_SECONDS_MAX = 30.0
"""A watcher that heard nothing for this long looks for itself."""


class Changes:
    """``announce(key)`` from the event loop's thread; ``await wait(key, timeout)`` returns True when announced.

    Keys: ``analysis:ID``, ``tenant:ID``, ``cancel`` (some running analysis is to stop), ``queue`` (this process only).
    """

    def __init__(self) -> None:
        self._waiters: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)
        self.forward: Callable[[Sequence[str]], None] | None = None

    def announce(self, *keys: str) -> None:
        """To this process and, where there is a way, to the others."""
        self.hear(keys)
        if self.forward is not None and (told := [key for key in keys if key != QUEUE_KEY]):
            self.forward(told)

    def hear(self, keys: Sequence[str]) -> None:
        """To this process only."""
        for key in keys:
            for waiter in self._waiters.pop(key, ()):
                if not waiter.done():
                    waiter.set_result(None)

    def watched(self, prefix: str) -> list[str]:
        """What is waited for under keys that begin so, without that beginning."""
        return [key.removeprefix(prefix) for key in self._waiters if key.startswith(prefix)]

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
