"""taskiq: Redis Streams with acknowledgement, the quickest of the surveyed engines; no results kept."""

from __future__ import annotations

import os

from taskiq import TaskiqEvents, TaskiqState
from taskiq_redis import RedisStreamBroker

from bench.queue_marks import DONE, READY, STARTED, Writer

mark = Writer()
broker = RedisStreamBroker(os.environ.get("BENCH_QUEUE_REDIS", "redis://127.0.0.1"), consumer_id="0", xread_count=100)


@broker.task(task_name="noop")
async def noop(job: str) -> None:
    mark(STARTED, job)
    mark(DONE, job)


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def _ready(_: TaskiqState) -> None:
    mark(READY, "worker")
