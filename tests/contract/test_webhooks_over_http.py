"""`/v1/webhooks`, both clients and `procession webhook …` against a really started server and a real receiver."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner, Result

from procession.cli import webhook
from procession.client import AsyncClient, Client, Webhook, verify_webhook
from procession.client.errors import Conflict, NotFound, PreconditionFailed
from procession.domain.webhook import EVENT_TYPES
from procession.settings import ApiKey, Settings, Webhooks
from tests.support import documents
from tests.support.server import RunningServer, running
from tests.support.webhooks import Receiver, receiving

KEYS = {"flora": "key-of-flora", "venue": "key-of-venue"}
program = typer.Typer()
webhook.register(program)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    keys = tuple(
        ApiKey(sha256=hashlib.sha256(key.encode()).hexdigest(), tenant=tenant, name=tenant)
        for tenant, key in KEYS.items()
    )
    settings = Settings(
        data=tmp_path_factory.mktemp("hooked"),
        api_keys=keys,
        webhooks=Webhooks(loopback_http=True, poll_seconds=0.05, per_tenant_max=3),
    )
    with running(settings) as started:
        yield started


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    """Leaves no webhook behind."""
    with server.client(KEYS["flora"]) as made:
        yield made
        for one in list(made.webhooks()):
            made.delete_webhook(one.id)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


@pytest.fixture
def http(server: RunningServer) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {KEYS['flora']}"}
    with httpx.Client(base_url=server.base_url, headers=headers, timeout=60) as made:
        yield made


def test_an_uploaded_document_ends_in_a_webhook_that_the_client_verifies(client: Client, receiver: Receiver) -> None:
    made = client.create_webhook(receiver.url(), ["analysis.completed", "analysis.review_required"])
    assert made.secret is not None
    assert client.webhook(made.id).secret is None
    analysis = client.wait(client.submit(documents.form(), name="anna-and-ben.pdf").id, 60)
    receiver.await_count(1)
    (came,) = receiver.came
    told = verify_webhook(made.secret, came.headers, came.body)
    assert told["data"]["id"] == analysis.id
    assert told["data"]["status"] == analysis.status
    assert told["data"]["links"]["result"] == f"/v1/analyses/{analysis.id}/result"
    assert b"anna" not in came.body
    assert [one.event_id for one in client.webhook_deliveries(made.id)] == [came.id]


def test_what_is_made_can_be_read_changed_and_deleted(http: httpx.Client, client: Client) -> None:
    answer = http.post("/v1/webhooks", json={"url": "https://hooks.example.com/a"})
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["location"] == f"/v1/webhooks/{made['id']}"
    assert made["events"] == sorted(EVENT_TYPES)
    shown = http.get(answer.headers["location"])
    assert "secret" not in shown.json()
    tag = shown.headers["etag"]
    assert http.patch(f"/v1/webhooks/{made['id']}", json={"enabled": False}).status_code == 428
    changed = http.patch(f"/v1/webhooks/{made['id']}", json={"enabled": False}, headers={"If-Match": tag})
    assert (changed.json()["enabled"], changed.json()["disabled_reason"]) == (False, "by_owner")
    assert changed.headers["etag"] != tag
    again = http.patch(f"/v1/webhooks/{made['id']}", json={"enabled": True}, headers={"If-Match": tag})
    assert (again.status_code, again.json()["code"]) == (412, "precondition_failed")
    other = http.patch(
        f"/v1/webhooks/{made['id']}",
        json={"url": "https://hooks.example.com/b", "events": ["form.answered"]},
        headers={"If-Match": "*"},
    )
    assert (other.json()["url"], other.json()["events"]) == ("https://hooks.example.com/b", ["form.answered"])
    assert http.delete(f"/v1/webhooks/{made['id']}").status_code == 204
    assert http.get(f"/v1/webhooks/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": ""},
        {"url": "http://hooks.example.com/"},
        {"url": "https://10.0.0.1/"},
        {"url": "https://169.254.169.254/latest/meta-data"},
        {"url": "https://user:word@hooks.example.com/"},
        {"url": "https://hooks.example.com/" + "x" * 2048},
        {"url": "https://hooks.example.com/", "events": ["analysis.started"]},
        {"url": "https://hooks.example.com/", "events": ["analysis.completed"] * 50},
        {"url": "https://hooks.example.com/", "secret": "mine"},
    ],
)
def test_what_cannot_be_a_webhook_is_refused_in_plain_words(http: httpx.Client, body: dict[str, Any]) -> None:
    answer = http.post("/v1/webhooks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert http.get("/v1/webhooks").json()["items"] == []


def test_no_tenant_sees_changes_or_tries_anothers(server: RunningServer, client: Client, receiver: Receiver) -> None:
    made = client.create_webhook(receiver.url())
    with server.client(KEYS["venue"]) as stranger:
        assert list(stranger.webhooks()) == []
        for ask in (
            lambda: stranger.webhook(made.id),
            lambda: stranger.change_webhook(made, enabled=False),
            lambda: stranger.delete_webhook(made.id),
            lambda: stranger.rotate_webhook_secret(made.id),
            lambda: stranger.test_webhook(made.id),
            lambda: list(stranger.webhook_deliveries(made.id)),
            lambda: stranger.webhook_delivery(made.id, "whd_0"),
            lambda: stranger.retry_webhook_delivery(made.id, "whd_0"),
        ):
            with pytest.raises(NotFound):
                ask()
        stranger.submit(documents.form() + b"stranger")
    assert client.webhook(made.id).enabled
    assert receiver.came == []


def test_as_many_as_a_tenant_may_have_and_one_more_is_refused(client: Client) -> None:
    for number in range(3):
        client.create_webhook(f"https://hooks.example.com/{number}")
    with pytest.raises(Conflict):
        client.create_webhook("https://hooks.example.com/4")
    assert [one.url[-1] for one in client.webhooks(page_size=2)] == ["2", "1", "0"]


def test_a_failed_delivery_is_listed_with_its_reason_and_sent_again_on_request(
    client: Client, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 404
    made = client.create_webhook(receiver.url())
    first = client.test_webhook(made.id)
    receiver.await_count(1)
    while (found := client.webhook_delivery(made.id, first.id)).status == "waiting":
        pass
    assert (found.status, found.response_code, found.error) == ("failed", 404, "refused")
    assert found.next_attempt_at is not None
    receiver.answer = lambda _: 200
    client.retry_webhook_delivery(made.id, first.id)
    receiver.await_count(2)
    while client.webhook_delivery(made.id, first.id).status != "delivered":
        pass
    assert receiver.ids() == [first.event_id] * 2
    assert list(client.webhook_deliveries(made.id, status=["failed", "given_up"])) == []
    assert [one.id for one in client.webhook_deliveries(made.id, event_type="webhook.test")] == [first.id]


def test_a_disabled_webhook_is_not_tested(client: Client, receiver: Receiver) -> None:
    made = client.create_webhook(receiver.url())
    disabled = client.change_webhook(made, enabled=False)
    with pytest.raises(Conflict):
        client.test_webhook(made.id)
    with pytest.raises(PreconditionFailed):
        client.change_webhook(made, enabled=True)
    assert client.change_webhook(disabled, enabled=True).enabled


def test_a_new_secret_signs_beside_the_old_one(client: Client, http: httpx.Client, receiver: Receiver) -> None:
    made = client.create_webhook(receiver.url())
    changed = client.rotate_webhook_secret(made.id, 1)
    assert changed.old_secret_until is not None
    client.test_webhook(made.id)
    receiver.await_count(1)
    (came,) = receiver.came
    assert made.secret is not None
    assert changed.secret is not None
    for secret in (made.secret, changed.secret):
        assert verify_webhook(secret, came.headers, came.body)["type"] == "webhook.test"
    too_long = http.post(f"/v1/webhooks/{made.id}/secret", json={"overlap_hours": 169})
    assert too_long.status_code == 422
    assert http.post(f"/v1/webhooks/{made.id}/secret", json={"overlap_hours": 168}).status_code == 200


async def test_the_asynchronous_client_does_the_same(server: RunningServer, client: Client, receiver: Receiver) -> None:
    async with AsyncClient(server.base_url, KEYS["flora"]) as other:
        made: Webhook = await other.create_webhook(receiver.url(), ["form.answered"])
        made = await other.change_webhook(made, events=["form.created"])
        assert (await other.webhook(made.id)).events == ("form.created",)
        assert (await other.rotate_webhook_secret(made.id)).secret
        test = await other.test_webhook(made.id)
        assert [one.id async for one in other.webhook_deliveries(made.id)] == [test.id]
        while (await other.webhook_delivery(made.id, test.id)).status != "delivered":
            pass
        assert (await other.retry_webhook_delivery(made.id, test.id)).status == "waiting"
        assert [one.id async for one in other.webhooks()] == [made.id]
        await other.delete_webhook(made.id)


def run(server: RunningServer, *arguments: str) -> Result:
    environment = {
        "PROCESSION_SERVER": server.base_url,
        "PROCESSION_API_KEY": KEYS["flora"],
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    return CliRunner(env=environment).invoke(program, ["webhook", *arguments])


def test_the_commands_make_try_list_change_and_delete(
    server: RunningServer, client: Client, receiver: Receiver
) -> None:
    made = run(server, "create", receiver.url(), "--event", "analysis.failed", "--json")
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    assert told["secret"].startswith("whsec_")
    assert "enabled" in run(server, "list").stdout
    assert run(server, "test", told["id"]).stdout.split()[1:] == ["webhook.test", "delivered", "200"]
    receiver.answer = lambda _: 500
    failed = run(server, "test", told["id"])
    assert (failed.exit_code, failed.stdout.split()[2:]) == (2, ["failed", "500", "receiver", "failed"])
    listed = [json.loads(line) for line in run(server, "deliveries", told["id"], "--json").stdout.splitlines()]
    assert [one["status"] for one in listed] == ["failed", "delivered"]
    assert "receiver failed" in run(server, "deliveries", told["id"], "--status", "failed").stdout
    assert "waiting" in run(server, "retry", told["id"], listed[0]["id"]).stdout
    assert "disabled: by owner" in run(server, "change", told["id"], "--disable").stdout
    assert run(server, "change", told["id"]).exit_code == 2
    assert "enabled" in run(server, "change", told["id"], "--enable", "--url", "https://hooks.example.com/").stdout
    rotated = run(server, "rotate", told["id"], "--overlap-hours", "0")
    assert "whsec_" in rotated.stdout
    assert "not shown again" in rotated.stderr
    assert run(server, "delete", told["id"]).exit_code == 0
    assert "No webhooks" in run(server, "list").stdout
    assert run(server, "delete", told["id"]).exit_code == 2
