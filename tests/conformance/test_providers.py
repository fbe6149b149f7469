"""The contract of AI providers: one client, over HTTP against a real process and in process, the same tests."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import httpx
import httpx2
import pytest
from PIL import Image as Picture

from procession.ai.fake.app import create_app
from procession.ai.fake.provider import FakeProvider
from procession.ai.openai import Endpoint, OpenAIProvider
from procession.ai.protocol import Completion, CompletionRequest, Image, Provider, ProviderError
from procession.domain.provider import BatchState, Billed, Failure
from procession.domain.usage import Rates, Tier
from tests.support.fake_ai import ANSWER_SCHEMA, RunningFake, contract_request, running

EVERY_TIER = (Tier.STANDARD, Tier.FLEX, Tier.BATCH)
MODELS = ("fake-large", "fake-small", "fake-mini")


class Operator:
    """The fake's own routes, wherever it is."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def faults(self, *faults: dict[str, Any]) -> None:
        (await self._http.put("/faults", json={"faults": faults})).raise_for_status()

    async def advance(self, seconds: float) -> None:
        (await self._http.post("/clock", json={"advance_seconds": seconds})).raise_for_status()

    async def reset(self) -> None:
        (await self._http.post("/reset")).raise_for_status()

    async def meter(self, **query: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self._http.get("/meter", params=query)).json()
        return found

    async def rates(self, model: str, tier: Tier) -> Rates:
        row = (await self._http.get("/prices")).json()["models"][model][tier.value]
        return Rates.parse(row["input"], row["output"], row["cached"], row["image"], row["written"])


@pytest.fixture(scope="session")
def fake_ai() -> Iterator[RunningFake]:
    with running("--seed", "11") as server:
        yield server


def endpoint(url: str) -> Endpoint:
    tiers = dict.fromkeys(MODELS, EVERY_TIER)
    return Endpoint("fake", f"{url}/v1", key="any", tiers=tiers, meter_url=f"{url}/meter")


@pytest.fixture(params=["http", "in_process"])
async def both(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Provider, Operator]]:
    if request.param == "http":
        url = request.getfixturevalue("fake_ai").url
        http = httpx.AsyncClient(base_url=url)
        provider = OpenAIProvider(endpoint(url))
    else:
        url = "http://fake.test"
        app = create_app(FakeProvider())
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=url)
        provider = OpenAIProvider(endpoint(url), httpx2.ASGITransport(app))
    operator = Operator(http)
    await operator.reset()
    yield provider, operator
    await operator.reset()
    await provider.close()
    await http.aclose()


@pytest.fixture
def provider(both: tuple[Provider, Operator]) -> Provider:
    return both[0]


@pytest.fixture
def operator(both: tuple[Provider, Operator]) -> Operator:
    return both[1]


async def failing(provider: Provider, request: CompletionRequest) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await provider.complete(request)
    assert "Anna" not in caught.value.message, "nothing of the document is repeated"
    return caught.value


async def test_an_answer_follows_the_schema_and_says_what_it_was_charged(provider: Provider) -> None:
    done = await provider.complete(contract_request("r1"))
    assert done.request_id == "r1"
    assert done.answer["answers"][0]["value"] == "2027-06-14"
    assert done.charge.model.startswith("fake-large-")
    assert done.charge.tier is Tier.STANDARD
    assert done.charge.provider_request_id.startswith("req_")
    assert done.charge.tokens.input > 0 < done.charge.tokens.output


@pytest.mark.parametrize("tier", [Tier.STANDARD, Tier.FLEX])
async def test_what_the_client_counts_is_what_the_provider_bills(
    provider: Provider, operator: Operator, tier: Tier
) -> None:
    picture = io.BytesIO()
    Picture.new("L", (900, 700)).save(picture, "PNG")
    asked = contract_request("r1", tier=tier, system="Read it well. " * 600)
    first = await provider.complete(asked)
    second = await provider.complete(
        replace(asked, request_id="r2", user=(*asked.user, Image("image/png", picture.getvalue())))
    )
    rates = await operator.rates("fake-large", tier)
    assert second.charge.tokens.cached >= 1024
    assert second.charge.tokens.image > 0
    for done in (first, second):
        assert done.charge.tier is tier
        bill = await operator.meter(client_request_id=done.request_id)
        assert str(rates.cost(done.charge.tokens)) == bill["total"]["money"]
        assert done.charge.tokens.by_kind() == bill["total"]["tokens"]
        assert bill["requests"][0]["request_id"] == done.charge.provider_request_id


