"""A loop that one process at a time runs for all: the others stand by, and take over when it is gone."""

from __future__ import annotations

from procession.maintenance.contract import Loop
from procession.services.foundation import Foundation
from procession.store import duties

LEASE_SECONDS = 120.0
"""A pass may take longer: then another process may do the same, which is harmless and only costs."""


class Duty(Loop):
    """``owner``: this start of this process. The lease is asked for before each pass."""

    def __init__(self, foundation: Foundation, inner: Loop, owner: str, every_seconds: float) -> None:
        """``every_seconds``: the inner loop's pause, which the lease outlives."""
        super().__init__()
        self.name = inner.name
        self._on = foundation
        self._inner = inner
        self._owner = owner
        self._lease_seconds = every_seconds + LEASE_SECONDS

    async def once(self) -> None:
        now = self._on.clock()
        if await self._on.store.write(lambda conn: duties.take(conn, self.name, self._owner, self._lease_seconds, now)):
            await self._inner.once()

    async def pause(self) -> None:
        await self._inner.pause()
