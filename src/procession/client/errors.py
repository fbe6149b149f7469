"""What a call can raise: one class per problem code, so that callers match on classes, not on words."""

from __future__ import annotations

from typing import Any, ClassVar


class ClientError(Exception):
    """Root of everything this client raises on purpose."""


class ServerUnreachable(ClientError):
    """No answer, also after the retries. ``__cause__`` holds the transport's error."""


class ProblemError(ClientError):
    """The server's problem document (RFC 9457)."""

    code: ClassVar[str] = ""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        trace_id: str | None = None,
        errors: tuple[dict[str, str], ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.problem_code = code
        self.detail = detail
        self.trace_id = trace_id
        self.errors = errors
        self.retry_after = retry_after
        """Seconds the server asked to wait, or None."""


class DocumentRefused(ProblemError):
    """The document itself cannot become a form: sending it again will not help."""


class NotAPdf(DocumentRefused):
    code = "not_a_pdf"


class EmptyFile(DocumentRefused):
    code = "empty_file"


class DamagedPdf(DocumentRefused):
    code = "damaged_pdf"


class PasswordProtected(DocumentRefused):
    code = "password_protected"


class NoPages(DocumentRefused):
    code = "no_pages"


class TooManyPages(DocumentRefused):
    code = "too_many_pages"


class PageTooLarge(DocumentRefused):
    code = "page_too_large"


class TooLarge(DocumentRefused):
    code = "too_large"


class TooComplex(DocumentRefused):
    code = "too_complex"


class AnalysisTimeout(DocumentRefused):
    code = "timeout"


class UnsupportedMediaType(DocumentRefused):
    code = "unsupported_media_type"


class InvalidRequest(ProblemError):
    code = "invalid_request"


class Unauthenticated(ProblemError):
    code = "unauthenticated"


class Forbidden(ProblemError):
    code = "forbidden"


class NotFound(ProblemError):
    code = "not_found"


class Conflict(ProblemError):
    code = "conflict"


class IdempotencyMismatch(ProblemError):
    code = "idempotency_mismatch"


class PreconditionFailed(ProblemError):
    code = "precondition_failed"


class OverCapacity(ProblemError):
    code = "over_capacity"


class OverBudget(ProblemError):
    code = "over_budget"


class ResidencyRefused(ProblemError):
    code = "residency_refused"


class Unavailable(ProblemError):
    code = "unavailable"


class Internal(ProblemError):
    code = "internal"


def _leaves(root: type[ProblemError]) -> list[type[ProblemError]]:
    return [leaf for kind in root.__subclasses__() for leaf in (kind, *_leaves(kind))]


BY_CODE: dict[str, type[ProblemError]] = {kind.code: kind for kind in _leaves(ProblemError) if kind.code}


def of_problem(status: int, body: Any, retry_after: float | None) -> ProblemError:
    """The error of an answer that is no success; a body that is no problem document (a proxy's page) counts too."""
    stated: dict[str, Any] = body if isinstance(body, dict) else {}
    code = str(stated.get("code") or _code_of_status(status))
    return BY_CODE.get(code, ProblemError)(
        status,
        code,
        str(stated.get("detail") or f"The server answered {status}."),
        stated.get("trace_id"),
        tuple(stated.get("errors") or ()),
        retry_after,
    )


def _code_of_status(status: int) -> str:
    known = {401: "unauthenticated", 403: "forbidden", 404: "not_found", 413: "too_large", 429: "over_capacity"}
    if status in {502, 503, 504}:
        return "unavailable"
    return known.get(status, "internal" if status >= 500 else "invalid_request")
