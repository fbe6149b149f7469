"""What this process knows of the providers: how they are, how much may be sent, what a question would cost there.

Health is each process' own: it learns from its own calls. Rate limits are shared evenly between the processes that ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from procession.ai.prices import Price, PriceCatalogue
from procession.ai.protocol import Provider, ProviderError
from procession.domain.ai import AiRequest, Route, call_id
from procession.domain.provider import Capability, Failure
from procession.domain.usage import Tier, Tokens
from procession.policy import breaker, rates, routing
from procession.policy.breaker import Breaker
from procession.policy.rates import Bucket
from procession.policy.routing import Candidate, Decision, Question
from procession.services.ai_settings import rules
from procession.settings.ai import Ai, AiModel, AiProvider
from procession.telemetry import metrics

UNHEALTHY = frozenset({Failure.OVERLOADED, Failure.UNAVAILABLE, Failure.TIMEOUT_UNKNOWN, Failure.UNAUTHORISED})
"""Failures that speak of the provider, not of the question."""
EMPTIED_SECONDS = 5.0
"""A provider that says it is too much, and not until when, is left alone for so long."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Limits:
    """Of one model at one provider."""

    requests: Bucket
    tokens: Bucket

    def room_at(self, tokens: int, now: datetime) -> datetime:
        return max(rates.room_at(self.requests, 1, now), rates.room_at(self.tokens, tokens, now))

    def take(self, tokens: int, now: datetime) -> None:
        self.requests, self.tokens = rates.taken(self.requests, 1, now), rates.taken(self.tokens, tokens, now)


@dataclass(slots=True)
class Routes:
    """For one event loop: ``open`` where it runs, ``close`` at the end."""

    make_providers: Callable[[], Mapping[str, Provider]]
    prices: PriceCatalogue
    providers: Mapping[str, Provider] = field(default_factory=dict)
    processes: int = 1
    """That ask, this one included."""
    _breakers: dict[str, Breaker] = field(default_factory=dict)
    _limits: dict[tuple[str, str], _Limits] = field(default_factory=dict)

    def open(self) -> None:
        """Raises InvalidRequest when a provider's key is missing."""
        self.providers = self.make_providers()

    async def close(self) -> None:
        for provider in self.providers.values():
            await provider.close()

    def decide(
        self,
        ai: Ai,
        request: AiRequest,
        now: datetime,
        *,
        wanted: Route | None = None,
        economy: bool = False,
    ) -> Decision:
        question = Question(
            priority=request.priority,
            pictures=bool(request.picture_refs),
            tokens_in=request.tokens_in,
            output_tokens_max=request.output_tokens_max,
            created_at=request.created_at,
            due_at=request.due_at,
            second_pass=request.second_pass,
            tried=request.tried,
            wanted=None if wanted is None else (wanted.provider, wanted.model),
            version_id=None if wanted is None else wanted.version_id,
            economy=economy,
        )
        return routing.decide(question, self._candidates(ai, request, now), rules(ai), now)

    def price(self, route: Route, request: AiRequest, now: datetime) -> tuple[Price, Tokens]:
        """(what it costs there, the most tokens it can take)."""
        price = self.prices.price(route.provider, route.model, route.tier, now, request.tokens_in)
        return price, Tokens(input=request.tokens_in, output=request.output_tokens_max)

    def took(self, route: Route, request: AiRequest, now: datetime) -> None:
        """The request's next call goes out, as was decided."""
        call = call_id(request.id, request.calls + 1)
        if route.tier is not Tier.BATCH:  # batches have limits of their own
            self._limit(route.provider, route.model, now).take(request.tokens_in, now)
        self._set(route.provider, breaker.sent(self._breaker(route.provider), call, now))

    def answered(self, route: Route, call: str) -> None:
        self._set(route.provider, breaker.succeeded(self._breaker(route.provider), call))

    def failed(self, route: Route, call: str, error: ProviderError, now: datetime) -> None:
        if error.failure in UNHEALTHY:
            for_good = error.failure is Failure.UNAUTHORISED
            self._set(route.provider, breaker.failed(self._breaker(route.provider), call, now, for_good=for_good))
            return
        if error.failure is Failure.RATE_LIMITED:
            limit = self._limit(route.provider, route.model, now)
            until = now + timedelta(seconds=error.retry_after or EMPTIED_SECONDS)
            limit.requests = rates.emptied(limit.requests, until, now)
        self.answered(route, call)  # it is there, whatever it said

    # --- candidates ---------------------------------------------------------------------------------------------------

    def _candidates(self, ai: Ai, request: AiRequest, now: datetime) -> list[Candidate]:
        return [
            self._candidate(provider, model, request, now)
            for provider in ai.endpoints
            if provider.name in self.providers
            for model in provider.models
        ]

    def _candidate(self, provider: AiProvider, model: AiModel, request: AiRequest, now: datetime) -> Candidate:
        known = self._breaker(provider.name)
        limit = self._limit(provider.name, model.name, now, provider)
        most = Tokens(input=request.tokens_in, output=request.output_tokens_max)
        cost = {tier: self.prices.cost(provider.name, model.name, tier, most, now).effective for tier in model.tiers}
        return Candidate(
            provider=provider.name,
            model=model.name,
            zone=provider.region,
            pictures=Capability.IMAGE in model.capability,
            context_tokens=model.context_tokens,
            output_tokens=model.output_tokens,
            tiers=frozenset(model.tiers),
            cost=cost,
            health=breaker.verdict(known, now),
            healthy_at=known.next_at,
            room_at=limit.room_at(request.tokens_in, now),
        )

    def _limit(self, provider: str, model: str, now: datetime, told: AiProvider | None = None) -> _Limits:
        known = self._limits.get((provider, model))
        if known is None:
            assert told is not None, "a model is considered before it is asked"
            known = self._limits[provider, model] = _Limits(
                Bucket.full(rates.shared(told.requests_per_minute, self.processes), now),
                Bucket.full(rates.shared(told.tokens_per_minute, self.processes), now),
            )
        return known

    def share(self, processes: int) -> None:
        """So many processes ask now."""
        if processes == self.processes:
            return
        self.processes = processes
        self._limits.clear()  # full again, once

    def _breaker(self, provider: str) -> Breaker:
        return self._breakers.get(provider, Breaker())

    def _set(self, provider: str, now: Breaker) -> None:
        before = self._breakers.get(provider, Breaker())
        self._breakers[provider] = now
        if (before.opened_at is None) != (now.opened_at is None):
            log.warning("ai.provider_back" if now.opened_at is None else "ai.provider_left_alone", provider=provider)
            metrics.AI_PROVIDER_UP.labels(provider=provider).set(now.opened_at is None)
