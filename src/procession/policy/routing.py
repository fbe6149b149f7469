"""Where a question goes: to a provider, later, or nowhere, with the reason.

Invariants: a provider outside the allowed zones is never chosen; nor one whose breaker is open, nor a model that cannot
read what is asked; the half-price tiers are taken only where the deadline leaves time to ask again at the standard one;
a question that nobody could be asked for its share of patience is answered locally.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from procession.domain.ai import Route, Try
from procession.domain.analysis import Priority
from procession.domain.usage import Money, Tier
from procession.policy.breaker import Verdict

TRIES_MAX = 6
"""Calls of one question without an answer; then the local result stands until the second pass."""
TRIES_EACH_MAX = 2
"""Of these, to one model of one provider."""
ANSWER_SECONDS = 30.0
"""What is kept free before the deadline for a call at the standard tier."""
FLEX_SECONDS_MIN = 120.0
"""A flex call is given at least so long, or not made."""
TIMEOUT_SECONDS_MIN = 15.0


@dataclass(frozen=True, slots=True)
class Question:
    priority: Priority
    pictures: bool
    tokens_in: int
    output_tokens_max: int
    created_at: datetime
    due_at: datetime
    second_pass: bool = False
    tried: tuple[Try, ...] = ()
    wanted: tuple[str, str] | None = None
    """(provider, model) of the registry's version, which goes before others while it is there."""
    version_id: str | None = None
    economy: bool = False
    """A budget asks for the cheapest that serves."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model of one provider, as it stands now."""

    provider: str
    model: str
    zone: str
    """Where the endpoint processes documents; empty: nobody said."""
    pictures: bool
    context_tokens: int
    output_tokens: int
    tiers: frozenset[Tier]
    cost: Mapping[Tier, Money]
    """The most this question may cost, by tier."""
    health: Verdict = Verdict.CLOSED
    healthy_at: datetime | None = None
    """When an open one may be probed."""
    room_at: datetime | None = None
    """When the rate limits leave room; None: now."""


@dataclass(frozen=True, slots=True)
class Rules:
    zones: frozenset[str] = frozenset()
    """Where documents may be processed; none: anywhere."""
    small_first: bool = True
    """The cheapest first; else in the order of the settings."""
    flex: bool = True
    timeout_seconds: float = 120.0
    flex_seconds: float = 900.0
    patience: float = 0.5
    """Share of its time a question waits for a provider to come back, before it is answered locally."""
    second_pass_seconds: float = 60.0
    """How soon what was answered locally is asked for again at the earliest."""


@dataclass(frozen=True, slots=True)
class Send:
    route: Route
    timeout_seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Degrade:
    """The local result stands. ``again_at``: when a second pass is asked for; None: never."""

    again_at: datetime | None
    reason: str


Decision = Send | Wait | Degrade


def decide(question: Question, candidates: Sequence[Candidate], rules: Rules, now: datetime) -> Decision:
    """``candidates`` in the order of the settings."""
    allowed = [one for one in candidates if not rules.zones or one.zone in rules.zones]
    if not allowed:
        return Degrade(None, "no provider is in a zone where this document may be processed")
    able = [one for one in allowed if _able(one, question)]
    if not able:
        return Degrade(None, "no model can read as much as this document is")
    again_at = now + timedelta(seconds=rules.second_pass_seconds)
    left = [one for one in able if _tries(question, one) < TRIES_EACH_MAX]
    if len(question.tried) >= TRIES_MAX or not left:
        if question.second_pass:
            return Degrade(None, f"{len(question.tried)} calls gave no answer")
        return Degrade(again_at, f"{len(question.tried)} calls gave no answer")
    healthy = [one for one in left if one.health is not Verdict.OPEN]
    if not healthy:
        back_at = max(again_at, min((one.healthy_at or again_at for one in left), default=again_at))
        return _absent(question, left, rules.patience, back_at, now)
    free = [one for one in healthy if one.room_at is None or one.room_at <= now]
    if not free:
        return Wait(min(one.room_at or now for one in healthy), "the rate limits leave no room")
    return _sent(question, free, rules, now)


