"""One claimed analysis in this process, and the ways its step can be made to stop."""

from __future__ import annotations

import asyncio
from enum import StrEnum

from procession.domain.analysis import Analysis


class Stop(StrEnum):
    CANCEL = "cancel"  # somebody asked: end as cancelled
    LOST = "lost"  # the claim is another's: write nothing
    RELEASE = "release"  # drain: give it back


class Job:
    """``stop`` may be called any number of times from the event loop; the first reason stands."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.stopped: Stop | None = None
        self.step_or_stop = asyncio.Event()
        """Set when the step ended by itself or is to stop."""

    @property
    def id(self) -> str:
        return self.analysis.id

    @property
    def fence(self) -> int:
        return self.analysis.fence

    def stop(self, reason: Stop) -> None:
        if self.stopped is None:
            self.stopped = reason
            self.step_or_stop.set()

    def step_ended(self, _step: object) -> None:
        self.step_or_stop.set()
