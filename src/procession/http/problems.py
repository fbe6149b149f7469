"""RFC 9457 problem documents for everything that goes wrong, the framework's own refusals included."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Match, Route

from procession.domain.errors import (
    Forbidden,
    Internal,
    InvalidRequest,
    NotFound,
    ProcessionError,
    RetryLater,
    Unauthenticated,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"
SIGN_IN_PATH = "/sign-in"


class FieldError(BaseModel):
    """One wrong part of a request."""

    model_config = ConfigDict(frozen=True)
    field: str
    """Where: a parameter's name, or a path into the body with dots."""
    message: str


class Problem(BaseModel):
    """RFC 9457. ``code`` is the stable name to match on; ``detail`` is written for people."""

    model_config = ConfigDict(frozen=True)
    type: str
    code: str
    title: str
    status: int
    detail: str
    trace_id: str | None = None
    errors: tuple[FieldError, ...] = ()


class PreconditionRequired(InvalidRequest):
    """A change that must say which version it saw, and did not."""

    code, status = "precondition_failed", 428
    title = "Send `If-Match` with the ETag of what you read, so that nobody's change is overwritten unseen."


def response(
    error: ProcessionError, trace_id: str | None, *, status: int | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The problem document of ``error``; ``Retry-After`` and ``WWW-Authenticate`` where they belong."""
    own = dict(headers or {})
    if isinstance(error, RetryLater):
        own["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthenticated):
        own["WWW-Authenticate"] = "Bearer"
    problem = Problem(
        type=f"urn:procession:problem:{error.code}",
        code=error.code,
        title=error.title,
        status=status or error.status,
        detail=error.message,
        trace_id=trace_id,
        errors=_field_errors(error),
    )
    return JSONResponse(problem.model_dump(mode="json"), problem.status, headers=own, media_type=MEDIA_TYPE)


def _field_errors(error: ProcessionError) -> tuple[FieldError, ...]:
    listed: Sequence[Any] = getattr(error, "errors", ())
    return tuple(FieldError.model_validate(one if isinstance(one, Mapping) else vars(one)) for one in listed)


class RequestInvalid(InvalidRequest):
    """The framework's validation errors, in our words."""

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        self.errors = [{"field": _where(one["loc"]), "message": str(one["msg"])} for one in errors]
        first = self.errors[0] if self.errors else {"field": "body", "message": self.title}
        super().__init__(f"{first['field']}: {first['message']}")


def _where(location: Sequence[str | int]) -> str:
    """A path into the body or a parameter's name; a place in malformed JSON is just the body."""
    parts = [str(part) for part in location]
    if not any(isinstance(part, str) for part in location[1:]):
        return parts[0]
    return ".".join(parts[1:])


def of_http(error: HTTPException) -> ProcessionError:
    """What the framework raised, as one of our errors. Its status is kept by the caller."""
    if isinstance(error.__cause__, ProcessionError):  # raised by our own limits while the framework read the body
        return error.__cause__
    match error.status_code:
        case 401:
            return Unauthenticated()
        case 403:
            return Forbidden()
        case 404:
            return NotFound("There is nothing at this address.")
        case 405:
            return InvalidRequest("This address does not take that method.")
        case 503:
            return Unavailable()
        case status if status >= 500:
            return Internal()
        case _:
            return InvalidRequest(str(error.detail))


def trace_id(request: Request) -> str | None:
    return getattr(request.state, "trace_id", None)


def _wants_a_page(request: Request) -> bool:
    # a fragment is no page: its script must see the refusal, not a sign-in page swapped into a list
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(("/v1/", "/fragments/"))


ErrorPage = Callable[..., Response]
"""``(request, error, status=)`` → a page in words, for people with a browser."""


def answer(
    request: Request,
    error: ProcessionError,
    error_page: ErrorPage,
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A page for a browser that asked for one, the sign-in page when that is what is missing, else the problem."""
    if not _wants_a_page(request):
        return response(error, trace_id(request), status=status, headers=headers)
    if isinstance(error, Unauthenticated) and request.method == "GET":
        return RedirectResponse(f"{SIGN_IN_PATH}?next={quote(request.url.path)}", 303)
    return error_page(request, error, status=status)


def install(app: FastAPI, error_page: ErrorPage) -> None:
    """Handlers for our errors, the framework's refusals and its validation errors. The rest is the edge's (500)."""

    @app.exception_handler(ProcessionError)
    async def _ours(request: Request, error: ProcessionError) -> Response:
        return answer(request, error, error_page)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        return answer(request, RequestInvalid(error.errors()), error_page)

    @app.exception_handler(HTTPException)
    async def _framework(request: Request, error: HTTPException) -> Response:
        ours = of_http(error)
        status = ours.status if error.__cause__ is ours else error.status_code
        headers = dict(error.headers or {})
        if status == 405:
            headers["Allow"] = ", ".join(sorted(_methods(request)))
        return answer(request, ours, error_page, status=status, headers=headers)


def _methods(request: Request) -> set[str]:
    """What this address does take: the framework names only its first route's methods."""
    taken: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            taken |= route.methods or set()
    return taken
