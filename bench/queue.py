"""Empty jobs a second, and from enqueueing to the start: Procession beside Celery and taskiq on the same Redis.

Throughput: all jobs are enqueued, then one worker with as many processes as there are cores takes them; from the first
start to the last end. Start: the worker is idle, one job at a time, from the call that enqueues to the job's start.

What each keeps. Procession: a job counts as done when its end is committed in PostgreSQL (fsync on) under the claim's
fence, with two events in the journal and the attempt; nothing is lost with Redis or with any process. Celery, the
reference, as its users keep work safe: acknowledged late, given back when a child dies, results stored in Redis, which
keeps nothing on disk; a job counts as done when its body ends, before that. ``celery_unkept`` (full run) acknowledges
before the start and stores no result. taskiq acknowledges when it ran and stores no result. All have two worker
processes, and enough jobs in hand that none waits for the broker; Procession's empty jobs are promised no memory each.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bench import servers
from bench.queue_marks import DONE, READY, STARTED, Reader, pipe
from bench.report import NotMeasured, percentile, say
from procession.domain.analysis import Analysis
from procession.store import analyses, documents
from procession.store.queue_depth import backlog
from tests import records

LENGTH = "about 3 minutes"
PROCESSES = 2
QUICK_JOBS, FULL_JOBS = 2_500, 20_000
QUICK_STARTS, FULL_STARTS = 25, 400
ROUNDS = 3
"""Of the full run; the medians count."""
TENANTS = 100
PAUSE_SECONDS = 0.03
"""Between idle starts."""
WAIT_SECONDS_MAX = 120.0


class Engine(ABC):
    name: str

    @abstractmethod
    def enqueue(self, count: int) -> list[str]:
        """That many empty jobs, one by one where the engine has no other way. Their ids."""

    @abstractmethod
    def worker(self) -> list[list[str]]:
        """The commands of one worker: its processes."""

    def close(self) -> None:  # noqa: B027 - not every engine holds something
        """After the last job."""


class Celery(Engine):
    def __init__(self, redis_url: str, *, keeps: bool = True) -> None:
        from bench.queue_rivals import celery_engine

        self.name = "celery" if keeps else "celery_unkept"
        os.environ["BENCH_QUEUE_REDIS"] = f"{redis_url}/{1 if keeps else 3}"  # its worker reads it too
        os.environ[celery_engine.KEEPS] = "1" if keeps else "0"
        celery_engine.configure()
        self._task, self._numbers = celery_engine.noop, iter(range(10**9))

    def enqueue(self, count: int) -> list[str]:
        ids = [f"celery-{next(self._numbers)}" for _ in range(count)]
        for one in ids:
            self._task.delay(one)
        return ids

    def worker(self) -> list[list[str]]:
        app = "bench.queue_rivals.celery_engine"
        return [
            [
                *(sys.executable, "-m", "celery", "-A", app, "worker", "-c", str(PROCESSES), "-l", "ERROR"),
                *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            ]
        ]


class Taskiq(Engine):
    name = "taskiq"

    def __init__(self, redis_url: str) -> None:
        os.environ["BENCH_QUEUE_REDIS"] = f"{redis_url}/2"
        from bench.queue_rivals import taskiq_engine

        self._loop, self._numbers = asyncio.new_event_loop(), iter(range(10**9))
        self._task, self._broker = taskiq_engine.noop, taskiq_engine.broker
        self._loop.run_until_complete(self._broker.startup())

    def enqueue(self, count: int) -> list[str]:
        ids = [f"taskiq-{next(self._numbers)}" for _ in range(count)]

        async def send() -> None:
            for one in ids:
                await self._task.kiq(one)

        self._loop.run_until_complete(send())
        return ids

    def worker(self) -> list[list[str]]:
        module = "bench.queue_rivals.taskiq_engine"
        return [
            [
                *(sys.executable, "-m", "taskiq", "worker", f"{module}:broker", "-w", str(PROCESSES)),
                *("--log-level", "ERROR", "--max-async-tasks", "100", "--max-prefetch", "100"),
            ]
        ]

    def close(self) -> None:
        self._loop.run_until_complete(self._broker.shutdown())
        self._loop.close()


class Procession(Engine):
    name = "procession"
    AT_ONCE = 200
    """Submissions of one transaction while the worker is not running; one each while starts are timed."""

    def __init__(self, database_url: str, redis_url: str, folder: Path) -> None:
        from bench import queue_worker
        from procession.maintenance.relay import Relay
        from procession.services.first_ring import FirstRing

        self._urls, self._folder = (database_url, redis_url), folder
        self._loop = asyncio.new_event_loop()
        self._on = queue_worker.foundation(database_url, redis_url, folder)
        self._relay, self._first_ring = Relay(self._on), FirstRing(self._on)
        self._documents = [records.a_document(tenant=f"tenant-{number}") for number in range(TENANTS)]
        self._turn = 0
        self._loop.run_until_complete(self._open())

    async def _open(self) -> None:
        await asyncio.gather(self._on.store.start(), self._on.dispatcher.start())
        for document in self._documents:
            await self._on.store.write(
                partial(documents.insert, document=document, region="local", actor="bench", trace_id=None)
            )
        await self._relay.start()

    def _analysis(self) -> Analysis:
        document = self._documents[self._turn % TENANTS]
        self._turn += 1
        now = self._on.clock()
        made: Analysis = records.an_analysis(document, created_at=now, run_at=now, updated_at=now)
        return made

    def enqueue(self, count: int) -> list[str]:
        made = [self._analysis() for _ in range(count)]

        async def send() -> None:
            for start in range(0, count, self.AT_ONCE):
                some = made[start : start + self.AT_ONCE]
                waiting = await self._on.store.read(partial(backlog, tenant=some[0].tenant))  # as each upload does
                await self._on.store.write(partial(_insert, some=some))
                for one in some:
                    self._first_ring.recorded(one, first=count == 1 and waiting.waiting == 0)
            await asyncio.sleep(PAUSE_SECONDS)  # the ring is on its way

        self._loop.run_until_complete(send())
        return [one.id for one in made]

    def worker(self) -> list[list[str]]:
        command = [sys.executable, "-m", "bench.queue_worker", *self._urls, str(self._folder)]
        return [command] * PROCESSES

    def close(self) -> None:
        async def end() -> None:
            await self._relay.stop()
            await self._on.dispatcher.stop()
            await self._on.store.stop()

        self._loop.run_until_complete(end())
        self._loop.close()


def _insert(conn: Connection, some: list[Analysis]) -> None:
    for one in some:
        analyses.insert(conn, one, "bench", None)


def run(quick: bool) -> dict[str, Any]:
    jobs, starts, rounds = (QUICK_JOBS, QUICK_STARTS, 1) if quick else (FULL_JOBS, FULL_STARTS, ROUNDS)
    measured: dict[str, dict[str, float]] = {}
    with (
        servers.postgres() as database_url,
        servers.redis() as redis_url,
        tempfile.TemporaryDirectory(prefix="procession-bench-") as folder,
    ):
        engines: tuple[Callable[[], Engine], ...] = (
            partial(Procession, database_url, redis_url, Path(folder)),
            partial(Celery, redis_url),
            *(() if quick else (partial(Celery, redis_url, keeps=False), partial(Taskiq, redis_url))),
        )
        for made in engines:
            engine = made()
            try:
                measured[engine.name] = _measure(engine, jobs, starts, rounds)
            finally:
                engine.close()
    ours = measured["procession"]
    return {
        "jobs_per_second": ours["jobs_per_second"],
        "ratio_vs_celery": round(ours["jobs_per_second"] / measured["celery"]["jobs_per_second"], 2),
        **{
            f"ratio_vs_{name}": round(ours["jobs_per_second"] / measured[name]["jobs_per_second"], 2)
            for name in ("celery_unkept", "taskiq")
            if name in measured
        },
        "start_p50_ms": ours["start_p50_ms"],
        "start_p99_ms": ours["start_p99_ms"],
        "engines": measured,
    }


def _measure(engine: Engine, jobs: int, starts: int, rounds: int) -> dict[str, float]:
    pace: list[float] = []
    enqueued: list[float] = []
    waited: list[float] = []
    for number in range(rounds):
        with pipe() as reader:
            began = time.monotonic()
            ids = engine.enqueue(jobs)
            enqueued.append(jobs / (time.monotonic() - began))
            with _working(engine, reader):
                _until(reader, DONE, set(ids))
                if number == rounds - 1:  # it is idle now
                    waited = [_start(engine, reader) for _ in range(starts)]
            first = min(reader.at[STARTED, one][0] for one in ids)
            last = max(reader.at[DONE, one][-1] for one in ids)
            if twice := sum(len(reader.at[DONE, one]) > 1 for one in ids):
                raise NotMeasured(f"{engine.name} did {twice} jobs twice")
            pace.append((jobs - 1) / (last - first))
            say(f"{engine.name}: {pace[-1]:.0f} jobs/s, enqueued at {enqueued[-1]:.0f}/s")
    pace.sort()
    return {
        "jobs_per_second": round(pace[len(pace) // 2], 1),
        "enqueued_per_second": round(sorted(enqueued)[len(enqueued) // 2], 1),
        "start_p50_ms": round(percentile(waited, 0.50), 2),
        "start_p99_ms": round(percentile(waited, 0.99), 2),
    }


def _start(engine: Engine, reader: Reader) -> float:
    """Milliseconds from the call that enqueues one job to its start in an idle worker."""
    time.sleep(PAUSE_SECONDS)
    asked = time.monotonic()
    (job,) = engine.enqueue(1)
    _until(reader, DONE, {job})
    return (reader.at[STARTED, job][0] - asked) * 1000


def _until(reader: Reader, kind: bytes, jobs: set[str]) -> None:
    left = {job for job in jobs if (kind, job) not in reader.at}
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while left:
        left -= {job for seen, job in reader.read(0.2) if seen == kind}
        if time.monotonic() > deadline:
            raise NotMeasured(f"{len(left)} of {len(jobs)} jobs did not end within {WAIT_SECONDS_MAX:.0f} s")


@contextmanager
def _working(engine: Engine, reader: Reader) -> Iterator[None]:
    with tempfile.TemporaryFile() as log:
        processes = [
            subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True) for command in engine.worker()
        ]
        try:
            _until(reader, READY, {"worker"})
            yield
        except NotMeasured as error:
            log.seek(0)
            raise NotMeasured(f"{error}; {engine.name} said: {log.read()[-1500:].decode(errors='replace')}") from None
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


__all__ = ["LENGTH", "run"]
