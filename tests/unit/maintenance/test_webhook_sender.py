"""The sender over a real record, against a receiver that is a real server on this machine."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from procession import wiring
from procession.client import verify_webhook
from procession.domain.errors import NotFound, Unavailable
from procession.domain.principal import Principal
from procession.domain.webhook import DeliveryState
from procession.maintenance import webhook_post
from procession.maintenance.pruner import Pruner
from procession.maintenance.webhook_sender import WebhookSender
from procession.policy import webhooks as policy
from procession.services.webhook_views import WebhookDelivery, WebhookWithSecret
from procession.settings import Settings, Webhooks
from procession.store import journal, webhook_deliveries
from tests.support import certificates
from tests.support.certificates import Certificates
from tests.support.webhooks import Receiver, receiving
from tests.unit.services.acting import House, later

OWNER = Principal("acme", "key:test", "trace-1")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates.make(tmp_path_factory.mktemp("webhook-tls"), "localhost", "hooks.example.com")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


class Sending(House):
    """A house whose clock can be moved, and a sender in it."""

    ahead: timedelta
    sender: WebhookSender

    async def passes(self, count: int = 1) -> None:
        for _ in range(count):
            await self.sender.once()
            await self.sender.settled()

    async def deliveries(self, webhook_id: str) -> list[WebhookDelivery]:
        return list((await self.app.webhooks.deliveries(self.owner, webhook_id, limit=100)).items)

    async def one(self, webhook_id: str) -> WebhookDelivery:
        (found,) = await self.deliveries(webhook_id)
        return found


def a_sender(app: wiring.Application) -> WebhookSender:
    return WebhookSender(app.foundation, app.fleet.id, random.Random(1))


async def sending(tmp_path: Path, **settings: Any) -> AsyncIterator[Sending]:
    ahead = [timedelta()]
    known = Webhooks(**{"loopback_http": True, "poll_seconds": 0.05, **settings})
    application = wiring.build(Settings(data=tmp_path / "data", webhooks=known), working=False)
    await application.store.start()
    clock = application.foundation.clock
    application.foundation.clock = lambda: clock() + ahead[0]
    house = Sending(application, OWNER)
    object.__setattr__(house, "sender", a_sender(application))
    object.__setattr__(house, "_ahead", ahead)
    await application.fleet.join()
    yield house
    await house.sender.stop()
    await application.store.stop()
    application.keys.close()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Sending]:
    async for made in sending(tmp_path):
        yield made


async def move(house: Sending, seconds: float) -> None:
    house._ahead[0] += timedelta(seconds=seconds)  # type: ignore[attr-defined]
    await house.app.fleet.beat()


async def test_an_analysis_that_ends_is_told_once_signed_and_without_personal_data(
    house: Sending, receiver: Receiver
) -> None:
    made = await house.app.webhooks.create(OWNER, receiver.url("/hook?from=procession"))
    ended = await house.reviewed_document()
    await house.passes(3)
    (came,) = receiver.came
    told = verify_webhook(made.secret, came.headers, came.body)
    assert (told["type"], told["data"]["id"]) == ("analysis.review_required", ended.id)
    assert told["data"]["fields_flagged"] == ended.fields_flagged
    assert came.path == "/hook?from=procession"
    assert came.headers["content-type"] == "application/json"
    assert came.headers["host"] == f"localhost:{receiver.port}"
    assert b"anna" not in came.body
    delivery = await house.one(made.id)
    assert (delivery.status, delivery.attempts, delivery.response_code, delivery.error) == ("delivered", 1, 200, None)
    assert delivery.event_id == came.id


async def test_a_failure_is_tried_again_with_the_same_id_and_bytes_and_a_new_time(
    house: Sending, receiver: Receiver
) -> None:
    answers = iter([500, 404, 200])
    receiver.answer = lambda _: next(answers)
    made = await house.app.webhooks.create(OWNER, receiver.url())
    await house.reviewed_document()
    await house.passes(3)
    assert len(receiver.came) == 1, "not before its time"
    one = await house.one(made.id)
    assert (one.status, one.response_code, one.error) == ("failed", 500, "receiver_failed")
    await move(house, policy.RETRY_SECONDS[0] * (1 + policy.JITTER) + 1)
    await house.passes()
    assert (await house.one(made.id)).error == "refused"
    await move(house, policy.RETRY_SECONDS[1] * (1 + policy.JITTER) + 1)
    await house.passes()
    assert (await house.one(made.id)).status is DeliveryState.DELIVERED
    assert len({came.id for came in receiver.came}) == len({came.body for came in receiver.came}) == 1
    assert len({came.headers["webhook-timestamp"] for came in receiver.came}) == 3
    assert (await house.app.webhooks.get(OWNER, made.id)).failures == 0


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(house: Sending, receiver: Receiver, status: int) -> None:
    with receiving() as elsewhere:
        receiver.answer = lambda _: status
        receiver.headers["Location"] = elsewhere.url()
        made = await house.app.webhooks.create(OWNER, receiver.url())
        await house.app.webhooks.test(OWNER, made.id)
        await house.passes()
        assert elsewhere.came == []
    assert (await house.one(made.id)).error == "redirected"


async def test_gone_disables_the_webhook_at_once_and_the_journal_says_so(house: Sending, receiver: Receiver) -> None:
    receiver.answer = lambda _: 410
    made = await house.app.webhooks.create(OWNER, receiver.url())
    await house.app.webhooks.test(OWNER, made.id)
    await house.passes()
    view = await house.app.webhooks.get(OWNER, made.id)
    assert (view.enabled, view.disabled_reason, view.version) == (False, "gone", 2)
    assert (await house.one(made.id)).status is DeliveryState.GIVEN_UP
    told = await house.app.store.read(lambda conn: journal.of_aggregate(conn, made.id, 0, 10, "webhook"))
    assert [(one.type, one.actor) for one in told][-1] == ("webhook.disabled", "system:webhook_sender")
    await house.reviewed_document()
    await house.passes()
    assert len(receiver.came) == 1


async def test_a_receiver_that_fails_for_days_is_disabled(house: Sending, receiver: Receiver) -> None:
    receiver.answer = lambda _: 503
    made = await house.app.webhooks.create(OWNER, receiver.url())
    for _ in range(2):
        await house.app.webhooks.test(OWNER, made.id)
        await house.passes()
        await move(house, policy.DISABLE_SECONDS / 2 + 1)
    await house.app.webhooks.test(OWNER, made.id)
    await house.passes()
    assert (await house.app.webhooks.get(OWNER, made.id)).disabled_reason == "failing"


async def test_a_receiver_that_keeps_failing_is_left_alone_and_then_asked_once(
    house: Sending, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 500
    made = await house.app.webhooks.create(OWNER, receiver.url())
    for _ in range(20):
        await house.app.webhooks.test(OWNER, made.id)
    await house.passes(12)
    most = policy.CIRCUIT_FAILURES + house.app.settings.webhooks.at_once_each_max
    assert policy.CIRCUIT_FAILURES <= len(receiver.came) <= most
    before = len(receiver.came)
    view = await house.app.webhooks.get(OWNER, made.id)
    assert view.rests_until is not None
    await move(house, policy.CIRCUIT_SECONDS_MAX)
    await house.passes(1)
    assert len(receiver.came) == before + 1
    await move(house, policy.CIRCUIT_SECONDS_MAX)
    receiver.answer = lambda _: 200
    await house.passes(12)
    assert len({one.id for one in receiver.came}) == 20


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("https://localhost:1/", "unreachable"),
        ("https://nowhere.invalid/", "name_unknown"),
        ("https://{here}/", "certificate"),  # it speaks no TLS
    ],
)
async def test_a_receiver_that_cannot_be_reached_is_a_failure_with_a_name(
    house: Sending, receiver: Receiver, url: str, error: str
) -> None:
    made = await house.app.webhooks.create(OWNER, url.format(here=f"localhost:{receiver.port}"))
    await house.app.webhooks.test(OWNER, made.id)
    await house.passes()
    one = await house.one(made.id)
    assert (one.status, one.error, one.response_code) == ("failed", error, None)


def resolving(monkeypatch: pytest.MonkeyPatch, name: str, *answers: str) -> list[str]:
    """The name server's answers for ``name``, one after the other; the last one stays."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host != name:
            return real(host, port, *rest, **more)
        asked.append(answers[min(len(asked), len(answers) - 1)])
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (asked[-1], port))]

    monkeypatch.setattr(webhook_post.socket, "getaddrinfo", answer)
    return asked


