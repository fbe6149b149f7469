"""What the server answers, as frozen models. Keys this client does not know yet are kept, so servers may add some."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")

FINISHED = frozenset({"requires_review", "completed", "failed", "cancelled"})
"""States in which the machine has nothing left to do."""


class Answer(BaseModel):
    """Any answer: keys that are not known here are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Progress(Answer):
    pages_done: int = 0
    pages_total: int = 0
    fraction: float = 0.0


class ErrorDetail(Answer):
    code: str
    message: str


class Upload(Answer):
    """Where to put a large file."""

    id: str
    url: str
    method: str


class Analysis(Answer):
    """One document on its way to a form."""

    id: str
    file: str | None = None
    status: str
    stage: str
    priority: str
    batch_id: str | None = None
    progress: Progress = Progress()
    fields_found: int | None = None
    fields_flagged: int | None = None
    confidence: float | None = None
    needs_review: bool = False
    degraded: bool = False
    reused_from: str | None = None
    form_id: str | None = None
    error: ErrorDetail | None = None
    attempts: int = 0
    cancel_requested: bool = False
    paused: bool = False
    """It waits, and an operator holds it back."""
    created_at: datetime
    deadline: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    updated_at: datetime
    version: int
    engine_version: str | None = None
    seconds_left: float | None = None

    @property
    def finished(self) -> bool:
        return self.status in FINISHED

    @property
    def etag(self) -> str:
        """For ``If-Match``."""
        return f'"{self.version}"'


class Page(Answer, Generic[T]):
    items: tuple[T, ...]
    next_cursor: str | None = None


class Refused(Answer):
    file: str | None = None
    code: str
    message: str


class Batch(Answer):
    id: str
    status: str
    counts: dict[str, int] = {}
    files_expected: int
    files_refused: int = 0
    created_at: datetime
    refused: tuple[Refused, ...] = ()


class Form(Answer):
    id: str
    title: str | None = None
    analysis_id: str
    version: int
    open: bool
    fields_count: int
    responses_count: int
    share_path: str
    definition: dict[str, Any] = {}
    json_schema: dict[str, Any] = {}

    @property
    def etag(self) -> str:
        return f'"{self.version}"'


class Response(Answer):
    """What one couple answered: ``values`` by field name."""

    id: str
    submitted_at: datetime
    form_version: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FilledPdf:
    """A document with answers written into it. ``notes``: what to know about the copy, in plain words."""

    content: bytes
    notes: tuple[str, ...] = ()


class QueueClass(Answer):
    priority: str
    ready: int
    deferred: int
    running: int
    awaiting_ai: int = 0
    oldest_ready_seconds: float | None = None
    objective_seconds: float | None = None
    late_seconds: float | None = None
    paused: bool = False


class TenantControls(Answer):
    """What an operator decided about a tenant; null caps are none."""

    tenant: str
    paused: bool = False
    running_max: int | None = None
    waiting_max: int | None = None
    changed_by: str | None = None
    changed_at: datetime | None = None


class ClassControls(Answer):
    priority: str
    paused: bool = False
    changed_by: str | None = None
    changed_at: datetime | None = None


class TenantClass(Answer):
    priority: str
    ready: int
    deferred: int
    running: int
    awaiting_ai: int = 0
    oldest_ready_seconds: float | None = None
    late_seconds: float | None = None


class QueueTenant(Answer):
    controls: TenantControls
    ready: int
    deferred: int
    running: int
    awaiting_ai: int = 0
    classes: tuple[TenantClass, ...] = ()


class Workers(Answer):
    total: int
    busy: int
    available: int


class Worker(Answer):
    """A process that analyses documents."""

    id: str
    role: str = ""
    host: str = ""
    slots: int
    busy: int
    drain_requested: bool = False
    stopping: bool = False


class DeadCode(Answer):
    code: str
    count: int


class Queue(Answer):
    """``tenants`` and ``dead_letters`` are told to operators only."""

    classes: tuple[QueueClass, ...]
    workers: Workers
    waiting: int
    operator: bool = False
    tenants: tuple[QueueTenant, ...] = ()
    tenants_count: int = 0
    dead_letters: tuple[DeadCode, ...] = ()
    processes: tuple[Worker, ...] = ()


class DeadLetter(Answer):
    """An analysis that failed for good."""

    id: str
    tenant: str
    priority: str
    batch_id: str | None = None
    code: str
    message: str = ""
    attempts: int
    created_at: datetime
    failed_at: datetime
    buried_at: datetime | None = None


class BulkChange(Answer):
    """How many one request changed, and which."""

    changed: int
    ids: tuple[str, ...] = ()
    next_cursor: str | None = None


class Event(Answer):
    """One server-sent event: ``kind`` is `state`, `progress`, `result`, `changed` or `ready`."""

    kind: str
    data: dict[str, Any]
    id: int | None = None
