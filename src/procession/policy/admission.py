"""Whether one more upload is taken.

Invariant: an upload is refused only while the server drains, while the disk is nearly full, while its tenant has
``waiting_max`` analyses waiting, or while what its tenant has waiting in the upload's class and in more urgent ones
takes longer than that class promises; never because of what another tenant has waiting, and never because of less
urgent work. So who has nothing as urgent waiting is never refused for the objective. ``retry_after_seconds`` is when,
at the measured pace, there is room again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from procession.domain.analysis import Priority

RETRY_AFTER_SECONDS_MAX = 3600
_DISK_SECONDS = 60
_DRAIN_SECONDS = 10
_CLASSES = (Priority.URGENT, Priority.STANDARD, Priority.LOW)


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
    ahead_of_class: int = 0
    """Of those waiting, how many are in the upload's class or a more urgent one."""
    wait_seconds_max: float = math.inf
    """Longest wait its class bears; infinite while the pace was not measured yet."""

    @property
    def predicted_wait_seconds(self) -> float:
        """Until it starts, with the tenant's turns on every slot: what others take makes it longer."""
        return self.ahead_of_class * self.service_seconds / max(1, self.slots)


@dataclass(frozen=True, slots=True)
class Admit:
    reason: str = "there is room"


@dataclass(frozen=True, slots=True)
class Refuse:
    """``code`` is the problem code: over_capacity (429) or unavailable (503)."""

    retry_after_seconds: int
    reason: str
    code: Literal["over_capacity", "unavailable"] = "over_capacity"


def ahead(waiting: Mapping[Priority, int], priority: Priority) -> int:
    """Of what waits, by class, how many go before an upload of ``priority``."""
    return sum(waiting.get(one, 0) for one in _CLASSES[: _CLASSES.index(priority) + 1])


def decide(snapshot: Snapshot) -> Admit | Refuse:
    """Admit, or refuse with an honest time to come back (whole seconds, 1 to ``RETRY_AFTER_SECONDS_MAX``)."""
    if snapshot.draining:
        return Refuse(_DRAIN_SECONDS, "The server is stopping. Try again shortly.", "unavailable")
    if snapshot.disk_free_bytes < snapshot.disk_free_bytes_min:
        return Refuse(_DISK_SECONDS, "The server's disk is nearly full. Try again later.", "unavailable")
    excess = snapshot.waiting_of_tenant + snapshot.uploads - snapshot.waiting_max
    if excess > 0:
        return Refuse(
            _whole(excess * snapshot.service_seconds / max(1, snapshot.slots)),
            f"{snapshot.waiting_of_tenant} analyses are waiting already, {snapshot.waiting_max} are allowed.",
        )
    late = snapshot.predicted_wait_seconds - snapshot.wait_seconds_max
    if late > 0:
        return Refuse(
            _whole(late),
            f"{snapshot.ahead_of_class} analyses as urgent or more are waiting already: this one would start after "
            f"{snapshot.predicted_wait_seconds:.0f} s, later than its priority promises.",
        )
    return Admit()


def _whole(seconds: float) -> int:
    return (
        max(1, min(RETRY_AFTER_SECONDS_MAX, math.ceil(seconds))) if math.isfinite(seconds) else RETRY_AFTER_SECONDS_MAX
    )
