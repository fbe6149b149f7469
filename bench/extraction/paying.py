"""One strategy's run over the mix: every call set aside, sent over HTTP, settled; then the provider's meter is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from bench.extraction import naive
from bench.extraction.mix import Document
from bench.report import NotMeasured
from procession.ai import extraction
from procession.ai.ask import AiInput, Ask
from procession.ai.fake.catalogue import PRICE_VERSION, Catalogue
from procession.ai.openai import Endpoint, OpenAIProvider
from procession.ai.pictures import picture_width
from procession.ai.protocol import Completion, CompletionRequest, ProviderError
from procession.digitize.document import Limits
from procession.digitize.render import render_page
from procession.domain.ai import Optimisations
from procession.domain.analysis import Priority
from procession.domain.usage import NOTHING, Money, Tier, Tokens
from procession.store import ledger
from procession.store.ledger import NewCall, Reserved
from procession.store.protocol import Store
from tests.support.fake_ai import RunningFake

LARGE, SMALL = "fake-large", "fake-small"
WINDOWS = {Priority.URGENT: 0.0, Priority.STANDARD: 300.0, Priority.LOW: 1800.0}
"""Seconds a question may wait for others like it."""
FLEX = frozenset({Priority.LOW})
"""Classes whose objective leaves room for the half-price tier."""
START = datetime(2027, 6, 1, tzinfo=UTC)


NAMES = tuple(one.name for one in fields(Optimisations))


def but(how: Optimisations, name: str) -> Optimisations:
    """``how`` with one of NAMES the other way."""
    return replace(how, **{name: not getattr(how, name)})


@dataclass(slots=True)
class Paid:
    """What a run cost, by stratum, and what it read."""

    settled: Money = NOTHING
    metered: Money = NOTHING
    calls: int = 0
    by_stratum: dict[str, Money] = field(default_factory=dict)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=Tokens)
    invalid: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    document: Document
    ask: Ask | None
    request: CompletionRequest


@dataclass(slots=True)
class Payer:
    """``catalogue``: the provider's prices, which are pinned by their version."""

    fake: RunningFake
    store: Store
    catalogue: Catalogue
    runs: int = 0

    async def product(self, mix: Sequence[Document], how: Optimisations) -> Paid:
        model = SMALL if how.small_model_first else LARGE
        asked: list[tuple[float, Asked]] = []
        results: dict[str, dict[str, Any]] = {}
        for one in mix:
            if how.duplicates and one.copy_of is not None:
                continue
            results[one.name] = {"form": one.found.form.model_dump(mode="json")}
            ask = planned(one, how)
            if ask is None:
                continue
            images = {page: picture(one, page, self._width(one, page, model, how)) for page in ask.pages}
            prompt = extraction.request(ask, images)
            tier = Tier.FLEX if how.flex and one.priority in FLEX else Tier.STANDARD
            window = WINDOWS[one.priority] if how.batching else 0.0
            due = one.at if not window else (one.at // window + 1) * window
            asked.append((due, Asked(one, ask, prompt.completion(one.name, model, tier))))
        asked.sort(key=lambda pair: (pair[0], (pair[1].request.cache_key or "") if how.batching else ""))
        paid = await self._pay(asked)
        results |= paid.results
        for one in mix:  # the same bytes have the same result, asked again or not
            if one.copy_of is not None and one.name not in results:
                results[one.name] = results[one.copy_of]
        paid.results = results
        return paid

    async def plain(self, mix: Sequence[Document], *, pictures: bool) -> Paid:
        """What a plain integration does: the large model at the standard tier, every document as it comes."""
        asked = []
        for one in mix:
            shown = [
                picture(one, page.number, naive.picture_pixels(page.width)) for page in one.found.pages if pictures
            ]
            tag = f"plain-{one.copy_of or one.name}"
            asked.append((one.at, Asked(one, None, naive.request(one, tag, LARGE, shown))))
        return await self._pay(asked)

    def _width(self, one: Document, page: int, model: str, how: Optimisations) -> int:
        size = next((p.width, p.height) for p in one.found.pages if p.number == page)
        known = self.catalogue.find(model)
        return picture_width(*size, known.formula() if known else None, downscale=how.downscale)

    async def _pay(self, asked: Sequence[tuple[float, Asked]]) -> Paid:
        self.fake.reset()
        self.runs += 1
        paid, now = Paid(), 0.0
        provider = OpenAIProvider(self._endpoint())
        try:
            for due, one in asked:
                if due > now:
                    self.fake.advance(due - now)
                    now = due
                await self._call(provider, one, paid, START + timedelta(seconds=due))
        finally:
            await provider.close()
        paid.metered = Money.parse(self.fake.meter()["total"]["money"])
        return paid

    async def _call(self, provider: OpenAIProvider, one: Asked, paid: Paid, at: datetime) -> None:
        request = replace(one.request, request_id=f"run{self.runs}-{one.request.request_id}")
        known = self.catalogue.find(request.model)
        if known is None:
            raise NotMeasured(f"the fake provider has no {request.model}")
        new = NewCall(
            *("bench", "local", "extraction", "fake", request.model, request.tier, PRICE_VERSION),
            rates=known.rates(request.tier),
            reserve=known.rates(Tier.STANDARD).cost(
                Tokens(input=known.context_tokens, output=request.output_tokens_max)
            ),
            client_request_id=request.request_id,
        )
        held = await self.store.write(lambda conn: ledger.reserve(conn, new, at))
        if not isinstance(held, Reserved):
            raise NotMeasured("a budget refused a call")
        await self.store.write(lambda conn: ledger.sent(conn, held.call_id, at))
        try:
            done: Completion | None = await provider.complete(request)
            charge = done.charge if done else None
        except ProviderError as error:
            if error.charge is None:
                raise NotMeasured(f"the fake provider failed: {error.message}") from None
            done, charge = None, error.charge
            paid.invalid += 1
        if charge is None:
            raise NotMeasured("an answer without a charge")
        tokens, told = charge.tokens, charge
        settled = await self.store.write(
            lambda conn: ledger.settle(conn, held.call_id, tokens, told.provider_request_id, told.model, at)
        )
        paid.calls += 1
        paid.tokens = paid.tokens + tokens
        paid.settled = paid.settled + settled.effective_cost
        stratum = one.document.stratum
        paid.by_stratum[stratum] = paid.by_stratum.get(stratum, NOTHING) + settled.effective_cost
        if done is not None:
            paid.results[one.document.name] = _result(one, done.answer)

    def _endpoint(self) -> Endpoint:
        tiers = {model.name: tuple(model.tiers()) for model in self.catalogue.models}
        return Endpoint("fake", f"{self.fake.url}/v1", "key", tiers, meter_url=f"{self.fake.url}/meter")


def planned(one: Document, how: Optimisations) -> Ask | None:
    return extraction.plan(one.found, how)


def _result(one: Asked, answer: Mapping[str, Any]) -> dict[str, Any]:
    if one.ask is None:
        return naive.result_of(answer)
    merged = extraction.merge(AiInput(document=one.document.found, ask=one.ask), answer)
    return {"form": merged.document.form.model_dump(mode="json")}


def picture(one: Document, page: int, width: int) -> bytes:
    return _picture(one.pdf, page, width)


@lru_cache(maxsize=2_000)
def _picture(pdf: bytes, page: int, width: int) -> bytes:
    return render_page(pdf, page, width, Limits())
