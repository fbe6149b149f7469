"""What Procession asks of a provider of AI. One module per kind of provider, one suite of tests for all.

A provider does one attempt: no retries, no choice of another model. Whatever goes wrong is a ``ProviderError`` with one
of the closed set of failures; what it was charged for comes along, in the provider's own count of tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from procession.domain.errors import ProcessionError
from procession.domain.provider import BatchState, Billed, Failure
from procession.domain.usage import Money, Tier, Tokens

REQUEST_SECONDS = 120.0
"""How long an answer may take, unless a request says otherwise."""
OUTPUT_TOKENS = 4096
"""How long an answer may be, unless a request says otherwise."""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture, already reduced to what the model is to see."""

    media_type: str
    """``image/png`` or ``image/jpeg``."""
    data: bytes = field(repr=False)
    detail: str = "auto"
    """``low``, ``high`` or ``auto``."""


Part = str | Image


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """One question. What many questions share comes first (``schema``, ``system``), so that providers can keep it."""

    request_id: str
    """Ours, one for each attempt: what a lost answer is reconciled by, and the name of a line in a batch."""
    model: str
    system: str = field(repr=False)
    """The static part: instructions that change with the prompt's version only."""
    user: tuple[Part, ...] = field(repr=False)
    """The document's part, in order."""
    schema: Mapping[str, Any] = field(repr=False)
    """Strict JSON schema of the answer."""
    schema_name: str = "answers"
    output_tokens_max: int = OUTPUT_TOKENS
    tier: Tier = Tier.STANDARD
    """Standard or flex; requests of a batch are batch whatever this says."""
    cache_key: str | None = None
    """The same for requests that share a prefix."""
    timeout_seconds: float = REQUEST_SECONDS


@dataclass(frozen=True, slots=True)
class Charge:
    """What a provider charged for, as it told it."""

    provider_request_id: str
    model: str
    """As it called itself in the answer."""
    tier: Tier
    """As served, which may be another than was asked for."""
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Completion:
    request_id: str
    answer: Mapping[str, Any] = field(repr=False)
    """Follows the request's schema."""
    charge: Charge


class ProviderError(ProcessionError):
    """A call failed. The message names provider and reason and holds nothing of the document."""

    title = "The AI provider did not answer."

    def __init__(
        self,
        failure: Failure,
        message: str,
        *,
        retry_after: float | None = None,
        charge: Charge | None = None,
        provider_request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.failure = failure
        self.retry_after = retry_after
        """Seconds the provider asked to wait, if it did."""
        self.charge = charge
        """What was charged for the answer that could not be used."""
        self.provider_request_id = provider_request_id or (charge.provider_request_id if charge else "")


@dataclass(frozen=True, slots=True)
class BatchStatus:
    id: str
    """The provider's."""
    state: BatchState
    client_batch_id: str
    """Ours."""
    total: int
    completed: int
    failed: int


@dataclass(frozen=True, slots=True)
class BatchResult:
    """One line of a batch that has ended."""

    request_id: str
    outcome: Completion | ProviderError


@dataclass(frozen=True, slots=True)
class Reconciliation:
    billed: Billed
    charges: tuple[Charge, ...] = ()
    """All of them, when charged."""
    money: Money | None = None
    """What they cost by the provider's own prices, if it told."""


class Provider(Protocol):
    """All methods raise ``ProviderError`` and nothing else, but for cancellation."""

    @property
    def name(self) -> str: ...

    async def complete(self, request: CompletionRequest) -> Completion:
        """One attempt, at the request's tier."""
        ...

    async def submit_batch(self, requests: Sequence[CompletionRequest], client_batch_id: str) -> BatchStatus:
        """Hands over requests of one model and schema, done within a day at the batch tier.

        After ``TIMEOUT_UNKNOWN`` the batch may exist: ``find_batch`` tells. Never submit again before asking.
        """
        ...

    async def find_batch(self, client_batch_id: str) -> BatchStatus | None:
        """The batch that was submitted under our id, if the provider has it."""
        ...

    async def batch_status(self, batch_id: str) -> BatchStatus: ...

    async def batch_results(self, batch_id: str, schema: Mapping[str, Any]) -> tuple[BatchResult, ...]:
        """Of a batch that has ended: each request once, done or not. ``schema`` is the one its requests share."""
        ...

    async def cancel_batch(self, batch_id: str) -> BatchStatus:
        """What was done by then stays, and is charged. A batch that has ended stays as it is."""
        ...

    async def forget_batch(self, batch_id: str) -> None:
        """Deletes the batch's files at the provider: they hold documents' text."""
        ...

    async def models(self) -> tuple[str, ...]:
        """Names the endpoint lists."""
        ...

    async def reconcile(self, request_id: str) -> Reconciliation:
        """What became of a request whose answer never came.

        Ask some seconds after: a request that is still on its way to the provider is not known there.
        """
        ...

    async def close(self) -> None:
        """Lets go of connections."""
        ...
