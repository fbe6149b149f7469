"""One error root: ``Transient`` and ``Permanent`` decide retry; each class knows its code, status and exit code."""

from __future__ import annotations

from typing import ClassVar

EXIT_OK = 0
EXIT_INTERNAL = 1
EXIT_INPUT = 2  # a document or an argument was refused
EXIT_UNAVAILABLE = 3  # a server could not be reached, or said "later"
EXIT_INTERRUPTED = 130


class ProcessionError(Exception):
    """Root of every error Procession raises on purpose.

    ``message`` is one plain sentence or two: what happened and what to do. It never holds personal data.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = EXIT_INTERNAL
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.title)

    @property
    def message(self) -> str:
        return str(self.args[0])


class Transient(ProcessionError):
    """Trying again later may succeed."""


class Permanent(ProcessionError):
    """Trying again with the same input cannot succeed."""

    exit_code = EXIT_INPUT


# --- documents that cannot be analysed --------------------------------------------------------------------------------


class DocumentError(Permanent):
    """The uploaded bytes cannot become a form."""

    status = 422


class NotAPdf(DocumentError):
    code, title = (
        "not_a_pdf",
        "This file is not a PDF or a picture (JPEG, PNG, HEIC). Export or print it as PDF and upload that.",
    )


class EmptyFile(DocumentError):
    code, title = "empty_file", "This file is empty. Check the original and upload it again."


class DamagedPdf(DocumentError):
    code, title = "damaged_pdf", "This PDF is damaged and cannot be opened. Export it again from where it was made."


class PasswordProtected(DocumentError):
    code = "password_protected"
    title = "This PDF is locked with a password. Remove the password or upload an unlocked copy."


class NoPages(DocumentError):
    code, title = "no_pages", "This PDF has no pages. Check the original and export it again."


class TooManyPages(DocumentError):
    code, title = "too_many_pages", "This PDF has more pages than allowed. Split it and upload the parts."


class PageTooLarge(DocumentError):
    code, title = "page_too_large", "A page of this PDF is too large to analyse. Export it at a normal paper size."


class TooLarge(DocumentError):
    code, status, title = "too_large", 413, "This file is too large. Split it or reduce its pictures and try again."


class TooComplex(DocumentError):
    code = "too_complex"
    title = "This PDF needs more memory than one document may use. Print it to a new PDF and upload that."


class AnalysisTimeout(DocumentError):
    code = "timeout"
    title = "Analysing this PDF took longer than one document may take. Print it to a new PDF and upload that."


class UnsupportedMediaType(DocumentError):
    code, status, title = "unsupported_media_type", 415, "This kind of file is not supported. Upload a PDF or pictures."


# --- requests that cannot be served -----------------------------------------------------------------------------------


class InvalidRequest(Permanent):
    code, status, title = "invalid_request", 422, "The request is not valid."


class Unauthenticated(Permanent):
    code, status, title = (
        "unauthenticated",
        401,
        "No valid key came with this request. Send `Authorization: Bearer KEY`.",
    )


class Forbidden(Permanent):
    code, status, title = "forbidden", 403, "This key may not do that."


class NotFound(Permanent):
    code, status, title = "not_found", 404, "There is nothing here under that id."


class Conflict(Permanent):
    code, status, title = "conflict", 409, "The current state does not allow that."


class IdempotencyMismatch(Permanent):
    code, status = "idempotency_mismatch", 422
    title = "This Idempotency-Key was used before with another document or other options. Use a new key."


class PreconditionFailed(Permanent):
    code, status = "precondition_failed", 412
    title = "Somebody changed this since you read it. Read it again and repeat your change."


class RetryLater(Transient):
    """A refusal with an honest time to come back. ``retry_after`` is in whole seconds."""

    exit_code = EXIT_UNAVAILABLE

    def __init__(self, message: str = "", retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = max(1, int(retry_after))


class OverCapacity(RetryLater):
    code, status, title = "over_capacity", 429, "More work is waiting than can be done in time. Try again shortly."


class Unavailable(RetryLater):
    code, status, title = "unavailable", 503, "A part of the service is not available. Try again shortly."


class Internal(Transient):
    """A defect of ours, or the machine's (a child died for no reason of the document's)."""


class LostClaim(ProcessionError):
    """The job is no longer ours: its fence rose, or it was cancelled. The step's writes are dropped."""

    code, status, title = "conflict", 409, "Another worker owns this job now."


def _every(root: type[ProcessionError]) -> list[type[ProcessionError]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in _every(child))]


DOCUMENT_ERRORS: dict[str, type[DocumentError]] = {
    kind.code: kind for kind in _every(DocumentError) if issubclass(kind, DocumentError) and "code" in vars(kind)
}
"""Problem code -> class, for codes that cross the sandbox's pipe."""

PROBLEM_CODES: tuple[str, ...] = (
    *("not_a_pdf", "empty_file", "damaged_pdf", "password_protected", "no_pages", "too_many_pages", "page_too_large"),
    *("too_large", "too_complex", "timeout", "unsupported_media_type", "invalid_request", "unauthenticated"),
    *("forbidden", "not_found", "conflict", "idempotency_mismatch", "precondition_failed", "over_capacity"),
    *("over_budget", "residency_refused", "unavailable", "internal"),
)
"""Every code a problem document may carry. Fixed: clients match on these."""
