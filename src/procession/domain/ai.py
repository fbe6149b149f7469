"""What is asked of AI providers, and how far each question is."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from procession.domain.analysis import Priority
from procession.domain.usage import Tier


class RequestState(StrEnum):
    WAITING = "waiting"
    """For its window, for room at a provider, or for the next try."""
    SENT = "sent"
    """A process asks a provider."""
    ANSWERED = "answered"
    """The answer is kept and settled; the result is not made of it yet."""
    FINISHED = "finished"
    DEFERRED = "deferred"
    """The local result was given; it is asked for a second pass when a provider is there again."""
    ABANDONED = "abandoned"
    """It will not be asked (any more), or its answer was of no use; the reason stands beside it."""
    CANCELLED = "cancelled"


OPEN_STATES = frozenset({RequestState.WAITING, RequestState.SENT, RequestState.ANSWERED, RequestState.DEFERRED})
"""Something is still to be done about these."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a question goes. ``version_id``: of the model registry, when the choice came from there."""

    provider: str
    model: str
    tier: Tier
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class Optimisations:
    """What is done to spend less; each can be switched off, so that its own part can be measured."""

    cascade: bool = True
    """Only fields the engine is unsure of are asked about."""
    text_first: bool = True
    """Pictures only where the text does not say it."""
    downscale: bool = True
    """Pictures no larger than what the model bills usefully."""
    prefix_caching: bool = True
    """Questions that begin alike are asked one after the other."""
    small_model_first: bool = True
    flex: bool = True
    """The half-price tiers, where the deadline allows."""
    duplicates: bool = True
    """The same bytes are asked about once."""
    batching: bool = True
    """Windows: questions that may wait are collected."""


ALL = Optimisations()
NONE = Optimisations(**{one.name: False for one in fields(Optimisations)})


@dataclass(frozen=True, slots=True)
class Try:
    """A call that gave no answer. ``reason``: the error's class, never its words."""

    provider: str
    model: str
    reason: str

    def told(self) -> dict[str, str]:
        return {"provider": self.provider, "model": self.model, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class AiRequest:
    """One row of ``ai_requests``. Times are aware UTC; what is asked is a sealed object, never a column."""

    id: str
    tenant: str
    region: str
    analysis_id: str
    document_id: str
    key_id: str
    fence: int
    """Of the analysis, which its result is written under. Of a second pass: what the local result left."""
    purpose: str
    priority: Priority
    state: RequestState
    input_ref: str
    picture_refs: tuple[str, ...]
    prefix_key: str
    """Questions with the same begin alike."""
    tokens_in: int
    """Estimate, pictures included."""
    output_tokens_max: int
    created_at: datetime
    due_at: datetime
    """When the analysis is due."""
    ready_at: datetime
    """Not asked before, unless others that begin alike are."""
    updated_at: datetime
    calls: int = 0
    """Calls made so far; each has an id of its own."""
    call_id: str | None = None
    """The call in flight, or the one that was answered."""
    owner: str | None = None
    """The process that asks."""
    route: Route | None = None
    tried: tuple[Try, ...] = ()
    answer_ref: str | None = None
    sent_at: datetime | None = None
    reason: str | None = None

    deferred_at: datetime | None = None
    """When the local result was given in its place."""

    @property
    def second_pass(self) -> bool:
        """The local result was given already."""
        return self.deferred_at is not None

    @property
    def objects(self) -> tuple[str, ...]:
        """What is kept for it until it has ended."""
        return (self.input_ref, *self.picture_refs, *((self.answer_ref,) if self.answer_ref else ()))


def call_id(request_id: str, number: int) -> str:
    """Of the ``number``-th call of a request, from 1: known before it is made, so that a crash loses none."""
    return f"{request_id}-{number}"


def tries(told: list[dict[str, Any]]) -> tuple[Try, ...]:
    return tuple(Try(one["provider"], one["model"], one["reason"]) for one in told)
