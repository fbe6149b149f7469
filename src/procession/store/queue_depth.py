"""How much waits and runs: by class for gauges and ``redis_queue_length``, by class and tenant for the queue's view."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, bindparam, case, func, literal_column, select

from procession.domain.analysis import Priority
from procession.store.controls import waiting_max
from procession.store.tables import analyses


@dataclass(frozen=True, slots=True)
class Depth:
    """One class, or one tenant's part of it. ``ready``: may run now; ``deferred``: waits for its time; ``running``:
    under a lease; ``awaiting_ai``: read, and waiting for an AI provider under none. ``due_at``: the earliest deadline
    of what is ready, where it was asked for.
    """

    ready: int = 0
    deferred: int = 0
    running: int = 0
    oldest_ready_at: datetime | None = None
    due_at: datetime | None = None
    awaiting_ai: int = 0


# Literal, not bound: SQLite uses a partial index only when the statement itself proves the index's condition.
_STATE: ColumnElement[str] = literal_column("analyses.state")
_PENDING, _RUNNING = literal_column("'pending'") == _STATE, literal_column("'processing'") == _STATE
_IS_READY = analyses.c.run_at <= bindparam("now_")
_READY = case((_IS_READY, 1), else_=0)
_COUNTS = (
    func.sum(_READY).label("ready"),
    func.count().label("pending"),
    func.min(analyses.c.run_at).label("oldest"),
)
_WAITING = select(analyses.c.priority, *_COUNTS).where(_PENDING).group_by(analyses.c.priority)
_HELD = (  # count() leaves out what has no lease
    func.count(analyses.c.lease_expires_at).label("running"),
    (func.count() - func.count(analyses.c.lease_expires_at)).label("awaiting_ai"),
)
_LEASED = select(analyses.c.priority, *_HELD).where(_RUNNING).group_by(analyses.c.priority)
_GROUP = (analyses.c.priority, analyses.c.tenant)
_WAITING_BY_TENANT = (
    select(*_GROUP, *_COUNTS, func.min(case((_IS_READY, analyses.c.deadline_at))).label("due"))
    .where(_PENDING)
    .group_by(*_GROUP)
)
_LEASED_BY_TENANT = select(*_GROUP, *_HELD).where(_RUNNING).group_by(*_GROUP)


def queue_depth(conn: Connection, now: datetime) -> dict[Priority, Depth]:
    """Every class, empty ones too."""
    held = {row.priority: row for row in conn.execute(_LEASED)}
    waiting = {row.priority: row for row in conn.execute(_WAITING, {"now_": now})}
    depths = {}
    for priority in Priority:
        row = waiting.get(priority.value)
        ready, pending = (int(row.ready), int(row.pending)) if row is not None else (0, 0)
        depths[priority] = Depth(
            ready=ready,
            deferred=pending - ready,
            running=_of(held.get(priority.value)).running,
            awaiting_ai=_of(held.get(priority.value)).awaiting_ai,
            oldest_ready_at=row.oldest if row is not None and ready else None,
        )
    return depths


def depth_by_tenant(conn: Connection, now: datetime) -> dict[tuple[Priority, str], Depth]:
    """Only those with something. Reads every waiting row: for people, not for loops."""
    held = {(row.priority, row.tenant): row for row in conn.execute(_LEASED_BY_TENANT)}
    waiting = {(row.priority, row.tenant): row for row in conn.execute(_WAITING_BY_TENANT, {"now_": now})}
    depths = {}
    for priority, tenant in sorted(held.keys() | waiting.keys()):
        row = waiting.get((priority, tenant))
        ready, pending = (int(row.ready), int(row.pending)) if row is not None else (0, 0)
        depths[Priority(priority), tenant] = Depth(
            ready=ready,
            deferred=pending - ready,
            running=_of(held.get((priority, tenant))).running,
            awaiting_ai=_of(held.get((priority, tenant))).awaiting_ai,
            oldest_ready_at=row.oldest if row is not None and ready else None,
            due_at=row.due if row is not None else None,
        )
    return depths


class _Held(NamedTuple):
    running: int = 0
    awaiting_ai: int = 0


def _of(row: Row[Any] | None) -> _Held:
    return _Held() if row is None else _Held(int(row.running), int(row.awaiting_ai))


@dataclass(frozen=True, slots=True)
class Backlog:
    """What one tenant has waiting, deferred work included. ``waiting_max``: its own limit, if an operator set one."""

    of_class: dict[Priority, int]
    waiting_max: int | None = None

    @property
    def waiting(self) -> int:
        return sum(self.of_class.values())


def _waiting(priority: Priority) -> ScalarSelect[int]:
    """From the small index of what waits, which covers it."""
    return (
        select(func.count())
        .select_from(analyses)
        .where(
            _PENDING,
            literal_column("analyses.priority") == literal_column(f"'{priority.value}'"),
            analyses.c.tenant == bindparam("tenant_"),
        )
        .scalar_subquery()
    )


_BACKLOG = select(
    *(_waiting(priority).label(priority.value) for priority in Priority),
    waiting_max(bindparam("tenant_")).label("waiting_max"),
)


def backlog(conn: Connection, tenant: str) -> Backlog:
    """One statement: every upload asks it."""
    row = conn.execute(_BACKLOG, {"tenant_": tenant}).one()._mapping
    return Backlog({priority: int(row[priority.value]) for priority in Priority}, row["waiting_max"])
