"""Words of the bill: the life of a paid call, budgets and the windows they speak of. Money is whole picodollars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

EVERYONE = "*"
"""In place of a tenant: all tenants together. No tenant can be called so."""


class CallStatus(StrEnum):
    RESERVED = "reserved"
    """Money was set aside; nothing was sent."""
    SENT = "sent"
    """It is on its way, or about to be: the provider may bill it."""
    SETTLED = "settled"
    """The provider said what it used."""
    UNKNOWN = "unknown"
    """It may have been billed and nobody told us: its money stays set aside until it is reconciled."""
    RELEASED = "released"
    """It was not billed."""


OPEN = frozenset({CallStatus.RESERVED, CallStatus.SENT, CallStatus.UNKNOWN})
"""States in which money is set aside."""

CALL_TRANSITIONS: dict[CallStatus, frozenset[CallStatus]] = {
    CallStatus.RESERVED: frozenset({CallStatus.SENT, CallStatus.SETTLED, CallStatus.UNKNOWN, CallStatus.RELEASED}),
    CallStatus.SENT: frozenset({CallStatus.SETTLED, CallStatus.UNKNOWN, CallStatus.RELEASED}),
    CallStatus.UNKNOWN: frozenset({CallStatus.SETTLED, CallStatus.RELEASED}),
    CallStatus.RELEASED: frozenset({CallStatus.SETTLED}),  # a bill that comes late is still a bill
    CallStatus.SETTLED: frozenset(),
}
"""The whole life of a call; what is not in it does nothing."""


class Period(StrEnum):
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class Action(StrEnum):
    """What a budget does, the mildest first."""

    WARN = "warn"
    DEGRADE = "degrade"
    """Only the cheapest route that serves is taken."""
    STOP = "stop"


def window_start(period: Period, moment: datetime) -> datetime:
    """Beginning of the hour, day or month of ``moment`` (aware, UTC)."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    if period is Period.HOUR:
        return hour
    day = hour.replace(hour=0)
    return day if period is Period.DAY else day.replace(day=1)


def window_end(period: Period, starts_at: datetime) -> datetime:
    if period is Period.HOUR:
        return starts_at + timedelta(hours=1)
    if period is Period.DAY:
        return starts_at + timedelta(days=1)
    return (starts_at + timedelta(days=31)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit on what a tenant's calls, or everyone's, may cost in a period.

    Each action begins past its percentage of the limit; None: never.
    """

    tenant: str
    period: Period
    limit_pico: int
    warn_percent: int | None = 80
    degrade_percent: int | None = None
    stop_percent: int | None = 100

    def percent(self, action: Action) -> int | None:
        found: int | None = getattr(self, f"{action.value}_percent")
        return found


@dataclass(frozen=True, slots=True)
class Window:
    """What was spent, and is set aside, by calls that were reserved in one hour, day or month."""

    tenant: str
    period: Period
    starts_at: datetime
    reserved_pico: int = 0
    spent_pico: int = 0

    @property
    def used_pico(self) -> int:
        return self.reserved_pico + self.spent_pico

    @property
    def ends_at(self) -> datetime:
        return window_end(self.period, self.starts_at)
