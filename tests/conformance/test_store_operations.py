"""What operators do to the queue: pause, cap, re-prioritise, revive, bury; each with an event that names them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection

from procession.domain.analysis import Analysis, Priority, State
from procession.store import (
    analyses,
    batches,
    claims,
    claims_at_once,
    controls,
    dead_letters,
    journal,
    priorities,
    queue_depth,
)
from procession.store.batches import Batch
from procession.store.claims import Outcome
from procession.store.controls import By
from procession.store.dead_letters import Filter
from procession.store.protocol import Store
from tests.records import START, at, submit

BY = By("key:operator", "ops", "trace-9", "local", at(5))


def fail(conn: Connection, code: str = "timeout", seconds: float = 2, **given: Any) -> Analysis:
    claimed = claims.claim(conn, submit(conn, **given).id, "worker-a", 15, at(1))
    assert claimed is not None
    outcome = Outcome(State.FAILED, error_code=code, error_message="It took too long.")
    return claims.finish(conn, claimed.id, claimed.fence, outcome, at(seconds))


def claim(conn: Connection, analysis_id: str) -> bool:
    return claims.claim(conn, analysis_id, "worker-a", 15, at(10)) is not None


async def heads(store: Store) -> list[str]:
    return [one.id for one in await store.read(lambda conn: analyses.ready_heads(conn, at(10), 4, 100))]


@pytest.mark.parametrize("what", ["class", "tenant"])
async def test_paused_work_is_neither_offered_nor_claimed_until_it_is_resumed(store: Store, what: str) -> None:
    def fill(conn: Connection) -> tuple[str, str]:
        paused = submit(conn, tenant="acme", priority=Priority.LOW)
        return paused.id, submit(conn, tenant="other").id

    def pause(conn: Connection, paused: bool) -> None:
        if what == "class":
            controls.set_class(conn, Priority.LOW, paused, BY)
        else:
            controls.set_tenant(conn, "acme", {"paused": paused}, BY)

    paused, free = await store.write(fill)
    await store.write(lambda conn: pause(conn, True))
    assert await heads(store) == [free]
    assert not await store.write(lambda conn: claim(conn, paused))
    several = await store.write(lambda conn: claims_at_once.claim(conn, [paused, free], "worker-a", 15, at(10)))
    assert [one.id for one in several] == [free]
    await store.write(lambda conn: submit(conn, tenant="acme", priority=Priority.LOW))  # still taken
    await store.write(lambda conn: pause(conn, False))
    assert paused in await heads(store)
    assert await store.write(lambda conn: claim(conn, paused))


async def test_pausing_stops_nothing_that_runs(store: Store) -> None:
    made = await store.write(submit)
    await store.write(lambda conn: claim(conn, made.id))
    await store.write(lambda conn: controls.set_tenant(conn, "acme", {"paused": True}, BY))
    owned, _ = await store.write(lambda conn: claims.heartbeat(conn, [(made.id, 1)], "worker-a", 15, at(11)))
    assert owned == {made.id}
    done = Outcome(State.COMPLETED, result_ref="r", fields_flagged=0)
    assert (await store.write(lambda conn: claims.finish(conn, made.id, 1, done, at(12)))).state is State.COMPLETED


async def test_a_change_of_controls_is_journaled_once_with_who_made_it(store: Store) -> None:
    for _ in range(2):
        await store.write(lambda conn: controls.set_class(conn, Priority.LOW, True, BY))
        await store.write(lambda conn: controls.set_tenant(conn, "acme", {"paused": True}, BY))
    await store.write(lambda conn: controls.set_tenant(conn, "acme", {"running_max": 3}, BY))
    await store.write(lambda conn: controls.set_class(conn, Priority.LOW, False, BY))
    known = await store.read(lambda conn: controls.tenants(conn)["acme"])
    assert (known.paused, known.running_max, known.waiting_max, known.version) == (True, 3, None, 2)
    assert (known.actor, known.updated_at) == ("key:operator", at(5))
    of_class = await store.read(lambda conn: journal.of_aggregate(conn, "class:low", 0, 9, "queue"))
    of_tenant = await store.read(lambda conn: journal.of_aggregate(conn, known.id, 0, 9, "queue"))
    assert [(one.type, one.tenant) for one in of_class] == [("queue.paused", "ops"), ("queue.resumed", "ops")]
    assert [(one.type, one.tenant) for one in of_tenant] == [("queue.paused", "acme"), ("queue.capped", "acme")]
    assert {(one.actor, one.trace_id) for one in of_class + of_tenant} == {("key:operator", "trace-9")}
    assert of_tenant[-1].data["running_max"] == 3


async def test_a_tenant_at_its_cap_starts_nothing_more_until_one_ends(store: Store) -> None:
    ids = await store.write(lambda conn: [submit(conn).id for _ in range(4)])
    await store.write(lambda conn: controls.set_tenant(conn, "acme", {"running_max": 2}, BY))
    assert [await store.write(lambda conn, one=one: claim(conn, one)) for one in ids] == [True, True, False, False]
    offered = await store.read(lambda conn: analyses.ready_heads(conn, at(10), 4, 100))
    assert {(one.in_flight, one.running_max, one.room) for one in offered} == {(2, 2, 0)}
    done = Outcome(State.COMPLETED, result_ref="r", fields_flagged=0)
    await store.write(lambda conn: claims.finish(conn, ids[0], 1, done, at(12)))
    assert [await store.write(lambda conn, one=one: claim(conn, one)) for one in ids[2:]] == [True, False]
    await store.write(lambda conn: controls.set_tenant(conn, "acme", {"running_max": None}, BY))
    assert await store.write(lambda conn: claim(conn, ids[3]))


async def test_claims_side_by_side_never_pass_a_cap(store: Store) -> None:
    ids = await store.write(lambda conn: [submit(conn).id for _ in range(12)])
    await store.write(lambda conn: controls.set_tenant(conn, "acme", {"running_max": 3}, BY))
    tried = [store.write(lambda conn, one=one: claim(conn, one)) for one in ids]
    assert sum(await asyncio.gather(*tried)) == 3


async def test_claims_of_one_transaction_never_pass_a_cap_and_keep_their_order(store: Store) -> None:
    def fill(conn: Connection) -> list[str]:
        controls.set_tenant(conn, "acme", {"running_max": 2}, BY)
        return [submit(conn, tenant=tenant).id for tenant in ("acme", "free", "acme", "acme", "free")]

    ids = await store.write(fill)
    claimed = await store.write(lambda conn: claims_at_once.claim(conn, ids, "worker-a", 15, at(10)))
    assert [one.id for one in claimed] == [*ids[:3], ids[4]]


async def test_an_own_limit_of_waiting_work_is_told_to_uploads(store: Store) -> None:
    await store.write(lambda conn: controls.set_tenant(conn, "acme", {"waiting_max": 7}, BY))
    assert (await store.read(lambda conn: queue_depth.backlog(conn, "acme"))).waiting_max == 7
    assert (await store.read(lambda conn: queue_depth.backlog(conn, "other"))).waiting_max is None


async def test_dead_letters_are_listed_by_filter_newest_first(store: Store) -> None:
    def fill(conn: Connection) -> list[str]:
        submit(conn)
        return [
            fail(conn, "timeout", 2).id,
            fail(conn, "internal", 3, tenant="other", priority=Priority.LOW).id,
            fail(conn, "timeout", 4, priority=Priority.LOW).id,
        ]

    first, second, third = ids = await store.write(fill)

    async def found(**wanted: Any) -> list[str]:
        return [one.id for one in await store.read(lambda conn: dead_letters.page(conn, Filter(**wanted), None, 9))]

    assert await found() == sorted(ids, reverse=True)
    assert await found(code="internal") == await found(tenant="other") == [second]
    assert await found(priority=Priority.LOW) == sorted([second, third], reverse=True)
    assert await found(failed_before=at(2)) == [first]
    assert await found(buried=True) == []
    assert await store.read(dead_letters.codes) == {"timeout": 2, "internal": 1}
    assert await store.read(lambda conn: dead_letters.count(conn, Filter(code="timeout"))) == 2
    last = await store.read(lambda conn: dead_letters.page(conn, Filter(), sorted(ids)[1], 9))
    assert [one.id for one in last] == sorted(ids)[:1]
    following = await store.read(lambda conn: dead_letters.matching(conn, Filter(), sorted(ids)[0], 1))
    assert following == sorted(ids)[1:2]


async def test_a_buried_one_is_hidden_kept_and_can_be_revived(store: Store) -> None:
    letter = await store.write(fail)

    def change(conn: Connection, what: Any) -> list[Analysis]:
        found: list[Analysis] = what(conn, dead_letters.named(conn, [letter.id, "an_none"]), "key:op", at(9), "trace-9")
        return found

    (buried,) = await store.write(lambda conn: change(conn, dead_letters.bury))
    assert (buried.state, buried.buried_at) == (State.FAILED, at(9))
    assert await store.write(lambda conn: change(conn, dead_letters.bury)) == []
    assert await store.read(lambda conn: dead_letters.page(conn, Filter(), None, 9)) == []
    (shown,) = await store.read(lambda conn: dead_letters.page(conn, Filter(buried=True), None, 9))
    assert shown == buried
    (revived,) = await store.write(lambda conn: change(conn, dead_letters.revive))
    assert (revived.state, revived.attempts, revived.buried_at) == (State.PENDING, 0, None)
    assert revived.deadline_at == at(9 + 120)  # promised anew
    assert await store.write(lambda conn: change(conn, dead_letters.revive)) == []
    events = await store.read(lambda conn: journal.of_aggregate(conn, letter.id, letter.version, 9))
    assert [(one.type, one.actor, one.trace_id) for one in events] == [
        ("analysis.buried", "key:op", "trace-9"),
        ("analysis.revived", "key:op", "trace-9"),
    ]


async def test_what_waits_moves_to_another_class_with_its_deadline(store: Store) -> None:
    def fill(conn: Connection) -> list[str]:
        batch = batches.insert(conn, Batch("batch_1", "acme", 3, START), "local", "key:test", None)
        made = [submit(conn, batch_id=batch.id, priority=Priority.STANDARD).id for _ in range(3)]
        claim(conn, made[0])
        return made

    running, *waiting = await store.write(fill)
    found = await store.read(lambda conn: priorities.of_batch(conn, "batch_1", Priority.URGENT, None, 9))
    assert found == sorted(waiting)
    cut = await store.read(lambda conn: priorities.of_batch(conn, "batch_1", Priority.URGENT, found[0], 9))
    assert cut == found[1:]

    def move(conn: Connection) -> list[Analysis]:
        return priorities.move(conn, [running, *waiting, "an_none"], Priority.URGENT, "key:op", at(20), "trace-9")

    moved = await store.write(move)
    assert [one.id for one in moved] == sorted(waiting)
    assert {(one.priority, one.deadline_at) for one in moved} == {(Priority.URGENT, at(120))}
    assert await store.write(move) == []
    events = await store.read(lambda conn: journal.of_aggregate(conn, waiting[0], 1, 9))
    assert [(one.type, one.actor, one.data["priority"]) for one in events] == [
        ("analysis.prioritized", "key:op", "urgent")
    ]
