"""A circuit breaker: whether a provider is asked at all.

Invariant: while it is open nobody is sent there; when its time is over exactly one probe goes, and what comes of that
decides. What was sent before it opened changes nothing. Only failures that speak of the provider's health are told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

FAILURES_MAX = 5
"""Failures in a row that open it."""
OPEN_SECONDS = 5.0
"""How long it stays open at first; twice as long after each probe that fails."""
OPEN_SECONDS_MAX = 60.0
PROBE_SECONDS_MAX = 120.0
"""A probe nobody heard of for so long is given up, and another may go."""


class Verdict(StrEnum):
    CLOSED = "closed"
    """Ask."""
    PROBE = "probe"
    """Ask once; what comes of it decides."""
    OPEN = "open"
    """Ask nobody there before ``next_at``."""


@dataclass(frozen=True, slots=True)
class Breaker:
    failures: int = 0
    opened_at: datetime | None = None
    """None: closed."""
    open_seconds: float = OPEN_SECONDS
    probe: str | None = None
    """The call that probes."""
    probed_at: datetime | None = None

    @property
    def next_at(self) -> datetime | None:
        """When a probe may go; None: it is closed."""
        if self.opened_at is None:
            return None
        if self.probed_at is not None:
            return self.probed_at + timedelta(seconds=PROBE_SECONDS_MAX)
        return self.opened_at + timedelta(seconds=self.open_seconds)


def verdict(breaker: Breaker, now: datetime) -> Verdict:
    if breaker.next_at is None:
        return Verdict.CLOSED
    return Verdict.PROBE if now >= breaker.next_at else Verdict.OPEN


def sent(breaker: Breaker, call: str, now: datetime) -> Breaker:
    """``call`` goes out, as the verdict allowed."""
    return breaker if breaker.opened_at is None else replace(breaker, probe=call, probed_at=now)


def succeeded(breaker: Breaker, call: str) -> Breaker:
    """An answer came, of whatever quality."""
    if breaker.opened_at is None:
        return breaker if breaker.failures == 0 else replace(breaker, failures=0)
    return Breaker() if breaker.probe == call else breaker


def failed(breaker: Breaker, call: str, now: datetime, *, for_good: bool = False) -> Breaker:
    """``for_good``: it will not pass by itself (a key that is refused): it opens at once, for the longest time."""
    if breaker.opened_at is not None and breaker.probe != call:
        return breaker
    if for_good:
        return Breaker(FAILURES_MAX, now, OPEN_SECONDS_MAX)
    if breaker.opened_at is not None:
        return Breaker(breaker.failures, now, min(OPEN_SECONDS_MAX, breaker.open_seconds * 2))
    failures = breaker.failures + 1
    return Breaker(failures, now if failures >= FAILURES_MAX else None)
