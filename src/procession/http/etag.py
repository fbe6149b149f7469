"""Entity tags: an aggregate's version in quotes. Conditional reads and guarded writes."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from procession.domain.errors import InvalidRequest
from procession.http.problems import PreconditionRequired


def of_version(version: int) -> str:
    return f'"{version}"'


def matches(header: str | None, etag: str) -> bool:
    """Whether an ``If-None-Match`` header names ``etag`` (weak comparison, RFC 9110 13.1.2)."""
    if header is None:
        return False
    named = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in named or etag in named


def expected_version(request: Request) -> int | None:
    """The version ``If-Match`` names; None for ``*`` (any version).

    Raises PreconditionRequired (428) without the header and InvalidRequest for a tag that is none of ours.
    """
    header = request.headers.get("if-match")
    if header is None:
        raise PreconditionRequired()
    tag = header.strip()
    if tag == "*":
        return None
    if len(tag) > 2 and tag[0] == tag[-1] == '"' and tag[1:-1].isascii() and tag[1:-1].isdigit() and len(tag) < 20:
        return int(tag[1:-1])
    raise InvalidRequest('If-Match holds one ETag as it was sent, for example `"7"`, or `*`.')


def answer(
    request: Request,
    view: BaseModel,
    version: int,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """``view`` as JSON with its ETag; 304 without a body when the reader has that version."""
    etag = of_version(version)
    own = {"ETag": etag, **(headers or {})}
    if request.method == "GET" and status == 200 and matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=own)
    return Response(view.model_dump_json(), status, headers=own, media_type="application/json")
