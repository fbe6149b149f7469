"""``/v1/batches``: many documents together, each with its own outcome."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from procession.domain.analysis import Priority
from procession.domain.errors import DocumentError, InvalidRequest, RetryLater, TooLarge
from procession.domain.principal import Principal
from procession.http import uploads
from procession.http.api.analyses import options_of, priority_of
from procession.http.context import App, Asker
from procession.http.pagination import Paged
from procession.services.views import BatchView, RefusedFile
from procession.settings import MIB

BatchId = Annotated[str, Path(max_length=64)]
FIELDS = frozenset({"priority", "languages", "ocr", "templates", "ai"})


class NewBatch(BaseModel):
    """A batch whose documents come one by one, by POST /v1/analyses with its `batch_id`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    files_expected: Annotated[int, Field(gt=0)]


async def create_batch(request: Request, application: App, asker: Asker) -> Response:
    """Hand in many PDFs in parts named `files`, or announce them with JSON `{"files_expected": N}`.

    202 with counts; `refused` names the files that were not taken, and why. The others are taken all the same.
    """
    limits = application.settings.upload
    kind, boundary = uploads.media_type(request)
    if kind == "application/json":
        expected = await _announced(request)
        _check_count(expected, limits.files_per_batch_max)
        view = await application.batches.create(asker, expected)
    elif kind == "multipart/form-data":
        most = f"{limits.batch_bytes_max / MIB:.4g} MB"
        refusal = TooLarge(f"A batch sent in one request may have {most}. Announce it and send its files one by one.")
        with uploads.Body(request, limits, request.app.state.in_flight, limits.batch_bytes_max, refusal) as body:
            files, values = await _read(body, boundary)
            view = await _submit(application, asker, files, values)
    else:
        raise InvalidRequest("Send multipart/form-data with parts named `files`, or JSON with `files_expected`.")
    headers = {"Location": f"/v1/batches/{view.id}", "Retry-After": "2"}
    return Response(view.model_dump_json(), 202, headers=headers, media_type="application/json")


async def _announced(request: Request) -> int:
    limits = request.app.state.application.settings
    body = uploads.Body(request, limits.upload, request.app.state.in_flight, limits.http.request_bytes_max)
    with body:
        try:
            return NewBatch.model_validate_json(await body.whole()).files_expected
        except ValidationError as error:
            raise InvalidRequest(f"files_expected: {error.errors()[0]['msg']}") from None


def _check_count(files: int, most: int) -> None:
    if not 0 < files <= most:
        raise InvalidRequest(f"A batch has 1 to {most} files; this one has {files}.")


async def _read(body: uploads.Body, boundary: dict[bytes, bytes]) -> tuple[list[uploads.Part], dict[str, str]]:
    files: list[uploads.Part] = []
    values: dict[str, str] = {}
    async for part in uploads.parts(body, boundary):
        if part.file_name is None:
            values[part.name] = part.text()
        elif part.name in {"files", "file"}:
            files.append(part)
            if len(files) > body.limits.files_per_batch_max:
                break  # past the limit already: the rest is not read
        else:
            raise InvalidRequest(f"Send the documents in parts named `files`, not `{part.name[:40]}`.")
    _check_count(len(files), body.limits.files_per_batch_max)
    if unknown := values.keys() - FIELDS:
        raise InvalidRequest(f"Unknown fields: {', '.join(sorted(unknown))[:200]}. Known: {', '.join(sorted(FIELDS))}.")
    return files, values


async def _submit(application: App, asker: Principal, files: list[uploads.Part], values: dict[str, str]) -> BatchView:
    """Each file on its own: one that cannot be taken is listed in ``refused`` and the others go on.

    Raises OverCapacity or Unavailable when that was the reason for all of them.
    """
    options = options_of(values)
    priority = priority_of(values, default=Priority.STANDARD)
    limits = application.settings.upload
    batch = await application.batches.create(asker, len(files))
    refused: list[RefusedFile] = []
    later: list[RetryLater] = []
    for file in files:
        name = uploads.file_name(file.file_name, limits)
        try:
            if len(file.content) > limits.upload_bytes_max:
                raise TooLarge(f"This file is larger than {limits.upload_bytes_max / MIB:.4g} MB.")
            uploads.check_type(file.content_type)
            await application.submissions.submit(
                asker,
                file_name=name,
                content=file.content,
                content_type=file.content_type,
                options=options,
                priority=priority,
                batch_id=batch.id,
            )
        except (DocumentError, RetryLater) as error:
            if isinstance(error, RetryLater):
                later.append(error)
            await application.batches.refuse(asker, batch.id, error.code)
            refused.append(RefusedFile(file=name, code=error.code, message=error.message))
    if len(later) == len(files):
        raise later[-1]
    view = await application.batches.get(asker, batch.id)
    return view.model_copy(update={"refused": tuple(refused)})


async def list_batches(application: App, asker: Asker, paged: Paged) -> Response:
    """Batches, newest first."""
    page = await application.batches.list(asker, cursor=paged.cursor, limit=paged.limit)
    return Response(page.model_dump_json(), media_type="application/json")


async def batch(request: Request, application: App, asker: Asker, batch_id: BatchId) -> Response:
    """One batch: how many of its analyses are in which state."""
    view = await application.batches.get(asker, batch_id)
    return Response(view.model_dump_json(), media_type="application/json")


UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "priority": {"type": "string", "enum": list(Priority), "default": "standard"},
                        "languages": {"type": "string", "default": "eng"},
                        "ocr": {"type": "boolean", "default": True},
                    },
                }
            },
            "application/json": {"schema": NewBatch.model_json_schema()},
        },
    }
}
