"""What AI adds to the engine, what it costs and what it can be made to do: the dispatcher's path without a queue.

Plan, prompt, the OpenAI client, the fake provider's own routes, proof and merging are the product's; only the queue
between them is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from procession.ai import extraction
from procession.ai.ask import AiInput, Ask
from procession.ai.fake.app import create_app
from procession.ai.fake.config import FakeConfig
from procession.ai.fake.provider import FakeProvider
from procession.ai.fake.truth import Truth
from procession.ai.merge import Merged
from procession.ai.openai import Endpoint, OpenAIProvider
from procession.ai.protocol import CompletionRequest
from procession.domain.form import DigitizedDocument
from procession.domain.usage import Tier

URL = "http://fake.test"


@dataclass
class InProcess:
    """The fake provider behind its own routes, without a socket."""

    fake: FakeProvider
    client: OpenAIProvider

    @classmethod
    def start(cls, truth: Mapping[str, Any] | None = None, **config: Any) -> InProcess:
        known = None if truth is None else Truth.parse({"documents": truth})
        fake = FakeProvider(FakeConfig(**config), known)
        tiers = {model.name: tuple(model.tiers()) for model in fake.catalogue.models}
        endpoint = Endpoint("fake", f"{URL}/v1", "key", tiers, meter_url=f"{URL}/meter")
        return cls(fake, OpenAIProvider(endpoint, httpx2.ASGITransport(create_app(fake))))

    async def answer(self, request: CompletionRequest) -> Mapping[str, Any]:
        return (await self.client.complete(request)).answer


async def read_by(fake: InProcess, found: DigitizedDocument, ask: Ask, model: str = "fake-large") -> Merged:
    """``found`` (with its lines) after one pass."""
    prompt = extraction.request(ask, {})
    answer = await fake.answer(prompt.completion(ask.tag, model, Tier.STANDARD))
    return extraction.merge(AiInput(document=found, ask=ask), answer)


def truth_of(ask: Ask, values: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Answers by question, of a truth file's ``values``; questions about anything else have none."""
    by_subtype: dict[str, Mapping[str, Any]] = {}
    for one in values:
        for subtype in one["subtypes"]:
            by_subtype.setdefault(subtype, one)
    return {
        question.id: {"value": str(found["value"]), "quote": found["text"]}
        for question in ask.fields
        if question.subtype is not None and (found := by_subtype.get(question.subtype.value)) is not None
    }
