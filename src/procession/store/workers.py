"""Running processes: each keeps one row, refreshed by its heartbeat and never journaled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from procession.store.tables import workers


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """``slots`` is 0 for a process that analyses nothing. ``seen_at``: its last heartbeat.

    ``service_seconds``: of one analysis; None before it measured any. ``draining``: it is stopping.
    ``drain_requested``: somebody wants it to claim no more.
    """

    id: str
    role: str
    host: str
    pid: int
    version: str
    region: str
    keys_digest: str
    slots: int
    busy: int
    service_seconds: float | None
    draining: bool
    drain_requested: bool
    started_at: datetime
    seen_at: datetime

    @property
    def available(self) -> int:
        """Analyses it would start now."""
        return 0 if self.draining or self.drain_requested else max(0, self.slots - self.busy)


_C = workers.c
_COLUMNS = tuple(_C[name] for name in WorkerRow.__dataclass_fields__)
_INSERT = insert(workers)
_BEAT = (
    update(workers)
    .where(_C.id == bindparam("id_"))
    .values(
        slots=bindparam("slots_"),
        busy=bindparam("busy_"),
        service_seconds=bindparam("service_seconds_"),
        draining=bindparam("draining_"),
        seen_at=bindparam("seen_at_"),
    )
    .returning(_C.drain_requested)
)
_SEEN = select(*_COLUMNS).where(_C.seen_at >= bindparam("since_")).order_by(_C.started_at, _C.id)
_REQUEST = (
    update(workers).where(_C.id == bindparam("id_")).values(drain_requested=bindparam("drain_")).returning(*_COLUMNS)
)
_FORGET = delete(workers).where(_C.seen_at < bindparam("before_"))
_FORGET_ALL = delete(workers)
_LEAVE = delete(workers).where(_C.id == bindparam("id_"))


def beat(conn: Connection, row: WorkerRow) -> bool:
    """Write what changes while a process runs; a row that is not there (any more) is made. Returns drain_requested."""
    values = {
        "id_": row.id,
        "slots_": row.slots,
        "busy_": row.busy,
        "service_seconds_": row.service_seconds,
        "draining_": row.draining,
        "seen_at_": row.seen_at,
    }
    found = conn.execute(_BEAT, values).first()
    if found is None:
        conn.execute(_INSERT, {name: getattr(row, name) for name in WorkerRow.__dataclass_fields__})
        return row.drain_requested
    return bool(found.drain_requested)


def seen(conn: Connection, since: datetime) -> list[WorkerRow]:
    """Every process that was seen since then, oldest start first."""
    return [WorkerRow(*row) for row in conn.execute(_SEEN, {"since_": since})]


def request_drain(conn: Connection, worker_id: str, drain: bool) -> WorkerRow | None:
    """Tell a process to claim no more, or again; it obeys at its next heartbeat. None when it is unknown."""
    found = conn.execute(_REQUEST, {"id_": worker_id, "drain_": drain}).first()
    return None if found is None else WorkerRow(*found)


def leave(conn: Connection, worker_id: str) -> None:
    """It stopped in order."""
    conn.execute(_LEAVE, {"id_": worker_id})


def forget_all(conn: Connection) -> None:
    """For the start of a single-machine server, when no other process can be there."""
    conn.execute(_FORGET_ALL)


def forget(conn: Connection, before: datetime) -> int:
    """Forget processes not seen since then; returns how many."""
    return conn.execute(_FORGET, {"before_": before}).rowcount
