"""The journal: one event per change of one aggregate, written in the change's own transaction.

Reading by sequence is right on SQLite, where one writer commits at a time and sequences become visible in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, bindparam, func, insert, select

from procession.domain.clock import new_id
from procession.domain.event import Event
from procession.store.tables import events


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What changed, after the change. ``data`` is JSON-ready, holds no personal column, and is complete."""

    type: str
    id: str
    tenant: str
    region: str
    version: int
    data: dict[str, Any]


_INSERT = insert(events)
_COLUMNS: tuple[Column[Any], ...] = (
    *(events.c.sequence, events.c.id, events.c.tenant, events.c.region, events.c.aggregate_type),
    *(events.c.aggregate_id, events.c.version, events.c.type, events.c.occurred_at, events.c.actor),
    *(events.c.data, events.c.trace_id, events.c.schema_version),
)
_AFTER = (
    select(*_COLUMNS)
    .where(events.c.tenant == bindparam("tenant_"), events.c.sequence > bindparam("sequence_"))
    .order_by(events.c.sequence)
    .limit(bindparam("limit_"))
)
_OF_AGGREGATE = (
    select(*_COLUMNS)
    .where(
        events.c.aggregate_type == bindparam("type_"),
        events.c.aggregate_id == bindparam("id_"),
        events.c.version > bindparam("version_"),
    )
    .order_by(events.c.version)
    .limit(bindparam("limit_"))
)
_LAST_SEQUENCE = select(func.max(events.c.sequence)).where(events.c.tenant == bindparam("tenant_"))


def append(
    conn: Connection, event_type: str, aggregate: Aggregate, actor: str, trace_id: str | None, now: datetime
) -> Event:
    """Write one event with its digest. A version that exists already violates a unique constraint."""
    event = Event(
        id=new_id("evt"),
        tenant=aggregate.tenant,
        region=aggregate.region,
        aggregate_type=aggregate.type,
        aggregate_id=aggregate.id,
        version=aggregate.version,
        type=event_type,
        occurred_at=now,
        actor=actor,
        data=aggregate.data,
        trace_id=trace_id,
    )
    conn.execute(
        _INSERT,
        {
            "id": event.id,
            "tenant": event.tenant,
            "region": event.region,
            "aggregate_type": event.aggregate_type,
            "aggregate_id": event.aggregate_id,
            "version": event.version,
            "type": event.type,
            "occurred_at": event.occurred_at,
            "actor": event.actor,
            "trace_id": event.trace_id,
            "schema_version": event.schema_version,
            "data": event.data,
            "digest": event.digest(),
        },
    )
    return event


def after(conn: Connection, tenant: str, sequence: int, limit: int) -> list[Event]:
    """Events of a tenant with a greater sequence, oldest first."""
    rows = conn.execute(_AFTER, {"tenant_": tenant, "sequence_": sequence, "limit_": limit})
    return [_event(row) for row in rows]


def of_aggregate(
    conn: Connection, aggregate_id: str, after_version: int, limit: int, aggregate_type: str = "analysis"
) -> list[Event]:
    """Events of one aggregate with a greater version, oldest first."""
    rows = conn.execute(
        _OF_AGGREGATE, {"type_": aggregate_type, "id_": aggregate_id, "version_": after_version, "limit_": limit}
    )
    return [_event(row) for row in rows]


def last_sequence(conn: Connection, tenant: str) -> int:
    """Where a follower that wants only news starts; 0 for an empty journal."""
    return conn.execute(_LAST_SEQUENCE, {"tenant_": tenant}).scalar() or 0


def _event(row: Row[Any]) -> Event:
    return Event(**row._mapping)
