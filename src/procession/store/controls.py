"""What operators decided about classes and tenants: paused, capped. Each change is journaled with who made it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    not_,
    select,
    update,
)

from procession.domain.analysis import Analysis, Priority, State
from procession.domain.clock import new_id
from procession.store import journal
from procession.store.dialects import is_postgresql, one_at_a_time
from procession.store.tables import analyses, class_controls, tenant_controls


@dataclass(frozen=True, slots=True)
class ClassControl:
    priority: str
    paused: bool = False
    version: int = 0
    updated_at: datetime | None = None
    actor: str = ""
    """Who changed it last."""


@dataclass(frozen=True, slots=True)
class TenantControl:
    """``running_max``: its analyses at once; ``waiting_max``: in place of `queue.waiting_max`. None: no own cap."""

    tenant: str
    id: str = ""
    paused: bool = False
    running_max: int | None = None
    waiting_max: int | None = None
    version: int = 0
    updated_at: datetime | None = None
    actor: str = ""


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, when, and the request it came with. ``region`` is this installation's."""

    actor: str
    tenant: str
    trace_id: str | None
    region: str
    now: datetime


_CLASS_COLUMNS = tuple(class_controls.c[name] for name in ClassControl.__slots__)
_TENANT_COLUMNS = tuple(tenant_controls.c[name] for name in TenantControl.__slots__)
_ONE_CLASS = select(*_CLASS_COLUMNS).where(class_controls.c.priority == bindparam("name_"))
_ONE_TENANT = select(*_TENANT_COLUMNS).where(tenant_controls.c.tenant == bindparam("name_"))
_CLASSES = select(*_CLASS_COLUMNS)
_TENANTS = select(*_TENANT_COLUMNS).order_by(tenant_controls.c.tenant)


def classes(conn: Connection) -> dict[Priority, ClassControl]:
    """Every class, those nothing was decided about too."""
    found = {row.priority: ClassControl(*row) for row in conn.execute(_CLASSES)}
    return {priority: found.get(priority.value, ClassControl(priority.value)) for priority in Priority}


def tenants(conn: Connection) -> dict[str, TenantControl]:
    """Only tenants something was decided about."""
    return {row.tenant: TenantControl(*row) for row in conn.execute(_TENANTS)}


def tenant(conn: Connection, name: str) -> TenantControl:
    row = conn.execute(_ONE_TENANT, {"name_": name}).first()
    return TenantControl(name) if row is None else TenantControl(*row)


def set_class(conn: Connection, priority: Priority, paused: bool, by: By) -> ClassControl:
    """Pause or resume a class. Nothing is written when it is so already."""
    one_at_a_time(conn, "class_controls", priority.value)
    row = conn.execute(_ONE_CLASS, {"name_": priority.value}).first()
    known = ClassControl(priority.value) if row is None else ClassControl(*row)
    if known.paused == paused:
        return known
    changed = replace(known, paused=paused, version=known.version + 1, updated_at=by.now, actor=by.actor)
    _save(conn, class_controls, class_controls.c.priority == priority.value, known.version == 0, asdict(changed))
    aggregate = journal.Aggregate(
        "queue", f"class:{priority.value}", by.tenant, by.region, changed.version, _told(asdict(changed))
    )
    journal.append(conn, "queue.paused" if paused else "queue.resumed", aggregate, by.actor, by.trace_id, by.now)
    return changed


def set_tenant(conn: Connection, name: str, changes: Mapping[str, Any], by: By) -> TenantControl:
    """Change ``paused``, ``running_max``, ``waiting_max`` of a tenant. Nothing is written when it is so already."""
    one_at_a_time(conn, "tenant_controls", name)
    known = tenant(conn, name)
    wanted = replace(known, **changes)
    if wanted == known:
        return known
    changed = replace(
        wanted, id=known.id or new_id("tctl"), version=known.version + 1, updated_at=by.now, actor=by.actor
    )
    _save(conn, tenant_controls, tenant_controls.c.tenant == name, known.version == 0, asdict(changed))
    aggregate = journal.Aggregate("queue", changed.id, name, by.region, changed.version, _told(asdict(changed)))
    kind = "queue.capped" if wanted.paused == known.paused else "queue.paused" if wanted.paused else "queue.resumed"
    journal.append(conn, kind, aggregate, by.actor, by.trace_id, by.now)
    return changed


def _save(conn: Connection, table: Table, which: ColumnElement[bool], new: bool, values: dict[str, Any]) -> None:
    conn.execute(insert(table), values) if new else conn.execute(update(table).where(which).values(values))


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def paused(conn: Connection, found: Iterable[Analysis]) -> frozenset[str]:
    """Ids of those that wait for their turn and will not get it, because an operator paused their class or tenant."""
    waiting = [one for one in found if one.state is State.PENDING]
    if not waiting:
        return frozenset()
    of_class = {priority for priority, control in classes(conn).items() if control.paused}
    of_tenant = {name for name in {one.tenant for one in waiting} if tenant(conn, name).paused}
    return frozenset(one.id for one in waiting if one.priority in of_class or one.tenant in of_tenant)


# --- what claims and the relay ask ------------------------------------------------------------------------------------


def resumed(priority: ColumnElement[str], of_tenant: ColumnElement[str]) -> ColumnElement[bool]:
    """Neither the class nor the tenant is paused."""
    a_class = exists().where(class_controls.c.priority == priority, class_controls.c.paused)
    a_tenant = exists().where(tenant_controls.c.tenant == of_tenant, tenant_controls.c.paused)
    return and_(not_(a_class), not_(a_tenant))


def running_max(of_tenant: ColumnElement[str]) -> ColumnElement[int | None]:
    return select(tenant_controls.c.running_max).where(tenant_controls.c.tenant == of_tenant).scalar_subquery()


def waiting_max(of_tenant: ColumnElement[str]) -> ColumnElement[int | None]:
    return select(tenant_controls.c.waiting_max).where(tenant_controls.c.tenant == of_tenant).scalar_subquery()


UNCAPPED = not_(
    exists().where(tenant_controls.c.tenant == analyses.c.tenant, tenant_controls.c.running_max.is_not(None))
)
"""The analysis' tenant may have any number running."""

_running = analyses.alias("running")
BELOW_CAP = running_max(analyses.c.tenant) > (
    select(func.count())
    .select_from(_running)
    .where(
        literal_column("running.state") == literal_column("'processing'"),
        _running.c.lease_expires_at.is_not(None),  # what waits for an AI provider runs nowhere
        _running.c.tenant == analyses.c.tenant,
    )
    .scalar_subquery()
)
"""The analysis' tenant has a cap, and fewer running; exact only while ``hold_cap`` holds."""

_of_analysis = select(analyses.c.tenant).where(analyses.c.id == bindparam("id_")).scalar_subquery()
_CAP = select(tenant_controls.c.running_max).where(
    tenant_controls.c.tenant == _of_analysis, tenant_controls.c.running_max.is_not(None)
)
_HOLD_CAP = _CAP.with_for_update()


def hold_cap(conn: Connection, analysis_id: str) -> bool:
    """Whether its tenant has a cap; if so no other claim of that tenant is counted until this transaction ends."""
    return conn.execute(_HOLD_CAP if is_postgresql(conn) else _CAP, {"id_": analysis_id}).first() is not None
