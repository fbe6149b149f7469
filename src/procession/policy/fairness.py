"""Which ready analyses the bell rings for, and in what order.

Invariants, for any input:

1. At most ``ring_ahead`` analyses of one tenant are offered, and no more than it may still have running.
2. Within a class tenants take turns, running analyses counted as turns taken: before a tenant's n-th turn stand at most
   n turns of any other tenant. So a tenant with 10,000 waiting puts at most one analysis before the first of another
   that has nothing running.
3. Waiting ``aging_seconds`` lifts an analysis by one class, never above urgent. Among equal turns the one whose result
   is due first goes first, by the deadline of the class it aged into. So a tenant with nothing running is overtaken
   only by tenants who have nothing running either and whose work is due earlier: nobody starves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from procession.domain.analysis import OBJECTIVE_SECONDS, Priority, deadline

_CLASSES = (Priority.URGENT, Priority.STANDARD, Priority.LOW)
_RANK = {priority: rank for rank, priority in enumerate(_CLASSES)}


@dataclass(frozen=True, slots=True)
class Ready:
    """One analysis that may run now. ``run_at``: since when it waits. ``in_flight``: its tenant's running analyses, of
    which it may have ``running_max``. ``due_at``: its deadline; None: by when it started to wait.
    """

    id: str
    tenant: str
    priority: Priority
    run_at: datetime
    in_flight: int = 0
    running_max: int | None = None
    due_at: datetime | None = None

    @property
    def room(self) -> int | None:
        """How many more of its tenant may start; None: any number."""
        return None if self.running_max is None else max(0, self.running_max - self.in_flight)


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
        items.sort(key=lambda pair: (pair[0], _due(*pair), pair[1].id))
        room = items[0][1].room
        for place, (rank, item) in enumerate(items[: ring_ahead if room is None else min(ring_ahead, room)]):
            turns.append((rank, item.in_flight + place, _due(rank, item), item.id, item))
    turns.sort(key=lambda turn: turn[:4])
    return [Offer(item.id, _CLASSES[rank], _reason(rank, turn, item)) for rank, turn, _, _, item in turns]


def _aged_rank(item: Ready, now: datetime, aging_seconds: float) -> int:
    waited = max(0.0, (now - item.run_at).total_seconds())
    return max(0, _RANK[item.priority] - int(waited // aging_seconds))


def _due(rank: int, item: Ready) -> datetime:
    """Its deadline, moved to what the class it aged into promises."""
    due = item.due_at or deadline(item.run_at, item.priority)
    return due - timedelta(seconds=OBJECTIVE_SECONDS[item.priority] - OBJECTIVE_SECONDS[_CLASSES[rank]])


def _reason(rank: int, turn: int, item: Ready) -> str:
    lifted = "" if _RANK[item.priority] == rank else f", lifted from {item.priority.value} by waiting"
    return f"{_CLASSES[rank].value}{lifted}, turn {turn + 1} of its tenant"
