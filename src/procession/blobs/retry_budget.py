"""How often this process may repeat requests to a store that fails: a share of what succeeds, and a small reserve.

Without it every caller repeats each request a few times, and a store that struggles gets several times its load.
"""

from __future__ import annotations

import threading

EARNED_BY_SUCCESS = 0.1
"""Repeats that one success earns: in the long run at most every tenth request is a repeat."""


class RetryBudget:
    """Shared by all requests of a process. Invariant: ``0 <= left <= reserve``."""

    def __init__(self, reserve: float) -> None:
        self._reserve = self._left = float(reserve)
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """Repeats that may be made now."""
        return self._left

    def take(self) -> bool:
        """Whether one more repeat may be made; it is counted."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def earn(self) -> None:
        """A request succeeded."""
        if self._left < self._reserve:  # mostly full: no lock then
            with self._lock:
                self._left = min(self._reserve, self._left + EARNED_BY_SUCCESS)
