"""The claim loop: hear the bell, claim in SQL, run steps, keep leases alive, drain."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from typing import Protocol

import structlog
from sqlalchemy import Connection

from procession.dispatch.changes import CANCEL_KEY
from procession.domain.errors import ProcessionError
from procession.policy import memory
from procession.services.foundation import QUEUE_KEY, Foundation
from procession.services.templates import Templates
from procession.store import claims, claims_at_once
from procession.telemetry import metrics
from procession.worker import job as jobs
from procession.worker.job import Job, Stop
from procession.worker.memory import left

WAIT_SECONDS = 1.0
"""Longest wait for the bell before looking whether to stop."""
PAUSE_SECONDS = 0.5
"""After a failed claim (a full disk), before the next."""
LOOK_SECONDS = 0.25
"""How long what was read of the memory is believed."""
LOOK_AGAIN_SECONDS = 0.05
"""After a ring that led to no claim: by this process' clock its analysis may be ready only a moment later."""
CLAIMED_PER_SLOT = 2
"""While one document is in the sandbox the next is claimed and the last one's result sealed: no core waits for I/O."""
RELEASE_SECONDS_MAX = 5.0
"""How long giving work back at the end of a drain may take; the next start releases what remains."""

log = structlog.get_logger(__name__)


class Runs(Protocol):
    async def run(self, job: Job) -> None:
        """Bring the claim to its end; returns when its outcome is committed or was not ours."""


