"""The server's own time, which may run faster than the wall's and be moved forward."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""What the clock shows when a server starts or is reset, so that a run can be repeated."""


class VirtualClock:
    """Seconds since ``EPOCH``: wall seconds times ``speed``, plus what was advanced."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._base = 0.0
        self._since = time.monotonic()

    def seconds(self) -> float:
        return self._base + (time.monotonic() - self._since) * self.speed

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.seconds())

    def stamp(self) -> int:
        """Unix seconds, as the wire wants them."""
        return int(self.now().timestamp())

    def advance(self, seconds: float) -> None:
        self._base += seconds

    def set_speed(self, speed: float) -> None:
        self._base, self._since, self.speed = self.seconds(), time.monotonic(), speed

    async def sleep(self, seconds: float) -> None:
        """For virtual seconds; advancing the clock does not cut it short."""
        await asyncio.sleep(seconds / self.speed)
