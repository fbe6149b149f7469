"""Analyses that wait for an AI provider: nobody runs them, nobody may claim them, and their question owns them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection, select

from procession.domain.ai import AiRequest, RequestState, Route, Try
from procession.domain.analysis import Analysis, Priority, Stage, State, Trigger
from procession.domain.errors import Conflict, LostClaim
from procession.domain.usage import Tier
from procession.store import ai_requests, analyses, claims, controls, erasure, intents, journal, parking, tables
from procession.store.claims import Outcome
from procession.store.controls import By
from procession.store.protocol import Store
from procession.store.queue_depth import depth_by_tenant, queue_depth
from tests.records import a_request, at, give_form, park, submit

DONE = Outcome(State.COMPLETED, result_ref="results/r", result_digest="d" * 64, fields_found=3, pages_total=4)
LOCAL = replace(DONE, result_ref="results/local", degraded=True)
ROUTE = Route("first", "large-1", Tier.STANDARD)


async def _analysis(store: Store, request: AiRequest) -> Analysis:
    found = await store.read(lambda conn: analyses.get_any(conn, request.analysis_id))
    assert found is not None
    return found


async def _request(store: Store, request: AiRequest) -> AiRequest:
    found = await store.read(lambda conn: ai_requests.get(conn, request.id))
    assert found is not None
    return found


def _sent(conn: Connection, request: AiRequest, owner: str = "one", now: float = 3) -> str:
    call = ai_requests.send(conn, request, ROUTE, owner, at(now))
    assert call is not None
    return call


async def _deletions(store: Store) -> set[str]:
    return set(await store.read(lambda conn: erasure.due(conn, 100)))


async def test_parking_ends_the_lease_and_the_attempt_and_says_so(store: Store) -> None:
    request = await store.write(park)
    parked = await _analysis(store, request)
    assert (parked.state, parked.stage, parked.lease_owner, parked.lease_expires_at) == (
        *(State.PROCESSING, Stage.AWAITING_AI),
        *(None, None),
    )
    assert parked.parked
    assert (parked.fence, request.fence) == (2, 2)
    events = await store.read(lambda conn: journal.of_aggregate(conn, parked.id, 0, 10))
    assert [event.type for event in events][-1] == "analysis.parked"
    attempt = await store.read(lambda conn: conn.execute(select(tables.attempts)).one())
    assert (attempt.outcome, attempt.ended_at) == (Trigger.PARKED.value, at(2))


async def test_what_was_intended_for_it_is_recorded(store: Store) -> None:
    await store.write(park)
    assert await store.write(lambda conn: intents.expire(conn, at(7200), 10)) == 0


async def test_an_object_that_was_given_up_keeps_it_from_parking(store: Store) -> None:
    claimed = await store.write(lambda conn: claims.claim(conn, submit(conn).id, "worker-a", 15, at(1)))
    assert claimed is not None
    with pytest.raises(Conflict):
        await store.write(
            lambda conn: parking.park(conn, a_request(claimed), claimed.fence, 1, ["ai-inputs/gone@key_1"], at(2))
        )
    left = await store.read(lambda conn: analyses.get_any(conn, claimed.id))
    assert left == claimed


async def test_a_worker_writes_nothing_more_after_it_parked(store: Store) -> None:
    request = await store.write(park)
    old = request.fence - 1
    with pytest.raises(LostClaim):
        await store.write(lambda conn: claims.finish(conn, request.analysis_id, old, DONE, at(3)))
    with pytest.raises(LostClaim):
        await store.write(
            lambda conn: claims.reschedule(
                conn, request.analysis_id, old, Trigger.RELEASED, at(3), None, "late", False, at(3)
            )
        )
    owned, _ = await store.write(
        lambda conn: claims.heartbeat(conn, [(request.analysis_id, old)], "worker-a", 15, at(3))
    )
    assert owned == set()


async def test_a_claim_that_was_lost_or_asked_to_stop_is_not_parked(store: Store) -> None:
    claimed = await store.write(lambda conn: claims.claim(conn, submit(conn).id, "worker-a", 15, at(1)))
    assert claimed is not None
    with pytest.raises(LostClaim):
        await store.write(lambda conn: parking.park(conn, a_request(claimed), claimed.fence + 1, 1, [], at(2)))
    await store.write(lambda conn: analyses.request_cancel(conn, "acme", claimed.id, "key:test", at(2)))
    with pytest.raises(LostClaim):
        await store.write(lambda conn: parking.park(conn, a_request(claimed), claimed.fence, 1, [], at(3)))


async def test_what_is_parked_is_not_claimed_rescued_or_released(store: Store) -> None:
    request = await store.write(park)
    assert await store.write(lambda conn: claims.claim(conn, request.analysis_id, "worker-b", 15, at(500))) is None
    assert await store.read(lambda conn: claims.expired(conn, at(500), 10)) == []
    assert await store.write(lambda conn: claims.release_all(conn, at(500))) == 0
    assert (await _analysis(store, request)).parked


async def test_what_is_parked_counts_apart_and_against_no_cap(store: Store) -> None:
    await store.write(park)
    by = By("key:test", "acme", None, "local", at(2))
    await store.write(lambda conn: controls.set_tenant(conn, "acme", {"running_max": 1}, by))
    waiting = await store.write(lambda conn: submit(conn, run_at=at(2)))
    depth = (await store.read(lambda conn: queue_depth(conn, at(3))))[Priority.URGENT]
    assert (depth.ready, depth.running, depth.awaiting_ai) == (1, 0, 1)
    depth = (await store.read(lambda conn: depth_by_tenant(conn, at(3))))[Priority.URGENT, "acme"]
    assert (depth.ready, depth.running, depth.awaiting_ai) == (1, 0, 1)
    (head,) = await store.read(lambda conn: analyses.ready_heads(conn, at(3), 4, 10))
    assert head.in_flight == 0
    assert await store.write(lambda conn: claims.claim(conn, waiting.id, "worker-b", 15, at(3))) is not None


async def test_a_parked_analysis_is_cancelled_at_once_and_its_question_with_it(store: Store) -> None:
    request = await store.write(park)
    cancelled = await store.write(
        lambda conn: analyses.request_cancel(conn, "acme", request.analysis_id, "key:test", at(3))
    )
    assert (cancelled.state, cancelled.finished_at) == (State.CANCELLED, at(3))
    assert (await _request(store, request)).state is RequestState.CANCELLED
    assert await _deletions(store) == set(request.objects)
    with pytest.raises(LostClaim):
        await store.write(lambda conn: parking.finish_parked(conn, request, DONE, at(4)))


async def test_erasing_what_waits_for_a_second_pass_abandons_the_question(store: Store) -> None:
    request = await store.write(park)

    def degrade(conn: Connection) -> None:
        parking.finish_parked(conn, request, LOCAL, at(3))
        assert ai_requests.defer(conn, request, at(60), "no provider", at(3))

    await store.write(degrade)
    erased = await store.write(lambda conn: erasure.erase(conn, "acme", request.analysis_id, "key:test", at(4)))
    assert set(request.objects) <= set(erased.blob_refs)
    assert (await _request(store, request)).state is RequestState.ABANDONED


# --- questions --------------------------------------------------------------------------------------------------------


async def test_a_question_is_sent_once_whoever_tries(store: Store) -> None:
    request = await store.write(park)
    first = await store.write(lambda conn: ai_requests.send(conn, request, ROUTE, "one", at(3)))
    second = await store.write(lambda conn: ai_requests.send(conn, request, ROUTE, "two", at(3)))
    assert (first, second) == (f"{request.id}-1", None)
    sent = await _request(store, request)
    assert (sent.state, sent.owner, sent.route, sent.calls) == (RequestState.SENT, "one", ROUTE, 1)


async def test_an_answer_counts_only_for_the_call_that_is_in_flight(store: Store) -> None:
    request = await store.write(park)
    first = await store.write(lambda conn: _sent(conn, request))
    why = Try("first", "large-1", "Overloaded")
    assert await store.write(lambda conn: ai_requests.back(conn, request, first, why, at(9), "overloaded", at(4)))
    waiting = await _request(store, request)
    assert (waiting.state, waiting.tried, waiting.ready_at) == (RequestState.WAITING, (why,), at(9))
    second = await store.write(lambda conn: _sent(conn, waiting))
    assert second != first
    assert not await store.write(lambda conn: ai_requests.answered(conn, request, first, "a", at(10)))
    assert not await store.write(lambda conn: ai_requests.back(conn, request, first, None, at(9), "late", at(10)))
    assert await store.write(lambda conn: ai_requests.answered(conn, request, second, "a", at(10)))
    assert (await _request(store, request)).answer_ref == "a"


async def test_questions_of_a_process_that_is_gone_are_found_and_adopted_once(store: Store) -> None:
    request = await store.write(park)
    await store.write(lambda conn: _sent(conn, request, "gone"))
    assert await store.read(lambda conn: ai_requests.orphans(conn, ["gone", "two"], 10)) == []
    (orphan,) = await store.read(lambda conn: ai_requests.orphans(conn, ["two", "three"], 10))
    assert await store.write(lambda conn: ai_requests.adopt(conn, orphan, "two", at(5)))
    assert not await store.write(lambda conn: ai_requests.adopt(conn, orphan, "three", at(5)))


async def test_groups_go_together_and_what_waits_for_a_provider_waits_on(store: Store) -> None:
    def unit(conn: Connection) -> tuple[AiRequest, AiRequest, AiRequest]:
        due = park(conn, prefix_key="p", ready_at=at(10))
        company = park(conn, prefix_key="p", ready_at=at(300))
        tried = park(conn, prefix_key="p", ready_at=at(10))
        call = _sent(conn, tried)
        ai_requests.back(conn, tried, call, None, at(100), "told to wait", at(4))
        return due, company, tried

    due, company, _ = await store.write(unit)
    (group,) = await store.read(ai_requests.groups)
    assert (group.prefix_key, group.count, group.ready_at) == ("p", 3, at(10))
    found = await store.read(lambda conn: ai_requests.in_groups(conn, ["p"], at(10), 10))
    assert {one.id for one in found} == {due.id, company.id}


async def test_ending_a_question_deletes_what_was_kept_for_it(store: Store) -> None:
    request = await store.write(park)
    call = await store.write(lambda conn: _sent(conn, request))

    def end(conn: Connection) -> None:
        ai_requests.answered(conn, request, call, "ai-answers/a@key_1", at(4))
        parking.finish_parked(conn, request, DONE, at(5))
        assert ai_requests.end(conn, request.id, RequestState.FINISHED, None, at(5)) is not None

    await store.write(end)
    assert (await _analysis(store, request)).state is State.COMPLETED
    assert await _deletions(store) == {*request.objects, "ai-answers/a@key_1"}
    assert await store.read(ai_requests.counts) == {}


# --- second passes ----------------------------------------------------------------------------------------------------


async def _deferred(store: Store) -> AiRequest:
    request = await store.write(park)

    def degrade(conn: Connection) -> None:
        parking.finish_parked(conn, request, LOCAL, at(3))
        assert ai_requests.defer(conn, request, at(60), "no provider", at(3))

    await store.write(degrade)
    return await _request(store, request)


async def test_a_second_pass_replaces_the_local_result_in_one_step(store: Store) -> None:
    request = await _deferred(store)
    local = await _analysis(store, request)
    assert (local.state, local.degraded, local.result_ref) == (State.COMPLETED, True, "results/local")
    better = await store.write(lambda conn: parking.second_pass(conn, request, DONE, at(70)))
    assert better is not None
    assert (better.state, better.degraded, better.result_ref) == (State.COMPLETED, False, "results/r")
    assert (better.fence, better.pass_number) == (local.fence + 1, 2)
    events = await store.read(lambda conn: journal.of_aggregate(conn, better.id, 0, 20))
    assert [event.type for event in events][-2:] == ["analysis.reprocessed", "analysis.completed"]
    assert await store.write(lambda conn: parking.second_pass(conn, request, DONE, at(71))) is None


async def test_no_second_pass_goes_over_what_a_person_made(store: Store) -> None:
    request = await _deferred(store)
    kept = await _analysis(store, request)
    await store.write(lambda conn: give_form(conn, kept))
    of_kept = tables.analyses.update().values(form_id="form_1").where(tables.analyses.c.id == kept.id)
    await store.write(lambda conn: conn.execute(of_kept))
    assert await store.write(lambda conn: parking.second_pass(conn, request, DONE, at(70))) is None
    assert (await _analysis(store, request)).result_ref == "results/local"


async def test_a_deferred_question_stays_deferred_when_its_call_gives_no_answer(store: Store) -> None:
    request = await _deferred(store)
    call = await store.write(lambda conn: _sent(conn, request))
    await store.write(lambda conn: ai_requests.back(conn, request, call, None, at(99), "unavailable", at(71)))
    assert (await _request(store, request)).state is RequestState.DEFERRED


async def test_only_what_a_provider_answered_about_is_found_again_for_its_tenant(store: Store) -> None:
    asked, other = await store.write(park), await store.write(park)
    await store.write(lambda conn: ai_requests.answered(conn, asked, _sent(conn, asked), "ai-answers/a@key_1", at(4)))
    assert await store.read(lambda conn: ai_requests.asked_last(conn, None, 10)) == []
    await store.write(lambda conn: ai_requests.end(conn, asked.id, RequestState.FINISHED, None, at(5)))
    await store.write(lambda conn: ai_requests.end(conn, other.id, RequestState.FINISHED, None, at(5)))  # never asked
    assert await store.read(lambda conn: ai_requests.asked_last(conn, None, 10)) == [asked.analysis_id]
    assert await store.read(lambda conn: ai_requests.asked_last(conn, asked.tenant, 10)) == [asked.analysis_id]
    assert await store.read(lambda conn: ai_requests.asked_last(conn, "nobody", 10)) == []
