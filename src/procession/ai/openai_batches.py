"""Batches of an OpenAI-compatible endpoint: a file of requests, its state, its results."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import httpx2
import openai
from openai.types import Batch

from procession.ai.openai_failures import of_status
from procession.ai.openai_wire import completion_of
from procession.ai.protocol import BatchResult, BatchStatus, Completion, CompletionRequest, ProviderError
from procession.domain.provider import BatchState, Failure
from procession.domain.usage import Tier

ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
WINDOW: Literal["24h"] = "24h"
CLIENT_BATCH_ID = "client_batch_id"
"""In the batch's metadata: ours, by which it is found when the answer to its submission was lost."""
BATCHES_LOOKED_AT_MAX = 1000
"""How many of the newest batches are searched for one of ours."""

_STATES = {
    "completed": BatchState.COMPLETED,
    "failed": BatchState.FAILED,
    "expired": BatchState.EXPIRED,
    "cancelled": BatchState.CANCELLED,
}


def file_of(requests: Sequence[CompletionRequest], body: Callable[[CompletionRequest], dict[str, Any]]) -> bytes:
    """Raises ValueError for what is a defect of ours: no requests, several models or schemas, an id twice."""
    if not requests or len({request.model for request in requests}) > 1:
        raise ValueError("a batch has requests of one model")
    if len({request.request_id for request in requests}) < len(requests):
        raise ValueError("two requests of a batch have the same id")
    if any(request.schema != requests[0].schema for request in requests):
        raise ValueError("the requests of a batch share their schema")
    rows = (
        {"custom_id": request.request_id, "method": "POST", "url": ENDPOINT, "body": body(request)}
        for request in requests
    )
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode("utf-8", "replace")


async def submit(client: openai.AsyncOpenAI, content: bytes, client_batch_id: str) -> BatchStatus:
    file = await client.files.create(file=(f"{client_batch_id}.jsonl", content), purpose="batch")
    batch = await client.batches.create(
        input_file_id=file.id,
        endpoint=ENDPOINT,
        completion_window=WINDOW,
        metadata={CLIENT_BATCH_ID: client_batch_id},
    )
    return status_of(batch)


async def find(client: openai.AsyncOpenAI, client_batch_id: str) -> BatchStatus | None:
    looked_at = 0
    async for batch in client.batches.list(limit=100):
        if (batch.metadata or {}).get(CLIENT_BATCH_ID) == client_batch_id:
            return status_of(batch)
        looked_at += 1
        if looked_at >= BATCHES_LOOKED_AT_MAX:
            break
    return None


def status_of(batch: Batch) -> BatchStatus:
    counts = batch.request_counts
    return BatchStatus(
        batch.id,
        _STATES.get(batch.status, BatchState.IN_PROGRESS),
        (batch.metadata or {}).get(CLIENT_BATCH_ID, ""),
        counts.total if counts else 0,
        counts.completed if counts else 0,
        counts.failed if counts else 0,
    )


async def rows(client: openai.AsyncOpenAI, batch_id: str) -> list[Any]:
    """All lines of the batch's output and error files."""
    batch = await client.batches.retrieve(batch_id)
    found: list[Any] = []
    for file_id in (batch.output_file_id, batch.error_file_id):
        if file_id:
            content = await client.files.content(file_id)
            found += [json.loads(line) for line in content.content.split(b"\n") if line.strip()]
    return found


def results_of(
    name: str, lines: Sequence[Any], schema: Mapping[str, Any], answer_bytes_max: int
) -> tuple[BatchResult, ...]:
    """By request, each once: an answer goes before an error that is told beside it."""
    found: dict[str, BatchResult] = {}
    for line in lines:
        if isinstance(line, dict) and isinstance(request_id := line.get("custom_id"), str):
            result = BatchResult(request_id, _outcome(name, request_id, line, schema, answer_bytes_max))
            found.setdefault(request_id, result)
    return tuple(found.values())


def _outcome(
    name: str, request_id: str, line: Mapping[str, Any], schema: Mapping[str, Any], answer_bytes_max: int
) -> Completion | ProviderError:
    response = line.get("response")
    if not isinstance(response, Mapping):
        return ProviderError(Failure.UNAVAILABLE, f"{name}'s batch ended before this request was done.")
    status = response.get("status_code")
    body = response.get("body")
    if status != httpx2.codes.OK:
        return of_status(name, status if isinstance(status, int) else 500, {}, body)
    try:
        return completion_of(
            name,
            request_id,
            schema,
            body,
            asked=Tier.BATCH,
            provider_request_id=str(response.get("request_id") or ""),
            answer_bytes_max=answer_bytes_max,
        )
    except ProviderError as error:
        return error


async def forget(client: openai.AsyncOpenAI, batch_id: str) -> None:
    batch = await client.batches.retrieve(batch_id)
    for file_id in (batch.input_file_id, batch.output_file_id, batch.error_file_id):
        if file_id:
            try:
                await client.files.delete(file_id)
            except openai.NotFoundError:
                continue
