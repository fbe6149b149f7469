"""What is said about providers of AI where their engines are not known: what they can do and how a call may fail."""

from __future__ import annotations

from enum import StrEnum


class Capability(StrEnum):
    """What a model reads."""

    TEXT = "text"
    IMAGE = "image"


class Failure(StrEnum):
    """Every way a call can fail; nothing else leaves a provider."""

    RATE_LIMITED = "rate_limited"
    """Our share of requests or tokens is used up. Not charged."""
    OVERLOADED = "overloaded"
    """The provider, or this tier of it, has no room. Not charged."""
    UNAVAILABLE = "unavailable"
    """Not reached, or an error of its own. Not charged."""
    TIMEOUT_UNKNOWN = "timeout_unknown"
    """The request went out and no whole answer came: it may have been charged."""
    REFUSED = "refused"
    """The model, or a filter before it, declined. Charged as its charge says."""
    INVALID_ANSWER = "invalid_answer"
    """Cut off, no JSON, or JSON that breaks the schema. Charged as its charge says."""
    UNAUTHORISED = "unauthorised"
    """The key is not good for this, or its account has no money. Not charged."""
    CONTEXT_TOO_LONG = "context_too_long"
    """The model cannot take as much. Not charged."""
    REJECTED = "rejected"
    """The endpoint does not take the request: no such model, parameter or schema. Not charged."""

    @property
    def may_be_charged(self) -> bool:
        """Whether money may have been spent that no answer told us of."""
        return self is Failure.TIMEOUT_UNKNOWN


class BatchState(StrEnum):
    """Of a file of requests handed to a provider."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    """Not one of its requests was done."""
    EXPIRED = "expired"
    """What was done by then has results and is charged."""
    CANCELLED = "cancelled"
    """As with expired."""

    @property
    def ended(self) -> bool:
        return self is not BatchState.IN_PROGRESS


class Billed(StrEnum):
    """What a provider says when it is asked about a request whose answer never came."""

    CHARGED = "charged"
    NOT_CHARGED = "not_charged"
    PENDING = "pending"
    """It still works on it: ask again."""
    UNKNOWN = "unknown"
    """It has no way to tell."""
