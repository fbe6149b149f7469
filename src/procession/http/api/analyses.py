"""``/v1/analyses``: hand in a document, follow it, read what became of it."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import TypeAdapter, ValidationError
from starlette.responses import JSONResponse, Response

from procession.digitize import schema
from procession.domain.analysis import TERMINAL, AnalysisOptions, Priority, State
from procession.domain.errors import DocumentError, InvalidRequest, NotFound, TooLarge
from procession.domain.media import SUFFIXES, Media
from procession.domain.principal import Principal
from procession.http import etag, uploads
from procession.http.api import direct
from procession.http.context import App, Asker
from procession.http.downloads import download_headers
from procession.http.idempotency import IdempotencyKey
from procession.http.pagination import Paged
from procession.services.views import AnalysisView, Submitted

POLL_SECONDS = 2
"""``Retry-After`` of an answer that is not final yet."""
LANGUAGES_MAX = 8
_LANGUAGE = re.compile(r"^[A-Za-z_]{2,32}$")  # Tesseract's names: eng, chi_sim, script names
_BOOLEAN = TypeAdapter(bool)

AnalysisId = Annotated[str, Path(max_length=64, description="as given by the upload")]
Wait = Annotated[int, Query(ge=0, description="answer when the analysis is finished, at latest after these seconds")]


def answer(request: Request, view: AnalysisView, *, status: int = 200, extra: dict[str, str] | None = None) -> Response:
    headers = dict(extra or {})
    if view.status not in TERMINAL:
        headers["Retry-After"] = str(POLL_SECONDS)
    return etag.answer(request, view, view.version, status=status, headers=headers)


async def submit(request: Request, application: App, asker: Asker, key: IdempotencyKey, wait: Wait = 0) -> Response:
    """Hand in one PDF, or pictures of the pages of one paper form (JPEG, PNG, HEIC).

    202 with `Location` while it is analysed; with `?wait=SECONDS` 200 once it is finished, also when it failed.
    """
    check_wait(application, wait)
    values: dict[str, str] = {}
    try:
        submitted = await _taken(request, application, asker, key, values)
    except DocumentError as error:
        if batch_id := values.get("batch_id"):
            await application.batches.refuse(asker, batch_id, error.code)  # the batch does not wait for this file
        raise
    view = submitted.analysis
    if wait:
        view = await application.analyses.wait(asker, view.id, wait)
    extra = {"Location": f"/v1/analyses/{view.id}"}
    if submitted.replayed:
        extra["Idempotency-Replayed"] = "true"
    finished = bool(wait) and view.status in TERMINAL
    return answer(request, view, status=200 if finished else 202, extra=extra)


async def _submit(
    application: App, asker: Principal, document: uploads.Part, values: dict[str, str], key: str | None
) -> Submitted:
    limits = application.settings.upload
    options, priority = options_of(values), priority_of(values)
    uploads.check_type(document.content_type)
    if len(document.content) > limits.upload_bytes_max:
        raise uploads.too_large(limits)
    return await application.submissions.submit(
        asker,
        file_name=uploads.file_name(document.file_name, limits),
        content=document.content,
        content_type=document.content_type,
        options=options,
        priority=priority,
        idempotency_key=key,
        batch_id=values.get("batch_id") or None,
    )


async def _taken(
    request: Request, application: App, asker: Principal, key: str | None, values: dict[str, str]
) -> Submitted:
    """Read the document and store it. Its bytes count as held until they are stored, and are let go of then.

    Fills ``values``, which come with it: parts of the form, or the query beside a raw PDF.
    """
    limits, in_flight = application.settings.upload, request.app.state.in_flight
    kind, boundary = uploads.media_type(request)
    if kind == "multipart/form-data":
        bytes_max = limits.upload_bytes_max + uploads.ENVELOPE_BYTES_MAX
        with uploads.Body(request, limits, in_flight, bytes_max) as body:
            document = await uploads.one_document(body, boundary, values)
            _check_fields(values)
            return await _submit(application, asker, document, values, key)
    if kind == "application/json":
        return await _taken_from_store(request, application, asker, key, values)
    values.update({name: request.query_params[name] for name in FIELDS if name in request.query_params})
    uploads.check_type(kind or "none")
    with uploads.Body(request, limits, in_flight, limits.upload_bytes_max) as body:
        document = uploads.Part("file", request.query_params.get("file_name"), kind, await body.whole())
        return await _submit(application, asker, document, values, key)


async def _taken_from_store(
    request: Request, application: App, asker: Principal, key: str | None, values: dict[str, str]
) -> Submitted:
    """A file that its sender put into the object store. Without a key of the sender's, the upload's id is one."""
    direct.refuse_unlike(request)
    limits, in_flight = application.settings.upload, request.app.state.in_flight
    refusal = TooLarge(f"A JSON body names an upload in {uploads.ENVELOPE_BYTES_MAX} bytes at most.")
    with uploads.Body(request, limits, in_flight, uploads.ENVELOPE_BYTES_MAX, refusal) as body:
        staged = await direct.staged_of(application, body)
        values.update(staged.values())
        known = key or staged.upload_id
        try:
            document = await direct.document_of(application, asker, staged, body)
        except NotFound:
            return await direct.taken_before(application, asker, known)
        try:
            submitted = await _submit(application, asker, document, values, known)
        except DocumentError:
            await application.direct_uploads.taken(asker, staged.upload_id)  # it will not become one
            raise
    await application.direct_uploads.taken(asker, staged.upload_id)
    return submitted


def _check_fields(values: dict[str, str]) -> None:
    if unknown := values.keys() - FIELDS:
        raise InvalidRequest(f"Unknown fields: {', '.join(sorted(unknown))[:200]}. Known: {', '.join(sorted(FIELDS))}.")


FIELDS = frozenset({"priority", "languages", "ocr", "templates", "ai", "batch_id"})


def options_of(values: dict[str, str]) -> AnalysisOptions:
    """Raises InvalidRequest for languages that are no Tesseract names, and for what is not true or false."""
    languages = tuple(part for part in re.split(r"[,+\s]+", values.get("languages", "eng")) if part)
    if not 0 < len(languages) <= LANGUAGES_MAX or not all(_LANGUAGE.match(name) for name in languages):
        raise InvalidRequest(f"languages: 1 to {LANGUAGES_MAX} Tesseract codes with commas between, such as `eng,deu`.")
    return AnalysisOptions(languages, _flag(values, "ocr"), _flag(values, "templates"), _flag(values, "ai"))


def _flag(values: dict[str, str], name: str) -> bool:
    try:
        return _BOOLEAN.validate_python(values.get(name, "true"))
    except ValidationError:
        raise InvalidRequest(f"{name}: `true` or `false`.") from None


def priority_of(values: dict[str, str], default: Priority = Priority.URGENT) -> Priority:
    try:
        return Priority(values.get("priority", default))
    except ValueError:
        raise InvalidRequest(f"priority: one of {', '.join(Priority)}.") from None


def check_wait(application: App, seconds: int) -> None:
    most = application.settings.http.wait_seconds_max
    if seconds > most:
        raise InvalidRequest(f"wait: {most} seconds at most. Ask again for longer waits, or follow the events.")


async def list_analyses(
    application: App,
    asker: Asker,
    paged: Paged,
    status: Annotated[list[State] | None, Query(description="repeatable")] = None,
    priority: Priority | None = None,
    batch_id: Annotated[str | None, Query(max_length=64)] = None,
    needs_review: bool | None = None,
) -> Response:
    """Analyses, newest first."""
    page = await application.analyses.list(
        asker,
        states=tuple(status or ()),
        priority=priority,
        batch_id=batch_id,
        flagged=needs_review,
        cursor=paged.cursor,
        limit=paged.limit,
    )
    return Response(page.model_dump_json(), media_type="application/json")


async def show(request: Request, application: App, asker: Asker, analysis_id: AnalysisId, wait: Wait = 0) -> Response:
    """One analysis: state, stage, progress, what was found. 202 when `?wait=` ran out before it was finished."""
    check_wait(application, wait)
    if not wait:
        return answer(request, await application.analyses.get(asker, analysis_id))
    view = await application.analyses.wait(asker, analysis_id, wait)
    return answer(request, view, status=200 if view.status in TERMINAL else 202)


async def erase(application: App, asker: Asker, analysis_id: AnalysisId) -> Response:
    """Cancel when still running, then erase the document, result, pages and responses for good."""
    await application.analyses.erase(asker, analysis_id)
    return Response(status_code=204)


async def cancel(request: Request, application: App, asker: Asker, analysis_id: AnalysisId) -> Response:
    """Stop an analysis. 200 when it is cancelled, 202 when its worker was told to stop."""
    view = await application.analyses.cancel(asker, analysis_id)
    return answer(request, view, status=200 if view.status in TERMINAL else 202)


async def retry(request: Request, application: App, asker: Asker, analysis_id: AnalysisId) -> Response:
    """Analyse a failed document again."""
    view = await application.analyses.retry(asker, analysis_id)
    return answer(request, view, status=202, extra={"Location": f"/v1/analyses/{view.id}"})


async def result(
    application: App,
    asker: Asker,
    analysis_id: AnalysisId,
    original: Annotated[bool, Query(description="without the corrections made in review")] = False,
) -> Response:
    """The form definition and values, with what reviewers corrected. 409 while there is none."""
    found = await application.analyses.result(asker, analysis_id, original=original)
    return Response(found.model_dump_json(), media_type="application/json")


async def document(application: App, asker: Asker, analysis_id: AnalysisId) -> Response:
    """The uploaded file as it came; several pictures as a ZIP of them."""
    content, name, media_type = await application.analyses.document(asker, analysis_id)
    if media_type == Media.PICTURES and not name.lower().endswith(SUFFIXES[Media.PICTURES]):
        name += SUFFIXES[Media.PICTURES]
    return Response(content, media_type=media_type, headers=download_headers(name))


async def page_image(
    request: Request, application: App, asker: Asker, analysis_id: AnalysisId, number: Annotated[int, Path(ge=1)]
) -> Response:
    """A page as a PNG picture."""
    image = await application.analyses.page_image(asker, analysis_id, number)
    headers = {"ETag": f'"{image.digest}"', "Cache-Control": "private, max-age=31536000, immutable"}
    if etag.matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(image.png, media_type="image/png", headers=headers)


async def result_schema() -> Response:
    """The JSON Schema every result validates against."""
    return JSONResponse(schema.result_schema(), media_type="application/schema+json")


UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "the PDF or picture; repeated for pictures of several pages, in order",
                        },
                        "priority": {"type": "string", "enum": list(Priority), "default": "urgent"},
                        "languages": {
                            "type": "string",
                            "default": "eng",
                            "description": "Tesseract codes for scanned pages, commas between",
                        },
                        "ocr": {"type": "boolean", "default": True, "description": "read scanned pages"},
                        "templates": {
                            "type": "boolean",
                            "default": True,
                            "description": "read a copy of a form you approved by its approved definition",
                        },
                        "ai": {
                            "type": "boolean",
                            "default": True,
                            "description": "let a configured AI provider read what is unsure",
                        },
                        "batch_id": {"type": "string"},
                    },
                }
            },
            "application/json": {"schema": direct.Staged.model_json_schema()},
            **{
                kind: {"schema": {"type": "string", "format": "binary"}} for kind in Media if kind is not Media.PICTURES
            },
        },
    }
}
