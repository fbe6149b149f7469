"""Whatever goes wrong at an OpenAI-compatible endpoint, as one of the closed set of failures."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import openai

from procession.ai.protocol import ProviderError
from procession.domain.provider import Failure

RETRY_AFTER_SECONDS_MAX = 24 * 3600.0
"""A longer wait is taken for this one."""

_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_BY_STATUS = {
    401: Failure.UNAUTHORISED,
    402: Failure.UNAUTHORISED,
    403: Failure.UNAUTHORISED,
    408: Failure.TIMEOUT_UNKNOWN,
    409: Failure.OVERLOADED,
    413: Failure.CONTEXT_TOO_LONG,
    429: Failure.RATE_LIMITED,
    503: Failure.OVERLOADED,
    504: Failure.TIMEOUT_UNKNOWN,
    524: Failure.TIMEOUT_UNKNOWN,
    529: Failure.OVERLOADED,
}
_BY_CODE = {
    "context_length_exceeded": Failure.CONTEXT_TOO_LONG,
    "string_above_max_length": Failure.CONTEXT_TOO_LONG,
    "content_filter": Failure.REFUSED,
    "content_policy_violation": Failure.REFUSED,
    "insufficient_quota": Failure.UNAUTHORISED,
    "billing_hard_limit_reached": Failure.UNAUTHORISED,
    "resource_unavailable": Failure.OVERLOADED,
}


@contextlib.asynccontextmanager
async def told(name: str, seconds: float) -> AsyncIterator[None]:
    """Around one request to provider ``name``: leaves as ``ProviderError`` whatever it raises, late or not."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except ProviderError:
        raise
    except TimeoutError:
        raise ProviderError(Failure.TIMEOUT_UNKNOWN, f"{name} did not answer within {seconds:g} s.") from None
    except openai.APIStatusError as error:
        raise of_status(name, error.status_code, error.response.headers, error.body) from None
    except openai.APIConnectionError as error:
        raise _of_connection(name, error.__cause__) from None
    except (httpx2.HTTPError, OSError) as error:
        raise _of_connection(name, error) from None
    except (openai.OpenAIError, ValueError) as error:
        what = f"{name} answered what cannot be read ({type(error).__name__})."
        raise ProviderError(Failure.TIMEOUT_UNKNOWN, what) from None


def _of_connection(name: str, cause: BaseException | None) -> ProviderError:
    what = type(cause).__name__ if cause is not None else "no connection"
    if isinstance(cause, _NOT_SENT):
        return ProviderError(Failure.UNAVAILABLE, f"{name} could not be reached ({what}).")
    return ProviderError(
        Failure.TIMEOUT_UNKNOWN, f"The connection to {name} broke before its answer was whole ({what})."
    )


def of_status(name: str, status: int, headers: Mapping[str, str], body: object) -> ProviderError:
    """Of an answer that is an error. What the provider writes in it is not repeated: it may quote the document."""
    code = _code(body)
    failure = _BY_CODE.get(code) or _BY_STATUS.get(status)
    if failure is None:
        failure = Failure.UNAVAILABLE if status >= 500 else Failure.REJECTED
    if failure is Failure.REJECTED and "maximum context length" in _message(body):
        failure = Failure.CONTEXT_TOO_LONG
    told_code = f" {code}" if code else ""
    return ProviderError(
        failure,
        f"{name} answered {status}{told_code}.",
        retry_after=retry_after(headers, datetime.now(UTC)),
        provider_request_id=headers.get("x-request-id", ""),
    )


def _code(body: object) -> str:
    """SDK and batches give the inner object; some endpoints the whole one."""
    found = _inner(body).get("code")
    return found if isinstance(found, str) and _WORD.fullmatch(found) else ""


def _message(body: object) -> str:
    return str(_inner(body).get("message", ""))


def _inner(body: object) -> Mapping[str, object]:
    if not isinstance(body, Mapping):
        return {}
    inner = body.get("error")
    return inner if isinstance(inner, Mapping) else body


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, of a number or a date; None when nothing usable was said."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    if not seconds < RETRY_AFTER_SECONDS_MAX:  # nor what is not a number
        return RETRY_AFTER_SECONDS_MAX if seconds > 0 else None
    return max(0.0, seconds)
