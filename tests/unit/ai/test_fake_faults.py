"""Faults meet the requests their rules name, by seed and content; what a strict provider refuses is refused."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import httpx2
import openai
import pytest
from pydantic import ValidationError

from procession.ai.fake import batches, schema, wire
from procession.ai.fake.app import create_app
from procession.ai.fake.config import FakeConfig, load
from procession.ai.fake.faults import Fault, FaultPlan, Faults, Kind
from procession.ai.fake.provider import FakeProvider
from procession.ai.fake.wire import WireError
from procession.domain.errors import InvalidRequest
from procession.domain.usage import Tier
from tests.support.fake_ai import ANSWER_SCHEMA, RunningFake, chat, document, running
from tests.unit.ai.test_fake_meter import picture

ASKED = document(["Event date: 14 June 2027"], [("f1", "Event date", "date")])
SUBJECTS = [f"subject-{number}" for number in range(400)]


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def rules(*faults: dict[str, Any], seed: int = 3, seconds: Seconds | None = None) -> Faults:
    made = Faults(seed, seconds or Seconds())
    made.put(FaultPlan(faults=tuple(Fault.model_validate(fault) for fault in faults)))
    return made


def met(faults: Faults, subjects: list[str], model: str = "m", tier: Tier = Tier.STANDARD) -> set[str]:
    return {one for one in subjects if faults.meet(model, tier, one).faults}


def test_the_same_requests_are_met_in_any_order_and_others_by_another_seed() -> None:
    rule = {"kind": "server_error", "share": 0.25}
    shuffled = random.Random(1).sample(SUBJECTS, len(SUBJECTS))
    first = met(rules(rule), SUBJECTS)
    assert 60 <= len(first) <= 140
    assert met(rules(rule), shuffled) == first
    assert met(rules(rule, seed=4), SUBJECTS) != first


def test_a_repeated_request_is_drawn_anew() -> None:
    faults = rules({"kind": "server_error", "share": 0.5})
    assert met(faults, SUBJECTS) != met(faults, SUBJECTS)


def test_a_rule_holds_for_its_model_tier_count_and_time() -> None:
    assert not met(rules({"kind": "dead", "model": "other"}), SUBJECTS)
    assert not met(rules({"kind": "dead", "tier": "flex"}), SUBJECTS)
    assert len(met(rules({"kind": "dead", "tier": "flex"}), SUBJECTS, tier=Tier.FLEX)) == 400
    assert len(met(rules({"kind": "dead", "count": 7}), SUBJECTS)) == 7
    assert not met(rules({"kind": "flex_unavailable"}), SUBJECTS)
    seconds = Seconds()
    faults = rules({"kind": "dead", "after_seconds": 10, "for_seconds": 5}, seconds=seconds)
    seen = []
    for now in (9.9, 10.0, 14.9, 15.0):
        seconds.now = now
        seen.append(bool(faults.meet("m", Tier.STANDARD, "one").faults))
    assert seen == [False, True, True, False]


@pytest.mark.parametrize(
    ("distribution", "low", "high"),
    [("fixed", 2, 2), ("uniform", 0.8, 1.2), ("exponential", 1.7, 2.3), ("lognormal", 2, 2.6)],
)
def test_latencies_are_drawn_from_their_distribution(distribution: str, low: float, high: float) -> None:
    faults = rules({"kind": "latency", "distribution": distribution, "seconds": 2})
    drawn = [faults.meet("m", Tier.STANDARD, one).latency_seconds for one in SUBJECTS]
    assert low <= sum(drawn) / len(drawn) <= high


def test_faults_of_batches_meet_batches_only() -> None:
    faults = rules({"kind": "batch_stuck"}, {"kind": "refusal"})
    assert faults.meet("m", Tier.BATCH, "file", batch=True).get(*Kind) == Fault(kind=Kind.BATCH_STUCK)
    assert faults.meet("m", Tier.BATCH, "line").get(*Kind) == Fault(kind=Kind.REFUSAL)


# --- what a strict provider refuses ---


def strict(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False
    }  # fmt: skip


def nested(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        found = strict({"a": found})
    return found


@pytest.mark.parametrize(
    ("taken", "refused"),
    [
        (ANSWER_SCHEMA, {**ANSWER_SCHEMA, "additionalProperties": True}),
        (ANSWER_SCHEMA, {**ANSWER_SCHEMA, "required": []}),
        (ANSWER_SCHEMA, {"type": "array", "items": {"type": "string"}}),
        (ANSWER_SCHEMA, {**ANSWER_SCHEMA, "type": "no such type"}),
        (nested(schema.DEPTH_MAX), nested(schema.DEPTH_MAX + 1)),
        tuple(
            strict({f"p{n}": {"type": "string"} for n in range(count)})
            for count in (schema.PROPERTIES_MAX, schema.PROPERTIES_MAX + 1)
        ),
        tuple(
            strict({"a": {"type": "string", "enum": [str(n) for n in range(count)]}})
            for count in (schema.ENUM_VALUES_MAX, schema.ENUM_VALUES_MAX + 1)
        ),
        tuple(
            strict({"a": {"type": "string", "const": "x" * count}})
            for count in (schema.STRICT_CHARACTERS_MAX - 1, schema.STRICT_CHARACTERS_MAX)
        ),
    ],
    ids=["additional", "required", "root", "no_schema", "depth", "properties", "enum", "characters"],
)
def test_a_strict_schema_is_taken_up_to_the_published_limits(taken: dict[str, Any], refused: dict[str, Any]) -> None:
    schema.check(taken, strict=True)
    with pytest.raises(WireError, match="Invalid schema"):
        schema.check(refused, strict=True)


async def status(http: httpx.AsyncClient, body: Any) -> tuple[int, Any]:
    response = await http.post("/v1/chat/completions", json=body)
    return response.status_code, response.json().get("error", {}).get("code")


async def test_requests_that_are_none_are_400_with_their_code(http: httpx.AsyncClient) -> None:
    assert await status(http, chat(ASKED, frobnicate=1)) == (400, "unknown_parameter")
    assert await status(http, chat(ASKED, model="unheard-of")) == (404, "model_not_found")
    assert (await status(http, {"model": "fake-large"}))[0] == 400
    assert (await http.post("/v1/chat/completions", content=b"{")).status_code == 400
    body = chat(ASKED)
    body["messages"][1]["content"].append({"type": "image_url", "image_url": {"url": "https://x.test/a.png"}})
    assert await status(http, body) == (400, "invalid_image_url")
    body["messages"][1]["content"][-1]["image_url"]["url"] = "data:image/png;base64,bm90"
    assert await status(http, body) == (400, "invalid_image")
    assert (await http.get("/meter")).json()["total"]["requests"] == 0


async def test_limits_of_pictures_and_bytes_hold_at_their_edge(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = chat(ASKED)
    body["messages"][1]["content"] += [picture(10, 10)] * 2
    monkeypatch.setattr(wire, "IMAGES_MAX", 2)
    monkeypatch.setattr(wire, "IMAGE_PIXELS_MAX", 100)
    assert (await status(http, body))[0] == 200
    monkeypatch.setattr(wire, "IMAGE_PIXELS_MAX", 99)
    assert await status(http, body) == (400, "image_too_large")
    monkeypatch.setattr(wire, "IMAGE_PIXELS_MAX", 100)
    monkeypatch.setattr(wire, "IMAGES_MAX", 1)
    assert (await status(http, body))[0] == 400
    size = len(json.dumps(chat(ASKED), ensure_ascii=False, separators=(",", ":")).encode())
    monkeypatch.setattr("procession.ai.fake.app.REQUEST_BYTES_MAX", size)
    assert (await status(http, chat(ASKED)))[0] == 200
    monkeypatch.setattr("procession.ai.fake.app.REQUEST_BYTES_MAX", size - 1)
    assert (await status(http, chat(ASKED)))[0] == 413


async def test_a_batch_has_so_many_lines_of_one_model_and_a_file_so_many_bytes(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def submitted(*models: str) -> str:
        rows = [
            {"custom_id": f"r{n}", "method": "POST", "url": "/v1/chat/completions", "body": chat(ASKED, model=model)}
            for n, model in enumerate(models)
        ]
        content = "\n".join(json.dumps(row) for row in rows).encode()
        uploaded = await http.post("/v1/files", files={"file": ("b.jsonl", content)}, data={"purpose": "batch"})
        if uploaded.status_code != 200:
            return str(uploaded.status_code)
        body = {
            "input_file_id": uploaded.json()["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"
        }  # fmt: skip
        told = (await http.post("/v1/batches", json=body)).json()
        return str(told["errors"]["data"][0]["code"] if told["errors"] else told["status"])

    monkeypatch.setattr(batches, "BATCH_LINES_MAX", 2)
    assert await submitted("fake-large", "fake-large") == "in_progress"
    assert await submitted("fake-large", "fake-large", "fake-large") == "invalid_line_count"
    assert await submitted() == "invalid_line_count"
    assert await submitted("fake-large", "fake-small") == "mismatched_model"
    assert await submitted("unheard-of") == "invalid_request"
    monkeypatch.setattr(batches, "FILE_BYTES_MAX", 10)
    assert await submitted("fake-large") == "413"


async def test_a_key_that_is_asked_for_must_come() -> None:
    transport = httpx.ASGITransport(create_app(FakeProvider(FakeConfig(api_key="right"))))
    async with httpx.AsyncClient(transport=transport, base_url="http://fake.test") as http:
        found = [
            (await http.get("/v1/models", headers={"Authorization": f"Bearer {key}"})).status_code
            for key in ("right", "wrong")
        ]
    assert found == [200, 401]


# --- the command ---


@pytest.fixture(scope="module")
def fake() -> Any:
    with running("--seed", "5") as server:
        yield server


def test_an_answer_streams_piece_by_piece_with_its_usage_last_and_may_be_cut(fake: RunningFake) -> None:
    with openai.OpenAI(base_url=f"{fake.url}/v1", api_key="any", max_retries=0) as client:
        body = chat(ASKED, stream=True, stream_options={"include_usage": True})
        chunks = list(client.chat.completions.create(**body))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert json.loads(text)["answers"][0]["field"] == "f1"
        assert len(chunks) > 4
        assert chunks[-1].usage.total_tokens > 0
        fake.faults({"kind": "cut_stream"})
        with pytest.raises((httpx2.TransportError, openai.APIConnectionError)):
            list(client.chat.completions.create(**body))
    assert fake.meter()["total"]["lost"] == 1
    fake.reset()
    assert fake.meter()["total"]["requests"] == 0


@pytest.mark.parametrize("text", ["seed = 'x'", "unknown = 1", "[[models]]\nname = 'm'\ninput = 1\noutput = '1'", "["])
def test_a_configuration_that_is_wrong_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "fake.toml"
    file.write_text(text)
    with pytest.raises(InvalidRequest, match=r"fake\.toml"):
        load(file)


def test_the_command_ends_with_2_for_a_wrong_file_and_3_for_a_taken_port(tmp_path: Path, fake: RunningFake) -> None:
    program = [str(Path(sys.executable).parent / "procession"), "dev", "fake-ai"]
    truth = tmp_path / "truth.json"
    truth.write_text("[]")
    port = fake.url.rpartition(":")[2]
    for options, code in ((["--truth", str(truth)], 2), (["--config", str(tmp_path / "no")], 2), (["--port", port], 3)):
        ran = subprocess.run([*program, *options], capture_output=True, text=True, timeout=60, check=False)
        assert (ran.returncode, ran.stdout) == (code, "")
        assert "Traceback" not in ran.stderr


def test_an_unknown_kind_of_fault_is_refused() -> None:
    with pytest.raises(ValidationError):
        FaultPlan.model_validate({"faults": [{"kind": "earthquake"}]})
