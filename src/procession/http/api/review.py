"""``/v1/analyses/{id}/review``: what a person corrected, field by field."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from procession.http import etag
from procession.http.api.analyses import AnalysisId, answer
from procession.http.context import App, Asker
from procession.services.review import FieldAction

ACTIONS_MAX = 5000


class Action(BaseModel):
    """What to do with one field.

    `changes` may set label, type, options, required, section, value, subtype, category, help. `add` makes a field that
    was missed: an id of your choice, and in `changes` at least label, page and box; `reject` takes it away again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: Annotated[str, Field(min_length=1, max_length=64)]
    action: Literal["approve", "modify", "reject", "reset", "add"]
    changes: dict[str, Any] = {}


class Review(BaseModel):
    """`finish` approves what is left and makes the form."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    fields: Annotated[tuple[Action, ...], Field(max_length=ACTIONS_MAX)] = ()
    finish: bool = False


class ReviewState(BaseModel):
    """Field id → action, changes and time."""

    fields: dict[str, Any]


async def review(request: Request, application: App, asker: Asker, analysis_id: AnalysisId, body: Review) -> Response:
    """Approve, correct, reject or add fields; `finish` completes the review and makes the form.

    `If-Match` with the analysis's ETag (or `*`) is required: 428 without it, 412 when somebody was faster.
    """
    expected = etag.expected_version(request)
    actions = [FieldAction(id=one.id, action=one.action, changes=one.changes) for one in body.fields]
    view = await application.reviews.apply(asker, analysis_id, actions, finish=body.finish, expected_version=expected)
    extra = {"Link": f'</v1/forms/{view.form_id}>; rel="related"'} if view.form_id else {}
    return answer(request, view, extra=extra)


async def review_state(application: App, asker: Asker, analysis_id: AnalysisId) -> Response:
    """What was decided so far: field id → action, changes and time."""
    return JSONResponse({"fields": await application.reviews.state(asker, analysis_id)})
