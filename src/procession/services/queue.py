"""How much waits, against what was promised, and who works on it."""

from __future__ import annotations

from procession.domain.analysis import OBJECTIVE_SECONDS, Priority
from procession.domain.principal import Principal
from procession.services.foundation import Foundation
from procession.services.views import QueueClass, QueueView, Workers
from procession.store.queue_depth import Depth, queue_depth


class QueueService:
    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation

    async def view(self, principal: Principal) -> QueueView:
        """All tenants together: counts only, by class."""
        now = self._on.clock()
        depths = await self._on.store.read(lambda conn: queue_depth(conn, now), tenant=None)
        capacity = self._on.capacity

        def of(priority: Priority, depth: Depth) -> QueueClass:
            oldest = depth.oldest_ready_at
            return QueueClass(
                priority=priority,
                ready=depth.ready,
                deferred=depth.deferred,
                running=depth.running,
                oldest_ready_seconds=None if oldest is None else max(0.0, (now - oldest).total_seconds()),
                objective_seconds=OBJECTIVE_SECONDS[priority],
            )

        return QueueView(
            classes=tuple(of(priority, depth) for priority, depth in depths.items()),
            workers=Workers(total=capacity.slots, busy=capacity.busy, available=capacity.available),
            waiting=sum(depth.ready for depth in depths.values()),
        )
