"""An analysis: one document on its way to a form. States and legal transitions stand here, as one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class State(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    REQUIRES_REVIEW = "requires_review"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Stage(StrEnum):
    UPLOADED = "uploaded"
    PARSING = "parsing"
    RECOGNITION = "recognition"
    FIELD_DETECTION = "field_detection"
    AWAITING_AI = "awaiting_ai"
    EXTRACTION = "extraction"
    VALIDATION = "validation"
    DONE = "done"


class Priority(StrEnum):
    URGENT = "urgent"
    STANDARD = "standard"
    LOW = "low"


OBJECTIVE_SECONDS: dict[Priority, int] = {Priority.URGENT: 120, Priority.STANDARD: 600, Priority.LOW: 3600}
"""Upload to result, per class (READING, contradiction 2)."""


def deadline(since: datetime, priority: Priority) -> datetime:
    """When an analysis that was handed in (or revived) at ``since`` is due."""
    return since + timedelta(seconds=OBJECTIVE_SECONDS[priority])


TERMINAL = frozenset({State.REQUIRES_REVIEW, State.COMPLETED, State.FAILED, State.CANCELLED})
"""States in which the machine has nothing left to do. ``requires_review`` waits for a person."""


class Trigger(StrEnum):
    """What moves an analysis from one state to another; also the journal's event types, as ``analysis.<trigger>``."""

    CLAIMED = "claimed"
    RELEASED = "released"  # drain or a host's death: burns no attempt
    RETRY_SCHEDULED = "retry_scheduled"
    EXPIRED = "expired"  # the lease ran out
    REVIEW_REQUIRED = "review_required"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    APPROVED = "approved"
    REVIVED = "revived"  # a person retries a failed analysis
    REPROCESSED = "reprocessed"  # a new pass over a finished one
    PARKED = "parked"  # read here, and waiting for an AI provider under no lease


TRANSITIONS: dict[tuple[State, Trigger], State] = {
    (State.PENDING, Trigger.CLAIMED): State.PROCESSING,
    (State.PENDING, Trigger.CANCELLED): State.CANCELLED,
    (State.PENDING, Trigger.COMPLETED): State.COMPLETED,  # the same bytes were analysed before: result reused
    (State.PENDING, Trigger.REVIEW_REQUIRED): State.REQUIRES_REVIEW,  # likewise
    (State.PROCESSING, Trigger.RELEASED): State.PENDING,
    (State.PROCESSING, Trigger.RETRY_SCHEDULED): State.PENDING,
    (State.PROCESSING, Trigger.EXPIRED): State.PENDING,
    (State.PROCESSING, Trigger.PARKED): State.PROCESSING,
    (State.PROCESSING, Trigger.REVIEW_REQUIRED): State.REQUIRES_REVIEW,
    (State.PROCESSING, Trigger.COMPLETED): State.COMPLETED,
    (State.PROCESSING, Trigger.FAILED): State.FAILED,
    (State.PROCESSING, Trigger.CANCELLED): State.CANCELLED,
    (State.REQUIRES_REVIEW, Trigger.APPROVED): State.COMPLETED,
    (State.REQUIRES_REVIEW, Trigger.REPROCESSED): State.PROCESSING,
    (State.COMPLETED, Trigger.REPROCESSED): State.PROCESSING,
    (State.FAILED, Trigger.REVIVED): State.PENDING,
}
"""The whole state machine. Every other place reads this table; what is not in it is illegal."""


def after(state: State, trigger: Trigger) -> State | None:
    """The state ``trigger`` leads to, or None when it is illegal in ``state``."""
    return TRANSITIONS.get((state, trigger))


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """What the uploader asked for. Part of the idempotency fingerprint and of the duplicate check."""

    languages: tuple[str, ...] = ("eng",)
    """Tesseract language codes for scanned pages."""
    ocr: bool = True
    templates: bool = True
    """Whether the approved definition of the same form may be used."""
    ai: bool = True
    """Whether a configured AI provider may be asked."""

    def canonical(self) -> dict[str, Any]:
        """JSON-ready, for digests and for the record. What is as usual is left out, as it was before there was it."""
        usual: dict[str, Any] = {"languages": sorted(self.languages), "ocr": self.ocr}
        return usual | {name: False for name in ("ai", "templates") if not getattr(self, name)}


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a running analysis is. ``pages_total`` is 0 until the document was opened."""

    stage: Stage
    pages_done: int = 0
    pages_total: int = 0


@dataclass(frozen=True, slots=True)
class Analysis:
    """One row of ``analyses`` as the services see it. Times are aware UTC."""

    id: str
    tenant: str
    region: str
    document_id: str
    batch_id: str | None
    priority: Priority
    options: AnalysisOptions
    engine_version: str
    state: State
    stage: Stage
    pages_done: int
    pages_total: int
    version: int
    """Aggregate version: rises with every journaled change; the ETag and the SSE id."""
    fence: int
    attempts: int
    pass_number: int
    created_at: datetime
    run_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    lease_owner: str | None = None
    lease_expires_at: datetime | None = None
    cancel_requested: bool = False
    result_ref: str | None = None
    result_digest: str | None = None
    review_ref: str | None = None
    form_id: str | None = None
    fields_found: int | None = None
    fields_flagged: int | None = None
    confidence: float | None = None
    degraded: bool = False
    reused_from: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    file_name_sealed: bytes = b""
    """The uploaded file's name, encrypted under the document's key: names of couples hide in file names."""
    erased_at: datetime | None = None
    template_id: str | None = None
    """The approved form it was read by."""
    deadline_at: datetime | None = None
    """When its result is due. None in rows of before deadlines were kept: see ``due_at``."""
    buried_at: datetime | None = None
    """Since when an operator has its failure as final."""

    @property
    def parked(self) -> bool:
        """It waits for an AI provider: nobody runs it, and nobody may claim it."""
        return self.state is State.PROCESSING and self.lease_owner is None

    @property
    def due_at(self) -> datetime:
        return self.deadline_at or deadline(self.created_at, self.priority)
