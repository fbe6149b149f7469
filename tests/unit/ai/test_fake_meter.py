"""The fake provider's bill: exact, complete, and told by request."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import httpx
import pytest
from PIL import Image

from procession.ai.fake import prefixes
from procession.ai.fake.app import create_app
from procession.ai.fake.catalogue import SMALL
from procession.ai.fake.config import FakeConfig
from procession.ai.fake.provider import FakeProvider
from procession.ai.fake.tokens import Patches, Tiles, count, split
from tests.support.fake_ai import ANSWER_SCHEMA, chat, document

ASKED = document(["Event date: 14 June 2027"], [("f1", "Event date", "date")])
LONG = "Read the form with care and answer in the words it has. " * 120


async def post(http: httpx.AsyncClient, body: dict[str, Any], client_id: str = "") -> httpx.Response:
    headers = {"X-Client-Request-Id": client_id} if client_id else {}
    return await http.post("/v1/chat/completions", json=body, headers=headers)


async def meter(http: httpx.AsyncClient, **query: str) -> dict[str, Any]:
    found: dict[str, Any] = (await http.get("/meter", params=query)).json()
    return found


async def test_a_request_is_billed_by_its_usage_to_the_last_digit(http: httpx.AsyncClient) -> None:
    response = await post(http, chat(ASKED), "call-1")
    usage = response.json()["usage"]
    bill = await meter(http, client_request_id="call-1")
    (entry,) = bill["requests"]
    assert entry["request_id"] == response.headers["x-request-id"]
    assert entry["delivery"] == "answered"
    prompt, output = usage["prompt_tokens"], usage["completion_tokens"]
    expected = prompt * Decimal("1.25") / 10**6 + output * Decimal(10) / 10**6
    assert Decimal(entry["money"]) == expected
    assert isinstance(entry["money"], str)


async def test_flex_is_half_of_standard(http: httpx.AsyncClient) -> None:
    for number, tier in enumerate(("default", "flex")):
        response = await post(http, chat(ASKED, service_tier=tier), f"call-{number}")
        assert response.json()["service_tier"] == tier
    standard, flex = [Decimal((await meter(http, client_request_id=f"call-{n}"))["total"]["money"]) for n in range(2)]
    assert flex * 2 == standard


async def test_a_shared_prefix_is_cached_in_steps_once_it_was_read(
    http: httpx.AsyncClient, provider: FakeProvider
) -> None:
    def cached(response: httpx.Response) -> int:
        return int(response.json()["usage"]["prompt_tokens_details"]["cached_tokens"])

    other = document(["Event date: 1 May 2028"], [("f1", "Event date", "date")], "document-2")
    first = await post(http, chat(ASKED, system=LONG))
    second = await post(http, chat(other, system=LONG))
    shared = len(split(json.dumps(ANSWER_SCHEMA, separators=(",", ":")))) + count(LONG)
    assert cached(first) == 0
    assert shared - prefixes.PREFIX_TOKENS_STEP < cached(second) <= shared + 40
    assert cached(second) % prefixes.PREFIX_TOKENS_STEP == 0
    assert cached(await post(http, chat(other, system=LONG, model="fake-small"))) == 0
    assert cached(await post(http, chat(other, system=LONG, prompt_cache_key="mine"))) == 0
    provider.clock.advance(prefixes.TTL_SECONDS + 1)
    assert cached(await post(http, chat(other, system=LONG))) == 0


async def test_a_prompt_below_the_least_length_is_never_cached(http: httpx.AsyncClient) -> None:
    for _ in range(2):
        response = await post(http, chat(ASKED))
    assert response.json()["usage"]["prompt_tokens_details"]["cached_tokens"] == 0


@pytest.mark.parametrize(
    ("kind", "delivery"),
    [("connection_reset", "failed"), ("server_error", "failed"), ("rate_limited", "failed"), ("cut_stream", "lost")],
)
async def test_what_was_generated_is_charged_though_it_did_not_arrive(
    http: httpx.AsyncClient, kind: str, delivery: str
) -> None:
    await http.put("/faults", json={"faults": [{"kind": kind}]})
    try:
        await post(http, chat(ASKED), "call-1")
    except ConnectionResetError:
        assert kind in ("connection_reset", "cut_stream")
    (entry,) = (await meter(http, client_request_id="call-1"))["requests"]
    assert entry["delivery"] == delivery
    assert entry["charged"] is (delivery == "lost")
    assert (Decimal(entry["money"]) > 0) is entry["charged"]


async def test_a_client_that_gave_up_is_charged_when_the_answer_is_done(http: httpx.AsyncClient) -> None:
    await http.put("/faults", json={"faults": [{"kind": "latency", "seconds": 0.2}]})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await post(http, chat(ASKED), "call-1")
    (entry,) = (await meter(http, client_request_id="call-1"))["requests"]
    assert entry["delivery"] == "in_flight"
    async with asyncio.timeout(10):
        while entry["delivery"] == "in_flight":
            await asyncio.sleep(0.02)
            (entry,) = (await meter(http, client_request_id="call-1"))["requests"]
    assert (entry["delivery"], entry["charged"]) == ("lost", True)


async def test_an_unknown_client_request_has_no_charge(http: httpx.AsyncClient) -> None:
    assert (await meter(http, client_request_id="never"))["requests"] == []


def picture(width: int, height: int) -> dict[str, Any]:
    content = io.BytesIO()
    Image.new("L", (width, height)).save(content, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
    return {"type": "image_url", "image_url": {"url": url, "detail": "high"}}


@pytest.mark.parametrize(
    ("formula", "width", "height", "expected"),
    [
        (Tiles(85, 170), 1024, 1024, 765),  # the three examples providers publish
        (Tiles(85, 170), 2048, 4096, 1105),
        (Tiles(85, 170), 512, 512, 255),
        (Patches(1536, Fraction(1)), 1024, 1024, 1024),
        (Patches(1536, Fraction(1)), 1800, 2400, 1452),
    ],
)
def test_pictures_are_counted_by_the_published_formulas(
    formula: Tiles | Patches, width: int, height: int, expected: int
) -> None:
    assert formula.tokens(width, height, "high") == expected


async def test_a_picture_s_tokens_are_told_and_billed_apart(http: httpx.AsyncClient) -> None:
    body = chat(ASKED, model="fake-large")
    body["messages"][1]["content"].append(picture(1024, 1024))
    usage = (await post(http, body, "call-1")).json()["usage"]
    assert usage["prompt_tokens_details"]["image_tokens"] == 70 + 4 * 140
    (entry,) = (await meter(http, client_request_id="call-1"))["requests"]
    assert entry["tokens"]["image"] == 630
    assert entry["tokens"]["input"] == usage["prompt_tokens"] - 630


async def test_text_models_refuse_pictures(http: httpx.AsyncClient) -> None:
    body = chat(ASKED, model="fake-mini")
    body["messages"][1]["content"].append(picture(10, 10))
    assert (await post(http, body)).status_code == 400


async def test_a_prompt_past_the_context_is_refused_and_not_charged(http: httpx.AsyncClient) -> None:
    response = await post(http, chat(ASKED, model="fake-mini", max_completion_tokens=127_990))
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "context_length_exceeded"
    assert (await meter(http))["total"]["requests"] == 0


async def test_past_the_requests_of_a_minute_comes_429_until_the_clock_has_gone_on() -> None:
    provider = FakeProvider(FakeConfig(requests_per_minute=2))
    transport = httpx.ASGITransport(create_app(provider))
    async with httpx.AsyncClient(transport=transport, base_url="http://fake.test") as http:
        seen = [await post(http, chat(ASKED)) for _ in range(3)]
        assert [one.status_code for one in seen] == [200, 200, 429]
        assert seen[1].headers["x-ratelimit-remaining-requests"] == "0"
        provider.clock.advance(int(seen[2].headers["Retry-After"]))
        assert (await post(http, chat(ASKED))).status_code == 200
        assert (await meter(http))["total"]["requests"] == 3


async def test_prices_are_listed_as_settings_take_them(http: httpx.AsyncClient) -> None:
    prices = (await http.get("/prices")).json()
    small = prices["models"]["fake-small"]
    assert (small["standard"]["input"], small["flex"]["cached"]) == (SMALL.input, "0.0125")


def test_prose_is_four_to_five_characters_a_token() -> None:
    prose = (
        "The supplier will deliver the flowers to the venue before noon on the day of the wedding, and the couple "
        "will pay the balance two weeks earlier. Changes to the number of guests are accepted until the end of May."
    )
    assert 4 <= len(prose) / count(prose) <= 5.5
    assert "".join(split(prose)) == prose
