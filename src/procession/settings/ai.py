"""Providers of AI: where they are, what they can do, what they cost. None means that everything is read locally."""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from procession.domain.provider import Capability
from procession.domain.usage import Tier, decimal
from procession.settings.costs import Budgets
from procession.settings.section import Section

MIB = 1024 * 1024


def _price(text: str) -> str:
    if decimal(text) < 0:
        raise ValueError("a price is not negative")
    return text


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("give http://HOST… or https://HOST…")
    if parts.username or parts.password:
        raise ValueError("put the key into api_key or api_key_env, not into the address")
    return text.rstrip("/")


Price = Annotated[str, AfterValidator(_price)]
"""Dollars per million tokens, as text: a number with a point may not be exact."""
Address = Annotated[str, AfterValidator(_address)]


class AiPrices(Section):
    """Dollars per million tokens, as text. What is not given costs as much as input."""

    input: Price
    """Prompt tokens read anew."""
    output: Price
    """Tokens of the answer."""
    cached: Price | None = None
    """Prompt tokens the provider still had."""
    image: Price | None = None
    """Tokens of pictures."""
    written: Price | None = None
    """Prompt tokens kept for later, where that has a price."""


class AiModel(Section):
    """One model of a provider."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    """As the endpoint calls it."""
    capability: tuple[Capability, ...] = (Capability.TEXT,)
    """`text`, or `text` and `image`."""
    context_tokens: Annotated[int, Field(gt=0)] = 128_000
    """Prompt and answer together."""
    output_tokens: Annotated[int, Field(gt=0)] = 16_384
    """Longest answer."""
    tiers: tuple[Tier, ...] = (Tier.STANDARD,)
    """`standard`, and `flex` and `batch` where the provider has them."""
    prices: dict[Tier, AiPrices] = {}
    """By tier. A tier without a row costs its share of `standard`; without any row the published list price holds."""
    tier_shares: dict[Tier, Price] = {Tier.FLEX: "0.5", Tier.BATCH: "0.5"}
    """Share of the standard price, for tiers without a row of their own."""

    @model_validator(mode="after")
    def _coherent(self) -> AiModel:
        if Tier.STANDARD not in self.tiers:
            raise ValueError("tiers must have standard")
        if self.prices and Tier.STANDARD not in self.prices:
            raise ValueError("prices must have a row for standard")
        return self

    def share(self, tier: Tier) -> Decimal:
        return Decimal(1) if tier is Tier.STANDARD else decimal(self.tier_shares.get(tier, "1"))


class AiProvider(Section):
    """One endpoint that speaks OpenAI's API."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    """In results, costs and metrics."""
    base_url: Address
    """With its version, for example `https://api.openai.com/v1`."""
    api_key: SecretStr | None = None
    """Better named by `api_key_env`, so that it is not in a file."""
    api_key_env: str | None = None
    """Environment variable that holds the key. Neither: none is sent."""
    region: str = ""
    """Where documents are processed, for residency; empty: nobody said."""
    models: Annotated[tuple[AiModel, ...], Field(min_length=1)]
    """Rows as below."""
    requests_per_minute: Annotated[int, Field(gt=0)] = 500
    """Requests of one model that are sent in a minute, for all processes together."""
    tokens_per_minute: Annotated[int, Field(gt=0)] = 200_000
    """Tokens of one model in a minute."""
    price_version: str | None = None
    """Name of these prices; default: one made from them, so that other prices have another name."""
    prompt_cache_key: bool = True
    """Whether the endpoint knows `prompt_cache_key`."""
    output_limit: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    """What the endpoint calls the longest answer."""
    meter_url: Address | None = None
    """Where the endpoint tells what it charged for `?client_request_id=`; `/meter` of `procession dev fake-ai`."""

    @model_validator(mode="after")
    def _models_differ(self) -> AiProvider:
        if len({model.name for model in self.models}) < len(self.models):
            raise ValueError("two models have the same name")
        return self

    def key(self, environ: Mapping[str, str] = os.environ) -> str | None:
        """The secret itself, or None. Raises ValueError when the variable it should be in is not set."""
        if self.api_key is not None:
            return self.api_key.get_secret_value()
        if self.api_key_env is None:
            return None
        if not (found := environ.get(self.api_key_env)):
            raise ValueError(f"{self.api_key_env}, which should hold the key of {self.name}, is not set")
        return found


