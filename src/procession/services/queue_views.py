"""What the queue's services return. Each serialises to the API's JSON as it is; absent is null, times are aware UTC."""

from __future__ import annotations

from datetime import datetime

from procession.domain.analysis import Priority
from procession.services.views import View


class QueueClass(View):
    """One priority class. ``deferred`` waits for a retry's time; ``awaiting_ai``: read, and waiting for an AI provider,
    which takes no worker; ``late_seconds``: what waits longest past its deadline is so late, null when nothing is.
    """

    priority: Priority
    ready: int
    deferred: int
    running: int
    awaiting_ai: int = 0
    oldest_ready_seconds: float | None
    objective_seconds: int
    late_seconds: float | None = None
    paused: bool = False


class TenantClass(View):
    """One tenant's part of a class."""

    priority: Priority
    ready: int
    deferred: int
    running: int
    awaiting_ai: int = 0
    oldest_ready_seconds: float | None
    late_seconds: float | None


class TenantControls(View):
    """What an operator decided about a tenant. ``running_max``: its analyses at once; ``waiting_max``: how many may
    wait, in place of `queue.waiting_max`; null: no cap of its own.
    """

    tenant: str
    paused: bool
    running_max: int | None
    waiting_max: int | None
    changed_by: str | None
    changed_at: datetime | None


class QueueTenant(View):
    controls: TenantControls
    ready: int
    deferred: int
    running: int
    awaiting_ai: int = 0
    classes: tuple[TenantClass, ...]


class Workers(View):
    total: int
    busy: int
    available: int


class WorkerView(View):
    """One process that analyses documents. ``drain_requested``: it claims no more; ``stopping``: it is going."""

    id: str
    role: str
    host: str
    slots: int
    busy: int
    drain_requested: bool
    stopping: bool
    seen_at: datetime


class DeadCode(View):
    """How many dead letters failed with that problem code."""

    code: str
    count: int


class QueueView(View):
    """``waiting``: analyses that could run now, all classes together. ``tenants`` (those with most waiting first),
    ``tenants_count``, ``dead_letters`` and ``processes`` are told to operators only.
    """

    classes: tuple[QueueClass, ...]
    workers: Workers
    waiting: int
    operator: bool = False
    tenants: tuple[QueueTenant, ...] = ()
    tenants_count: int = 0
    dead_letters: tuple[DeadCode, ...] = ()
    processes: tuple[WorkerView, ...] = ()


class ClassControls(View):
    priority: Priority
    paused: bool
    changed_by: str | None
    changed_at: datetime | None


class DeadLetter(View):
    """An analysis that failed for good. Its file's name stays its owner's."""

    id: str
    tenant: str
    priority: Priority
    batch_id: str | None
    code: str
    message: str
    attempts: int
    created_at: datetime
    failed_at: datetime
    buried_at: datetime | None


class BulkChange(View):
    """``changed``: how many this request changed. ``next_cursor``: send the same with it for the rest; null: that was
    all.
    """

    changed: int
    ids: tuple[str, ...]
    next_cursor: str | None