@pytest.mark.parametrize(
    ("fault", "failure", "charged"),
    [
        ({"kind": "rate_limited", "retry_after": 7}, Failure.RATE_LIMITED, False),
        ({"kind": "server_error", "status": 500}, Failure.UNAVAILABLE, False),
        ({"kind": "server_error", "status": 503}, Failure.OVERLOADED, False),
        ({"kind": "server_error", "status": 504}, Failure.TIMEOUT_UNKNOWN, False),
        ({"kind": "dead"}, Failure.OVERLOADED, False),
        ({"kind": "unauthorised"}, Failure.UNAUTHORISED, False),
        ({"kind": "connection_reset"}, Failure.TIMEOUT_UNKNOWN, False),
        ({"kind": "connection_reset", "charged": True}, Failure.TIMEOUT_UNKNOWN, True),
        ({"kind": "cut_stream"}, Failure.TIMEOUT_UNKNOWN, True),
        ({"kind": "timeout"}, Failure.TIMEOUT_UNKNOWN, True),
        ({"kind": "timeout", "charged": False}, Failure.TIMEOUT_UNKNOWN, False),
        ({"kind": "refusal"}, Failure.REFUSED, True),
        ({"kind": "malformed_json"}, Failure.INVALID_ANSWER, True),
        ({"kind": "schema_break"}, Failure.INVALID_ANSWER, True),
    ],
    ids=lambda value: str(value.get("kind")) if isinstance(value, dict) else str(value),
)
async def test_each_fault_is_one_failure_and_what_was_charged_is_found(
    provider: Provider, operator: Operator, fault: dict[str, Any], failure: Failure, charged: bool
) -> None:
    await operator.faults(fault)
    error = await failing(provider, contract_request("r1", timeout_seconds=0.6))
    assert error.failure is failure
    billed = (await operator.meter(client_request_id="r1"))["total"]
    assert bool(billed["requests"]) is charged
    if failure is Failure.RATE_LIMITED:
        assert error.retry_after == 7
    if not failure.may_be_charged:
        assert (error.charge is not None) is charged
    reconciled = await provider.reconcile("r1")
    assert reconciled.billed is (Billed.CHARGED if charged else Billed.NOT_CHARGED)
    if charged:
        assert str(reconciled.money) == billed["money"]
        assert reconciled.charges[0].tokens.by_kind() == billed["tokens"]
    if error.charge is not None:
        assert error.charge.tokens == reconciled.charges[0].tokens


async def test_flex_without_room_is_overloaded_while_standard_answers(provider: Provider, operator: Operator) -> None:
    await operator.faults({"kind": "flex_unavailable"})
    assert (await failing(provider, contract_request("r1", tier=Tier.FLEX))).failure is Failure.OVERLOADED
    assert isinstance(await provider.complete(contract_request("r2")), Completion)


async def test_a_request_that_is_still_worked_on_is_pending_and_then_charged(
    provider: Provider, operator: Operator
) -> None:
    await operator.faults({"kind": "latency", "seconds": 1.0})
    error = await failing(provider, contract_request("r1", timeout_seconds=0.3))
    assert error.failure is Failure.TIMEOUT_UNKNOWN
    found = await provider.reconcile("r1")
    assert found.billed is Billed.PENDING
    async with asyncio.timeout(20):
        while (found := await provider.reconcile("r1")).billed is Billed.PENDING:  # noqa: ASYNC110 # it sets no event
            await asyncio.sleep(0.05)
    assert found.billed is Billed.CHARGED


async def test_what_a_model_cannot_take_is_said_apart(provider: Provider) -> None:
    long = contract_request("r1", model="fake-mini", system="word " * 140_000)
    assert (await failing(provider, long)).failure is Failure.CONTEXT_TOO_LONG
    assert (await failing(provider, contract_request("r2", model="unheard-of"))).failure is Failure.REJECTED


async def test_an_answer_that_reaches_its_limit_is_invalid_and_charged(provider: Provider) -> None:
    error = await failing(provider, contract_request("r1", output_tokens_max=5))
    assert error.failure is Failure.INVALID_ANSWER
    assert error.charge is not None
    assert error.charge.tokens.output == 5


async def test_a_caller_that_cancels_is_not_told_otherwise(provider: Provider, operator: Operator) -> None:
    await operator.faults({"kind": "timeout"})
    task = asyncio.create_task(provider.complete(contract_request("r1")))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_endpoint_s_models_are_listed(provider: Provider) -> None:
    assert set(MODELS) <= set(await provider.models())


# --- batches ---


def several(count: int) -> list[CompletionRequest]:
    return [contract_request(f"b{number}", tag=f"document-{number}") for number in range(count)]


