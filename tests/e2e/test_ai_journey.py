"""A contract through `procession up` and a provider over HTTP: read here, waiting for the AI, read by it, paid for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from procession.settings import Settings
from procession.settings.ai import Ai, AiModel, AiPrices, AiProvider
from tests.support import fake_ai
from tests.support.fake_ai import RunningFake
from tests.support.server import RunningServer, running

EXAMPLE = Path(__file__).parents[2] / "examples" / "venue-contract.pdf"
ANSWER_SECONDS = 2
WAIT_SECONDS_MAX = 60


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningFake]:
    with fake_ai.running() as fake:
        fake.faults({"kind": "latency", "seconds": ANSWER_SECONDS})
        yield fake


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, provider: RunningFake) -> Iterator[RunningServer]:
    model = AiModel(name="fake-small", prices={"standard": AiPrices(input="0.25", output="2")})  # type: ignore[dict-item]
    endpoint = AiProvider(
        name="fake", base_url=f"{provider.url}/v1", meter_url=f"{provider.url}/meter", models=(model,)
    )
    settings = Settings(data=tmp_path_factory.mktemp("ai"), ai=Ai(providers=(endpoint,)))
    with running(settings) as started:
        yield started


def _uploaded(server: RunningServer, name: str, **options: str) -> str:
    response = httpx.post(
        f"{server.base_url}/v1/analyses",
        params={"file_name": name, **options},
        content=EXAMPLE.read_bytes() + f"\n% {name}\n".encode(),
        headers={"Content-Type": "application/pdf"},
    )
    assert response.status_code == 202, response.text
    found: str = response.json()["id"]
    return found


@pytest.mark.e2e
def test_an_upload_waits_for_the_ai_under_no_slot_and_says_who_read_it(
    served: RunningServer, provider: RunningFake
) -> None:
    analysis = _uploaded(served, "ai-journey.pdf")
    stages, waiting, deadline = [], 0, time.monotonic() + WAIT_SECONDS_MAX
    while True:
        view = httpx.get(f"{served.base_url}/v1/analyses/{analysis}").json()
        stages.append(view["stage"])
        if view["stage"] == "awaiting_ai":
            queue = httpx.get(f"{served.base_url}/v1/queue").json()
            waiting = max(waiting, sum(one["awaiting_ai"] for one in queue["classes"]))
            assert sum(one["running"] for one in queue["classes"]) == 0
            assert queue["workers"]["busy"] == 0
        if view["status"] in ("completed", "requires_review"):
            break
        assert time.monotonic() < deadline, view
        time.sleep(0.05)
    assert "awaiting_ai" in stages
    assert waiting == 1
    result = httpx.get(f"{served.base_url}/v1/analyses/{analysis}/result").json()
    assert result["provider"] == "fake"
    assert result["model"].startswith("fake-small")
    assert result["prompt_version"]
    assert result["degraded"] is False
    assert Decimal(result["usage"]["ai"]["cost"]) == Decimal(provider.meter(each="false")["total"]["money"])


@pytest.mark.e2e
def test_an_upload_that_wants_no_ai_is_read_by_the_engine_alone(served: RunningServer) -> None:
    analysis = _uploaded(served, "no-ai.pdf", ai="false")
    view = httpx.get(f"{served.base_url}/v1/analyses/{analysis}", params={"wait": WAIT_SECONDS_MAX}, timeout=90).json()
    assert view["status"] in ("completed", "requires_review")
    result = httpx.get(f"{served.base_url}/v1/analyses/{analysis}/result").json()
    assert (result["provider"], result["model"]) == (None, None)
    assert "ai" not in result["usage"]


@pytest.mark.e2e
def test_what_waits_for_the_ai_is_cancelled_at_once(served: RunningServer) -> None:
    analysis = _uploaded(served, "cancelled-ai.pdf")
    url, deadline = f"{served.base_url}/v1/analyses/{analysis}", time.monotonic() + WAIT_SECONDS_MAX
    while httpx.get(url).json()["stage"] != "awaiting_ai":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert httpx.post(f"{url}/cancel").json()["status"] == "cancelled"
