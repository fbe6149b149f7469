"""Chat completions as OpenAI-compatible endpoints write them: a request's body, and what an answer says."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from procession.ai.protocol import Charge, Completion, CompletionRequest, Part, ProviderError
from procession.domain.provider import Failure
from procession.domain.usage import Tier, Tokens

SERVICE_TIERS = {Tier.STANDARD: "default", Tier.FLEX: "flex"}


def body_of(
    request: CompletionRequest, *, tiers: tuple[Tier, ...], cache_key: bool, output_limit: str, batch: bool = False
) -> dict[str, Any]:
    """What is sent. ``tiers`` are the model's: an endpoint with one tier only may not know the word."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [
            {"role": "system", "content": request.system},
            {"role": "user", "content": [_part(part) for part in request.user]},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": request.schema_name, "strict": True, "schema": dict(request.schema)},
        },
        output_limit: request.output_tokens_max,
    }
    if cache_key and request.cache_key:
        body["prompt_cache_key"] = request.cache_key
    if not batch and len(tiers) > 1:
        body["service_tier"] = SERVICE_TIERS[request.tier]
    return body


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    data = base64.b64encode(part.data).decode()
    return {"type": "image_url", "image_url": {"url": f"data:{part.media_type};base64,{data}", "detail": part.detail}}


class _Told(BaseModel):
    """Only what is used; endpoints add fields of their own."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Details(_Told):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    image_tokens: int | None = None


class _Usage(_Told):
    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)
    prompt_tokens_details: _Details | None = None

    def tokens(self) -> Tokens:
        details = self.prompt_tokens_details or _Details()
        return Tokens.told(
            self.prompt_tokens,
            self.completion_tokens,
            cached=details.cached_tokens or 0,
            image=details.image_tokens or 0,
            written=details.cache_write_tokens or 0,
        )


class _Message(_Told):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Told):
    message: _Message
    finish_reason: str | None = None


class _Completion(_Told):
    id: str = ""
    model: str = ""
    choices: tuple[_Choice, ...] = Field(min_length=1)
    usage: _Usage
    service_tier: str | None = None


def completion_of(
    name: str,
    request_id: str,
    schema: Mapping[str, Any],
    body: object,
    *,
    asked: Tier,
    provider_request_id: str,
    answer_bytes_max: int,
) -> Completion:
    """What a whole answer says. Raises ProviderError, with the charge for an answer that is of no use."""
    try:
        told = _Completion.model_validate(body)
    except ValidationError:
        what = f"{name} answered without an answer or without its usage."
        raise ProviderError(Failure.TIMEOUT_UNKNOWN, what, provider_request_id=provider_request_id) from None
    charge = Charge(provider_request_id or told.id, told.model, _tier(told.service_tier, asked), told.usage.tokens())
    choice = told.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise ProviderError(Failure.REFUSED, f"{name} declined to answer.", charge=charge)
    if choice.finish_reason == "length":
        raise ProviderError(Failure.INVALID_ANSWER, f"{name}'s answer was cut off at its limit.", charge=charge)
    text = choice.message.content or ""
    if len(text.encode("utf-8", "replace")) > answer_bytes_max:
        what = f"{name}'s answer is longer than {answer_bytes_max} bytes."
        raise ProviderError(Failure.INVALID_ANSWER, what, charge=charge)
    return Completion(request_id, _answer(name, text, schema, charge), charge)


def _tier(told: str | None, asked: Tier) -> Tier:
    if asked is Tier.BATCH or told is None:
        return asked
    return Tier.FLEX if told == "flex" else Tier.STANDARD


def _answer(name: str, text: str, schema: Mapping[str, Any], charge: Charge) -> Mapping[str, Any]:
    try:
        answer = json.loads(text)
        error = next(iter(Draft202012Validator(dict(schema)).iter_errors(answer)), None)
    except (ValueError, RecursionError):
        raise ProviderError(Failure.INVALID_ANSWER, f"{name}'s answer is no JSON.", charge=charge) from None
    if error is not None or not isinstance(answer, dict):
        raise ProviderError(Failure.INVALID_ANSWER, f"{name}'s answer does not follow the schema.", charge=charge)
    return answer
