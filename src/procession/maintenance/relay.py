"""Rings the bell for what is ready, in fairness order, whenever something became ready or a worker took something.

Every process runs one: who takes an upload rings at once, who claims makes room for the tenant's next, and while Redis
is away a worker's own relay finds its work. Side by side they offer the same heads, and the bell doubles no ring.
"""

from __future__ import annotations

import asyncio

from procession.domain.analysis import Priority
from procession.maintenance.contract import Loop
from procession.policy import fairness
from procession.services.foundation import QUEUE_KEY, Foundation
from procession.store import analyses

OFFERS_MAX = 500
"""Analyses offered in one pass."""


class Relay(Loop):
    name = "relay"

    def __init__(self, foundation: Foundation) -> None:
        super().__init__()
        self._on = foundation
        self._changed: asyncio.Task[bool] | None = None

    async def once(self) -> None:
        every = self._on.settings.queue.rescue_seconds
        self._changed = asyncio.create_task(self._on.changes.wait(QUEUE_KEY, every))
        await asyncio.sleep(0)  # it listens before we read, so nothing that becomes ready meanwhile is missed
        await self.ring()

    async def pause(self) -> None:
        if self._changed is not None:
            await asyncio.wait({self._changed})

    async def stop(self) -> None:
        await super().stop()
        if self._changed is not None:
            self._changed.cancel()

    async def ring(self) -> int:
        """Returns how many were offered. Offering twice is harmless: the claim in SQL decides."""
        settings, now = self._on.settings.queue, self._on.clock()
        if self._on.capacity.drain_requested and self._on.settings.redis_url is None:
            return 0  # nobody here takes anything, so rings would only pile up
        ahead = settings.ring_ahead_per_tenant
        ready = await self._on.store.read(lambda conn: analyses.ready_heads(conn, now, ahead, OFFERS_MAX))
        offers = fairness.order(ready, now, ahead, settings.aging_seconds)
        for priority in Priority:
            await self._on.dispatcher.ring([offer.id for offer in offers if offer.priority is priority], priority)
        return len(offers)
