"""Celery: one prefork worker, Redis as broker, no results kept."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_ready

from bench.queue_marks import DONE, READY, STARTED, Writer

mark = Writer()
app = Celery("bench", broker=os.environ.get("BENCH_QUEUE_REDIS"))
app.conf.update(
    task_ignore_result=True,
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