def _able(one: Candidate, question: Question) -> bool:
    size = question.tokens_in + question.output_tokens_max
    fits = size <= one.context_tokens and question.output_tokens_max <= one.output_tokens
    return fits and (one.pictures or not question.pictures)


def _tries(question: Question, one: Candidate) -> int:
    return sum(made.provider == one.provider and made.model == one.model for made in question.tried)


def _absent(
    question: Question, left: Sequence[Candidate], patience: float, again_at: datetime, now: datetime
) -> Decision:
    """Every provider's breaker is open."""
    back_at = min((one.healthy_at for one in left if one.healthy_at is not None), default=again_at)
    if question.second_pass:
        return Wait(max(back_at, now), "no provider is there")
    patient_until = question.created_at + patience * (question.due_at - question.created_at)
    if back_at <= patient_until:
        return Wait(max(back_at, now), "no provider is there; one is probed soon")
    return Degrade(again_at, "no provider is there")


def _sent(question: Question, free: Sequence[Candidate], rules: Rules, now: datetime) -> Send:
    tier_of = {id(one): _tier(question, one, rules, now) for one in free}

    def order(place: int, one: Candidate) -> tuple[bool, int, int, Money | int, int]:
        """The registry's choice, then who failed least here, the provider before the model, then price or order."""
        wanted = question.wanted == (one.provider, one.model)
        of_provider = sum(made.provider == one.provider for made in question.tried)
        cheap = rules.small_first or question.economy
        worth: Money | int = one.cost[tier_of[id(one)]] if cheap else place
        return (question.economy or not wanted, of_provider, _tries(question, one), worth, place)

    _, chosen = min(enumerate(free), key=lambda each: order(*each))
    tier = tier_of[id(chosen)]
    wanted = question.wanted == (chosen.provider, chosen.model)
    version = question.version_id if wanted else None
    route = Route(chosen.provider, chosen.model, tier, version)
    reason = (
        "the registry's version"
        if version
        else "a fallback"
        if question.tried
        else "the cheapest that qualifies"
        if rules.small_first or question.economy
        else "the first that qualifies"
    )
    return Send(route, _timeout(question, tier, rules, now), reason)


def _tier(question: Question, one: Candidate, rules: Rules, now: datetime) -> Tier:
    """Half price where the deadline allows, and never twice: what flex did not answer goes to the standard tier."""
    if not rules.flex or question.tried:
        return Tier.STANDARD
    if question.priority is Priority.URGENT or Tier.FLEX not in one.tiers:
        return Tier.STANDARD
    left = (question.due_at - now).total_seconds() - ANSWER_SECONDS
    return Tier.FLEX if question.second_pass or left >= FLEX_SECONDS_MIN else Tier.STANDARD


def _timeout(question: Question, tier: Tier, rules: Rules, now: datetime) -> float:
    """So that another provider, or the standard tier, may still be asked in time."""
    left = (question.due_at - now).total_seconds()
    if question.second_pass:
        return rules.flex_seconds if tier is Tier.FLEX else rules.timeout_seconds
    if tier is Tier.FLEX:
        return min(rules.flex_seconds, left - ANSWER_SECONDS)
    share = left / 2 if not question.tried else left - TIMEOUT_SECONDS_MIN
    return min(rules.timeout_seconds, max(TIMEOUT_SECONDS_MIN, share))


def backoff(tries: int, retry_after: float | None, jitter: float, left_seconds: float) -> float:
    """Seconds before the next call. ``jitter`` in [0, 1). What the provider asked for is honoured while time allows."""
    own = min(8.0, 0.5 * 2.0 ** min(tries, 8)) * (0.5 + jitter / 2)
    asked = max(own, retry_after or 0.0)
    return max(0.0, min(asked, max(own, left_seconds / 2)))
