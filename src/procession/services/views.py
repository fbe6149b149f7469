"""What the services return. Each serialises to the API's JSON as it is; absent is null, times are aware UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from procession.domain.analysis import Priority, Stage, State
from procession.domain.form import ErrorDetail, Form

T = TypeVar("T")


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProgressView(View):
    """``fraction`` is 0 to 1; 1 once the machine has nothing left to do."""

    pages_done: int
    pages_total: int
    fraction: float


class AnalysisView(View):
    """One analysis as its owner sees it. ``deadline``: when its class promises the result.

    ``paused``: it waits, and an operator holds back its class or everything of its tenant.
    """

    id: str
    file: str | None
    status: State
    stage: Stage
    priority: Priority
    batch_id: str | None
    progress: ProgressView
    fields_found: int | None
    fields_flagged: int | None
    confidence: float | None
    needs_review: bool
    degraded: bool
    reused_from: str | None
    template_id: str | None
    form_id: str | None
    error: ErrorDetail | None
    attempts: int
    cancel_requested: bool
    paused: bool = False
    created_at: datetime
    deadline: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime
    version: int
    engine_version: str
    seconds_left: float | None


class Submitted(View):
    """``replayed``: an earlier request with the same Idempotency-Key made this analysis."""

    analysis: AnalysisView
    replayed: bool


class Page(View, Generic[T]):
    items: tuple[T, ...]
    next_cursor: str | None


class PageImage(View):
    """``digest``: SHA-256 (hex) of the PNG."""

    png: bytes
    digest: str


class TemplateView(View):
    """How copies of a form are recognised. ``uploads``: those that were; ``form_id``: whose definition they get."""

    id: str
    uploads: int
    form_id: str
    approved_at: datetime


class FilledDocument(View):
    """A copy of a document with answers in it. ``notes``: what whoever uses it should know."""

    pdf: bytes
    file_name: str
    notes: tuple[str, ...]


class FormView(View):
    """A live form for its owner. ``share_path`` ends in the secret token couples are sent."""

    id: str
    title: str
    analysis_id: str
    version: int
    open: bool
    fields_count: int
    responses_count: int
    created_at: datetime
    updated_at: datetime
    share_path: str
    definition: Form
    json_schema: dict[str, Any]


class PublicForm(View):
    """A form as couples see it: questions, never the values of the document it came from."""

    title: str
    version: int
    open: bool
    definition: Form


class ResponseView(View):
    """``values``: field name -> answer, normalised as the JSON Schema says."""

    id: str
    submitted_at: datetime
    form_version: int
    values: dict[str, Any]


class RefusedFile(View):
    file: str
    code: str
    message: str


class UploadView(View):
    """Where to put a file, with `method`, before `expires_at`; then name `id` to `POST /v1/analyses` as `upload_id`."""

    id: str
    url: str
    method: Literal["PUT"] = "PUT"
    expires_at: datetime


class BatchView(View):
    """``counts``: state -> analyses. ``refused``: files of this request that were not taken."""

    id: str
    status: Literal["processing", "completed", "completed_with_errors"]
    counts: dict[str, int]
    files_expected: int
    files_refused: int = 0
    created_at: datetime
    refused: tuple[RefusedFile, ...] = ()
