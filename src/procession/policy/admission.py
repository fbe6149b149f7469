"""Whether one more upload is taken.

Invariant: an upload is refused only while the server drains, while the disk is nearly full, or while its tenant has
``waiting_max`` analyses waiting; never because of what another tenant has waiting. ``retry_after_seconds`` is when, at
the measured pace, there is room again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

RETRY_AFTER_SECONDS_MAX = 3600
_DISK_SECONDS = 60
_DRAIN_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``service_seconds``: mean time of one analysis; ``slots``: analyses at once, all workers together."""

    waiting_of_tenant: int
    waiting_max: int
    disk_free_bytes: int
    disk_free_bytes_min: int
    slots: int = 1
    service_seconds: float = 1.0
    uploads: int = 1
    """How many files this request brings."""
    draining: bool = False


@dataclass(frozen=True, slots=True)
class Admit:
    reason: str = "there is room"


@dataclass(frozen=True, slots=True)
class Refuse:
    """``code`` is the problem code: over_capacity (429) or unavailable (503)."""

    retry_after_seconds: int
    reason: str
    code: Literal["over_capacity", "unavailable"] = "over_capacity"


def decide(snapshot: Snapshot) -> Admit | Refuse:
    """Admit, or refuse with an honest time to come back (whole seconds, 1 to ``RETRY_AFTER_SECONDS_MAX``)."""
    if snapshot.draining:
        return Refuse(_DRAIN_SECONDS, "The server is stopping. Try again shortly.", "unavailable")
    if snapshot.disk_free_bytes < snapshot.disk_free_bytes_min:
        return Refuse(_DISK_SECONDS, "The server's disk is nearly full. Try again later.", "unavailable")
    excess = snapshot.waiting_of_tenant + snapshot.uploads - snapshot.waiting_max
    if excess <= 0:
        return Admit()
    seconds = math.ceil(excess * snapshot.service_seconds / max(1, snapshot.slots))
    return Refuse(
        min(RETRY_AFTER_SECONDS_MAX, max(1, seconds)),
        f"{snapshot.waiting_of_tenant} analyses are waiting already, {snapshot.waiting_max} are allowed.",
    )
