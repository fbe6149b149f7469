"""How much may be sent to a provider: a bucket that fills evenly, for requests and for tokens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """``per_minute`` is also the most that is saved up. Invariant: in any minute at most twice that is taken."""

    per_minute: float
    level: float
    at: datetime

    @classmethod
    def full(cls, per_minute: float, at: datetime) -> Bucket:
        return cls(per_minute, per_minute, at)


def level(bucket: Bucket, now: datetime) -> float:
    spent = max(0.0, (now - bucket.at).total_seconds())
    return min(bucket.per_minute, bucket.level + spent * bucket.per_minute / MINUTE)


def room_at(bucket: Bucket, amount: float, now: datetime) -> datetime:
    """When ``amount`` may be taken; one that is larger than the bucket, when that is full."""
    missing = min(amount, bucket.per_minute) - level(bucket, now)
    return now if missing <= 0 else now + timedelta(seconds=missing * MINUTE / bucket.per_minute)


def taken(bucket: Bucket, amount: float, now: datetime) -> Bucket:
    """May leave less than nothing, which fills up first."""
    return replace(bucket, level=level(bucket, now) - amount, at=now)


def shared(per_minute: int, processes: int) -> float:
    """The share of one of ``processes`` that send."""
    return per_minute / max(1, processes)


def emptied(bucket: Bucket, until: datetime, now: datetime) -> Bucket:
    """The provider said that nothing goes before ``until``."""
    missing = max(0.0, (until - now).total_seconds()) * bucket.per_minute / MINUTE
    return replace(bucket, level=min(level(bucket, now), 1.0 - missing), at=now)
