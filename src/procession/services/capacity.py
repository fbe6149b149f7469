"""What this process can do at once, and how fast: the worker writes it, admission and the queue's view read it."""

from __future__ import annotations

_WEIGHT = 0.1


class Capacity:
    """``slots``: documents analysed at once. Used from the event loop's thread only."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.busy = 0
        self.draining = False
        self.service_seconds = 1.0
        """Moving average of one analysis' time in the sandbox."""
        self.paced = False
        """Whether that was measured yet."""

    @property
    def available(self) -> int:
        return 0 if self.draining else max(0, self.slots - self.busy)

    def measured(self, seconds: float) -> None:
        self.paced = True
        self.service_seconds += _WEIGHT * (seconds - self.service_seconds)
