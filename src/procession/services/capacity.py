"""What can be analysed at once, and how fast: by this process, and by all of them together.

The worker and the heartbeat write it; admission, the gauges and the queue's view read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Other:
    """Another process, as of its last heartbeat. ``available``: analyses it would start now.

    ``service_seconds``: None before it measured any.
    """

    slots: int
    busy: int
    available: int
    service_seconds: float | None


class Capacity:
    """``slots``: documents this process analyses at once; 0 where none are. Used from the event loop's thread only."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.busy = 0
        self.draining = False
        """This process is stopping."""
        self.drain_requested = False
        """Somebody wants it to claim no more; it goes on otherwise."""
        self.service_seconds = 1.0
        """Moving average of one analysis' time in the sandbox, here."""
        self.paced = False
        """Whether that was measured yet, here."""
        self.others: Sequence[Other] = ()

    @property
    def claiming(self) -> bool:
        return not (self.draining or self.drain_requested)

    @property
    def available(self) -> int:
        return max(0, self.slots - self.busy) if self.claiming else 0

    def measured(self, seconds: float) -> None:
        self.paced = True
        self.service_seconds += _WEIGHT * (seconds - self.service_seconds)

    # --- all processes together ---------------------------------------------------------------------------------------

    @property
    def all_slots(self) -> int:
        return self.slots + sum(other.slots for other in self.others)

    @property
    def all_busy(self) -> int:
        return self.busy + sum(other.busy for other in self.others)

    @property
    def all_available(self) -> int:
        return self.available + sum(other.available for other in self.others)

    @property
    def all_paced(self) -> bool:
        """Whether any process measured how long an analysis takes."""
        return self.paced or any(one.service_seconds is not None for one in self.others)

    @property
    def mean_service_seconds(self) -> float:
        """Of one analysis, over all slots whose pace was measured; a guess while none was."""
        paces = [(one.slots, one.service_seconds) for one in self.others if one.service_seconds is not None]
        if self.paced:
            paces.append((self.slots, self.service_seconds))
        slots = sum(weight for weight, _ in paces)
        return sum(weight * pace for weight, pace in paces) / slots if slots else self.service_seconds
