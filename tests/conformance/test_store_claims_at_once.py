"""Several claims in one transaction: the same records, events and attempts as one after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from procession.domain.analysis import Analysis, State, Trigger
from procession.domain.event import Event
from procession.store import analyses, claims, claims_at_once, journal, tables
from procession.store.claims import Outcome
from procession.store.claims_at_once import Ending
from procession.store.protocol import Store
from tests.records import at, submit

FOUND = Outcome(
    State.COMPLETED,
    result_ref="results/r",
    result_digest="d" * 64,
    fields_found=47,
    fields_flagged=0,
    confidence=0.93,
    pages_total=4,
    usage={"cpu_seconds": 0.4, "note": 'Ränder, "quoted" & 日本'},
)
FLAGGED = replace(FOUND, state=State.REQUIRES_REVIEW, fields_flagged=3, confidence=None, template_id="tpl_1")


def _submitted(conn: Connection, count: int, **changes: Any) -> list[Analysis]:
    return [submit(conn, tenant=f"tenant-{number % 2}", **changes) for number in range(count)]


def _ending(claimed: Analysis, outcome: Outcome, fence: int | None = None) -> Ending:
    return Ending(claimed.id, claimed.fence if fence is None else fence, claimed.document_id, outcome)


async def _claimed(store: Store, count: int) -> list[Analysis]:
    made = await store.write(lambda conn: _submitted(conn, count))
    ids = [one.id for one in made]
    return await store.write(lambda conn: claims_at_once.claim(conn, ids, "worker-a", 15, at(1)))


def _without_identity(analysis: Analysis) -> Analysis:
    return replace(analysis, id="-", tenant="-", document_id="-")


async def _events(store: Store, analysis: Analysis) -> list[Event]:
    return await store.read(lambda conn: journal.of_aggregate(conn, analysis.id, 0, 100))


async def _attempt(store: Store, analysis: Analysis) -> Any:
    found = tables.attempts
    statement = select(found.c.fence, found.c.worker, found.c.started_at, found.c.ended_at, found.c.outcome)
    return await store.read(lambda conn: conn.execute(statement.where(found.c.analysis_id == analysis.id)).one())


async def test_claims_come_back_in_the_order_they_were_asked_for(store: Store) -> None:
    made = await store.write(lambda conn: _submitted(conn, 5))
    ids = [one.id for one in reversed(made)]
    claimed = await store.write(lambda conn: claims_at_once.claim(conn, ids, "worker-a", 15, at(1)))
    assert [one.id for one in claimed] == ids
    assert {(one.state, one.fence, one.lease_owner, one.lease_expires_at) for one in claimed} == {
        (State.PROCESSING, 1, "worker-a", at(16))
    }


async def test_what_is_not_ready_is_left_out_of_a_claim(store: Store) -> None:
    ready, taken, later = (await store.write(lambda conn: _submitted(conn, 2))) + (
        await store.write(lambda conn: _submitted(conn, 1, run_at=at(100)))
    )
    await store.write(lambda conn: claims.claim(conn, taken.id, "worker-b", 15, at(1)))
    ids = [taken.id, later.id, "an_unknown", ready.id]
    claimed = await store.write(lambda conn: claims_at_once.claim(conn, ids, "worker-a", 15, at(99)))
    assert [one.id for one in claimed] == [ready.id]
    kept = await store.read(lambda conn: analyses.get_any(conn, taken.id))
    assert kept is not None
    assert (kept.fence, kept.lease_owner) == (1, "worker-b")
    assert await store.write(lambda conn: claims_at_once.claim(conn, [taken.id, later.id], "w", 15, at(99))) == []


async def test_the_end_of_work_that_is_ready_at_this_very_moment_can_be_claimed(store: Store) -> None:
    made = await store.write(lambda conn: _submitted(conn, 2, run_at=at(100)))
    ids = [one.id for one in made]
    assert await store.write(lambda conn: claims_at_once.claim(conn, ids, "w", 15, at(99.999))) == []
    assert len(await store.write(lambda conn: claims_at_once.claim(conn, ids, "w", 15, at(100)))) == 2


async def test_ends_of_several_claims_are_what_each_alone_would_be(store: Store) -> None:
    *together, alone, alone_flagged = await _claimed(store, 6)
    outcomes = [FOUND, FLAGGED, FOUND, FLAGGED]
    endings = [_ending(one, outcome) for one, outcome in zip(together, outcomes, strict=True)]
    after = await store.write(lambda conn: claims_at_once.finish(conn, endings, at(3)))
    found = await store.write(lambda conn: claims.finish(conn, alone.id, 1, FOUND, at(3)))
    flagged = await store.write(lambda conn: claims.finish(conn, alone_flagged.id, 1, FLAGGED, at(3)))
    assert list(map(_without_identity, (after[one.id] for one in together))) == list(
        map(_without_identity, [found, flagged, found, flagged])
    )
    for one in together:
        stored = await store.read(lambda conn, one=one: analyses.get_any(conn, one.id))  # type: ignore[misc]
        assert stored == after[one.id]
    assert await _attempt(store, together[0]) == await _attempt(store, alone)
    assert await _attempt(store, together[1]) == await _attempt(store, alone_flagged)


async def test_events_of_several_claims_are_what_each_alone_would_write(store: Store) -> None:
    together, other, alone = await _claimed(store, 3)
    endings = [_ending(together, FOUND), _ending(other, FOUND)]
    await store.write(lambda conn: claims_at_once.finish(conn, endings, at(3)))
    await store.write(lambda conn: claims.finish(conn, alone.id, 1, FOUND, at(3)))
    written, expected = await _events(store, together), await _events(store, alone)
    assert [one.type for one in written] == ["analysis.submitted", "analysis.claimed", "analysis.completed"]
    unlike = {"id", "tenant", "document_id"}
    for ours, theirs in zip(written, expected, strict=True):
        assert {k: v for k, v in ours.data.items() if k not in unlike} == {
            k: v for k, v in theirs.data.items() if k not in unlike
        }
        assert (ours.version, ours.occurred_at, ours.actor) == (theirs.version, theirs.occurred_at, theirs.actor)
    digests = select(tables.events.c.digest).where(tables.events.c.aggregate_id == together.id)
    stored = await store.read(lambda conn: set(conn.execute(digests).scalars()))
    assert stored == {one.digest() for one in written}


async def test_an_old_fence_among_several_ends_writes_nothing(store: Store) -> None:
    mine, lost, mine_too = await _claimed(store, 3)
    await store.write(
        lambda conn: claims.reschedule(
            conn, lost.id, 1, Trigger.EXPIRED, at(20), "internal", "lease ran out", True, at(20)
        )
    )
    again = await store.write(lambda conn: claims.claim(conn, lost.id, "worker-b", 15, at(21)))
    before = await _events(store, lost)
    endings = [_ending(one, FOUND) for one in (mine, lost, mine_too)]
    after = await store.write(lambda conn: claims_at_once.finish(conn, endings, at(22)))
    assert set(after) == {mine.id, mine_too.id}
    assert await store.read(lambda conn: analyses.get_any(conn, lost.id)) == again
    assert await _events(store, lost) == before


async def test_all_lost_is_no_error(store: Store) -> None:
    claimed = await _claimed(store, 2)
    endings = [_ending(one, FOUND, fence=7) for one in claimed]
    assert await store.write(lambda conn: claims_at_once.finish(conn, endings, at(3))) == {}


async def test_failures_and_cancellations_end_beside_results(store: Store) -> None:
    found, failed, cancelled = await _claimed(store, 3)
    endings = [
        _ending(found, FOUND),
        _ending(failed, Outcome(State.FAILED, error_code="damaged_pdf", error_message="It is damaged.")),
        _ending(cancelled, Outcome(State.CANCELLED)),
    ]
    after = await store.write(lambda conn: claims_at_once.finish(conn, endings, at(3)))
    assert [after[one.id].state for one in (found, failed, cancelled)] == [
        State.COMPLETED,
        State.FAILED,
        State.CANCELLED,
    ]
    assert (after[failed.id].attempts, after[failed.id].error_code) == (1, "damaged_pdf")