async def test_a_public_name_that_stands_for_an_address_inside_is_not_connected_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: Certificates
) -> None:
    resolving(monkeypatch, "hooks.example.com", "127.0.0.1")
    with receiving(authority) as inside:
        async for house in sending(tmp_path, loopback_http=False):
            made = await house.app.webhooks.create(OWNER, f"https://hooks.example.com:{inside.port}/")
            await house.app.webhooks.test(OWNER, made.id)
            await house.passes()
            assert (await house.one(made.id)).error == "address_refused"
        assert inside.connections == 0


async def test_the_connection_goes_to_the_address_that_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: Certificates
) -> None:
    """A name server that answers another address the second time is asked only once for a connection."""
    asked = resolving(monkeypatch, "localhost", "127.0.0.1", "169.254.169.254")
    with receiving(authority) as within:
        networks = ("127.0.0.0/8",)
        async for house in sending(
            tmp_path, loopback_http=False, private_networks=networks, ca_file=authority.authority
        ):
            made = await house.app.webhooks.create(OWNER, within.url())
            await house.app.webhooks.test(OWNER, made.id)
            await house.passes()
            assert (await house.one(made.id)).status is DeliveryState.DELIVERED
        assert asked == ["127.0.0.1"]


async def test_a_certificate_of_an_authority_nobody_named_is_not_trusted(
    tmp_path: Path, authority: Certificates
) -> None:
    with receiving(authority) as within:
        async for house in sending(tmp_path, loopback_http=False, private_networks=("127.0.0.0/8", "::1/128")):
            made = await house.app.webhooks.create(OWNER, within.url())
            await house.app.webhooks.test(OWNER, made.id)
            await house.passes()
            assert (await house.one(made.id)).error == "certificate"
        assert within.came == []


