"""Keeps the ledger's figures current for ``/metrics``: from the record, so that a restart changes none."""

from __future__ import annotations

import asyncio

from procession.domain.billing import OPEN, CallStatus
from procession.maintenance.contract import Loop
from procession.services.bookkeeping import Bookkeeping, Figures, dollars
from procession.services.foundation import Foundation
from procession.telemetry import metrics

PASS_SECONDS = 5.0


class CostGauges(Loop):
    name = "cost_gauges"

    def __init__(self, foundation: Foundation, books: Bookkeeping) -> None:
        super().__init__()
        self._on = foundation
        self._books = books

    async def once(self) -> None:
        found = await self._books.figures()
        for key, used in found.totals.items():
            labels = dict(zip(("region", "provider", "model", "tier"), key, strict=True))
            metrics.AI_COST.labels(**labels).set(dollars(used.effective_pico))
            metrics.AI_LIST_COST.labels(**labels).set(dollars(used.list_pico))
            metrics.AI_SETTLED.labels(**labels).set(used.calls)
            for kind, count in used.tokens.by_kind().items():
                metrics.AI_TOKENS.labels(**labels, kind=kind).set(count)
        self._open(found)
        for period, window in found.everyone.items():
            for state, pico in (("spent", window.spent_pico), ("set_aside", window.reserved_pico)):
                metrics.BUDGET_USED.labels(period=period.value, state=state).set(dollars(pico))
        metrics.BUDGET_LIMIT.clear()
        for period, budget in found.limits.items():
            metrics.BUDGET_LIMIT.labels(period=period.value).set(dollars(budget.limit_pico))

    def _open(self, found: Figures) -> None:
        now = self._on.clock()
        for status in OPEN:
            one = found.in_flight.get(status)
            metrics.AI_OPEN.labels(status=status.value).set(0 if one is None else one.calls)
            metrics.AI_SET_ASIDE.labels(status=status.value).set(0.0 if one is None else dollars(one.reserved_pico))
        lost = found.in_flight.get(CallStatus.UNKNOWN)
        age = 0.0 if lost is None else max(0.0, (now - lost.oldest_at).total_seconds())
        metrics.AI_UNKNOWN_OLDEST.set(age)

    async def pause(self) -> None:
        await asyncio.sleep(PASS_SECONDS)
