"""The contract every loop keeps: ``start`` returns at once, ``stop`` returns when nothing of it runs any more."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

import structlog

from procession.domain.errors import ProcessionError
from procession.telemetry import metrics

log = structlog.get_logger(__name__)


class Loop(ABC):
    """One pass after another; a pass that fails is counted, logged and tried again after the pause."""

    name: str

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"maintenance-{self.name}")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    @abstractmethod
    async def once(self) -> None:
        """One pass. Tests call this without the loop."""

    @abstractmethod
    async def pause(self) -> None:
        """Between passes: until it is time, or something happened."""

    async def _run(self) -> None:
        while True:
            try:
                await self.once()
            except ProcessionError as error:
                metrics.LOOP_FAILURES.labels(loop=self.name).inc()
                log.warning("maintenance.pass_failed", loop=self.name, code=error.code)
            except Exception as error:  # a defect in one pass must not end all later ones
                metrics.LOOP_FAILURES.labels(loop=self.name).inc()
                log.exception("maintenance.pass_crashed", loop=self.name, error=type(error).__name__)
            await self.pause()
