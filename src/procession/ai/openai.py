"""Any endpoint that speaks OpenAI's API: OpenAI, Azure, Mistral, vLLM, Ollama … through the openai SDK.

The SDK repeats nothing (routing does) and follows no redirect (an endpoint's region is where it was configured).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import openai

from procession.ai import openai_batches as batches
from procession.ai.openai_failures import told
from procession.ai.openai_wire import body_of, completion_of
from procession.ai.protocol import (
    BatchResult,
    BatchStatus,
    Charge,
    Completion,
    CompletionRequest,
    ProviderError,
    Reconciliation,
)
from procession.domain.provider import Billed, Failure
from procession.domain.usage import Money, Tier, Tokens
from procession.settings.ai import Ai, AiProvider

CONTROL_SECONDS = 60.0
"""Everything that is not an answer: files, batches, lists, reconciliation."""
CONNECTIONS_MAX = 2_000
"""To one endpoint, when nothing else is said."""
CONNECTIONS_KEPT = 100
"""Of these, kept for later when nothing is asked."""
NO_KEY = "none"
"""Sent where no key is configured: local servers want the header and read nothing of it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How one endpoint is reached and what it knows."""

    name: str
    base_url: str
    key: str | None = None
    tiers: Mapping[str, tuple[Tier, ...]] | None = None
    """By model; a model that is not there has the standard tier only."""
    prompt_cache_key: bool = True
    output_limit: str = "max_completion_tokens"
    meter_url: str | None = None
    connect_seconds_max: float = 5.0
    answer_bytes_max: int = 4 * 1024 * 1024
    batch_bytes_max: int = 64 * 1024 * 1024
    batch_requests_max: int = 2_000
    connections_max: int = CONNECTIONS_MAX

    @classmethod
    def of(cls, provider: AiProvider, ai: Ai) -> Endpoint:
        """Raises ValueError when the key is not where it should be."""
        return cls(
            provider.name,
            provider.base_url,
            provider.key(),
            {model.name: model.tiers for model in provider.models},
            provider.prompt_cache_key,
            provider.output_limit,
            provider.meter_url,
            ai.connect_seconds_max,
            ai.answer_bytes_max,
            ai.batch_bytes_max,
            ai.batch_requests_max,
            ai.calls_at_once,
        )

    def body(self, request: CompletionRequest, *, batch: bool = False) -> dict[str, Any]:
        return body_of(
            request,
            tiers=(self.tiers or {}).get(request.model, (Tier.STANDARD,)),
            cache_key=self.prompt_cache_key,
            output_limit=self.output_limit,
            batch=batch,
        )


class OpenAIProvider:
    """``ai.protocol.Provider``. For one event loop; ``close`` when done."""

    def __init__(self, endpoint: Endpoint, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        """``transport``: another way to the endpoint than the network."""
        self._endpoint = endpoint
        seconds = httpx2.Timeout(CONTROL_SECONDS, connect=endpoint.connect_seconds_max)
        limits = httpx2.Limits(max_connections=endpoint.connections_max, max_keepalive_connections=CONNECTIONS_KEPT)
        self._http = httpx2.AsyncClient(transport=transport, timeout=seconds, limits=limits, follow_redirects=False)
        self._client = openai.AsyncOpenAI(
            api_key=endpoint.key or NO_KEY,
            base_url=endpoint.base_url,
            max_retries=0,
            timeout=seconds,
            http_client=self._http,
            # names of an account at OpenAI, which the SDK reads from the environment, are for nobody else
            default_headers={"OpenAI-Organization": openai.Omit(), "OpenAI-Project": openai.Omit()},  # type: ignore[dict-item]
        )

    @property
    def name(self) -> str:
        return self._endpoint.name

    async def complete(self, request: CompletionRequest) -> Completion:
        timeout = httpx2.Timeout(request.timeout_seconds, connect=self._endpoint.connect_seconds_max)
        async with told(self.name, request.timeout_seconds):
            raw = await self._client.chat.completions.with_raw_response.create(
                **self._endpoint.body(request),
                extra_headers={"X-Client-Request-Id": request.request_id},
                timeout=timeout,
            )
            return completion_of(
                self.name,
                request.request_id,
                request.schema,
                raw.http_response.json(),
                asked=request.tier,
                provider_request_id=raw.headers.get("x-request-id", ""),
                answer_bytes_max=self._endpoint.answer_bytes_max,
            )

    async def submit_batch(self, requests: Sequence[CompletionRequest], client_batch_id: str) -> BatchStatus:
        if len(requests) > self._endpoint.batch_requests_max:
            what = f"The batch has more than {self._endpoint.batch_requests_max} requests."
            raise ProviderError(Failure.REJECTED, what)
        content = batches.file_of(requests, lambda request: self._endpoint.body(request, batch=True))
        if len(content) > self._endpoint.batch_bytes_max:
            what = f"The batch's file is larger than {self._endpoint.batch_bytes_max} bytes."
            raise ProviderError(Failure.REJECTED, what)
        async with told(self.name, CONTROL_SECONDS):
            return await batches.submit(self._client, content, client_batch_id)

    async def find_batch(self, client_batch_id: str) -> BatchStatus | None:
        async with told(self.name, CONTROL_SECONDS):
            return await batches.find(self._client, client_batch_id)

    async def batch_status(self, batch_id: str) -> BatchStatus:
        async with told(self.name, CONTROL_SECONDS):
            return batches.status_of(await self._client.batches.retrieve(batch_id))

    async def batch_results(self, batch_id: str, schema: Mapping[str, Any]) -> tuple[BatchResult, ...]:
        async with told(self.name, CONTROL_SECONDS):
            rows = await batches.rows(self._client, batch_id)
        return batches.results_of(self.name, rows, schema, self._endpoint.answer_bytes_max)

    async def cancel_batch(self, batch_id: str) -> BatchStatus:
        async with told(self.name, CONTROL_SECONDS):
            try:
                return batches.status_of(await self._client.batches.cancel(batch_id))
            except (openai.ConflictError, openai.BadRequestError):  # it has ended
                return batches.status_of(await self._client.batches.retrieve(batch_id))

    async def forget_batch(self, batch_id: str) -> None:
        async with told(self.name, CONTROL_SECONDS):
            await batches.forget(self._client, batch_id)

    async def models(self) -> tuple[str, ...]:
        async with told(self.name, CONTROL_SECONDS):
            page = await self._client.models.list()
            return tuple(model.id for model in page.data)

    async def reconcile(self, request_id: str) -> Reconciliation:
        if self._endpoint.meter_url is None:
            return Reconciliation(Billed.UNKNOWN)
        async with told(self.name, CONTROL_SECONDS):
            response = await self._http.get(self._endpoint.meter_url, params={"client_request_id": request_id})
            if response.status_code != httpx2.codes.OK:
                raise ProviderError(Failure.UNAVAILABLE, f"{self.name}'s meter answered {response.status_code}.")
            return _reconciled(response.json())

    async def close(self) -> None:
        await self._client.close()


def _reconciled(told_bill: Any) -> Reconciliation:
    """Of the meter's answer. Raises ValueError when it is none."""
    if not isinstance(told_bill, dict) or not isinstance(told_bill.get("requests"), list):
        raise ValueError("no meter")
    entries = told_bill["requests"]
    if any(entry["delivery"] == "in_flight" for entry in entries):
        return Reconciliation(Billed.PENDING)
    charged = [entry for entry in entries if entry["charged"]]
    if not charged:
        return Reconciliation(Billed.NOT_CHARGED)
    charges = tuple(
        Charge(entry["request_id"], entry["model"], Tier(entry["tier"]), Tokens(**entry["tokens"])) for entry in charged
    )
    return Reconciliation(Billed.CHARGED, charges, Money.total(Money.parse(entry["money"]) for entry in charged))
