"""Claims, leases, fences: what a running step may and may not write."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from procession.domain.analysis import Analysis, Progress, Stage, State, Trigger
from procession.domain.errors import Conflict, LostClaim, NotFound
from procession.store import analyses, claims, journal, tables
from procession.store.claims import Outcome
from procession.store.protocol import Store
from tests.records import at, submit

DONE = Outcome(
    State.COMPLETED,
    result_ref="results/r",
    result_digest="d" * 64,
    fields_found=47,
    fields_flagged=0,
    confidence=0.93,
    pages_total=4,
    usage={"cpu_seconds": 0.4},
)


def submit_and_claim(conn: Connection, owner: str = "worker-a", now: float = 1) -> Analysis:
    claimed = claims.claim(conn, submit(conn).id, owner, 15, at(now))
    assert claimed is not None
    return claimed


async def test_a_claim_raises_the_fence_and_takes_a_lease(store: Store) -> None:
    claimed = await store.write(submit_and_claim)
    assert (claimed.state, claimed.fence, claimed.version) == (State.PROCESSING, 1, 2)
    assert (claimed.lease_owner, claimed.lease_expires_at) == ("worker-a", at(16))
    assert claimed.started_at == at(1)


async def test_only_one_of_two_claims_wins(store: Store) -> None:
    made = await store.write(submit)
    first = await store.write(lambda conn: claims.claim(conn, made.id, "worker-a", 15, at(1)))
    second = await store.write(lambda conn: claims.claim(conn, made.id, "worker-b", 15, at(1)))
    assert first is not None
    assert second is None


async def test_work_deferred_to_later_is_not_claimed_before(store: Store) -> None:
    made = await store.write(lambda conn: submit(conn, run_at=at(100)))
    assert await store.write(lambda conn: claims.claim(conn, made.id, "worker-a", 15, at(99))) is None
    assert await store.write(lambda conn: claims.claim(conn, made.id, "worker-a", 15, at(100))) is not None


async def test_finishing_stores_the_result_and_ends_the_lease(store: Store) -> None:
    claimed = await store.write(submit_and_claim)
    done = await store.write(lambda conn: claims.finish(conn, claimed.id, claimed.fence, DONE, at(3)))
    assert (done.state, done.stage, done.result_ref, done.usage) == (
        State.COMPLETED,
        Stage.DONE,
        "results/r",
        {"cpu_seconds": 0.4},
    )
    assert (done.pages_done, done.pages_total, done.finished_at) == (4, 4, at(3))
    assert done.lease_owner is None
    assert done == await store.read(lambda conn: analyses.get(conn, "acme", done.id))


async def test_an_old_fence_writes_nothing(store: Store) -> None:
    old = await store.write(submit_and_claim)
    await store.write(
        lambda conn: claims.reschedule(
            conn, old.id, old.fence, Trigger.EXPIRED, at(20), "internal", "lease ran out", True, at(20)
        )
    )
    new = await store.write(lambda conn: claims.claim(conn, old.id, "worker-b", 15, at(21)))
    assert new is not None
    assert new.fence == 2
    before = await store.read(lambda conn: analyses.get_any(conn, old.id))
    assert not await store.write(
        lambda conn: claims.progress(conn, old.id, old.fence, Progress(Stage.PARSING, 1, 2), at(22))
    )
    with pytest.raises(LostClaim):
        await store.write(lambda conn: claims.finish(conn, old.id, old.fence, DONE, at(22)))
    with pytest.raises(LostClaim):
        await store.write(
            lambda conn: claims.reschedule(
                conn, old.id, old.fence, Trigger.RELEASED, at(22), None, "drain", False, at(22)
            )
        )
    assert before == await store.read(lambda conn: analyses.get_any(conn, old.id))


async def test_a_slow_worker_whose_lease_ran_out_may_still_finish_while_nobody_else_claimed(store: Store) -> None:
    claimed = await store.write(submit_and_claim)
    assert [late.id for late in await store.read(lambda conn: claims.expired(conn, at(17), 10))] == [claimed.id]
    done = await store.write(lambda conn: claims.finish(conn, claimed.id, claimed.fence, DONE, at(18)))
    assert done.state is State.COMPLETED
    assert await store.read(lambda conn: claims.expired(conn, at(17), 10)) == []


async def test_a_rescue_that_comes_after_a_heartbeat_takes_nothing_away(store: Store) -> None:
    claimed = await store.write(submit_and_claim)
    held = [(claimed.id, claimed.fence)]
    await store.write(lambda conn: analyses.request_cancel(conn, "acme", claimed.id, "key:test", at(2)))
    (late,) = await store.read(lambda conn: claims.expired(conn, at(17), 10))
    await store.write(lambda conn: claims.heartbeat(conn, held, "worker-a", 15, at(17)))
    with pytest.raises(LostClaim):
        await store.write(
            lambda conn: claims.reschedule(
                conn, late.id, late.fence, Trigger.EXPIRED, at(18), "internal", "lease ran out", True, at(18)
            )
        )
    failure = Outcome(State.FAILED, error_code="internal", error_message="It broke.")
    with pytest.raises(LostClaim):
        await store.write(lambda conn: claims.finish(conn, late.id, late.fence, failure, at(18), only_expired=True))
    done = await store.write(lambda conn: claims.finish(conn, claimed.id, claimed.fence, DONE, at(19)))
    assert done.state is State.COMPLETED


async def test_a_rescuer_that_gives_up_fails_what_expired(store: Store) -> None:
    claimed = await store.write(submit_and_claim)
    failure = Outcome(State.FAILED, error_code="internal", error_message="It broke.")
    failed = await store.write(
        lambda conn: claims.finish(conn, claimed.id, claimed.fence, failure, at(18), only_expired=True)
    )
    assert (failed.state, failed.attempts) == (State.FAILED, 1)


async def test_a_heartbeat_extends_owned_leases_and_tells_which_are_lost_or_cancelled(store: Store) -> None:
    mine, cancelled, finished = [await store.write(submit_and_claim) for _ in range(3)]
    other = await store.write(lambda conn: submit_and_claim(conn, "worker-b"))
    await store.write(lambda conn: analyses.request_cancel(conn, "acme", cancelled.id, "key:test", at(2)))
    await store.write(lambda conn: claims.finish(conn, finished.id, finished.fence, DONE, at(2)))
    held = [(claimed.id, claimed.fence) for claimed in (mine, cancelled, finished, other)]
    owned, to_stop = await store.write(lambda conn: claims.heartbeat(conn, held, "worker-a", 15, at(10)))
    assert owned == {mine.id, cancelled.id}
    assert to_stop == {cancelled.id}
    kept = await store.read(lambda conn: analyses.get_any(conn, mine.id))
    assert kept is not None
    assert (kept.lease_expires_at, kept.version) == (at(25), mine.version)


async def test_progress_is_kept_but_not_journaled(store: Store) -> None:
    claimed = await store.write(submit_and_claim)
    assert await store.write(
        lambda conn: claims.progress(conn, claimed.id, claimed.fence, Progress(Stage.RECOGNITION, 3, 9), at(2))
    )
    seen = await store.read(lambda conn: analyses.get_any(conn, claimed.id))
    assert seen is not None
    assert (seen.stage, seen.pages_done, seen.pages_total, seen.version) == (Stage.RECOGNITION, 3, 9, claimed.version)
    assert len(await store.read(lambda conn: journal.of_aggregate(conn, claimed.id, 0, 10))) == 2


async def test_failures_count_attempts_and_releases_do_not(store: Store) -> None:
    first = await store.write(submit_and_claim)
    released = await store.write(
        lambda conn: claims.reschedule(
            conn, first.id, first.fence, Trigger.RELEASED, at(2), None, "drain", False, at(2)
        )
    )
    assert (released.state, released.attempts) == (State.PENDING, 0)
    second = await store.write(lambda conn: claims.claim(conn, first.id, "worker-a", 15, at(3)))
    assert second is not None
    retried = await store.write(
        lambda conn: claims.reschedule(
            conn, first.id, second.fence, Trigger.RETRY_SCHEDULED, at(30), "internal", "child died", True, at(4)
        )
    )
    assert (retried.attempts, retried.run_at, retried.error_code) == (1, at(30), "internal")
    third = await store.write(lambda conn: claims.claim(conn, first.id, "worker-a", 15, at(30)))
    assert third is not None
    failure = Outcome(State.FAILED, error_code="timeout", error_message="Too slow.")
    failed = await store.write(lambda conn: claims.finish(conn, first.id, third.fence, failure, at(31)))
    assert (failed.state, failed.attempts, failed.fence) == (State.FAILED, 2, 3)
    assert (failed.error_code, failed.error_message) == ("timeout", "Too slow.")
    tried = await store.read(lambda conn: conn.execute(select(tables.attempts)).all())
    assert [(row.fence, row.outcome, row.reason) for row in tried] == [
        (1, "released", "drain"),
        (2, "retry_scheduled", "child died"),
        (3, "failed", "Too slow."),
    ]


async def test_cancelling_what_waits_is_done_at_once(store: Store) -> None:
    made = await store.write(submit)
    cancelled = await store.write(lambda conn: analyses.request_cancel(conn, "acme", made.id, "key:test", at(1)))
    assert (cancelled.state, cancelled.finished_at) == (State.CANCELLED, at(1))
    assert await store.write(lambda conn: claims.claim(conn, made.id, "worker-a", 15, at(2))) is None
    with pytest.raises(Conflict):
        await store.write(lambda conn: analyses.request_cancel(conn, "acme", made.id, "key:test", at(2)))


async def test_between_a_cancellation_and_a_result_the_first_commit_wins(store: Store) -> None:
    one, two = [await store.write(submit_and_claim) for _ in range(2)]
    for claimed in (one, two):
        asked = await store.write(
            lambda conn, claimed=claimed: analyses.request_cancel(conn, "acme", claimed.id, "key:test", at(2))
        )
        assert (asked.state, asked.cancel_requested) == (State.PROCESSING, True)
    won = await store.write(lambda conn: claims.finish(conn, one.id, one.fence, DONE, at(3)))
    assert (won.state, won.cancel_requested) == (State.COMPLETED, False)
    stopped = await store.write(lambda conn: claims.finish(conn, two.id, two.fence, Outcome(State.CANCELLED), at(3)))
    assert stopped.state is State.CANCELLED
    with pytest.raises(LostClaim):
        await store.write(lambda conn: claims.finish(conn, two.id, two.fence, DONE, at(4)))


async def test_asking_twice_to_cancel_is_one_change(store: Store) -> None:
    claimed = await store.write(submit_and_claim)
    first = await store.write(lambda conn: analyses.request_cancel(conn, "acme", claimed.id, "key:test", at(2)))
    again = await store.write(lambda conn: analyses.request_cancel(conn, "acme", claimed.id, "key:test", at(3)))
    assert again == first


async def test_giving_back_work_that_was_to_be_cancelled_cancels_it(store: Store) -> None:
    claimed = await store.write(submit_and_claim)
    await store.write(lambda conn: analyses.request_cancel(conn, "acme", claimed.id, "key:test", at(2)))
    ended = await store.write(
        lambda conn: claims.reschedule(
            conn, claimed.id, claimed.fence, Trigger.EXPIRED, at(20), None, "lease ran out", True, at(20)
        )
    )
    assert ended.state is State.CANCELLED


async def test_a_restarted_server_gives_back_every_claim_and_burns_no_attempt(store: Store) -> None:
    running = [await store.write(submit_and_claim) for _ in range(3)]
    assert await store.write(lambda conn: claims.release_all(conn, at(5))) == 3
    for claimed in running:
        freed = await store.read(lambda conn, claimed=claimed: analyses.get_any(conn, claimed.id))
        assert freed is not None
        assert (freed.state, freed.attempts, freed.fence) == (State.PENDING, 0, 1)
    assert await store.write(lambda conn: claims.release_all(conn, at(6))) == 0


async def test_a_failed_analysis_can_be_revived_and_nothing_else_can(store: Store) -> None:
    claimed = await store.write(submit_and_claim)
    with pytest.raises(Conflict):
        await store.write(lambda conn: analyses.revive(conn, "acme", claimed.id, "key:test", at(2)))
    failure = Outcome(State.FAILED, error_code="internal", error_message="It broke.")
    await store.write(lambda conn: claims.finish(conn, claimed.id, claimed.fence, failure, at(2)))
    revived = await store.write(lambda conn: analyses.revive(conn, "acme", claimed.id, "key:test", at(50)))
    assert (revived.state, revived.attempts, revived.run_at) == (State.PENDING, 0, at(50))
    assert (revived.error_code, revived.finished_at, revived.fence) == (None, None, 1)
    with pytest.raises(NotFound):
        await store.write(lambda conn: analyses.revive(conn, "other", claimed.id, "key:test", at(51)))
