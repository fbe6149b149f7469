"""What tokens cost: the operator's own prices, or the published ones that genai-prices brings along, offline.

Two sums are told for the same tokens: what they cost at the standard tier by list price, and what they cost as they
were served. Every price has a version, so that a sum can be explained when prices have changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Any

from genai_prices import data_snapshot
from genai_prices.types import ModelInfo, TieredPrices

from procession.domain.usage import Money, Rates, Tier, Tokens
from procession.settings.ai import AiModel, AiPrices, AiProvider


class NoPrice(LookupError):
    """Neither the operator nor the catalogue knows what this model costs."""


@dataclass(frozen=True, slots=True)
class Price:
    """Of one model at one tier, for prompts of one size."""

    effective: Rates
    listed: Rates
    """At the standard tier, without what the operator negotiated where the published price is known."""
    version: str


@dataclass(frozen=True, slots=True)
class Cost:
    effective: Money
    listed: Money
    price_version: str


class PriceCatalogue:
    """Prices of the configured providers. ``at`` is when a request was served: published prices change by date."""

    def __init__(self, providers: Sequence[AiProvider]) -> None:
        self._providers = {provider.name: provider for provider in providers}
        self._published = f"genai-prices-{version('genai-prices')}"

    def price(self, provider: str, model: str, tier: Tier, at: datetime, prompt_tokens: int = 0) -> Price:
        """``model`` by its configured name. Raises NoPrice."""
        endpoint = self._providers.get(provider)
        known = next((one for one in endpoint.models if one.name == model), None) if endpoint else None
        if endpoint is None or known is None:
            raise NoPrice(f"{provider} has no model {model}.")
        published = _published(endpoint, known)
        if known.prices:
            effective = _own(known, tier)
            listed = _own(known, Tier.STANDARD)
            if published is not None:
                listed = _rates(published, Tier.STANDARD, at, prompt_tokens)
            return Price(effective, listed, endpoint.price_version or _digest(endpoint))
        if published is None:
            raise NoPrice(
                f"No price is known for {model} of {provider}. Give its prices in the settings; "
                'for a model that costs nothing, input = "0" and output = "0".'
            )
        return Price(
            _rates(published, tier, at, prompt_tokens),
            _rates(published, Tier.STANDARD, at, prompt_tokens),
            self._published,
        )

    def cost(self, provider: str, model: str, tier: Tier, tokens: Tokens, at: datetime) -> Cost:
        """Of tokens as a provider told them. Raises NoPrice."""
        found = self.price(provider, model, tier, at, tokens.prompt)
        return Cost(found.effective.cost(tokens), found.listed.cost(tokens), found.version)

    def check(self, at: datetime) -> None:
        """Raises NoPrice for the first model and tier nobody knows the price of."""
        for provider in self._providers.values():
            for model in provider.models:
                for tier in model.tiers:
                    self.price(provider.name, model.name, tier, at)


def _own(model: AiModel, tier: Tier) -> Rates:
    row = model.prices.get(tier)
    if row is not None:
        return _parsed(row)
    return _parsed(model.prices[Tier.STANDARD]).times(model.share(tier))


def _parsed(row: AiPrices) -> Rates:
    return Rates.parse(row.input, row.output, row.cached, row.image, row.written)


def _digest(provider: AiProvider) -> str:
    told: dict[str, Any] = {
        model.name: model.model_dump(mode="json", include={"prices", "tier_shares"}) for model in provider.models
    }
    return f"{provider.name}-{hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]}"


# --- published ---

_CONTEXTS: dict[Tier, dict[str, str]] = {
    Tier.STANDARD: {"service_tier": "default"},
    Tier.FLEX: {"service_tier": "flex"},
    Tier.BATCH: {"processing": "batch"},
}


def _published(provider: AiProvider, model: AiModel) -> ModelInfo | None:
    try:
        _, found = data_snapshot.get_snapshot().find_provider_model(model.name, None, None, provider.base_url)
    except LookupError:
        return None
    return found


def _rates(model: ModelInfo, tier: Tier, at: datetime, prompt_tokens: int) -> Rates:
    """A tier the list does not know costs what standard does: a discount nobody published is not counted on."""
    found = model.get_prices(at, _CONTEXTS[tier])

    def of(name: str, otherwise: Money | None = None) -> Money:
        price = getattr(found, name, None)
        if price is None:
            return otherwise or Money(Decimal(0))
        return Money(_at_size(price, prompt_tokens))

    input_price = of("input_mtok")
    return Rates(
        input=input_price,
        cached=of("cache_read_mtok", input_price),
        image=of("input_image_mtok", input_price),
        output=of("output_mtok"),
        written=of("cache_write_mtok", input_price),
    )


def _at_size(price: Decimal | TieredPrices, prompt_tokens: int) -> Decimal:
    """A long prompt may cost more for each of its tokens."""
    if not isinstance(price, TieredPrices):
        return price
    return next((step.price for step in reversed(price.tiers) if prompt_tokens > step.start), price.base)
