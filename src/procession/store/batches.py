"""Batches: files uploaded together. Their status is counted from their analyses, never stored."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy import insert as sql_insert

from procession.domain.analysis import State
from procession.domain.errors import NotFound
from procession.store import journal
from procession.store.dialects import in_index_order
from procession.store.tables import analyses, batches


@dataclass(frozen=True, slots=True)
class Batch:
    id: str
    tenant: str
    files_expected: int
    created_at: datetime
    version: int = 1
    """Rises by one with each file that was refused."""

    @property
    def files_refused(self) -> int:
        return self.version - 1


_COLUMNS = tuple(batches.c[name] for name in Batch.__slots__)
_INSERT = sql_insert(batches)
_GET = select(*_COLUMNS).where(batches.c.id == bindparam("id_"), batches.c.tenant == bindparam("tenant_"))
_PAGE = (
    select(*_COLUMNS)
    .where(batches.c.tenant == bindparam("tenant_"), batches.c.id < bindparam("before_"))
    .order_by(batches.c.id.desc())
    .limit(bindparam("limit_"))
)
_REFUSE = (
    update(batches)
    .where(batches.c.id == bindparam("id_"), batches.c.tenant == bindparam("tenant_"))
    .values(version=batches.c.version + 1)
    .returning(*_COLUMNS)
)
_COUNTS = (
    select(analyses.c.state, func.count().label("number"))
    .where(analyses.c.batch_id == bindparam("id_"), analyses.c.erased_at.is_(None))
    .group_by(analyses.c.state)
)
_ARRIVED = select(func.count()).select_from(analyses).where(analyses.c.batch_id == bindparam("id_"))
_LAST = "~"  # greater than every id


def insert(conn: Connection, batch: Batch, region: str, actor: str, trace_id: str | None) -> Batch:
    """Store a batch and journal ``batch.created``."""
    conn.execute(_INSERT, asdict(batch))
    _journal(conn, batch, "batch.created", region, actor, trace_id, batch.created_at)
    return batch


def refuse(
    conn: Connection,
    tenant: str,
    batch_id: str,
    code: str,
    region: str,
    actor: str,
    now: datetime,
    trace_id: str | None = None,
) -> Batch:
    """Note that one of the batch's files was not taken, and why. Raises NotFound."""
    row = conn.execute(_REFUSE, {"id_": batch_id, "tenant_": tenant}).first()
    if row is None:
        raise NotFound
    batch = Batch(**row._mapping)
    _journal(conn, batch, "batch.file_refused", region, actor, trace_id, now, {"code": code})
    return batch


def _journal(
    conn: Connection,
    batch: Batch,
    event_type: str,
    region: str,
    actor: str,
    trace_id: str | None,
    now: datetime,
    also: dict[str, Any] | None = None,
) -> None:
    data = {**asdict(batch), "created_at": batch.created_at.isoformat()} | (also or {})
    state = journal.Aggregate("batch", batch.id, batch.tenant, region, batch.version, data)
    journal.append(conn, event_type, state, actor, trace_id, now)


def get(conn: Connection, tenant: str, batch_id: str) -> Batch | None:
    row = conn.execute(_GET, {"id_": batch_id, "tenant_": tenant}).first()
    return None if row is None else Batch(**row._mapping)


def page(conn: Connection, tenant: str, *, before_id: str | None = None, limit: int = 50) -> list[Batch]:
    """Newest first."""
    in_index_order(conn)
    found = conn.execute(_PAGE, {"tenant_": tenant, "before_": before_id or _LAST, "limit_": limit})
    return [Batch(**row._mapping) for row in found]


def counts(conn: Connection, batch_id: str) -> dict[State, int]:
    """How many of its analyses stand in which state; states without any are left out."""
    return {State(row.state): row.number for row in conn.execute(_COUNTS, {"id_": batch_id})}


def arrived(conn: Connection, batch_id: str) -> int:
    """Files of the batch that became analyses, erased ones too."""
    return int(conn.execute(_ARRIVED, {"id_": batch_id}).scalar_one())
