"""Versions of models over HTTP, by the clients and by `procession model`: rights, refusals, and a whole life."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner, Result

from procession.cli import model
from procession.client import AsyncClient
from procession.settings import ApiKey, Settings
from tests.support.server import RunningServer, running
from tests.support.trials import documents, passed

OPERATOR, TENANT = "key-of-the-operator", "key-of-flora"
BODY = {"name": "small", "provider": "fake", "model": "tiny-1", "prompt_version": "1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    keys = tuple(
        ApiKey(sha256=hashlib.sha256(key.encode()).hexdigest(), tenant=tenant, name=tenant, operator=operator)
        for key, tenant, operator in ((OPERATOR, "ops", True), (TENANT, "flora", False))
    )
    with running(Settings(data=tmp_path_factory.mktemp("models"), api_keys=keys), working=False) as started:
        yield started


@pytest.fixture
def http(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.base_url, timeout=60, headers={"Authorization": f"Bearer {OPERATOR}"}) as made:
        yield made


def registered(http: httpx.Client, **changes: Any) -> dict[str, Any]:
    answer = http.post("/v1/models", json=BODY | changes)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def something_live(http: httpx.Client) -> None:
    if not any(one["status"] == "live" for one in http.get("/v1/models").json()["versions"]):
        made = registered(http, name="base")
        http.post(f"/v1/models/{made['id']}/deploy", json={"share_percent": 100, "force": "first"}).raise_for_status()


def run(server: RunningServer, *arguments: str) -> Result:
    program = typer.Typer()
    model.register(program)
    environment = {
        "PROCESSION_SERVER": server.base_url,
        "PROCESSION_API_KEY": OPERATOR,
        "NO_COLOR": "1",
        "COLUMNS": "220",
    }
    return CliRunner(env=environment).invoke(program, ["model", *arguments])


CALLS = [
    ("GET", "", None),
    ("POST", "", BODY),
    ("GET", "/mver_x", None),
    ("POST", "/mver_x/evaluate", None),
    ("POST", "/mver_x/deploy", {}),
    ("POST", "/mver_x/promote", {}),
    ("POST", "/mver_x/rollback", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_every_route_needs_an_operators_key(
    server: RunningServer, method: str, path: str, body: dict[str, Any] | None
) -> None:
    for key, status in ((TENANT, 403), (None, 401)):
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        answer = httpx.request(method, f"{server.base_url}/v1/models{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize(("method", "path", "body"), CALLS[2:])
def test_an_unknown_version_is_not_found(
    http: httpx.Client, method: str, path: str, body: dict[str, Any] | None
) -> None:
    answer = http.request(method, f"/v1/models{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "body", [{}, BODY | {"name": ""}, BODY | {"name": "x" * 81}, BODY | {"purpose": "poetry"}, BODY | {"more": 1}]
)
def test_a_version_without_what_it_needs_is_refused(http: httpx.Client, body: dict[str, Any]) -> None:
    assert http.post("/v1/models", json=body).status_code == 422


@pytest.mark.parametrize("share", [0, -5, 101])
def test_a_share_outside_its_bounds_is_refused(http: httpx.Client, share: float) -> None:
    assert http.post("/v1/models/mver_x/deploy", json={"share_percent": share}).status_code == 422


def test_a_version_lives_from_registration_to_its_rollback(server: RunningServer, http: httpx.Client) -> None:
    live, other = registered(http, name="life"), registered(http, name="life", prompt_version="2")
    refused = http.post(f"/v1/models/{live['id']}/deploy", json={"share_percent": 100})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "was not evaluated" in refused.json()["detail"]
    forced = http.post(f"/v1/models/{live['id']}/deploy", json={"share_percent": 100, "force": "the first"})
    assert (forced.json()["state"], forced.json()["forced"]) == ("promoted", "the first")
    passed(server, other["id"])
    trial = http.post(f"/v1/models/{other['id']}/deploy", json={"share_percent": 20}).json()
    assert (trial["state"], trial["baseline_id"]) == ("running", live["id"])
    documents(server, live["id"], 80, 0.95, seed=2)
    documents(server, other["id"], 50, 0.80, seed=3)
    found = http.get(f"/v1/models/{other['id']}").json()
    assert found["status"] == "rolled_back"
    assert found["agreement"]["documents"] <= 50
    assert 0 < found["agreement"]["margin"] < 0.2
    assert float(found["cost_per_document"]) > 0
    listed = http.get("/v1/models").json()
    ended = next(one for one in listed["deployments"] if one["id"] == trial["id"])
    assert ended["ended_by"] == "system:canary"
    assert "accuracy by verified agreement" in ended["reason"]
    assert [one["intact"] for one in listed["engine"]] == [True, True]
    shown = run(server, "list")
    assert shown.exit_code == 0
    assert "life v2 at 20 % against life v1: rolled back" in shown.stdout
    assert "by system:canary. After" in shown.stdout
    again = http.post(f"/v1/models/{live['id']}/rollback", json={"reason": "nothing before it"})
    assert again.status_code == 409


def test_commands_register_deploy_and_promote_and_say_what_stands(server: RunningServer, http: httpx.Client) -> None:
    something_live(http)
    made = run(server, "register", "mine", "--provider", "fake", "--model", "m", "--prompt", "7", "--json")
    assert made.exit_code == 0, made.output
    version = json.loads(made.stdout)
    assert run(server, "deploy", version["id"]).exit_code == 2
    passed(server, version["id"], "cost is 2.00 times the live version's")
    refused = run(server, "deploy", version["id"])
    assert refused.exit_code == 2
    assert "cost is 2.00 times" in refused.stderr
    begun = run(server, "deploy", version["id"], "--share", "30", "--force", "cost does not matter", "--json")
    assert (json.loads(begun.stdout)["state"], json.loads(begun.stdout)["share_percent"]) == ("running", 30.0)
    assert run(server, "promote", version["id"], "--reason", "seen enough").exit_code == 0
    shown = run(server, "show", version["id"])
    assert "mine v1" in shown.stdout
    assert ": live, 100 % of the work" in shown.stdout
    assert "golden set: did not pass: cost is 2.00 times" in shown.stdout
    assert run(server, "promote", version["id"]).exit_code == 2
    refused = run(server, "evaluate", version["id"])
    assert refused.exit_code == 2
    assert "No provider fake" in refused.stderr
    back = run(server, "rollback", version["id"], "--json")
    assert (back.exit_code, json.loads(back.stdout)["status"]) == (0, "rolled_back")


def test_the_asynchronous_client_does_the_same(server: RunningServer, http: httpx.Client) -> None:
    something_live(http)

    async def life() -> None:
        async with AsyncClient(server.base_url, OPERATOR) as client:
            made = await client.register_model("async", "fake", "m", "1")
            assert (await client.model(made.id)).title == "async v1"
            begun = await client.deploy_model(made.id, 40, force="to see")
            assert (begun.version_id, begun.state, begun.share_percent) == (made.id, "running", 40.0)
            assert (await client.roll_back_model(made.id, "seen")).status == "rolled_back"
            assert made.id in {one.id for one in (await client.models()).versions}

    asyncio.run(life())
