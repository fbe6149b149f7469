"""What work used beside AI, by hour: added up by the meter, priced when it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from procession.domain.billing import Period, window_start
from procession.store.cost_tables import meter_marks, resource_rollups


class Resource(StrEnum):
    """What is counted, in whole units of its name."""

    CPU = "cpu_milliseconds"
    """Of the sandbox's children, while they analysed."""
    CAPACITY = "capacity_milliseconds"
    """Of slots that were there for work, busy or not; nobody's."""
    STORAGE = "storage_byte_hours"
    """Documents as they were uploaded."""
    EGRESS = "egress_bytes"
    REQUESTS = "requests"


_C = resource_rollups.c
_M = meter_marks.c


def add(conn: Connection, tenant: str, moment: datetime, region: str, kind: Resource, quantity: int) -> None:
    """To the hour of ``moment``."""
    values = {
        "tenant": tenant,
        "hour": window_start(Period.HOUR, moment),
        "region": region,
        "kind": kind.value,
        "quantity": quantity,
    }
    conn.execute(_upsert(conn.dialect.name), values)


def sums(
    conn: Connection,
    since: datetime,
    until: datetime,
    group: Sequence[str] = (),
    *,
    tenant: str | None = None,
    region: str | None = None,
) -> list[tuple[tuple[Any, ...], Resource, int]]:
    """(group, kind, quantity) over the hours from ``since`` to before ``until``; ``group``: tenant, hour, region."""
    asked = {"since_": since, "until_": until, "tenant_": tenant, "region_": region}
    rows = conn.execute(_sums(tuple(group), tenant is not None, region is not None), asked)
    return [(tuple(row[:-2]), Resource(row[-2]), int(row[-1])) for row in rows]


def mark(conn: Connection, name: str) -> tuple[int, datetime] | None:
    """How far ``name`` has read the journal, and when; None before it ever did."""
    row = conn.execute(select(_M.sequence, _M.read_at).where(_M.name == name)).first()
    return None if row is None else (row.sequence, row.read_at)


def set_mark(conn: Connection, name: str, sequence: int, now: datetime) -> None:
    values = {"name": name, "sequence": sequence, "read_at": now}
    made = _insert(conn.dialect.name)(meter_marks)
    conn.execute(
        made.on_conflict_do_update(
            index_elements=[_M.name], set_={"sequence": made.excluded.sequence, "read_at": made.excluded.read_at}
        ),
        values,
    )


def _insert(dialect: str) -> Any:
    return postgresql.insert if dialect == "postgresql" else sqlite.insert


@cache
def _upsert(dialect: str) -> Any:
    made = _insert(dialect)(resource_rollups)
    return made.on_conflict_do_update(
        index_elements=list(resource_rollups.primary_key), set_={"quantity": _C.quantity + made.excluded.quantity}
    )


@cache
def _sums(group: tuple[str, ...], of_tenant: bool, of_region: bool) -> Any:
    keys = [_C[name] for name in group]
    made = select(*keys, _C.kind, func.sum(_C.quantity)).where(
        _C.hour >= bindparam("since_"), _C.hour < bindparam("until_")
    )
    if of_tenant:
        made = made.where(_C.tenant == bindparam("tenant_"))
    if of_region:
        made = made.where(_C.region == bindparam("region_"))
    return made.group_by(*keys, _C.kind).order_by(*keys, _C.kind)
