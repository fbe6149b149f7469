"""Progress of one running step, written at most every ``progress_seconds``: the newest, never a queue of them."""

from __future__ import annotations

import asyncio
from functools import partial

import structlog

from procession.domain.analysis import Analysis, Progress
from procession.domain.errors import ProcessionError
from procession.services.foundation import Foundation
from procession.store import claims

log = structlog.get_logger(__name__)


class ProgressWriter:
    """``report`` is called from the event loop, as often as the sandbox likes."""

    def __init__(self, foundation: Foundation, analysis: Analysis) -> None:
        self._on = foundation
        self._analysis = analysis
        self._newest: Progress | None = None
        self._task: asyncio.Task[None] | None = None

    def report(self, at: Progress) -> None:
        self._newest = at
        if self._task is None:
            self._task = asyncio.create_task(self._write())

    async def close(self) -> None:
        """Nothing is written after this returns."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _write(self) -> None:
        analysis, every = self._analysis, self._on.settings.worker.progress_seconds
        while True:
            await asyncio.sleep(every)  # before the first too: a document read in less needs no progress
            at, self._newest = self._newest, None
            if at is None:
                continue
            now = self._on.clock()
            try:
                write = partial(claims.progress, analysis_id=analysis.id, fence=analysis.fence, at=at, now=now)
                owned = await self._on.store.write(write, tenant=analysis.tenant)
            except ProcessionError as error:  # the step matters, its progress does not
                log.warning("worker.progress_not_written", code=error.code)
                continue
            if owned:
                self._on.announce(analysis.tenant, analysis.id)
