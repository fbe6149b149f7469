"""Celery: one prefork worker, Redis as broker; kept safe as its users do it, or nothing kept (``KEEPS``).

Kept: a task is acknowledged when it ended (``acks_late``), given back when its child dies, and its result is stored in
Redis. Otherwise it is acknowledged before it starts and leaves no result: Celery's quickest.
"""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_ready

from bench.queue_marks import DONE, READY, STARTED, Writer

KEEPS = "BENCH_QUEUE_CELERY_KEEPS"
mark = Writer()
app = Celery("bench")


def configure() -> None:
    """By the environment: in the benchmark and in the worker alike."""
    redis, keeps = os.environ.get("BENCH_QUEUE_REDIS"), os.environ.get(KEEPS) == "1"
    app.conf.update(
        broker_url=redis,
        result_backend=redis if keeps else "disabled",
        task_ignore_result=not keeps,
        task_acks_late=keeps,
        task_reject_on_worker_lost=keeps,
    )


configure()
app.conf.update(
    worker_prefetch_multiplier=64,  # the default 4 is slower with jobs this short
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
)


@app.task(name="noop")  # type: ignore[untyped-decorator]
def noop(job: str) -> None:
    mark(STARTED, job)
    mark(DONE, job)


@worker_ready.connect  # type: ignore[untyped-decorator]
def _ready(**_: object) -> None:
    Writer()(READY, "worker")
