"""The queue as operators see and steer it: what waits, against what was promised; pausing, caps, drains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from procession.domain.analysis import OBJECTIVE_SECONDS, Priority
from procession.domain.errors import InvalidRequest
from procession.domain.principal import Principal, require_operator
from procession.services.draining import Draining
from procession.services.foundation import QUEUE_KEY, Foundation
from procession.services.queue_views import (
    ClassControls,
    DeadCode,
    QueueClass,
    QueueTenant,
    QueueView,
    TenantClass,
    TenantControls,
    Workers,
    WorkerView,
)
from procession.store import controls, dead_letters
from procession.store.controls import By, ClassControl, TenantControl
from procession.store.queue_depth import Depth, depth_by_tenant

TENANTS_SHOWN_MAX = 100
"""Tenants in one view of the queue: those with most waiting."""
CAP_MAX = 1_000_000
"""Largest cap that can be set."""


class Keep:
    """A cap that stays as it is."""


KEEP = Keep()


@dataclass(frozen=True, slots=True)
class _Seen:
    depths: dict[tuple[Priority, str], Depth]
    classes: dict[Priority, ClassControl]
    tenants: dict[str, TenantControl]
    codes: dict[str, int]


class QueueService:
    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation
        self._draining = Draining(foundation)

    async def view(self, principal: Principal) -> QueueView:
        """Counts of all tenants together, by class; to operators also tenant by tenant, and the dead letters."""
        now, capacity = self._on.clock(), self._on.capacity

        def unit(conn: Connection) -> _Seen:
            codes = dead_letters.codes(conn) if principal.operator else {}
            return _Seen(depth_by_tenant(conn, now), controls.classes(conn), controls.tenants(conn), codes)

        seen = await self._on.store.read(unit, tenant=None)
        tenants = _tenants(seen, now) if principal.operator else []
        classes = tuple(_class(priority, seen, now) for priority in Priority)
        return QueueView(
            classes=classes,
            workers=Workers(total=capacity.all_slots, busy=capacity.all_busy, available=capacity.all_available),
            waiting=sum(one.ready for one in classes),
            operator=principal.operator,
            tenants=tuple(tenants[:TENANTS_SHOWN_MAX]),
            tenants_count=len(tenants),
            processes=await self._draining.workers(principal) if principal.operator else (),
            dead_letters=tuple(DeadCode(code=code, count=count) for code, count in seen.codes.items()),
        )

    async def pause_class(self, principal: Principal, priority: Priority, paused: bool) -> ClassControls:
        """Nothing more of the class is started, what runs goes on, uploads are taken. Raises Forbidden."""
        require_operator(principal)
        by = self._by(principal)
        changed = await self._on.store.write(lambda conn: controls.set_class(conn, priority, paused, by), tenant=None)
        self._changed(principal)
        return ClassControls(
            priority=priority, paused=changed.paused, changed_by=changed.actor or None, changed_at=changed.updated_at
        )

    async def pause_tenant(self, principal: Principal, tenant: str, paused: bool) -> TenantControls:
        """The same for all of a tenant's work. Raises Forbidden."""
        return await self._change(principal, tenant, {"paused": paused})

    async def cap(
        self,
        principal: Principal,
        tenant: str,
        *,
        running_max: int | Keep | None = KEEP,
        waiting_max: int | Keep | None = KEEP,
    ) -> TenantControls:
        """How many of a tenant's analyses may run at once, and wait; None lifts the cap.

        Raises Forbidden, InvalidRequest for a cap below 1 or above ``CAP_MAX``.
        """
        given = {"running_max": running_max, "waiting_max": waiting_max}
        changes: dict[str, int | None] = {name: value for name, value in given.items() if not isinstance(value, Keep)}
        if any(value is not None and not 0 < value <= CAP_MAX for value in changes.values()):
            raise InvalidRequest(f"A cap is 1 to {CAP_MAX:,}. Pause the tenant to stop its work.")
        return await self._change(principal, tenant, changes)

    async def _change(
        self, principal: Principal, tenant: str, changes: Mapping[str, bool | int | None]
    ) -> TenantControls:
        require_operator(principal)
        by = self._by(principal)
        changed = await self._on.store.write(lambda conn: controls.set_tenant(conn, tenant, changes, by), tenant=None)
        self._changed(principal, tenant)
        return _controls(changed)

    async def drain(self, principal: Principal, worker_id: str, drain: bool) -> WorkerView:
        """See ``Draining.request``."""
        return await self._draining.request(principal, worker_id, drain)

    def _by(self, principal: Principal) -> By:
        return By(principal.actor, principal.tenant, principal.trace_id, self._on.settings.region, self._on.clock())

    def _changed(self, principal: Principal, *tenants: str) -> None:
        for tenant in {principal.tenant, *tenants}:
            self._on.announce(tenant)
        self._on.changes.announce(QUEUE_KEY)


