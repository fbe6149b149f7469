"""The provider as a whole: its models, clock, meter, faults and limits, and one request's way through them."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from procession.ai.fake.bill import Bill, Delivery, Entry
from procession.ai.fake.catalogue import Catalogue, ModelConfig
from procession.ai.fake.clock import VirtualClock
from procession.ai.fake.config import FakeConfig
from procession.ai.fake.faults import FaultPlan, Faults, Kind, Met
from procession.ai.fake.generate import Answerer, Generated, Generator, Prompt, prompt_of
from procession.ai.fake.labels import LabelAnswerer
from procession.ai.fake.limits import RateLimits
from procession.ai.fake.prefixes import Prefixes
from procession.ai.fake.truth import Truth, TruthAnswerer
from procession.ai.fake.wire import ChatRequest, WireError
from procession.domain.usage import Tier, decimal

_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was accepted and is on its way."""

    request_id: str
    prompt: Prompt
    tier: Tier
    met: Met
    headers: dict[str, str]
    cached: int


class FakeProvider:
    """All state is in memory and belongs to one event loop."""

    def __init__(self, config: FakeConfig | None = None, truth: Truth | None = None) -> None:
        self.config = config or FakeConfig()
        self.catalogue: Catalogue = self.config.catalogue()
        self.clock = VirtualClock(self.config.clock_speed)
        self.faults = Faults(self.config.seed, self.clock.seconds)
        self.faults.put(FaultPlan(faults=self.config.faults))
        self.limits = RateLimits(self.config.requests_per_minute, self.config.tokens_per_minute)
        self.bill = Bill(self.catalogue.price_version)
        self._generator = Generator(
            self._answerer(truth), Prefixes(self.config.cache_ttl_seconds), self.config.seed, self.config.obedient
        )
        self._running: set[asyncio.Task[Any]] = set()

    def _answerer(self, truth: Truth | None) -> Answerer:
        if truth is None:
            return LabelAnswerer()
        accuracy = {model.name: decimal(model.accuracy) for model in self.catalogue.models}
        return TruthAnswerer(truth, accuracy, self.config.seed)

    def reset(self) -> None:
        """Forgets what happened: meter, prefixes, limits, faults back to the configuration's. The clock goes on."""
        self.bill = Bill(self.catalogue.price_version)
        self._generator.prefixes.clear()
        self.limits.clear()
        self.faults.put(FaultPlan(faults=self.config.faults))

    # --- one request ---

    def model(self, name: str) -> ModelConfig:
        """Raises WireError 404."""
        found = self.catalogue.find(name)
        if found is None:
            raise WireError(404, f"The model `{name}` does not exist.", code="model_not_found", param="model")
        return found

    def parse(self, body: Any) -> ChatRequest:
        """Raises WireError 400."""
        try:
            return ChatRequest.model_validate(body)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            code = "unknown_parameter" if first["type"] == "extra_forbidden" else None
            raise WireError(400, f"{where}: {first['msg']}", param=where, code=code) from None

    def prepare(self, request: ChatRequest, tier: Tier) -> Prompt:
        """Raises WireError for what no retry would mend."""
        model = self.model(request.model)
        if tier not in model.tiers():
            raise WireError(400, f"{model.name} has no {tier} tier.", param="service_tier", code="invalid_service_tier")
        return prompt_of(request, model)

    def accept(self, request: ChatRequest, client_request_id: str, request_id: str) -> Call:
        """Counts it against the limits and opens it on the meter. Raises WireError when it ends here."""
        prompt = self.prepare(request, request.tier)
        met = self.faults.meet(prompt.model.name, request.tier, prompt.content.digest)
        entry = Entry(
            request_id,
            client_request_id,
            prompt.model.name,
            request.tier,
            Delivery.IN_FLIGHT,
            at=self.clock.stamp(),
            fault=",".join(dict.fromkeys(fault.kind.value for fault in met.faults)),
        )
        self.bill.open(entry)
        try:
            wanted = len(prompt.tokens) + prompt.output_tokens_max
            headers = self.limits.take(prompt.model.name, wanted, self.clock.seconds())
            _refuse(met, prompt.model.name)
        except WireError:
            self.bill.close(request_id, Delivery.FAILED)
            raise
        cached = self._generator.cached(prompt, self.clock.seconds())
        return Call(request_id, prompt, request.tier, met, headers, cached)

    async def answer(self, call: Call, delivery: Delivery = Delivery.ANSWERED) -> Generated:
        """Generates and charges. It goes on to its end when the caller is gone, as a provider's does."""
        task = asyncio.create_task(self._finish(call, delivery))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(lambda _: self.bill.close(call.request_id, Delivery.LOST))
            raise

    async def _finish(self, call: Call, delivery: Delivery) -> Generated:
        generated = self._generator.generate(call.prompt, call.tier, call.met, call.cached)
        thinking = self.config.seconds_per_thousand_tokens * generated.tokens.output / _THOUSAND
        if (wait := thinking + call.met.latency_seconds) > 0:
            await self.clock.sleep(wait)
        self.charge(call.request_id, generated, delivery)
        self._generator.keep(call.prompt, self.clock.seconds())
        return generated

    def charge(self, request_id: str, generated: Generated, delivery: Delivery) -> None:
        self.bill.close(request_id, delivery, tokens=generated.tokens, money=generated.money)

    def lost(self, request_id: str) -> None:
        """The answer was charged and did not arrive."""
        self.bill.close(request_id, Delivery.LOST)

    def failed(self, request_id: str) -> None:
        self.bill.close(request_id, Delivery.FAILED)

    # --- one line of a batch ---

    def answer_in_batch(self, prompt: Prompt, custom_id: str, batch_id: str) -> tuple[str, Generated]:
        """Generates and charges at the batch tier. Raises WireError when the line fails; then nothing is charged."""
        request_id = new_request_id()
        met = self.faults.meet(prompt.model.name, Tier.BATCH, prompt.content.digest)
        told = ",".join(dict.fromkeys(fault.kind.value for fault in met.faults))
        at = self.clock.stamp()
        self.bill.open(
            Entry(
                request_id,
                custom_id,
                prompt.model.name,
                Tier.BATCH,
                Delivery.FAILED,
                at=at,
                batch_id=batch_id,
                fault=told,
            )
        )
        if met.get(Kind.SERVER_ERROR, Kind.TIMEOUT, Kind.CONNECTION_RESET, Kind.DEAD):
            raise WireError(500, "The server had an error while processing the request.", kind="server_error")
        now = self.clock.seconds()
        generated = self._generator.generate(prompt, Tier.BATCH, met, self._generator.cached(prompt, now))
        self.charge(request_id, generated, Delivery.ANSWERED)
        self._generator.keep(prompt, now)
        return request_id, generated


