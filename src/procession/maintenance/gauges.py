"""Keeps the queue's and the workers' gauges current for ``/metrics``."""

from __future__ import annotations

import asyncio

from procession.maintenance.contract import Loop
from procession.services.foundation import Foundation
from procession.store.queue_depth import queue_depth
from procession.telemetry import metrics


class Gauges(Loop):
    name = "gauges"

    def __init__(self, foundation: Foundation) -> None:
        super().__init__()
        self._on = foundation

    async def once(self) -> None:
        now, capacity = self._on.clock(), self._on.capacity
        metrics.WORKERS.set(capacity.slots)
        metrics.WORKERS_AVAILABLE.set(capacity.available)
        depths = await self._on.store.read(lambda conn: queue_depth(conn, now))
        for priority, depth in depths.items():
            oldest = depth.oldest_ready_at
            waited = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
            metrics.QUEUE_LENGTH.labels(priority=priority.value).set(depth.ready)
            metrics.OLDEST_READY.labels(priority=priority.value).set(waited)

    async def pause(self) -> None:
        await asyncio.sleep(self._on.settings.queue.rescue_seconds)
