"""Rings the bell for what is ready, in fairness order, whenever something became ready or a worker took something.

Every process runs one: who takes an upload rings at once, who claims makes room for the tenant's next, and while Redis
is away a worker's own relay finds its work. Side by side they offer the same heads, and the bell doubles no ring.

What it offered a moment ago it does not offer again at once: under load most heads of a pass are those of the one
before, on their way to a worker. And it rests after each pass in proportion to what that took, so that many changes a
second are looked at together and the relays of many processes leave the database its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from procession.domain.analysis import Priority
from procession.maintenance.contract import Loop
from procession.policy import fairness
from procession.policy.fairness import Offer, Ready
from procession.services.foundation import QUEUE_KEY, Foundation
from procession.store import analyses

OFFERS_MAX = 500
"""Analyses offered in one pass."""
REST_PER_WORK = 9.0
"""It reads and rings for at most a tenth of the time."""
REST_SECONDS_MAX = 0.25
"""Longest rest between two passes; only a slow database leads to it."""


class Relay(Loop):
    name = "relay"

    def __init__(self, foundation: Foundation) -> None:
        super().__init__()
        self._on = foundation
        self._changed: asyncio.Task[bool] | None = None
        self._rests_until = 0.0
        self._offered: dict[str, _Offered] = {}
        self._bell_was_well = True

    async def once(self) -> None:
        every = self._on.settings.queue.rescue_seconds
        self._changed = asyncio.create_task(self._on.changes.wait(QUEUE_KEY, every))
        await asyncio.sleep(0)  # it listens before we read, so nothing that becomes ready meanwhile is missed
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await self.ring()
        finally:
            ended = loop.time()
            self._rests_until = ended + min(REST_SECONDS_MAX, REST_PER_WORK * (ended - began))

    async def pause(self) -> None:
        if self._changed is not None:
            await asyncio.wait({self._changed})
        await asyncio.sleep(self._rests_until - asyncio.get_running_loop().time())

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
        offers = self._not_offered(fairness.order(ready, now, ahead, settings.aging_seconds), ready)
        for priority in Priority:
            if ids := [offer.id for offer in offers if offer.priority is priority]:
                await self._on.dispatcher.ring(ids, priority)
        return len(offers)

    def _not_offered(self, offers: Sequence[Offer], ready: Sequence[Ready]) -> list[Offer]:
        """Those to ring for now. A ring may be lost, so each is repeated after ``rescue_seconds``, and all of them when
        the bell went or came back; a capped tenant's always, for a claim at the cap uses a ring up.
        """
        moment, long = asyncio.get_running_loop().time(), self._on.settings.queue.rescue_seconds
        well = self._on.dispatcher.trouble is None
        before = self._offered if well == self._bell_was_well else {}
        self._bell_was_well, self._offered = well, {}
        known, fresh = {one.id: one for one in ready}, []
        for offer in offers:
            waits = known[offer.id]
            last = before.get(offer.id)
            if (
                last is None
                or (last.priority, last.run_at) != (offer.priority, waits.run_at)
                or moment - last.at >= long
                or waits.running_max is not None
            ):
                last = _Offered(offer.priority, waits.run_at, moment)
                fresh.append(offer)
            self._offered[offer.id] = last
        return fresh


@dataclass(frozen=True, slots=True)
class _Offered:
    """``run_at``: a claim that was given back waits anew. ``at``: of the event loop's clock."""

    priority: Priority
    run_at: datetime
    at: float