class WorkerLoop:
    """``owner`` names this start of this process: no other claims under it."""

    def __init__(
        self,
        foundation: Foundation,
        executor: Runs,
        owner: str | None = None,
        memory_left: Callable[[], memory.Memory] = left,
    ) -> None:
        """``memory_left`` is asked before each claim."""
        self._on = foundation
        self._executor = executor
        self._templates = Templates(foundation)
        self.owner = owner or secrets.token_hex(8)
        self._jobs: dict[str, Job] = {}
        self._running: dict[asyncio.Task[None], Job] = {}
        self._room = asyncio.Event()
        self._stopping = False
        self._memory_left = memory_left
        self._short = False
        self._looked_at, self._left = float("-inf"), memory.Memory(None)
        self._loops: list[asyncio.Task[None]] = []
        self._claiming: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._stopping = False
        self._room.set()
        self._loops = [
            asyncio.create_task(self._claim_loop(), name="worker-claims"),
            asyncio.create_task(self._heartbeat_loop(), name="worker-heartbeat"),
        ]

    async def stop(self) -> None:
        """Drain: claim nothing more, let what runs finish for ``drain_seconds``, then give the rest back."""
        self._stopping = True
        self._on.capacity.draining = True
        self._room.set()
        if not self._loops:
            return
        claiming, beating = self._loops
        claiming.cancel()
        await asyncio.wait({claiming})
        if self._claiming is not None:
            await asyncio.wait({self._claiming})
        if self._running:
            await asyncio.wait(set(self._running), timeout=self._on.settings.worker.drain_seconds)
        for job in list(self._jobs.values()):
            job.stop(Stop.RELEASE)
        if self._running:
            _, late = await asyncio.wait(set(self._running), timeout=RELEASE_SECONDS_MAX)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        beating.cancel()
        await asyncio.wait({beating})
        self._loops = []

    def interrupt(self, analysis_id: str) -> None:
        """Its cancellation was requested: stop it now, if it runs here."""
        job = self._jobs.get(analysis_id)
        if job is not None:
            job.stop(Stop.CANCEL)

    # --- claiming -----------------------------------------------------------------------------------------------------

    @property
    def _free(self) -> int:
        if not self._on.capacity.claiming:
            return 0
        free = self._on.capacity.slots * CLAIMED_PER_SLOT - len(self._running)
        room = self._room_in_memory().analyses if free > 0 else None
        return free if room is None else min(free, room)

    def _memory(self) -> memory.Memory:
        now = asyncio.get_running_loop().time()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at, self._left = now, self._memory_left()
        return self._left

    def _room_in_memory(self) -> memory.Room:
        """What keeps a worker from claiming is said once, and when it is over."""
        settings = self._on.settings.worker
        room = memory.decide(
            memory.Snapshot(
                memory=self._memory(),
                running=len(self._running),
                started=self._on.capacity.busy,
                per_analysis_bytes=settings.memory_per_analysis_bytes,
                reserve_bytes=settings.memory_reserve_bytes,
            )
        )
        short = room.analyses == 0
        if short != self._short:
            self._short = short
            metrics.WORKER_SHORT_OF_MEMORY.set(short)
            log.warning("worker.short_of_memory" if short else "worker.memory_again", reason=room.reason)
        return room

    async def _claim_loop(self) -> None:
        while not self._stopping:
            if self._free <= 0:
                self._room.clear()
                with contextlib.suppress(TimeoutError):  # nobody says when a drain is called off
                    await asyncio.wait_for(self._room.wait(), WAIT_SECONDS)
                continue
            ids = await self._on.dispatcher.wait(self._free, WAIT_SECONDS)
            if not ids:
                continue
            try:
                self._claiming = asyncio.create_task(self._claim(ids))
                await asyncio.shield(self._claiming)  # a claim that committed must not lose its job to a cancellation
            except ProcessionError as error:
                log.warning("worker.claim_failed", code=error.code)
                await asyncio.sleep(PAUSE_SECONDS)
            except Exception as error:  # a defect met by one claim must not end all later ones
                log.error("worker.claim_crashed", error=type(error).__name__)
                await asyncio.sleep(PAUSE_SECONDS)

    async def _claim(self, ids: list[str]) -> None:
        try:
            await self._claim_together(ids)
        except ProcessionError:
            raise
        except Exception:
            if len(ids) == 1:
                raise
            for one in ids:  # one of them may be at fault: the others must not wait for it for ever
                try:
                    await self._claim_together([one])
                except Exception as error:
                    log.error("worker.claim_crashed", analysis=one, error=type(error).__name__)

    async def _claim_together(self, ids: list[str]) -> None:
        now, lease = self._on.clock(), self._on.settings.worker.lease_seconds

        def unit(conn: Connection) -> list[Job]:
            claimed = claims_at_once.claim(conn, ids, self.owner, lease, now)
            return jobs.of(conn, claimed, self._templates)

        claimed = await self._on.store.write(unit)
        for job in claimed:  # before the bell hears of it: should that hang, the leases are kept all the same
            self._begin(job)
        await self._on.dispatcher.acknowledge(ids)
        self._on.changes.announce(QUEUE_KEY)  # the next ones of these tenants may be offered
        if len(claimed) < len(set(ids)):
            asyncio.get_running_loop().call_later(LOOK_AGAIN_SECONDS, self._on.changes.announce, QUEUE_KEY)

    def _begin(self, job: Job) -> None:
        analysis = job.analysis
        waited = ((analysis.started_at or analysis.run_at) - analysis.run_at).total_seconds()
        metrics.QUEUE_WAIT_SECONDS.labels(priority=analysis.priority.value).observe(max(0.0, waited))
        if (earlier := self._jobs.get(analysis.id)) is not None:
            earlier.stop(Stop.LOST)  # its lease ran out before we heard of it
        self._jobs[analysis.id] = job
        task = asyncio.create_task(self._executor.run(job), name=f"job-{analysis.id}")
        self._running[task] = job
        task.add_done_callback(self._ended)
        self._on.announce(analysis.tenant, analysis.id)
        if self._stopping:
            job.stop(Stop.RELEASE)

    def _ended(self, task: asyncio.Task[None]) -> None:
        job = self._running.pop(task)
        if self._jobs.get(job.id) is job:  # else it is a later claim's, which goes on
            del self._jobs[job.id]
        if not task.cancelled() and (error := task.exception()) is not None:
            # its lease runs out and the rescuer takes over; nothing else may end the loop
            log.error("worker.job_crashed", analysis=job.id, error=type(error).__name__)
        self._room.set()

    # --- leases -------------------------------------------------------------------------------------------------------

    async def _heartbeat_loop(self) -> None:
        every = self._on.settings.worker.heartbeat_seconds
        while True:
            await self._on.changes.wait(CANCEL_KEY, every)  # a cancellation is asked about at once, when it is heard of
            try:
                await self._beat()
            except ProcessionError:  # the lease outlives two missed beats
                continue
            except Exception as error:  # a defect met by one beat must not end all later ones: leases would run out
                log.error("worker.heartbeat_crashed", error=type(error).__name__)
                await asyncio.sleep(PAUSE_SECONDS)

    async def _beat(self) -> None:
        held = dict(self._jobs)  # a snapshot: what is claimed while we wait was not asked about
        if not held:
            return
        now, lease = self._on.clock(), self._on.settings.worker.lease_seconds
        asked = [(job.id, job.fence) for job in held.values()]
        owned, cancelled = await self._on.store.write(
            lambda conn: claims.heartbeat(conn, asked, self.owner, lease, now)
        )
        for analysis_id, job in held.items():
            if analysis_id not in owned:
                job.stop(Stop.LOST)
            elif analysis_id in cancelled:
                job.stop(Stop.CANCEL)
