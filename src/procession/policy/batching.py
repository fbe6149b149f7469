"""When questions that may wait are asked: in windows by class, closed early by deadline or when a group is full.

Invariant: nothing is held past the last moment from which its answer is expected in time; what is urgent is never held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from procession.domain.analysis import Priority

GROUP_MAX = 200
"""Questions that begin alike; so many need not wait for more."""
LEAD_SECONDS = 30.0
"""How long the others of a group wait for the first one's answer: from then on the provider has their beginning."""
WARM_SECONDS = 240.0
"""How long a provider is taken to keep a beginning it read: the published times are 5 to 10 minutes."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Seconds each class may be held."""

    urgent: float = 0.0
    standard: float = 60.0
    low: float = 600.0

    def of(self, priority: Priority) -> float:
        found: float = getattr(self, priority.value)
        return found


@dataclass(frozen=True, slots=True)
class Opening:
    at: datetime
    reason: str


class Group(Protocol):
    @property
    def prefix_key(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def ready_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Closing:
    prefix_key: str
    reason: str


def ready_at(priority: Priority, now: datetime, due_at: datetime, windows: Windows, answer_seconds: float) -> Opening:
    """Until when a new question is held. ``answer_seconds``: what an answer and its retries may take."""
    window = now + timedelta(seconds=windows.of(priority))
    latest = due_at - timedelta(seconds=answer_seconds)
    if window <= now:
        return Opening(now, "its class does not wait")
    if latest <= now:
        return Opening(now, "its deadline is near")
    return Opening(min(window, latest), "the deadline closes its window" if latest < window else "its class's window")


def closed(groups: Sequence[Group], now: datetime, group_max: int = GROUP_MAX) -> tuple[list[Closing], datetime | None]:
    """(groups that are asked now, when the next one is due). One that is due takes all that begin alike along."""
    due = [
        Closing(one.prefix_key, "its time has come" if one.ready_at <= now else "it is full")
        for one in groups
        if one.ready_at <= now or one.count >= group_max
    ]
    later = [one.ready_at for one in groups if one.ready_at > now]
    return due, min(later, default=None)


def leads(count: int, urgent: bool, warm_at: datetime | None, now: datetime) -> bool:
    """Whether one question is asked alone first, so that the provider has the others' beginning when they come."""
    warm = warm_at is not None and now - warm_at < timedelta(seconds=WARM_SECONDS)
    return count > 1 and not urgent and not warm