async def test_a_batch_is_done_in_time_charged_at_half_and_told_by_request(
    provider: Provider, operator: Operator
) -> None:
    submitted = await provider.submit_batch(several(6), "ours-1")
    assert submitted.state is BatchState.IN_PROGRESS
    assert (submitted.client_batch_id, submitted.total) == ("ours-1", 6)
    await operator.advance(1900)
    assert 0 < (await provider.batch_status(submitted.id)).completed < 6
    await operator.advance(1900)
    assert (await provider.batch_status(submitted.id)).state is BatchState.COMPLETED
    results = await provider.batch_results(submitted.id, ANSWER_SCHEMA)
    assert sorted(result.request_id for result in results) == [f"b{number}" for number in range(6)]
    rates = await operator.rates("fake-large", Tier.BATCH)
    assert rates.input * 2 == (await operator.rates("fake-large", Tier.STANDARD)).input
    for result in results:
        assert isinstance(result.outcome, Completion)
        assert result.outcome.charge.tier is Tier.BATCH
        bill = await operator.meter(client_request_id=result.request_id)
        assert str(rates.cost(result.outcome.charge.tokens)) == bill["total"]["money"]


async def test_a_batch_is_found_again_by_our_id(provider: Provider) -> None:
    submitted = await provider.submit_batch(several(2), "ours-2")
    found = await provider.find_batch("ours-2")
    assert found is not None
    assert found.id == submitted.id
    assert await provider.find_batch("never") is None


async def test_a_cancelled_batch_keeps_what_was_done(provider: Provider, operator: Operator) -> None:
    submitted = await provider.submit_batch(several(4), "ours-3")
    await operator.advance(1850)
    assert (await provider.cancel_batch(submitted.id)).state is BatchState.CANCELLED
    assert (await provider.cancel_batch(submitted.id)).state is BatchState.CANCELLED
    outcomes = [result.outcome for result in await provider.batch_results(submitted.id, ANSWER_SCHEMA)]
    done = [outcome for outcome in outcomes if isinstance(outcome, Completion)]
    assert (len(done), len(outcomes)) == (2, 4)
    assert (await operator.meter())["total"]["requests"] == 2


async def test_a_stuck_batch_expires_after_a_day_without_a_charge(provider: Provider, operator: Operator) -> None:
    await operator.faults({"kind": "batch_stuck"})
    submitted = await provider.submit_batch(several(2), "ours-4")
    await operator.advance(23 * 3600)
    assert (await provider.batch_status(submitted.id)).state is BatchState.IN_PROGRESS
    await operator.advance(3700)
    assert (await provider.batch_status(submitted.id)).state is BatchState.EXPIRED
    outcomes = [result.outcome for result in await provider.batch_results(submitted.id, ANSWER_SCHEMA)]
    assert [outcome.failure for outcome in outcomes if isinstance(outcome, ProviderError)] == [Failure.UNAVAILABLE] * 2
    assert (await operator.meter())["total"]["requests"] == 0


async def test_an_expired_batch_has_the_results_it_had_time_for(provider: Provider, operator: Operator) -> None:
    await operator.faults({"kind": "batch_expired"})
    submitted = await provider.submit_batch(several(4), "ours-5")
    await operator.advance(3700)
    assert (await provider.batch_status(submitted.id)).state is BatchState.EXPIRED
    outcomes = [result.outcome for result in await provider.batch_results(submitted.id, ANSWER_SCHEMA)]
    assert sum(isinstance(outcome, Completion) for outcome in outcomes) == 2
    assert len(outcomes) == 4


async def test_useless_answers_in_a_batch_come_with_their_charge(provider: Provider, operator: Operator) -> None:
    await operator.faults({"kind": "schema_break"})
    submitted = await provider.submit_batch(several(1), "ours-6")
    await operator.advance(3700)
    (result,) = await provider.batch_results(submitted.id, ANSWER_SCHEMA)
    assert isinstance(result.outcome, ProviderError)
    assert result.outcome.failure is Failure.INVALID_ANSWER
    assert result.outcome.charge is not None


async def test_a_batch_that_is_forgotten_leaves_no_file(provider: Provider, operator: Operator) -> None:
    submitted = await provider.submit_batch(several(1), "ours-7")
    await operator.advance(3700)
    await provider.forget_batch(submitted.id)
    with pytest.raises(ProviderError) as caught:
        await provider.batch_results(submitted.id, ANSWER_SCHEMA)
    assert caught.value.failure is Failure.REJECTED


async def test_an_unknown_batch_is_rejected(provider: Provider) -> None:
    with pytest.raises(ProviderError) as caught:
        await provider.batch_status("batch_unheard")
    assert caught.value.failure is Failure.REJECTED
