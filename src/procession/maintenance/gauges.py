"""Keeps the queue's and the workers' gauges current for ``/metrics``."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime, timedelta

from procession.maintenance.contract import Loop
from procession.policy.calibration import accuracy
from procession.services.foundation import Foundation
from procession.store import review_outcomes
from procession.store.queue_depth import queue_depth
from procession.telemetry import metrics

REVIEWS_DAYS = 30
"""Reviews that ``field_extraction_accuracy`` speaks of."""
REVIEWS_EVERY = timedelta(seconds=15)
"""How often they are counted anew."""


class Gauges(Loop):
    name = "gauges"

    def __init__(self, foundation: Foundation) -> None:
        super().__init__()
        self._on = foundation
        self._reviewed: datetime | None = None

    async def once(self) -> None:
        now, capacity = self._on.clock(), self._on.capacity
        metrics.WORKERS.set(capacity.all_slots)
        metrics.WORKERS_AVAILABLE.set(capacity.all_available)
        depths = await self._on.store.read(lambda conn: queue_depth(conn, now))
        for priority, depth in depths.items():
            oldest = depth.oldest_ready_at
            waited = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
            metrics.QUEUE_LENGTH.labels(priority=priority.value).set(depth.ready)
            metrics.OLDEST_READY.labels(priority=priority.value).set(waited)

        await self._reviews(now)

    async def _reviews(self, now: datetime) -> None:
        """From the record: every process tells the same share, before and after a restart."""
        if self._reviewed is not None and now - self._reviewed < REVIEWS_EVERY:
            return
        self._reviewed = now
        counts = await self._on.store.read(lambda conn: review_outcomes.counts(conn, now.date(), REVIEWS_DAYS))
        share = accuracy((outcome, fields) for (_, outcome), fields in counts.items())
        metrics.ACCURACY.set(math.nan if share is None else share)
        metrics.REVIEW_OUTCOMES.clear()
        for (kind, outcome), fields in counts.items():
            metrics.REVIEW_OUTCOMES.labels(type=kind, outcome=outcome.value).set(fields)

    async def pause(self) -> None:
        await asyncio.sleep(self._on.settings.queue.rescue_seconds)
