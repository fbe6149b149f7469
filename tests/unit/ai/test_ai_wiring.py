"""Providers as the settings name them: built, priced and examined."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from procession import wiring
from procession.ai import openai_batches
from procession.ai.openai import Endpoint, OpenAIProvider
from procession.ai.protocol import ProviderError
from procession.cli import doctor
from procession.cli.doctor import Verdict
from procession.domain.errors import InvalidRequest
from procession.domain.provider import Failure
from procession.domain.usage import Tier
from procession.settings import Settings
from procession.settings.ai import Ai, AiModel, AiPrices, AiProvider
from tests.support.fake_ai import RunningFake, contract_request, running
from tests.support.processes import free_ports

FREE = {Tier.STANDARD: AiPrices(input="0", output="0")}


@pytest.fixture(scope="module")
def fake() -> Iterator[RunningFake]:
    with running() as server:
        yield server


def settings(url: str, *names: str, priced: bool = True) -> Settings:
    models = tuple(AiModel(name=name, prices=FREE if priced else {}) for name in names)
    return Settings(ai=Ai(providers=(AiProvider(name="own", base_url=f"{url}/v1", models=models),)))


async def test_without_ai_nothing_is_built() -> None:
    assert wiring.ai_providers(Settings()) == {}
    assert wiring.ai_prices(Settings()) is None


async def test_a_configured_provider_answers(fake: RunningFake) -> None:
    (provider,) = wiring.ai_providers(settings(fake.url, "fake-small")).values()
    done = await provider.complete(contract_request("r1", model="fake-small"))
    assert done.answer["answers"][0]["field"] == "f1"
    await provider.close()


def test_a_key_that_is_not_there_and_a_price_nobody_knows_are_refused() -> None:
    keyless = AiProvider(name="own", base_url="http://x.test", api_key_env="NOT_SET", models=(AiModel(name="m"),))
    with pytest.raises(InvalidRequest, match="NOT_SET"):
        wiring.ai_providers(Settings(ai=Ai(providers=(keyless,))))
    with pytest.raises(InvalidRequest, match="price"):
        wiring.ai_prices(settings("http://x.test", "m", priced=False))


def test_the_doctor_says_what_is_wrong_with_a_provider(fake: RunningFake) -> None:
    found = doctor.ai(Settings())
    assert (found.verdict, "locally" in found.detail) == (Verdict.OK, True)
    assert doctor.ai(settings(fake.url, "fake-small")).verdict is Verdict.OK
    found = doctor.ai(settings(fake.url, "fake-small", "unheard-of"))
    assert (found.verdict, "unheard-of" in found.detail) == (Verdict.WARNING, True)
    assert doctor.ai(settings(fake.url, "fake-small", priced=False)).verdict is Verdict.FAILED
    away = settings(f"http://127.0.0.1:{free_ports(1)[0]}", "fake-small")
    assert doctor.ai(away).verdict is Verdict.WARNING


async def test_an_endpoint_that_is_not_there_is_unavailable_not_unknown() -> None:
    provider = OpenAIProvider(Endpoint("own", f"http://127.0.0.1:{free_ports(1)[0]}/v1"))
    with pytest.raises(ProviderError) as caught:
        await provider.complete(contract_request("r1"))
    assert caught.value.failure is Failure.UNAVAILABLE
    await provider.close()


async def test_a_batch_is_refused_past_its_requests_and_its_bytes_and_nothing_is_sent(fake: RunningFake) -> None:
    asked = [contract_request(f"r{number}") for number in range(3)]
    plain = Endpoint("own", f"{fake.url}/v1")
    two_take = len(openai_batches.file_of(asked[:2], lambda request: plain.body(request, batch=True)))
    for endpoint in (
        Endpoint("own", f"{fake.url}/v1", batch_requests_max=2),
        Endpoint("own", f"{fake.url}/v1", batch_bytes_max=two_take),
    ):
        provider = OpenAIProvider(endpoint)
        assert (await provider.submit_batch(asked[:2], f"two-{endpoint.batch_requests_max}")).total == 2
        with pytest.raises(ProviderError) as caught:
            await provider.submit_batch(asked, "three")
        assert caught.value.failure is Failure.REJECTED
        assert await provider.find_batch("three") is None
        await provider.close()


async def test_an_answer_that_is_too_long_is_invalid_and_charged(fake: RunningFake) -> None:
    provider = OpenAIProvider(Endpoint("own", f"{fake.url}/v1", answer_bytes_max=20))
    with pytest.raises(ProviderError) as caught:
        await provider.complete(contract_request("r1"))
    assert caught.value.failure is Failure.INVALID_ANSWER
    assert caught.value.charge is not None
    await provider.close()
