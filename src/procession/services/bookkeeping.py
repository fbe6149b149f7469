"""Keeps the ledger honest while nobody looks: stale reservations, hours that cost too much, figures for metrics."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection

from procession.domain.billing import EVERYONE, Action, Budget, CallStatus, Period, Window, window_start
from procession.domain.usage import Money, from_pico, to_pico
from procession.policy import budget as policy
from procession.services.budgets import defaults
from procession.services.foundation import Foundation
from procession.store import budget_windows, budgets, cost_decisions, ledger, usage_rollups
from procession.store.cost_decisions import CostDecision
from procession.store.ledger import OpenSum
from procession.store.usage_rollups import Used

EXPIRED_AT_ONCE = 200
"""Stale reservations ended in one transaction."""
USUAL_DAYS = 14
"""Recent days whose same hour says what is usual."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Figures:
    """What metrics tell of the ledger."""

    totals: dict[tuple[str, str, str, str], Used]
    in_flight: dict[CallStatus, OpenSum]
    everyone: dict[Period, Window]
    limits: dict[Period, Budget]


class Bookkeeping:
    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation

    async def expire(self) -> tuple[int, int]:
        """End reservations whose time is over. Returns (released, unknown)."""
        released = unknown = 0
        while True:
            pass_ = partial(ledger.expired, now=self._on.clock(), limit=EXPIRED_AT_ONCE)
            ended = await self._on.store.write(pass_, tenant=None)
            lost = sum(status is CallStatus.UNKNOWN for _, status in ended)
            released, unknown = released + len(ended) - lost, unknown + lost
            if len(ended) < EXPIRED_AT_ONCE:
                break
        if unknown:
            log.warning(
                "ledger.unknown", calls=unknown, what="sent, and no answer in time: `procession cost reconcile`"
            )
        return released, unknown

    async def watch(self) -> CostDecision | None:
        """Whether this hour is a spike; the decision, when it was not told before."""
        settings, now = self._on.settings, self._on.clock()
        alert = settings.costs.alert_per_hour
        alert_pico = None if alert is None else to_pico(Money.parse(alert))

        def unit(conn: Connection) -> CostDecision | None:
            hour = window_start(Period.HOUR, now)
            (current,) = (one for one in budget_windows.current(conn, (EVERYONE,), now) if one.period is Period.HOUR)
            found = policy.spike(current.spent_pico, _usual(conn, hour), alert_pico)
            if found is None:
                return None
            made = _decision(found, current, now)
            return made if cost_decisions.note(conn, made, settings.region) else None

        made = await self._on.store.write(unit, tenant=None)
        if made is not None:
            log.warning("cost.spike", reason=made.reason)
        return made

    async def figures(self) -> Figures:
        now, given = self._on.clock(), defaults(self._on.settings)

        def unit(conn: Connection) -> Figures:
            windows = budget_windows.current(conn, (EVERYONE,), now)
            limits = budgets.in_force(conn, EVERYONE, given)
            return Figures(
                totals=usage_rollups.totals(conn),
                in_flight=ledger.open_sums(conn),
                everyone={one.period: one for one in windows},
                limits={one.period: one for one in limits if one.tenant == EVERYONE},
            )

        return await self._on.store.read(unit, tenant=None)


def _usual(conn: Connection, hour: datetime) -> list[int]:
    """What the same hour of recent days cost, since the first of them in which anything was paid."""
    since = hour - timedelta(days=USUAL_DAYS)
    costs: dict[datetime, int] = defaultdict(int)
    for (when,), used in usage_rollups.sums(conn, since, hour, ("hour",)):
        costs[when] += used.effective_pico
    if not costs:
        return []
    first = min(costs)
    days = (hour - timedelta(days=day) for day in range(1, USUAL_DAYS + 1))
    return [costs.get(day, 0) for day in days if day >= first]


def _decision(found: policy.Spike, window: Window, now: datetime) -> CostDecision:
    return CostDecision(
        id=cost_decisions.new_decision_id(),
        tenant=EVERYONE,
        period=Period.HOUR.value,
        starts_at=window.starts_at,
        action=Action.WARN.value,
        cause="spike",
        reason=found.reason,
        until=None,
        limit_pico=found.limit_pico,
        used_pico=window.spent_pico,
        decided_at=now,
        last_at=now,
    )


def dollars(pico: int) -> float:
    """For metrics, which are floating point: sixteen digits."""
    return float(from_pico(pico).amount)
