"""Receivers and deliveries: made from the journal once, taken by one process, recorded by that one only."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update

from procession.domain.analysis import State
from procession.domain.clock import new_id
from procession.domain.errors import NotFound, PreconditionFailed
from procession.domain.webhook import EVENT_TYPES, DeliveryState
from procession.policy.webhooks import HEALTHY, Health
from procession.store import claims, journal, webhook_deliveries, webhooks, workers
from procession.store.claims import Outcome
from procession.store.controls import By
from procession.store.protocol import Store
from procession.store.webhook_deliveries import Delivery
from procession.store.webhook_tables import webhook_deliveries as table
from procession.store.webhooks import Webhook
from procession.store.workers import WorkerRow
from tests.records import START, at, submit

BY = By("key:test", "acme", None, "local", START)
ALL = tuple(sorted(EVENT_TYPES))


def a_webhook(tenant: str = "acme", **changes: Any) -> Webhook:
    made = Webhook(
        id=new_id("whk"),
        tenant=tenant,
        url_sealed=b"u",
        secrets_sealed=b"s",
        events=ALL,
        enabled=True,
        disabled_reason=None,
        version=1,
        created_at=START,
        updated_at=START,
    )
    return replace(made, **changes)


async def made(store: Store, tenant: str = "acme", **changes: Any) -> Webhook:
    one = a_webhook(tenant, **changes)
    stored = await store.write(lambda conn: webhooks.insert_new(conn, one, 20, replace(BY, tenant=tenant)))
    assert stored is not None
    return stored


def end(conn: Connection, tenant: str = "acme", state: State = State.COMPLETED) -> str:
    """An analysis that ends."""
    claimed = claims.claim(conn, submit(conn, tenant=tenant).id, "worker-a", 15, at(0))
    assert claimed is not None
    error = ("timeout", "It took too long.") if state is State.FAILED else (None, None)
    claims.finish(conn, claimed.id, claimed.fence, Outcome(state, error_code=error[0], error_message=error[1]), at(1))
    return claimed.id


async def make(store: Store, webhook: Webhook) -> int:
    return await store.write(
        lambda conn: webhook_deliveries.make(conn, webhook.tenant, webhook.id, at(2)), tenant=webhook.tenant
    )


async def deliveries(store: Store, webhook: Webhook) -> list[Delivery]:
    return await store.read(
        lambda conn: webhook_deliveries.page(conn, webhook.tenant, webhook.id, limit=1000), tenant=webhook.tenant
    )


async def take(store: Store, webhook: Webhook, owner: str, count: int = 10, seconds: float = 3) -> list[Delivery]:
    return await store.write(lambda conn: webhook_deliveries.take(conn, {webhook.id: count}, owner, at(seconds)))


def running(id_: str, seen: float) -> WorkerRow:
    counts = {"slots": 0, "busy": 0, "service_seconds": None, "draining": False, "drain_requested": False}
    return WorkerRow(*(id_, "maintenance", "here", 1, "1", "local", "k"), **counts, started_at=START, seen_at=at(seen))


async def test_what_is_committed_after_a_receiver_was_made_becomes_one_delivery_each(store: Store) -> None:
    await store.write(end)
    webhook = await made(store)
    other = await made(store, tenant="other")
    ended = [await store.write(lambda conn: end(conn, state=State.FAILED)), await store.write(end)]
    for _ in range(3):  # once more makes nothing more
        await make(store, webhook)
        await make(store, other)
    found = await deliveries(store, webhook)
    assert {one.aggregate_id for one in found} >= set(ended)
    assert len({one.event_id for one in found}) == len(found)
    assert await deliveries(store, other) == []
    failed = next(one for one in found if one.aggregate_id == ended[0])
    told = json.loads(failed.body)
    assert (failed.event_type, told["type"], told["data"]["status"]) == ("analysis.failed",) * 2 + ("failed",)
    assert told["data"]["error"] == {"code": "timeout", "message": "It took too long."}
    assert told["data"]["links"]["analysis"] == f"/v1/analyses/{ended[0]}"
    assert (failed.state, failed.attempts, failed.owner) == (DeliveryState.WAITING, 0, None)


async def test_no_body_holds_more_than_ids_states_counts_and_links(store: Store) -> None:
    webhook = await made(store)
    await store.write(end)
    await make(store, webhook)
    (found,) = await deliveries(store, webhook)
    assert set(json.loads(found.body)["data"]) == {
        *("id", "status", "priority", "batch_id", "form_id", "template_id", "pages_total", "fields_found"),
        *("fields_flagged", "confidence", "degraded", "reused_from", "created_at", "finished_at", "version"),
        *("error", "links"),
    }


async def test_only_the_types_it_asked_for_are_made(store: Store) -> None:
    webhook = await made(store, events=("analysis.failed",))
    await store.write(end)
    failed = await store.write(lambda conn: end(conn, state=State.FAILED))
    await make(store, webhook)
    assert [one.aggregate_id for one in await deliveries(store, webhook)] == [failed]
    assert await store.read(lambda conn: webhooks.behind(conn, 10)) == []


async def test_several_processes_that_make_at_once_make_each_delivery_once(store: Store) -> None:
    webhook = await made(store)
    ended = [await store.write(end) for _ in range(30)]
    await asyncio.gather(*(make(store, webhook) for _ in range(6)))
    await make(store, webhook)
    found = await deliveries(store, webhook)
    assert sorted(one.aggregate_id for one in found) == sorted(ended)


async def test_a_unit_that_fails_has_made_nothing_and_forgotten_nothing(store: Store) -> None:
    webhook = await made(store)
    ended = await store.write(end)

    def breaks(conn: Connection) -> None:
        assert webhook_deliveries.make(conn, "acme", webhook.id, at(2)) > 0
        raise NotFound

    with pytest.raises(NotFound):
        await store.write(breaks)
    assert await deliveries(store, webhook) == []
    await make(store, webhook)
    assert [one.aggregate_id for one in await deliveries(store, webhook)] == [ended]


async def test_a_receiver_with_much_to_send_leaves_the_rest_in_the_journal(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_deliveries, "OPEN_MAX", 4)
    webhook = await made(store)
    ended = [await store.write(end) for _ in range(9)]

    seen: list[str] = []
    for _ in range(30):
        await make(store, webhook)
        open_ = [one for one in await deliveries(store, webhook) if one.state is DeliveryState.WAITING]
        assert len(open_) <= 4
        for one in await take(store, webhook, "p"):
            seen.append(one.aggregate_id)
            assert await store.write(lambda conn, one=one: record(conn, one, "p"))  # type: ignore[misc]
    assert seen == ended


def record(conn: Connection, one: Delivery, owner: str, state: DeliveryState = DeliveryState.DELIVERED) -> bool:
    return webhook_deliveries.record(
        conn, one, owner, state, next_at=at(60), response_code=200, error=None, ended_at=at(4)
    )


async def test_a_disabled_receiver_is_told_of_nothing_that_happened_meanwhile(store: Store) -> None:
    webhook = await made(store)

    def enable(conn: Connection, wanted: bool) -> Webhook:
        changes = {"enabled": wanted, "disabled_reason": None if wanted else "by_owner"}
        return webhooks.change(conn, "acme", webhook.id, changes, BY)

    await store.write(lambda conn: enable(conn, False))
    await store.write(end)
    assert await make(store, webhook) == 0
    assert not await store.read(webhooks.any_enabled)
    await store.write(lambda conn: enable(conn, True))
    after = await store.write(end)
    await make(store, webhook)
    assert [one.aggregate_id for one in await deliveries(store, webhook)] == [after]


async def test_each_delivery_is_taken_by_one_process_and_recorded_by_that_one(store: Store) -> None:
    webhook = await made(store)
    for _ in range(20):
        await store.write(end)
    await make(store, webhook)
    taken = await asyncio.gather(*(take(store, webhook, f"p{n}", 6) for n in range(5)))
    ids = [one.id for some in taken for one in some]
    assert len(ids) == len(set(ids)) == 20
    one = next(some[0] for some in taken if some)
    owner = str(one.owner)
    assert one.attempts == 1
    assert not await store.write(lambda conn: record(conn, one, "somebody else"))
    assert not await store.write(lambda conn: record(conn, replace(one, attempts=2), owner))
    assert await store.write(lambda conn: record(conn, one, owner))
    assert not await store.write(lambda conn: record(conn, one, owner)), "an attempt is recorded once"
    found = await store.read(lambda conn: webhook_deliveries.get(conn, "acme", webhook.id, one.id))
    assert found is not None
    assert (found.state, found.owner, found.response_code, found.ended_at) == (
        DeliveryState.DELIVERED,
        None,
        200,
        at(4),
    )


async def test_what_failed_is_taken_again_when_its_time_has_come_and_what_ended_never(store: Store) -> None:
    webhook = await made(store)
    await store.write(end)
    await make(store, webhook)
    (one,) = await take(store, webhook, "p")
    await store.write(
        lambda conn: webhook_deliveries.record(
            conn, one, "p", DeliveryState.FAILED, next_at=at(60), response_code=500, error="x", ended_at=None
        )
    )
    assert await take(store, webhook, "p", seconds=59) == []
    (again,) = await take(store, webhook, "p", seconds=60)
    assert (again.id, again.event_id, again.body, again.attempts) == (one.id, one.event_id, one.body, 2)
    assert await store.write(lambda conn: record(conn, again, "p", DeliveryState.GIVEN_UP))
    assert await take(store, webhook, "p", seconds=10_000) == []


async def test_what_a_process_took_is_free_when_it_beats_no_more_and_kept_while_it_does(store: Store) -> None:
    webhook = await made(store)
    for _ in range(3):
        await store.write(end)
    await make(store, webhook)
    (of_dead,) = await take(store, webhook, "dead", 1)
    (of_living,) = await take(store, webhook, "living", 1)
    (of_mine,) = await take(store, webhook, "me", 1)

    def beats(conn: Connection) -> None:
        workers.beat(conn, running("dead", 0))
        workers.beat(conn, running("living", 100))

    await store.write(beats)
    since = at(90)

    def stuck(conn: Connection) -> bool:
        return webhook_deliveries.any_stuck(conn, "me", [of_mine.id], since)

    assert await store.read(stuck)
    assert await store.write(lambda conn: webhook_deliveries.free_stuck(conn, "me", [of_mine.id], since)) == 1
    assert not await store.read(stuck)
    assert [one.id for one in await take(store, webhook, "other")] == [of_dead.id]
    assert await store.write(lambda conn: webhook_deliveries.free_stuck(conn, "me", [], since)) == 2, (
        "what was taken without our knowing, and what `other` took, who never beat"
    )
    kept = await store.read(lambda conn: webhook_deliveries.get(conn, "acme", webhook.id, of_living.id))
    assert kept is not None
    assert kept.owner == "living"


async def test_receivers_that_rest_or_have_nothing_due_are_not_asked(store: Store) -> None:
    busy, resting, idle = [await made(store, tenant=name) for name in ("busy", "resting", "idle")]
    for tenant in ("busy", "resting"):
        await store.write(lambda conn, tenant=tenant: end(conn, tenant))  # type: ignore[misc]
    for one in (busy, resting, idle):
        await make(store, one)
    health = Health(6, START, at(100))
    await store.write(lambda conn: webhooks.set_health(conn, resting.id, health))
    found = await store.read(lambda conn: webhook_deliveries.due(conn, at(50)))
    assert [(one.id, one.in_flight) for one in found] == [(busy.id, 0)]
    await take(store, busy, "p")
    found = await store.read(lambda conn: webhook_deliveries.due(conn, at(100)))
    assert [(one.id, one.health) for one in found] == [(resting.id, health)]


async def test_changes_are_versioned_journaled_and_tell_no_secret(store: Store) -> None:
    webhook = await made(store)
    changed = await store.write(
        lambda conn: webhooks.change(conn, "acme", webhook.id, {"events": ("form.answered",)}, BY, expected_version=1)
    )
    assert changed.version == 2
    with pytest.raises(PreconditionFailed):
        await store.write(
            lambda conn: webhooks.change(conn, "acme", webhook.id, {"events": ALL}, BY, expected_version=1)
        )
    same = await store.write(lambda conn: webhooks.change(conn, "acme", webhook.id, {"events": changed.events}, BY))
    assert same.version == 2
    await store.write(lambda conn: webhooks.set_health(conn, webhook.id, Health(3, START)))
    await store.write(lambda conn: webhooks.remove(conn, "acme", webhook.id, BY))
    told = await store.read(lambda conn: journal.of_aggregate(conn, webhook.id, 0, 10, "webhook"))
    assert [(event.type, event.version, event.actor) for event in told] == [
        ("webhook.created", 1, "key:test"),
        ("webhook.changed", 2, "key:test"),
        ("webhook.deleted", 3, "key:test"),
    ]
    assert not any("sealed" in name for event in told for name in event.data)


async def test_how_a_receiver_fares_is_kept_and_enabling_it_begins_anew(store: Store) -> None:
    webhook = await made(store)
    await store.write(lambda conn: webhooks.set_health(conn, webhook.id, Health(9, START, at(60))))
    found = await store.read(lambda conn: webhooks.get(conn, "acme", webhook.id))
    assert found is not None
    assert (found.health, found.version) == (Health(9, START, at(60)), 1)
    for enabled in (False, True):
        found = await store.write(
            lambda conn, enabled=enabled: webhooks.change(conn, "acme", webhook.id, {"enabled": enabled}, BY)  # type: ignore[misc]
        )
    assert found.health == HEALTHY


async def test_deleting_a_receiver_takes_its_deliveries_along_and_nobody_elses(store: Store) -> None:
    webhook, other = await made(store), await made(store)
    await store.write(end)
    for one in (webhook, other):
        await make(store, one)
    with pytest.raises(NotFound):
        await store.write(lambda conn: webhooks.remove(conn, "stranger", webhook.id, BY))
    await store.write(lambda conn: webhooks.remove(conn, "acme", webhook.id, BY), tenant="acme")
    assert await deliveries(store, webhook) == []
    assert len(await deliveries(store, other)) == 1


async def test_no_more_receivers_than_a_tenant_may_have_even_at_once(store: Store) -> None:
    at_once = await asyncio.gather(
        *(store.write(lambda conn: webhooks.insert_new(conn, a_webhook(), 3, BY)) for _ in range(8))
    )
    assert sum(one is not None for one in at_once) == 3
    assert len(await store.read(lambda conn: webhooks.page(conn, "acme"))) == 3


async def test_deliveries_are_listed_newest_first_by_state_and_type_and_retried(store: Store) -> None:
    webhook = await made(store)
    ended = [await store.write(end) for _ in range(3)]
    ended.append(await store.write(lambda conn: end(conn, state=State.FAILED)))
    await make(store, webhook)
    (first,) = await take(store, webhook, "p", 1)
    assert not await store.write(lambda conn: webhook_deliveries.retry(conn, first, at(9))), "it is on its way"
    await store.write(lambda conn: record(conn, first, "p", DeliveryState.GIVEN_UP))

    async def listed(**wanted: Any) -> list[str]:
        found = await store.read(lambda conn: webhook_deliveries.page(conn, "acme", webhook.id, **wanted))
        return [one.aggregate_id for one in found]

    assert await listed() == ended[::-1]
    assert await listed(states=[DeliveryState.GIVEN_UP]) == ended[:1]
    assert await listed(event_type="analysis.failed") == ended[3:]
    assert await listed(limit=2) == ended[:1:-1]
    assert await store.write(lambda conn: webhook_deliveries.retry(conn, first, at(9)))
    (again,) = await take(store, webhook, "p", 1, seconds=9)
    assert again.attempts == 1


async def test_what_ended_long_ago_is_forgotten_and_what_waited_too_long_is_given_up(store: Store) -> None:
    webhook = await made(store)
    for _ in range(4):
        await store.write(end)
    await make(store, webhook)
    one, two, *_ = await deliveries(store, webhook)
    days = timedelta(days=10)

    def ages(conn: Connection) -> None:
        conn.execute(update(table).where(table.c.id == one.id).values(created_at=START - days, next_at=START - days))
        conn.execute(update(table).where(table.c.id == two.id).values(state="delivered"))

    await store.write(ages)
    assert await store.write(lambda conn: webhook_deliveries.give_up_overdue(conn, START - days / 2, at(5))) == 1
    found = await store.read(lambda conn: webhook_deliveries.get(conn, "acme", webhook.id, one.id))
    assert found is not None
    assert (found.state, found.error, found.ended_at) == (DeliveryState.GIVEN_UP, "not_tried", at(5))
    assert await store.write(lambda conn: webhook_deliveries.forget(conn, START.replace(year=2000), 10)) == 0
    later = START.replace(year=2200)
    assert await store.write(lambda conn: webhook_deliveries.forget(conn, later, 1)) == 1
    assert await store.write(lambda conn: webhook_deliveries.forget(conn, later, 10)) == 1
    assert len(await deliveries(store, webhook)) == 2, "what waits stays"
