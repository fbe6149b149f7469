"""What an S3-compatible store answered, in plain words: who has to do what. Never quotes a request: it is signed."""

from __future__ import annotations

from enum import StrEnum

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    UnauthenticatedError,
)

from procession.domain.errors import NotFound, ProcessionError, Unavailable

RETRY_AFTER_AWAY, RETRY_AFTER_REFUSED = 10, 60
"""Seconds told to clients: a store that is away comes back, a wrong setting waits for a person."""


class Answer(StrEnum):
    """How a request ended; the metric's label."""

    OK = "ok"
    EXISTS = "exists"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    """Wrong keys, rights, bucket or setting: repeating does not help."""
    UNAVAILABLE = "unavailable"
    """No connection, no answer in time, or a server's error: the request may have taken effect."""


_REFUSALS = (
    ("InvalidAccessKeyId", "does not know the access key id"),
    ("SignatureDoesNotMatch", "refuses the secret access key"),
    ("ExpiredToken", "says that the session token has expired"),
    ("RequestTimeTooSkewed", "says that this machine's clock is wrong"),
    ("NoSuchBucket", "has no such bucket"),
    ("AuthorizationHeaderMalformed", "expects another region"),
    ("PermanentRedirect", "says that the bucket is in another region, or needs the other path style"),
    ("QuotaExceeded", "says that the quota is used up"),
    ("AccessDenied", "does not give these keys the right to do that"),
)


def classify(error: Exception) -> Answer:
    """What kind of end ``error`` is."""
    if isinstance(error, AlreadyExistsError):
        return Answer.EXISTS
    if isinstance(error, FileNotFoundError):  # a missing bucket looks the same, until one reads on
        return Answer.REFUSED if "NoSuchBucket" in str(error) else Answer.NOT_FOUND
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or _refusal(error) is not None:
        return Answer.REFUSED
    return Answer.UNAVAILABLE


def told(error: Exception, where: str) -> ProcessionError:
    """The error to raise. ``where``: the store as people know it, without keys."""
    answer = classify(error)
    if answer is Answer.NOT_FOUND:
        return NotFound("This object does not exist (any more).")
    if answer is Answer.REFUSED:
        reason = _refusal(error) or "does not let us in"
        return Unavailable(f"The object store {where} {reason}. Check the s3 settings.", RETRY_AFTER_REFUSED)
    return Unavailable(f"The object store {where} {_failure(error)}. Try again shortly.", RETRY_AFTER_AWAY)


def _refusal(error: Exception) -> str | None:
    text = str(error)
    return next((words for code, words in _REFUSALS if f"<Code>{code}</Code>" in text), None)


def _failure(error: Exception) -> str:
    text = str(error)
    if not isinstance(error, BaseError):
        return "cannot be used"
    if "certificate" in text.lower() or "UnknownIssuer" in text:
        return "has a TLS certificate that is not trusted (s3.ca_file)"
    if "kind: Connect" in text:
        return "cannot be reached"
    if "kind: Timeout" in text or "TimedOut" in text:
        return "did not answer in time"
    if "Server returned non-2xx status code: 5" in text or "Server error" in text:
        return "answers with errors"
    if "BadScheme" in text or "URL scheme is not allowed" in text:
        return "is not reached over TLS; use https:// or set s3.allow_http"
    return "failed"
