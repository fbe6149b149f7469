"""The claim loop with an engine that does what each test says."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection

from procession.domain.analysis import AnalysisOptions, Progress, Stage, State, Trigger
from procession.domain.errors import Internal, NotAPdf, Unavailable
from procession.domain.form import DigitizedDocument
from procession.services.templates import Templates
from procession.store import analyses, claims
from procession.worker import job as jobs
from procession.worker.executor import Executor
from procession.worker.job import Job
from procession.worker.loop import WorkerLoop
from tests.unit.services.acting import FIELDS, PDF, House, a_document

SECONDS_MAX = 30.0


@dataclass
class Engine:
    """Announces what it began, and answers when it is let go."""

    began: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    was_killed: asyncio.Event = field(default_factory=asyncio.Event)
    killed: int = 0
    error: BaseException | None = None

    async def analyze(
        self, data: bytes, options: AnalysisOptions, on_progress: Callable[[Progress], None], lookup: object
    ) -> DigitizedDocument:
        self.began.put_nowait(data)
        on_progress(Progress(Stage.FIELD_DETECTION, 0, 1))
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.killed += 1
            self.was_killed.set()
            raise
        if self.error is not None:
            raise self.error
        return a_document(FIELDS[:1])


@asynccontextmanager
async def working(house: House, engine: Engine, slots: int = 1) -> AsyncIterator[WorkerLoop]:
    on = house.app.foundation
    on.capacity.slots = slots
    worker = WorkerLoop(on, Executor(on, engine.analyze, random.Random(1)))
    await worker.start()
    try:
        yield worker
    finally:
        engine.let_go.set()
        await worker.stop()


async def _begun(engine: Engine) -> bytes:
    return await asyncio.wait_for(engine.began.get(), SECONDS_MAX)


async def _ring(house: House, *ids: str) -> None:
    for one in ids:
        await house.app.dispatcher.ring([one], (await house.app.analyses.get(house.owner, one)).priority)


async def _until(house: House, analysis_id: str, state: State) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while (await house.app.analyses.get(house.owner, analysis_id)).status is not state:
            await house.app.changes.wait(f"analysis:{analysis_id}", 0.05)


async def test_what_is_rung_is_decrypted_analysed_and_finished(house: House) -> None:
    engine = Engine()
    view = await house.upload()
    async with working(house, engine):
        await _ring(house, view.id)
        assert await _begun(engine) == PDF
        engine.let_go.set()
        await _until(house, view.id, State.COMPLETED)
    events = await house.app.analyses.events(house.owner, view.id)
    assert [event.type for event in events] == ["analysis.submitted", "analysis.claimed", "analysis.completed"]


async def test_no_more_documents_are_in_the_sandbox_than_slots(house: House) -> None:
    engine = Engine()
    made = [(await house.upload(PDF + bytes([number]))).id for number in range(4)]
    async with working(house, engine, slots=2) as worker:
        await _ring(house, *made)
        await _begun(engine)
        await _begun(engine)
        assert engine.began.empty()
        assert house.app.capacity.busy == 2
        assert worker.owner
        engine.let_go.set()
        for one in made:
            await _until(house, one, State.COMPLETED)
    assert house.app.capacity.busy == 0


async def test_cancelling_kills_the_child_at_once(house: House) -> None:
    engine = Engine()
    view = await house.upload()
    async with working(house, engine) as worker:
        await _ring(house, view.id)
        await _begun(engine)
        asked = await house.app.analyses.cancel(house.owner, view.id)
        assert asked.cancel_requested or asked.status is State.CANCELLED
        worker.interrupt(view.id)
        await _until(house, view.id, State.CANCELLED)
        assert engine.killed == 1


async def test_a_lost_lease_stops_the_child_and_writes_nothing(house: House) -> None:
    engine = Engine()
    view = await house.upload()
    on = house.app.foundation
    async with working(house, engine) as worker:
        await _ring(house, view.id)
        await _begun(engine)
        now = on.clock()
        await on.store.write(
            lambda conn: claims.reschedule(
                conn, view.id, 1, Trigger.RETRY_SCHEDULED, now, None, "taken away", True, now
            )
        )
        await worker._beat()
        async with asyncio.timeout(SECONDS_MAX):
            await engine.was_killed.wait()
    after = await house.app.analyses.get(house.owner, view.id)
    assert (after.status, after.attempts) == (State.PENDING, 1)


def _claim(conn: Connection, analysis_id: str, now: datetime, templates: Templates) -> Job:
    claimed = claims.claim(conn, analysis_id, "test", 3600, now)
    assert claimed is not None
    return jobs.of(conn, [claimed], templates)[0]


async def test_transient_failures_are_spread_over_time_until_attempts_are_used_up(house: House) -> None:
    view = await house.upload()
    most = house.app.settings.worker.attempts_max
    on = house.app.foundation
    for attempt in range(1, most + 1):
        analysis = await on.store.read(lambda conn: analyses.require(conn, "acme", view.id))
        claimed = await on.store.write(
            partial(_claim, analysis_id=view.id, now=analysis.run_at, templates=house.app.templates)
        )
        engine = Engine(error=Internal())
        engine.let_go.set()
        await Executor(on, engine.analyze, random.Random(attempt)).run(claimed)
        after = await on.store.read(lambda conn: analyses.require(conn, "acme", view.id))
        assert after.attempts == attempt
        assert after.state is (State.FAILED if attempt == most else State.PENDING)
        if attempt < most:
            assert after.run_at > claimed.analysis.run_at
    assert after.error_code == "internal"


async def test_a_documents_own_fault_is_never_tried_again(house: House) -> None:
    view = await house.upload()
    after = await house.work(view.id, NotAPdf())
    assert (after.status, after.attempts) == (State.FAILED, 1)


async def test_draining_gives_back_what_does_not_finish_without_burning_an_attempt(house: House) -> None:
    engine = Engine()
    view = await house.upload()
    on = house.app.foundation
    object.__setattr__(on.settings.worker, "drain_seconds", 0.0)
    worker = WorkerLoop(on, Executor(on, engine.analyze, random.Random(1)))
    await worker.start()
    await _ring(house, view.id)
    await _begun(engine)
    await worker.stop()
    after = await house.app.analyses.get(house.owner, view.id)
    assert (after.status, after.attempts, engine.killed) == (State.PENDING, 0, 1)


async def test_while_the_objects_are_away_no_attempt_is_burned_and_the_work_is_done_afterwards(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    on, tries = house.app.foundation, house.app.settings.worker.attempts_max + 2
    view = await house.upload()

    async def away(_: str) -> bytes:
        raise Unavailable("The object store is away.", 10)

    async def claimed(hour: int) -> Job:
        now = on.clock() + timedelta(hours=hour)
        return await on.store.write(partial(_claim, analysis_id=view.id, now=now, templates=house.app.templates))

    engine = Engine()
    engine.let_go.set()
    executor = Executor(on, engine.analyze, random.Random(1))
    with monkeypatch.context() as patched:
        patched.setattr(house.app.blobs, "get", away)
        for hour in range(1, tries + 1):
            await executor.run(await claimed(hour))
    waiting = await house.app.analyses.get(house.owner, view.id)
    assert (waiting.status, waiting.attempts) == (State.PENDING, 0)
    await executor.run(await claimed(tries + 1))
    assert (await house.app.analyses.get(house.owner, view.id)).status is State.COMPLETED