def _class(priority: Priority, seen: _Seen, now: datetime) -> QueueClass:
    parts = [depth for (one, _), depth in seen.depths.items() if one is priority]
    return QueueClass(
        priority=priority,
        ready=sum(part.ready for part in parts),
        deferred=sum(part.deferred for part in parts),
        running=sum(part.running for part in parts),
        awaiting_ai=sum(part.awaiting_ai for part in parts),
        oldest_ready_seconds=_longest(parts, now),
        objective_seconds=OBJECTIVE_SECONDS[priority],
        late_seconds=_latest(parts, now),
        paused=seen.classes[priority].paused,
    )


def _tenants(seen: _Seen, now: datetime) -> list[QueueTenant]:
    """Those with anything waiting, running or decided; most waiting first."""
    parts: defaultdict[str, dict[Priority, Depth]] = defaultdict(dict)
    for (priority, tenant), depth in seen.depths.items():
        parts[tenant][priority] = depth
    found = []
    for tenant in parts.keys() | {name for name, one in seen.tenants.items() if _decided(one)}:
        of = parts.get(tenant, {})
        classes = tuple(
            TenantClass(
                priority=priority,
                ready=of[priority].ready,
                deferred=of[priority].deferred,
                running=of[priority].running,
                awaiting_ai=of[priority].awaiting_ai,
                oldest_ready_seconds=_longest([of[priority]], now),
                late_seconds=_latest([of[priority]], now),
            )
            for priority in Priority
            if priority in of
        )
        found.append(
            QueueTenant(
                controls=_controls(seen.tenants.get(tenant) or TenantControl(tenant)),
                ready=sum(one.ready for one in classes),
                deferred=sum(one.deferred for one in classes),
                running=sum(one.running for one in classes),
                awaiting_ai=sum(one.awaiting_ai for one in classes),
                classes=classes,
            )
        )
    return sorted(
        found, key=lambda one: (-one.ready, -one.deferred, -one.running, -one.awaiting_ai, one.controls.tenant)
    )


def _decided(control: TenantControl) -> bool:
    return control.paused or control.running_max is not None or control.waiting_max is not None


def _controls(control: TenantControl) -> TenantControls:
    return TenantControls(
        tenant=control.tenant,
        paused=control.paused,
        running_max=control.running_max,
        waiting_max=control.waiting_max,
        changed_by=control.actor or None,
        changed_at=control.updated_at,
    )


def _longest(depths: Iterable[Depth], now: datetime) -> float | None:
    waits = [(now - one.oldest_ready_at).total_seconds() for one in depths if one.oldest_ready_at is not None]
    return max(0.0, *waits) if waits else None


def _latest(depths: Iterable[Depth], now: datetime) -> float | None:
    late = max(((now - one.due_at).total_seconds() for one in depths if one.due_at is not None), default=0.0)
    return late if late > 0 else None
