"""Counts what work uses beside AI, where the settings give it a price; nothing is written otherwise.

Time on a core is counted by the transaction that ends an analysis, so each counts once. Storage and capacity are
looked at once an hour and once a minute, by one process for all. Traffic is counted by each process that answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from procession.domain.analysis import Analysis
from procession.domain.billing import EVERYONE, Period, window_start
from procession.services.costs import cpu_milliseconds
from procession.services.foundation import Foundation
from procession.settings.costs import Costs
from procession.store import documents, resource_rollups
from procession.store.resource_rollups import Resource

GAP_SECONDS_MAX = 300.0
"""A longer time without a look counts as a stop: nobody knows what was there meanwhile."""
_CAPACITY, _STORAGE = "capacity", "storage"


def count_ended(conn: Connection, ended: Iterable[Analysis], now: datetime, prices: Costs) -> None:
    """The time on a core of analyses that ended in this transaction, to the hour they ended in."""
    if prices.compute_second is None:
        return
    used: Counter[tuple[str, str]] = Counter()
    for analysis in ended:
        if (milliseconds := cpu_milliseconds(analysis.usage)) > 0:
            used[analysis.tenant, analysis.region] += milliseconds
    for (tenant, region), milliseconds in sorted(used.items()):  # in one order: two such ends do not hold each other up
        resource_rollups.add(conn, tenant, now, region, Resource.CPU, milliseconds)


class Metering:
    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation

    async def look(self) -> None:
        """Capacity since the last look, and what was stored in each hour that passed. One process at a time."""
        on = self._on
        prices, region = on.settings.costs, on.settings.region
        now, slots = on.clock(), on.capacity.all_slots

        def unit(conn: Connection) -> None:
            if prices.compute_second is not None:
                _capacity(conn, slots, region, now)
            if prices.storage_gib_month is not None:
                _storage(conn, region, now)

        if prices.compute_second is not None or prices.storage_gib_month is not None:
            await on.store.write(unit, tenant=None)

    async def tell_traffic(self) -> None:
        """Write down what this process answered."""
        on = self._on
        prices, region, now = on.settings.costs, on.settings.region, on.clock()
        if prices.egress_gib is None and prices.requests_thousand is None:
            return
        requests, sent = on.traffic.take()
        if not requests:
            return

        def unit(conn: Connection) -> None:
            resource_rollups.add(conn, EVERYONE, now, region, Resource.EGRESS, sent)
            resource_rollups.add(conn, EVERYONE, now, region, Resource.REQUESTS, requests)

        try:
            await on.store.write(unit, tenant=None)
        except BaseException:
            on.traffic.give_back(requests, sent)
            raise


def _capacity(conn: Connection, slots: int, region: str, now: datetime) -> None:
    known = resource_rollups.mark(conn, _CAPACITY)
    resource_rollups.set_mark(conn, _CAPACITY, 0, now)
    seconds = 0.0 if known is None else (now - known[1]).total_seconds()
    if 0 < seconds <= GAP_SECONDS_MAX and slots > 0:
        resource_rollups.add(conn, EVERYONE, now, region, Resource.CAPACITY, round(slots * seconds * 1000))


def _storage(conn: Connection, region: str, now: datetime) -> None:
    """What is stored at the first look of an hour counts for that hour, and for those nobody looked in before it."""
    hour = window_start(Period.HOUR, now)
    known = resource_rollups.mark(conn, _STORAGE)
    if known is not None and known[1] >= hour:
        return
    resource_rollups.set_mark(conn, _STORAGE, 0, hour)
    hours = 1 if known is None else round((hour - known[1]) / timedelta(hours=1))
    for tenant, stored in documents.stored_bytes(conn):
        resource_rollups.add(conn, tenant, hour, region, Resource.STORAGE, stored * hours)
