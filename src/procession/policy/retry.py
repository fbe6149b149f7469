"""What becomes of an analysis whose step failed.

Invariant: a permanent failure is never tried again; a transient one or a lost host is tried again until ``attempts``
reaches ``attempts_max``, so a document that kills every worker reaches the dead letters; a release burns no attempt and
is always tried again, at once; while a part of the service is away, no document's attempts are burned for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from procession.domain.errors import Permanent, Unavailable


class FailureKind(StrEnum):
    PERMANENT = "permanent"  # the document's own fault
    TRANSIENT = "transient"  # ours or the machine's
    AWAY = "away"  # the objects, the keys or the database cannot be reached, or the disk is full
    LOST = "lost"  # the lease ran out: the worker died, or the document killed it
    RELEASED = "released"  # drain


@dataclass(frozen=True, slots=True)
class Retry:
    delay_seconds: float
    reason: str
    burns_attempt: bool = True


@dataclass(frozen=True, slots=True)
class GiveUp:
    reason: str


def kind_of(error: BaseException) -> FailureKind:
    """Permanent errors are the document's; whatever else happened, foreseen or not, may pass."""
    if isinstance(error, Unavailable):
        return FailureKind.AWAY
    return FailureKind.PERMANENT if isinstance(error, Permanent) else FailureKind.TRANSIENT


def decide(
    attempts: int,
    attempts_max: int,
    error: FailureKind,
    jitter: float,
    base_seconds: float,
    cap_seconds: float,
    away_seconds: float = 0.0,
) -> Retry | GiveUp:
    """``attempts``: failures before this one. ``jitter`` in [0, 1) spreads the upper half of the delay.
    ``away_seconds``: when what is away asked to be asked again.

    Delay: min(cap, base * 2**attempts) * (0.5 + jitter / 2), "equal jitter" of
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
    """
    if error is FailureKind.RELEASED:
        return Retry(0.0, "released by its worker", burns_attempt=False)
    if error is FailureKind.PERMANENT:
        return GiveUp("the document cannot be analysed")
    if error is FailureKind.AWAY:
        ceiling = min(cap_seconds, max(base_seconds, away_seconds))
        return Retry(ceiling * (0.5 + jitter / 2), "a part of the service is away", burns_attempt=False)
    failures = attempts + 1
    if failures >= attempts_max:
        return GiveUp(f"failed {failures} of {attempts_max} times")
    ceiling = min(cap_seconds, base_seconds * 2.0 ** min(attempts, 60))
    return Retry(ceiling * (0.5 + jitter / 2), f"{error.value} failure {failures} of {attempts_max}")
