"""What must not end the claim loop or the heartbeat, nor leave a claim without one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs

from procession.domain.analysis import Analysis, State, Trigger
from procession.store import claims, claims_at_once
from tests.unit.services.acting import PDF, House
from tests.unit.worker.test_worker_loop import SECONDS_MAX, Engine, _begun, _ring, _until, working

_claim, _heartbeat = claims_at_once.claim, claims.heartbeat


def _beats(house: House, every: float) -> None:
    on = house.app.foundation
    lease = on.settings.worker.model_copy(update={"heartbeat_seconds": every, "lease_seconds": 3600.0})
    on.settings = on.settings.model_copy(update={"worker": lease})


def _refusing(meant: Callable[[Sequence[str]], bool]) -> Callable[..., list[Analysis]]:
    def claim(conn: Connection, ids: Sequence[str], *rest: Any) -> list[Analysis]:
        if meant(ids):
            raise LookupError("nobody thought of this")
        return _claim(conn, ids, *rest)

    return claim


async def test_a_claim_that_fails_in_a_way_nobody_thought_of_is_not_the_last(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, refused = Engine(), asyncio.Event()
    loop = asyncio.get_running_loop()
    asked: list[Sequence[str]] = []

    def first(ids: Sequence[str]) -> bool:
        asked.append(ids)
        loop.call_soon_threadsafe(refused.set)
        return len(asked) == 1

    monkeypatch.setattr(claims_at_once, "claim", _refusing(first))
    view = await house.upload()
    engine.let_go.set()
    with capture_logs() as logs:
        async with working(house, engine), asyncio.timeout(SECONDS_MAX):
            await _ring(house, view.id)
            await refused.wait()
            await _ring(house, view.id)
            await _until(house, view.id, State.COMPLETED)
    assert [entry["error"] for entry in logs if entry["event"] == "worker.claim_crashed"] == ["LookupError"]


async def test_one_analysis_that_cannot_be_claimed_keeps_no_other_from_being_claimed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine()
    good, bad, good_too = [(await house.upload(PDF + bytes([number]))).id for number in range(3)]
    monkeypatch.setattr(claims_at_once, "claim", _refusing(lambda ids: bad in ids))
    engine.let_go.set()
    await _ring(house, good, bad, good_too)
    async with working(house, engine, slots=3):
        await _until(house, good, State.COMPLETED)
        await _until(house, good_too, State.COMPLETED)
    assert (await house.app.analyses.get(house.owner, bad)).status is State.PENDING


async def test_a_heartbeat_that_fails_in_a_way_nobody_thought_of_is_not_the_last(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, again = Engine(), asyncio.Event()
    loop = asyncio.get_running_loop()
    beats: list[Any] = []

    def beat(*asked: Any) -> tuple[set[str], set[str]]:
        beats.append(asked)
        if len(beats) == 1:
            raise LookupError("nobody thought of this")
        loop.call_soon_threadsafe(again.set)
        return _heartbeat(*asked)

    monkeypatch.setattr(claims, "heartbeat", beat)
    _beats(house, 0.01)
    view = await house.upload()
    async with working(house, engine), asyncio.timeout(SECONDS_MAX):
        await _ring(house, view.id)
        await _begun(engine)
        await again.wait()


async def test_what_was_claimed_begins_and_keeps_its_lease_while_the_bell_does_not_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, answer, bell = Engine(), asyncio.Event(), house.app.dispatcher
    acknowledge = bell.acknowledge

    async def hanging(ids: Sequence[str]) -> None:
        await answer.wait()
        await acknowledge(ids)

    monkeypatch.setattr(bell, "acknowledge", hanging)
    view = await house.upload()
    async with working(house, engine) as worker:
        try:
            await _ring(house, view.id)
            await _begun(engine)
            assert view.id in worker._jobs  # which heartbeats ask about
        finally:
            answer.set()


async def test_a_claim_made_anew_in_the_same_process_stays_in_its_care(house: House) -> None:
    """The lease ran out while the database was away, say: the step of the old claim is stopped, the new one kept."""
    _beats(house, 3600.0)
    engine, now = Engine(), house.app.foundation.clock
    view = await house.upload()

    def expire(conn: Connection) -> None:
        late: datetime = now() + timedelta(hours=2)
        claims.reschedule(conn, view.id, 1, Trigger.EXPIRED, now(), "internal", "the lease ran out", True, late)

    async with working(house, engine, slots=2) as worker, asyncio.timeout(SECONDS_MAX):
        await _ring(house, view.id)
        await _begun(engine)
        (old,) = worker._running
        await house.app.store.write(expire)
        await _ring(house, view.id)
        await _begun(engine)
        await asyncio.wait({old})
        await asyncio.sleep(0)  # what is called when it is done
        assert [(job.id, job.fence) for job in worker._jobs.values()] == [(view.id, 2)]
        worker.interrupt(view.id)
        await _until(house, view.id, State.CANCELLED)
    assert engine.killed == 2
