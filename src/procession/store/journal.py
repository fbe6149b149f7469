"""The journal: one event per change of one aggregate, written in the change's own transaction.

Reading by sequence is right on SQLite, where one writer commits at a time and sequences become visible in order. On
PostgreSQL commits become visible in any order, so readers stay behind the horizon: they take events of transactions
older than every one that still runs, in the order (transaction, sequence). Nothing can appear behind that order later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Row,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    select,
    tuple_,
)

from procession.domain.clock import new_id, new_ids
from procession.domain.event import Event, digest_of
from procession.store.dialects import in_index_order, insert_all, insert_written, is_postgresql
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
_ALL_LAST_SEQUENCE = select(func.max(events.c.sequence))
_LAST_SEQUENCE = select(func.max(events.c.sequence)).where(events.c.tenant == bindparam("tenant_"))


# PostgreSQL: see above. A sequence stands for a place in the order through the event that has it.
_HORIZON = literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint", BigInteger)
_SETTLED = (events.c.tenant == bindparam("tenant_"), events.c.xid < _HORIZON)
_PLACE = select(events.c.xid).where(
    events.c.tenant == bindparam("tenant_"), events.c.sequence == bindparam("sequence_")
)
_LEAST_PLACE = select(func.min(events.c.xid)).where(
    events.c.tenant == bindparam("tenant_"), events.c.sequence > bindparam("sequence_")
)
_AFTER_PLACE = (
    select(*_COLUMNS)
    .where(*_SETTLED, tuple_(events.c.xid, events.c.sequence) > tuple_(bindparam("xid_"), bindparam("sequence_")))
    .order_by(events.c.xid, events.c.sequence)
    .limit(bindparam("limit_"))
)
_NAMES = tuple(column.name for column in _COLUMNS)
_WITH_PLACE = (
    select(*_COLUMNS, events.c.xid)
    .where(*_SETTLED, tuple_(events.c.xid, events.c.sequence) > tuple_(bindparam("xid_"), bindparam("sequence_")))
    .order_by(events.c.xid, events.c.sequence)
    .limit(bindparam("limit_"))
)
_LAST_SETTLED = (
    select(events.c.sequence).where(*_SETTLED).order_by(events.c.xid.desc(), events.c.sequence.desc()).limit(1)
)
_UNSETTLED = select(events.c.sequence).where(events.c.tenant == bindparam("tenant_"), events.c.xid >= _HORIZON).limit(1)


def append(
    conn: Connection, event_type: str, aggregate: Aggregate, actor: str, trace_id: str | None, now: datetime
) -> Event:
    """Write one event with its digest. A version that exists already violates a unique constraint."""
    event = _made(event_type, aggregate, actor, trace_id, now)
    conn.execute(_INSERT, _values(event))
    return event


def append_all(
    conn: Connection,
    event_type: str,
    aggregates: Sequence[Aggregate],
    actor: str,
    trace_id: str | None,
    now: datetime,
) -> None:
    """``append`` for several aggregates that changed alike, in one statement."""
    made = [
        _made(event_type, one, actor, trace_id, now, event_id)
        for one, event_id in zip(aggregates, new_ids("evt", len(aggregates)), strict=True)
    ]
    if is_postgresql(conn):
        insert_written(conn, events, _WRITTEN, [_written(event) for event in made])
    else:
        insert_all(conn, events, [_values(event) for event in made])


_WRITTEN = (*(column.name for column in _COLUMNS if column.name != "sequence"), "digest")


def _written(event: Event) -> str:
    """The canonical envelope is the row but for its digest, and writing JSON is most of what an event costs."""
    envelope = event.canonical()
    return f'{envelope[:-1]},"digest":"{digest_of(envelope)}"}}'


def _made(
    event_type: str,
    aggregate: Aggregate,
    actor: str,
    trace_id: str | None,
    now: datetime,
    event_id: str | None = None,
) -> Event:
    return Event(
        id=event_id or new_id("evt"),
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


def _values(event: Event) -> dict[str, Any]:
    return {
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
    }


def after(conn: Connection, tenant: str, sequence: int, limit: int) -> list[Event]:
    """Events of a tenant after the one with that sequence (0: all), oldest first; see the module on PostgreSQL.

    A sequence that is no event's may repeat events there, and leaves none out.
    """
    if is_postgresql(conn):
        return _after_place(conn, tenant, sequence, limit)
    rows = conn.execute(_AFTER, {"tenant_": tenant, "sequence_": sequence, "limit_": limit})
    return [_event(row) for row in rows]


def _after_place(conn: Connection, tenant: str, sequence: int, limit: int) -> list[Event]:
    known = {"tenant_": tenant, "sequence_": sequence}
    place = conn.execute(_PLACE, known).scalar()
    if place is None:
        least = conn.execute(_LEAST_PLACE, known).scalar()
        if least is None:
            return []
        place, sequence = least, 0
    rows = conn.execute(_AFTER_PLACE, {"tenant_": tenant, "xid_": place, "sequence_": sequence, "limit_": limit})
    return [_event(row) for row in rows]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Up to where a follower has read a tenant's journal. ``xid`` is 0 on SQLite."""

    xid: int
    sequence: int


def place_now(conn: Connection) -> Place:
    """Where a follower starts who is to miss nothing that is committed after this transaction's snapshot.

    On PostgreSQL some of what was committed shortly before may follow too.
    """
    if is_postgresql(conn):
        return Place(conn.execute(select(_HORIZON)).scalar_one(), 0)
    return Place(0, conn.execute(_ALL_LAST_SEQUENCE).scalar() or 0)


def after_place(conn: Connection, tenant: str, place: Place, limit: int) -> list[tuple[Place, Event]]:
    """Settled events of a tenant behind that place, in the order that followers of places read them."""
    known = {"tenant_": tenant, "sequence_": place.sequence, "limit_": limit}
    if is_postgresql(conn):
        in_index_order(conn)  # one that is far behind reads a page too, and does not sort all that follows
        rows = conn.execute(_WITH_PLACE, {**known, "xid_": place.xid}).all()
        return [(Place(row[-1], row[0]), Event(**dict(zip(_NAMES, row[:-1], strict=True)))) for row in rows]
    found = [_event(row) for row in conn.execute(_AFTER, known)]
    return [(Place(0, event.sequence or 0), event) for event in found]


def behind(tenant: ColumnElement[str], xid: ColumnElement[int], sequence: ColumnElement[int], settled: bool) -> Any:
    """SQL: whether a tenant's journal has something behind a place; ``settled``: on PostgreSQL."""
    if not settled:
        return exists().where(events.c.tenant == tenant, events.c.sequence > sequence)
    place = tuple_(events.c.xid, events.c.sequence) > tuple_(xid, sequence)
    return exists().where(events.c.tenant == tenant, events.c.xid < _HORIZON, place)


def unsettled(conn: Connection, tenant: str) -> bool:
    """Whether events of the tenant are committed that a reader must wait for; never on SQLite."""
    return is_postgresql(conn) and conn.execute(_UNSETTLED, {"tenant_": tenant}).first() is not None


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
    statement = _LAST_SETTLED if is_postgresql(conn) else _LAST_SEQUENCE
    return conn.execute(statement, {"tenant_": tenant}).scalar() or 0


def _event(row: Row[Any]) -> Event:
    return Event(**row._mapping)
