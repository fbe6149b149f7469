"""What tokens cost: the operator's prices before the published ones, exactly, and by a version."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, Inexact
from typing import Any

import genai_prices
import httpx
import httpx2
import pytest

from procession.ai.prices import NoPrice, PriceCatalogue
from procession.domain.usage import Money, Rates, Tier, Tokens, per_million
from procession.settings.ai import AiModel, AiPrices, AiProvider

AT = datetime(2026, 11, 20, tzinfo=UTC)
TOKENS = Tokens(input=12_345, cached=2_048, image=0, output=777)


def catalogue(url: str = "https://api.openai.com/v1", **model: Any) -> PriceCatalogue:
    return PriceCatalogue([AiProvider(name="p", base_url=url, models=(AiModel(**{"name": "gpt-5-mini", **model}),))])


@pytest.mark.parametrize(
    ("tier", "context"),
    [
        (Tier.STANDARD, {"service_tier": "default"}),
        (Tier.FLEX, {"service_tier": "flex"}),
        (Tier.BATCH, {"processing": "batch"}),
    ],
)
@pytest.mark.parametrize("size", [1, 100])
def test_published_prices_come_to_what_their_own_library_says(tier: Tier, context: dict[str, str], size: int) -> None:
    for name in ("gpt-5-mini", "gpt-5.4", "gpt-4.1"):
        tokens = Tokens(TOKENS.input * size, TOKENS.cached * size, 0, TOKENS.output)
        cost = catalogue(name=name).cost("p", name, tier, tokens, AT)
        usage = genai_prices.Usage(
            input_tokens=tokens.prompt, cache_read_tokens=tokens.cached, output_tokens=tokens.output
        )
        said = genai_prices.calc_price(
            usage, name, provider_id="openai", genai_request_timestamp=AT, price_context=context
        )
        assert cost.effective.amount == said.total_price
        assert cost.price_version.startswith("genai-prices-")


def test_the_list_price_of_a_half_price_tier_is_the_standard_one() -> None:
    cost = catalogue().cost("p", "gpt-5-mini", Tier.BATCH, TOKENS, AT)
    standard = catalogue().cost("p", "gpt-5-mini", Tier.STANDARD, TOKENS, AT)
    assert cost.listed == standard.effective
    assert cost.effective * 2 == cost.listed


def test_the_operator_s_prices_go_before_and_a_tier_without_a_row_costs_its_share() -> None:
    prices = {Tier.STANDARD: AiPrices(input="0.2", output="1.5"), Tier.BATCH: AiPrices(input="0.07", output="0.6")}
    own = catalogue(prices=prices, tiers=tuple(Tier))
    million = Tokens(input=1_000_000)
    by_tier = {tier: str(own.cost("p", "gpt-5-mini", tier, million, AT).effective) for tier in Tier}
    assert by_tier == {Tier.STANDARD: "0.2", Tier.FLEX: "0.1", Tier.BATCH: "0.07"}
    assert str(own.cost("p", "gpt-5-mini", Tier.STANDARD, million, AT).listed) == "0.25", "the published price"


def test_other_prices_have_another_version() -> None:
    versions = set()
    for price in ("0.2", "0.3"):
        own = catalogue(prices={Tier.STANDARD: AiPrices(input=price, output="1")})
        versions.add(own.price("p", "gpt-5-mini", Tier.STANDARD, AT).version)
    assert len(versions) == 2


def test_a_model_nobody_knows_the_price_of_is_refused_unless_it_is_said_to_cost_nothing() -> None:
    local = "http://localhost:11434/v1"
    with pytest.raises(NoPrice, match='input = "0"'):
        catalogue(local, name="qwen").check(AT)
    free = catalogue(local, name="qwen", prices={Tier.STANDARD: AiPrices(input="0", output="0")})
    free.check(AT)
    assert not free.cost("p", "qwen", Tier.STANDARD, TOKENS, AT).effective


def test_prices_need_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("prices went to the network")

    for library in (httpx, httpx2):
        for client in (library.Client, library.AsyncClient):
            monkeypatch.setattr(client, "send", refuse)
    catalogue().check(AT)


def test_money_is_never_rounded_and_never_a_float() -> None:
    assert str(per_million(Money.parse("0.005"), 1)) == "0.000000005"
    with pytest.raises(TypeError):
        Money(0.1)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money.parse("1") * 0.5  # type: ignore[operator]
    with pytest.raises(Inexact):
        Money(Decimal("1E+30")) + Money(Decimal("1E-30"))
    with pytest.raises(ValueError, match="do not add up"):
        Money.parse("1") + Money.parse("1", "EUR")


def test_tokens_of_a_prompt_are_of_one_kind_each() -> None:
    told = Tokens.told(1000, 50, cached=256, image=300, written=100)
    assert (told.input, told.cached, told.image, told.written, told.output) == (344, 256, 300, 100, 50)
    assert Tokens.told(100, 1, cached=90, image=50, written=50) == Tokens(0, 90, 10, 1, 0)
    assert told.prompt == 1000
    rates = Rates.parse("1", "10", cached="0.1", image="2", written="1.25")
    assert str(rates.cost(told)) == "0.0015946"