async def test_one_connection_serves_several_webhooks_of_one_receiver(house: Sending, receiver: Receiver) -> None:
    made = await house.app.webhooks.create(OWNER, receiver.url())
    for _ in range(5):
        await house.app.webhooks.test(OWNER, made.id)
        await house.passes()
    assert (len(receiver.came), receiver.connections) == (5, 1)


async def test_a_receiver_that_is_slow_or_tells_much_costs_its_time_and_no_more(tmp_path: Path) -> None:
    with receiving() as slow, receiving() as loud:
        blocked = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wait(_: object) -> int:
            asyncio.run_coroutine_threadsafe(blocked.wait(), loop).result(20)
            return 200

        slow.answer, loud.content = wait, bytes(4 * 1024 * 1024)
        async for house in sending(tmp_path, answer_seconds_max=0.4):
            hooks = [await house.app.webhooks.create(OWNER, one.url()) for one in (slow, loud)]
            for one in hooks:
                await house.app.webhooks.test(OWNER, one.id)
            await house.passes()
            assert (await house.one(hooks[0].id)).error == "timeout"
            assert (await house.one(hooks[1].id)).status is DeliveryState.DELIVERED
            blocked.set()


async def test_a_slow_receiver_takes_its_share_and_another_tenants_webhooks_go_out(tmp_path: Path) -> None:
    with receiving() as slow, receiving() as quick:
        go_on = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wait(_: object) -> int:
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(20)
            return 200

        slow.answer = wait
        async for house in sending(tmp_path, at_once_max=8, at_once_each_max=3):
            of_slow = await house.app.webhooks.create(OWNER, slow.url())
            other = Principal("other", "key:other")
            of_quick = await house.app.webhooks.create(other, quick.url())
            for _ in range(20):
                await house.app.webhooks.test(OWNER, of_slow.id)
                await house.app.webhooks.test(other, of_quick.id)
            for _ in range(12):
                await house.sender.once()
                await asyncio.sleep(0.05)
            await asyncio.to_thread(quick.await_count, 20)
            assert len(slow.came) == slow.at_once == 3
            go_on.set()
            await house.passes(12)
            assert len(set(slow.ids())) == len(slow.came) == 20
            assert slow.at_once_max == 3


async def test_both_secrets_sign_while_they_are_changed_and_the_old_one_ends(
    house: Sending, receiver: Receiver
) -> None:
    made = await house.app.webhooks.create(OWNER, receiver.url())
    changed = await house.app.webhooks.rotate(OWNER, made.id, overlap_hours=1)
    assert changed.secret != made.secret
    await house.app.webhooks.test(OWNER, made.id)
    await house.passes()
    await move(house, 3601)
    await house.app.webhooks.test(OWNER, made.id)
    await house.passes()
    during, after = receiver.came
    now = int(after.headers["webhook-timestamp"])
    for secret in (made.secret, changed.secret):
        verify_webhook(secret, during.headers, during.body)
    verify_webhook(changed.secret, after.headers, after.body, now=now)
    with pytest.raises(Exception, match="No signature fits"):
        verify_webhook(made.secret, after.headers, after.body, now=now)


