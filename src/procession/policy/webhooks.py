"""When a webhook is tried again, when its receiver is left alone, and whose turn is next.

Invariants: a delivery that was answered 2xx is never sent again by itself; one that never is, ends as given up after
``ATTEMPTS_MAX`` attempts or ``GIVE_UP_SECONDS``; a receiver that keeps failing is asked by one request at a time, more
and more rarely, and is disabled after ``DISABLE_SECONDS`` without a success, or at once when it answers 410.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0

RETRY_SECONDS = (5.0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
"""Wait after the first failed attempt, the second, …: three days and a bit in all."""
JITTER = 0.2
"""A wait is up to this share longer, so that what failed together is not tried again together."""
ATTEMPTS_MAX = len(RETRY_SECONDS) + 1
GIVE_UP_SECONDS = 4 * DAY
"""From the event on; a receiver that was left alone meanwhile may have used up fewer attempts."""
CIRCUIT_FAILURES = 5
"""Failures in a row after which a receiver is left alone for a while."""
CIRCUIT_SECONDS = 30.0
"""How long, the first time; it doubles with each further failure."""
CIRCUIT_SECONDS_MAX = 30 * MINUTE
DISABLE_SECONDS = 5 * DAY
"""A receiver that failed for so long without one success is disabled."""
GONE = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt. ``status``: HTTP, None without an answer; ``error``: the class of failure, or None."""

    status: int | None
    error: str | None = None

    @property
    def delivered(self) -> bool:
        return self.error is None


@dataclass(frozen=True, slots=True)
class Delivered:
    reason: str


@dataclass(frozen=True, slots=True)
class Again:
    delay_seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    reason: str


def of_status(status: int) -> Answer:
    """2xx is delivered; a redirect is a failure, for it would be another receiver."""
    if 200 <= status < 300:
        return Answer(status)
    if status == GONE:
        return Answer(status, "gone")
    return Answer(status, "redirected" if 300 <= status < 400 else "refused" if status < 500 else "receiver_failed")


def after_attempt(answer: Answer, attempts: int, age_seconds: float, chance: float) -> Delivered | Again | GivenUp:
    """What becomes of a delivery after its attempt number ``attempts``; ``chance`` is drawn from [0, 1)."""
    if answer.delivered:
        return Delivered(f"answered {answer.status}")
    if answer.status == GONE:
        return GivenUp("the receiver is gone")
    if attempts >= ATTEMPTS_MAX:
        return GivenUp(f"{attempts} attempts failed")
    delay = RETRY_SECONDS[max(0, attempts - 1)] * (1 + JITTER * chance)
    if age_seconds + delay > GIVE_UP_SECONDS:
        return GivenUp(f"it failed for {age_seconds / DAY:.1f} days")
    return Again(delay, f"attempt {attempts} failed: {answer.error}")


@dataclass(frozen=True, slots=True)
class Health:
    """Of a receiver. ``failures``: in a row; ``failing_since``: the first of them; ``rest_until``: left alone."""

    failures: int = 0
    failing_since: datetime | None = None
    rest_until: datetime | None = None


HEALTHY = Health()


@dataclass(frozen=True, slots=True)
class Verdict:
    """``disable``: why it is to be disabled, or None."""

    health: Health
    disable: str | None = None


def health_after(health: Health, answer: Answer, now: datetime) -> Verdict:
    """What one more answer says about a receiver."""
    if answer.delivered:
        return Verdict(HEALTHY)
    since = health.failing_since or now
    after = replace(health, failures=health.failures + 1, failing_since=since)
    beyond = after.failures - CIRCUIT_FAILURES
    if beyond >= 0:
        rest = min(CIRCUIT_SECONDS_MAX, CIRCUIT_SECONDS * 2.0 ** min(beyond, 16))
        after = replace(after, rest_until=now + timedelta(seconds=rest))
    if answer.status == GONE:
        return Verdict(after, "gone")
    if (now - since).total_seconds() >= DISABLE_SECONDS:
        return Verdict(after, "failing")
    return Verdict(after)


@dataclass(frozen=True, slots=True)
class Due:
    """A receiver with something to send now. ``in_flight``: what is on its way to it, from whichever process."""

    id: str
    tenant: str
    health: Health
    in_flight: int


def turns(due: Sequence[Due], free: int, at_once_max: int, now: datetime) -> dict[str, int]:
    """How many sends each receiver may begin, of ``free`` in all: tenants in turn, their receivers in turn.

    One at a time to a receiver that failed last; none while it rests.
    """
    left: dict[str, int] = {}
    rounds: defaultdict[str, deque[str]] = defaultdict(deque)
    for one in due:
        if one.health.rest_until is not None and one.health.rest_until > now:
            continue
        most = 1 if one.health.failures else at_once_max
        if most > one.in_flight:
            left[one.id] = most - one.in_flight
            rounds[one.tenant].append(one.id)
    given: defaultdict[str, int] = defaultdict(int)
    tenants = deque(rounds)
    while tenants and free > 0:
        tenant = tenants.popleft()
        receiver = rounds[tenant].popleft()
        given[receiver] += 1
        free -= 1
        if given[receiver] < left[receiver]:
            rounds[tenant].append(receiver)
        if rounds[tenant]:
            tenants.append(tenant)
    return dict(given)
