"""Which ready analyses the bell rings for, and in what order.

Invariants, for any input:

1. At most ``ring_ahead`` analyses of one tenant are offered.
2. Within a class tenants take turns, running analyses counted as turns taken: before a tenant's n-th turn stand at most
   n turns of any other tenant. So a tenant with 10,000 waiting puts at most one analysis before the first of another
   that has nothing running.
3. Waiting ``aging_seconds`` lifts an analysis by one class, never above urgent; among equal turns the one that waited
   longest goes first. So a tenant with nothing running is overtaken only by tenants who have nothing running either and
   waited longer: nobody starves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from procession.domain.analysis import Priority

_CLASSES = (Priority.URGENT, Priority.STANDARD, Priority.LOW)
_RANK = {priority: rank for rank, priority in enumerate(_CLASSES)}


@dataclass(frozen=True, slots=True)
class Ready:
    """One analysis that may run now. ``run_at``: since when it waits. ``in_flight``: its tenant's running analyses."""

    id: str
    tenant: str
    priority: Priority
    run_at: datetime
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """Ring for ``id`` in class ``priority`` (the class it aged into), for ``reason``."""

    id: str
    priority: Priority
    reason: str


def order(ready: Sequence[Ready], now: datetime, ring_ahead: int, aging_seconds: float) -> list[Offer]:
    """The offers, best first. ``ready`` may hold any number per tenant, in any order."""
    of_tenant: defaultdict[str, list[tuple[int, Ready]]] = defaultdict(list)
    for item in ready:
        of_tenant[item.tenant].append((_aged_rank(item, now, aging_seconds), item))
    turns: list[tuple[int, int, datetime, str, Ready]] = []
    for items in of_tenant.values():
        items.sort(key=lambda pair: (pair[0], pair[1].run_at, pair[1].id))
        for place, (rank, item) in enumerate(items[:ring_ahead]):
            turns.append((rank, item.in_flight + place, item.run_at, item.id, item))
    turns.sort(key=lambda turn: turn[:4])
    return [Offer(item.id, _CLASSES[rank], _reason(rank, turn, item)) for rank, turn, _, _, item in turns]


def _aged_rank(item: Ready, now: datetime, aging_seconds: float) -> int:
    waited = max(0.0, (now - item.run_at).total_seconds())
    return max(0, _RANK[item.priority] - int(waited // aging_seconds))


def _reason(rank: int, turn: int, item: Ready) -> str:
    lifted = "" if _RANK[item.priority] == rank else f", lifted from {item.priority.value} by waiting"
    return f"{_CLASSES[rank].value}{lifted}, turn {turn + 1} of its tenant"
