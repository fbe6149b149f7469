"""What keeps a worker from claiming: memory, and a drain that somebody asked for."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from procession.dispatch.changes import CANCEL_KEY
from procession.domain.analysis import State
from procession.maintenance.relay import Relay
from procession.policy.memory import Memory
from procession.store import controls
from procession.store.controls import By
from procession.worker.executor import Executor
from procession.worker.loop import WorkerLoop
from tests.unit.services.acting import PDF, House
from tests.unit.worker.test_worker_loop import SECONDS_MAX, Engine, _begun, _ring, _until


@asynccontextmanager
async def working(house: House, engine: Engine, left: Callable[[], Memory]) -> AsyncIterator[WorkerLoop]:
    on = house.app.foundation
    on.capacity.slots = 2
    worker = WorkerLoop(on, Executor(on, engine.analyze, random.Random(1)), memory_left=left)
    await worker.start()
    try:
        yield worker
    finally:
        engine.let_go.set()
        await worker.stop()


async def test_while_memory_is_short_documents_are_done_one_at_a_time(house: House) -> None:
    engine, memory = Engine(), [Memory(0)]
    made = [(await house.upload(PDF + bytes([number]))).id for number in range(3)]
    async with working(house, engine, lambda: memory[0]) as worker:
        await _ring(house, *made)
        await _begun(engine)
        assert worker._free == 0
        assert engine.began.empty()
        memory[0] = Memory(1 << 40)
        await _begun(engine)  # more of them, as soon as there is room
        engine.let_go.set()
        for one in made:
            await _until(house, one, State.COMPLETED)


async def test_a_worker_asked_to_drain_finishes_what_it_runs_and_starts_nothing_until_told_otherwise(
    house: House,
) -> None:
    engine = Engine()
    running, waiting = (await house.upload(PDF + b"1")).id, (await house.upload(PDF + b"2")).id
    async with working(house, engine, lambda: Memory(None)) as worker:
        await _ring(house, running)
        await _begun(engine)
        house.app.capacity.drain_requested = True
        engine.let_go.set()
        await _until(house, running, State.COMPLETED)
        assert worker._free == 0
        house.app.capacity.drain_requested = False
        await _ring(house, waiting)
        await _until(house, waiting, State.COMPLETED)


async def test_a_cancellation_made_elsewhere_is_asked_about_when_it_is_announced(house: House) -> None:
    """Long before the next heartbeat: the process that took it only announced it."""
    engine, on = Engine(), house.app.foundation
    patient = on.settings.worker.model_copy(update={"heartbeat_seconds": 600.0, "lease_seconds": 3600.0})
    on.settings = on.settings.model_copy(update={"worker": patient})
    view = await house.upload()
    async with working(house, engine, lambda: Memory(None)):
        await _ring(house, view.id)
        await _begun(engine)
        await house.app.analyses.cancel(house.owner, view.id)  # this application has no worker of its own
        async with asyncio.timeout(SECONDS_MAX):
            house.app.changes.hear([CANCEL_KEY])
            await engine.was_killed.wait()
        await _until(house, view.id, State.CANCELLED)


async def test_a_tenant_at_its_cap_starts_its_next_when_one_ends(house: House) -> None:
    """At once: whatever ends is told to the relay, which otherwise looks now and then."""
    engine, on = Engine(), house.app.foundation
    seldom = on.settings.queue.model_copy(update={"rescue_seconds": 600.0})
    on.settings = on.settings.model_copy(update={"queue": seldom})
    by = By("key:operator", "ops", None, "local", on.clock())
    tenant = house.owner.tenant
    await on.store.write(lambda conn: controls.set_tenant(conn, tenant, {"running_max": 1}, by), tenant=None)
    made = [(await house.upload(PDF + bytes([number]))).id for number in range(3)]
    relay = Relay(on)
    engine.let_go.set()
    async with working(house, engine, lambda: Memory(None)):
        await relay.start()
        try:
            for one in made:
                await _until(house, one, State.COMPLETED)
        finally:
            await relay.stop()


async def test_what_was_rung_for_before_this_process_clock_has_it_ready_starts_a_moment_later(house: House) -> None:
    """Processes' clocks differ by milliseconds; a ring that comes too early for one must not cost `rescue_seconds`."""
    engine, on = Engine(), house.app.foundation
    seldom = on.settings.queue.model_copy(update={"rescue_seconds": 600.0})
    on.settings = on.settings.model_copy(update={"queue": seldom})
    made = (await house.upload()).id
    right = on.clock
    on.clock = lambda: right() - timedelta(seconds=0.04)
    relay = Relay(on)
    engine.let_go.set()
    async with working(house, engine, lambda: Memory(None)):
        await relay.start()
        try:
            await _until(house, made, State.COMPLETED)
        finally:
            await relay.stop()
