"""The database's time, so that leases mean the same on every machine."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from procession.domain.clock import Clock


class DatabaseClock:
    """A ``Clock`` that follows what the database said last, carried on by the monotonic clock.

    Wrong by at most the round trip of the last transaction's first message, however this machine's wall clock is set.
    """

    def __init__(self, before: Clock) -> None:
        """``before`` tells the time until the database did."""
        self._before = before
        self._heard: tuple[datetime, float] | None = None  # replaced whole: threads may tell at once

    def hear(self, moment: datetime, asked: float, answered: float) -> None:
        """The database's clock stood at ``moment`` between two readings of ``time.monotonic``."""
        self._heard = (moment, (asked + answered) / 2)

    def __call__(self) -> datetime:
        if self._heard is None:
            return self._before()
        moment, then = self._heard
        return moment + timedelta(seconds=time.monotonic() - then)
