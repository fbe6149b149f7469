"""How much waits and runs, by class: for the queue's view, admission and ``redis_queue_length``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, literal_column, select

from procession.domain.analysis import Priority, State
from procession.store.tables import analyses


@dataclass(frozen=True, slots=True)
class Depth:
    """One class. ``ready``: may run now; ``deferred``: waits for its time; ``running``: under a lease."""

    ready: int = 0
    deferred: int = 0
    running: int = 0
    oldest_ready_at: datetime | None = None


# Literal, not bound: SQLite uses a partial index only when the statement itself proves the index's condition.
_STATE: ColumnElement[str] = literal_column("analyses.state")
_PENDING, _RUNNING = literal_column("'pending'") == _STATE, literal_column("'processing'") == _STATE
_READY = case((analyses.c.run_at <= bindparam("now_"), 1), else_=0)
_WAITING = (
    select(
        analyses.c.priority,
        func.sum(_READY).label("ready"),
        func.count().label("pending"),
        func.min(analyses.c.run_at).label("oldest"),
    )
    .where(_PENDING)
    .group_by(analyses.c.priority)
)
_LEASED = select(analyses.c.priority, func.count().label("running")).where(_RUNNING).group_by(analyses.c.priority)
_OF_TENANT = (
    select(func.count())
    .select_from(analyses)
    .where(analyses.c.tenant == bindparam("tenant_"), analyses.c.state == State.PENDING.value)
)


def queue_depth(conn: Connection, now: datetime) -> dict[Priority, Depth]:
    """Every class, empty ones too."""
    running = {row.priority: row.running for row in conn.execute(_LEASED)}
    waiting = {row.priority: row for row in conn.execute(_WAITING, {"now_": now})}
    depths = {}
    for priority in Priority:
        row = waiting.get(priority.value)
        ready, pending = (int(row.ready), int(row.pending)) if row is not None else (0, 0)
        depths[priority] = Depth(
            ready=ready,
            deferred=pending - ready,
            running=running.get(priority.value, 0),
            oldest_ready_at=row.oldest if row is not None and ready else None,
        )
    return depths


def ready_of_tenant(conn: Connection, tenant: str) -> int:
    """Analyses of the tenant that wait, those deferred by a retry included."""
    return int(conn.execute(_OF_TENANT, {"tenant_": tenant}).scalar_one())