OPENAI_URL = "https://api.openai.com/v1"
_EVERY_TIER = (Tier.STANDARD, Tier.FLEX, Tier.BATCH)
_READS_PICTURES = (Capability.TEXT, Capability.IMAGE)
OPENAI_MODELS = tuple(
    AiModel(name=name, capability=_READS_PICTURES, context_tokens=400_000, output_tokens=128_000, tiers=_EVERY_TIER)
    for name in ("gpt-5-mini", "gpt-5")
)
"""Used when a key is all that was configured; their prices are the published ones."""


class AiBatching(Section):
    """How long questions are held so that those that begin alike are asked one after the other. Urgent ones never."""

    standard_seconds: Annotated[float, Field(ge=0, le=300)] = 60.0
    """Of class `standard`; a deadline that is near closes the window before."""
    low_seconds: Annotated[float, Field(ge=0, le=1800)] = 600.0
    """Of class `low`; likewise."""
    group_max: Annotated[int, Field(gt=0)] = 200
    """So many that begin alike wait for no more."""


class AiOptimisations(Section):
    """What is done to spend less. Each can be switched off, to see what it is worth."""

    cascade: bool = True
    """Ask only about fields the engine is unsure of."""
    text_first: bool = True
    """Send a page's picture only where its text does not say it."""
    downscale: bool = True
    """Make pictures no larger than the model bills usefully."""
    prefix_caching: bool = True
    """Begin prompts alike, so that providers charge less for the beginning."""
    small_model_first: bool = True
    """Take the cheapest model that can read it; else the first in the settings."""
    flex: bool = True
    """Take half-price tiers where the deadline allows."""
    duplicates: bool = True
    """Ask about the same bytes once."""
    batching: bool = True
    """Hold questions in windows (`ai.batching`)."""


class Ai(Section):
    """Without a provider there is no AI, and nothing leaves the machine."""

    enabled: bool = True
    """Whether providers are used at all."""
    providers: tuple[AiProvider, ...] = ()
    """Endpoints, first choice first: see [AI providers](ai-providers.md)."""
    openai_api_key: SecretStr | None = None
    """Alone, it configures OpenAI with its usual models; `OPENAI_API_KEY` is read too. `providers` go before."""
    connect_seconds_max: Annotated[float, Field(gt=0)] = 5.0
    """Reaching an endpoint."""
    request_seconds_max: Annotated[float, Field(gt=0)] = 120.0
    """One answer at the standard tier; past it the outcome is unknown until it is reconciled."""
    flex_seconds_max: Annotated[float, Field(gt=0)] = 900.0
    """One answer at the flex tier."""
    answer_bytes_max: Annotated[int, Field(gt=0)] = 4 * MIB
    """One answer's text; a longer one is invalid."""
    batch_requests_max: Annotated[int, Field(gt=0, le=50_000)] = 2_000
    """Requests of one batch; more are refused before they are sent."""
    batch_bytes_max: Annotated[int, Field(gt=0)] = 64 * MIB
    """One batch's file; a larger one is refused before it is sent."""
    calls_at_once: Annotated[int, Field(gt=0)] = 2_000
    """Questions of one process on their way at once; further ones wait."""
    patience: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of its time to the deadline that a document waits while no provider is there; then it is read locally."""
    second_pass_seconds: Annotated[float, Field(gt=0)] = 60.0
    """How soon what was read without AI, because no provider was there, is asked about again at the earliest."""
    zones: tuple[str, ...] = ()
    """Regions where documents may be processed; a provider whose `region` is another is never asked. None: anywhere."""
    batching: AiBatching = AiBatching()
    optimisations: AiOptimisations = AiOptimisations()
    budgets: Budgets = Budgets()

    @model_validator(mode="after")
    def _providers_differ(self) -> Ai:
        if len({provider.name for provider in self.providers}) < len(self.providers):
            raise ValueError("two providers have the same name")
        return self

    @property
    def endpoints(self) -> tuple[AiProvider, ...]:
        """The providers to use: those configured, or OpenAI when only its key is there, or none."""
        if not self.enabled:
            return ()
        if self.providers or self.openai_api_key is None:
            return self.providers
        return (
            AiProvider(
                name="openai", base_url=OPENAI_URL, api_key=self.openai_api_key, region="", models=OPENAI_MODELS
            ),
        )

    def timeout(self, tier: Tier) -> float:
        """Seconds one answer may take."""
        return self.flex_seconds_max if tier is Tier.FLEX else self.request_seconds_max