def new_request_id() -> str:
    return f"req_{secrets.token_hex(16)}"


def _refuse(met: Met, model: str) -> None:
    """Raises WireError for a fault that ends a request before anything is generated."""
    if met.get(Kind.DEAD):
        raise WireError(503, "The service is unavailable.", kind="service_unavailable_error")
    fault = met.get(Kind.UNAUTHORISED, Kind.RATE_LIMITED, Kind.FLEX_UNAVAILABLE, Kind.SERVER_ERROR)
    if fault is None:
        return
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.kind is Kind.UNAUTHORISED:
        raise WireError(401, "Incorrect API key provided.", code="invalid_api_key")
    if fault.kind is Kind.RATE_LIMITED:
        raise WireError(
            429, f"Rate limit reached for {model}.", kind="requests", code="rate_limit_exceeded", headers=headers
        )
    if fault.kind is Kind.FLEX_UNAVAILABLE:
        raise WireError(
            429, "Not enough resources for flex processing.", code="resource_unavailable", kind="invalid_request_error"
        )
    told = headers if fault.status == 503 else {}
    raise WireError(fault.status, "The server had an error.", kind="server_error", headers=told)


def completion_body(call_id: str, prompt: Prompt, tier: Tier, generated: Generated, stamp: int) -> dict[str, Any]:
    """A chat completion in the API's shape."""
    refusal = generated.text if generated.refused else None
    return {
        "id": f"chatcmpl-{call_id.removeprefix('req_')}",
        "object": "chat.completion",
        "created": stamp,
        "model": prompt.model.snapshot,
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": None if refusal else generated.text,
                    "refusal": refusal,
                    "annotations": [],
                },
                "logprobs": None,
                "finish_reason": generated.finish_reason,
            }
        ],
        "usage": generated.usage,
        "service_tier": "flex" if tier is Tier.FLEX else "default",
        "system_fingerprint": None,
    }
