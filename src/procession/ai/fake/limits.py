"""Requests and tokens a minute, as buckets that fill up again, and the headers that tell what is left."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from procession.ai.fake.wire import WireError

MINUTE = 60.0


@dataclass(slots=True)
class _Bucket:
    per_minute: int
    level: float
    at: float

    def fill(self, now: float) -> None:
        self.level = min(self.per_minute, self.level + (now - self.at) * self.per_minute / MINUTE)
        self.at = now

    def wait(self, amount: int) -> float:
        """Seconds until ``amount`` is there."""
        return max(0.0, (amount - self.level) * MINUTE / self.per_minute)


class RateLimits:
    """Each model has its own two buckets. Batches are not counted, as with the real ones."""

    def __init__(self, requests_per_minute: int, tokens_per_minute: int) -> None:
        self._per_minute = {"requests": requests_per_minute, "tokens": tokens_per_minute}
        self._buckets: dict[str, dict[str, _Bucket]] = {}

    def take(self, model: str, tokens: int, now: float) -> dict[str, str]:
        """Counts one request and what it may need. Returns the headers; raises WireError 429 when there is no room."""
        buckets = self._buckets.setdefault(
            model, {name: _Bucket(most, most, now) for name, most in self._per_minute.items()}
        )
        wanted = {"requests": 1, "tokens": tokens}
        for bucket in buckets.values():
            bucket.fill(now)
        waits = {name: bucket.wait(min(wanted[name], bucket.per_minute)) for name, bucket in buckets.items()}
        if (longest := max(waits.values())) > 0:
            what = max(waits, key=lambda name: waits[name])
            raise WireError(
                429,
                f"Rate limit reached for {model} on {what} per min. Please try again in {longest:.3f}s.",
                kind=what,
                code="rate_limit_exceeded",
                headers={"Retry-After": str(ceil(longest)), **self._headers(buckets)},
            )
        for name, bucket in buckets.items():
            bucket.level -= wanted[name]
        return self._headers(buckets)

    def _headers(self, buckets: dict[str, _Bucket]) -> dict[str, str]:
        told = {}
        for name, bucket in buckets.items():
            told[f"x-ratelimit-limit-{name}"] = str(bucket.per_minute)
            told[f"x-ratelimit-remaining-{name}"] = str(max(0, int(bucket.level)))
            told[f"x-ratelimit-reset-{name}"] = f"{bucket.wait(bucket.per_minute):.3f}s"
        return told

    def clear(self) -> None:
        self._buckets.clear()
