"""``/v1/uploads``: a link to put one large file straight into the object store, and taking what was put there."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from procession.domain.errors import InvalidRequest, NotFound, UnsupportedMediaType
from procession.http import uploads
from procession.http.context import App, Asker
from procession.services.direct_uploads import not_there
from procession.services.views import Submitted


class NewUpload(BaseModel):
    """A file that is to be put into the object store."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    size_bytes: Annotated[int, Field(gt=0)]


class Staged(BaseModel):
    """A file that was put there, and how to analyse it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    upload_id: Annotated[str, Field(pattern=r"^up_[0-9a-z]{26}$")]
    file_name: str | None = None
    priority: str | None = None
    languages: str | None = None
    ocr: bool | None = None
    templates: bool | None = None
    ai: bool | None = None
    batch_id: Annotated[str | None, Field(max_length=64)] = None

    def values(self) -> dict[str, str]:
        """As the parts of a form beside a file."""
        known = self.model_dump(exclude_none=True, exclude={"upload_id", "file_name"})
        return {name: str(value).lower() if isinstance(value, bool) else value for name, value in known.items()}


async def create_upload(application: App, asker: Asker, new: NewUpload) -> Response:
    """A link for one large file, where the installation offers it (`upload.direct`); 409 where it does not.

    Send the bytes to `url` with PUT, without your key; then `{"upload_id": ID}` to `POST /v1/analyses`.
    """
    view = await application.direct_uploads.open(asker, new.size_bytes)
    return Response(view.model_dump_json(), 201, media_type="application/json")


async def staged_of(application: App, body: uploads.Body) -> Staged:
    """Raises InvalidRequest for what names no upload; where no file is taken this way, UnsupportedMediaType."""
    try:
        return Staged.model_validate_json(await body.whole())
    except ValidationError as error:
        if not application.direct_uploads.offered:
            raise UnsupportedMediaType from None
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise InvalidRequest(f"{where}: {first['msg']}. Send JSON with an upload_id, or the document itself.") from None


async def document_of(application: App, asker: Asker, staged: Staged, body: uploads.Body) -> uploads.Part:
    """Fetch the staged file, whose bytes count as held from then on. Raises NotFound, TooLarge, OverCapacity."""
    try:
        size = await application.direct_uploads.size(asker, staged.upload_id)
        body.hold(size)
        content = b"" if size == 0 else await application.direct_uploads.content(asker, staged.upload_id)
    except NotFound:
        raise not_there() from None
    body.hold(len(content))
    return uploads.Part("file", staged.file_name, "application/octet-stream", content)


async def taken_before(application: App, asker: Asker, key: str) -> Submitted:
    """The answer again, when the file is gone because it was taken. Raises NotFound."""
    earlier = await application.submissions.earlier(asker, key)
    if earlier is None:
        raise not_there()
    return earlier


def refuse_unlike(request: Request) -> None:
    """Raises InvalidRequest for a query beside a JSON body: options stand in one place."""
    if set(request.query_params) - {"wait"}:
        raise InvalidRequest("With an upload_id, options stand in the JSON body, not in the query.")