async def test_deleting_a_webhook_destroys_its_secret_and_its_address(house: Sending, receiver: Receiver) -> None:
    made: WebhookWithSecret = await house.app.webhooks.create(OWNER, receiver.url())
    await house.app.webhooks.test(OWNER, made.id)
    await house.app.webhooks.delete(OWNER, made.id)
    with pytest.raises(NotFound):
        house.app.keys.seal(made.id, b"", "probe")
    await house.passes()
    assert receiver.came == []


async def test_a_webhook_whose_key_is_gone_is_a_failure_and_no_crash(house: Sending, receiver: Receiver) -> None:
    made = await house.app.webhooks.create(OWNER, receiver.url())
    await house.app.webhooks.test(OWNER, made.id)
    await house.app.foundation.vault.destroy(made.id)
    await house.passes()
    found = await house.app.store.read(lambda conn: webhook_deliveries.page(conn, "acme", made.id))
    assert [one.error for one in found] == ["secret_lost"]


async def test_the_pruner_leaves_the_keys_of_webhooks_alone(house: Sending, receiver: Receiver) -> None:
    made = await house.app.webhooks.create(OWNER, receiver.url())
    on = replace(house.app.foundation)
    for minutes in (1.0, 1000.0, 100_000.0):
        await Pruner(later(on, minutes)).once()
    await house.app.webhooks.test(OWNER, made.id)
    await house.passes()
    assert len(receiver.came) == 1


async def test_while_no_webhook_is_enabled_a_pass_is_one_question(house: Sending, receiver: Receiver) -> None:
    asked: list[str] = []

    def hear(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if statement != "BEGIN":
            asked.append(statement)

    engine = house.app.store._read_engine  # type: ignore[attr-defined]
    event.listen(engine, "before_cursor_execute", hear)
    event.listen(house.app.store._write_engine, "before_cursor_execute", hear)  # type: ignore[attr-defined]
    await house.reviewed_document()
    asked.clear()
    await house.passes()
    assert len([one for one in asked if "webhook" in one]) == len(asked) == 1
    made = await house.app.webhooks.create(OWNER, receiver.url())
    await house.app.webhooks.change(OWNER, made.id, enabled=False)
    asked.clear()
    await house.passes()
    assert len(asked) == 1


async def test_what_cannot_be_recorded_is_not_sent_again_by_the_process_that_knows(
    house: Sending, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await house.app.webhooks.create(OWNER, receiver.url())
    await house.app.webhooks.test(OWNER, made.id)
    real, failures = webhook_deliveries.record, iter([True, True, True])

    def record(*given: Any, **more: Any) -> bool:
        if next(failures, False):
            raise Unavailable
        return real(*given, **more)

    monkeypatch.setattr(webhook_deliveries, "record", record)
    await house.sender.once()
    await asyncio.to_thread(receiver.await_count, 1)
    await house.passes(3)
    assert len(receiver.came) == 1
    assert (await house.one(made.id)).status is DeliveryState.DELIVERED


async def test_what_a_lost_process_had_taken_is_sent_by_another_with_the_same_id(
    house: Sending, receiver: Receiver
) -> None:
    made = await house.app.webhooks.create(OWNER, receiver.url())
    test = await house.app.webhooks.test(OWNER, made.id)
    now = house.app.foundation.clock()
    taken = await house.app.store.write(
        lambda conn: webhook_deliveries.take(conn, {made.id: 1}, "a process that was killed", now)
    )
    assert [one.id for one in taken] == [test.id]
    await house.passes()
    assert receiver.ids() == [test.event_id]
    assert (await house.one(made.id)).attempts == 2


async def test_a_process_that_stops_lets_what_is_on_its_way_end(house: Sending, receiver: Receiver) -> None:
    made = await house.app.webhooks.create(OWNER, receiver.url())
    loop, go_on = asyncio.get_running_loop(), asyncio.Event()

    def wait(_: object) -> int:
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(20)
        return 200

    receiver.answer = wait
    await house.app.webhooks.test(OWNER, made.id)
    await house.sender.start()
    await asyncio.to_thread(receiver.await_count, 1)
    stopping = asyncio.create_task(house.sender.stop())
    await asyncio.sleep(0)
    go_on.set()
    await stopping
    assert (await house.one(made.id)).status is DeliveryState.DELIVERED
