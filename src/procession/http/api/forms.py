"""``/v1/forms``: finished forms, their definitions and what couples answered."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response

from procession.http import etag
from procession.http.context import App, Asker
from procession.http.pagination import Paged

FormId = Annotated[str, Path(max_length=64)]


class FormChange(BaseModel):
    """What may change about a form: whether it takes responses."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    open: bool


async def list_forms(application: App, asker: Asker, paged: Paged) -> Response:
    """Forms, newest first."""
    page = await application.forms.list(asker, cursor=paged.cursor, limit=paged.limit)
    return Response(page.model_dump_json(), media_type="application/json")


async def form(request: Request, application: App, asker: Asker, form_id: FormId) -> Response:
    """One form: its definition, its JSON Schema and the path of the link to share."""
    view = await application.forms.get(asker, form_id)
    return etag.answer(request, view, view.version)


async def change_form(request: Request, application: App, asker: Asker, form_id: FormId, body: FormChange) -> Response:
    """Open or close a form for responses. `If-Match` is required, as in a review."""
    expected = etag.expected_version(request)
    view = await application.forms.set_open(asker, form_id, body.open, expected_version=expected)
    return etag.answer(request, view, view.version)


async def form_schema(application: App, asker: Asker, form_id: FormId) -> Response:
    """The JSON Schema of a response to this form."""
    view = await application.forms.get(asker, form_id)
    return JSONResponse(view.json_schema, media_type="application/schema+json")


async def template(application: App, asker: Asker, form_id: FormId) -> Response:
    """How copies of this form are recognised, and how many uploads were so far. 404 when they are not."""
    view = await application.templates.get(asker, form_id)
    return Response(view.model_dump_json(), media_type="application/json")


async def forget_template(application: App, asker: Asker, form_id: FormId) -> Response:
    """Recognise copies of this form no more. The form, its responses and earlier analyses stay as they are."""
    await application.templates.forget(asker, form_id)
    return Response(status_code=204)


async def responses(application: App, asker: Asker, form_id: FormId, paged: Paged) -> Response:
    """What couples answered, newest first."""
    page = await application.forms.responses(asker, form_id, cursor=paged.cursor, limit=paged.limit)
    return Response(page.model_dump_json(), media_type="application/json")


async def responses_json(application: App, asker: Asker, form_id: FormId) -> Response:
    """All responses in one JSON file."""
    return _download(await application.forms.export_json(asker, form_id), f"{form_id}.json", "application/json")


async def responses_csv(application: App, asker: Asker, form_id: FormId) -> Response:
    """All responses as a table: one line a response, one column a field."""
    return _download(await application.forms.export_csv(asker, form_id), f"{form_id}.csv", "text/csv; charset=utf-8")


def _download(content: str | bytes, name: str, media_type: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
