"""Unwrapped document keys in memory: bounded in number and, where other processes destroy keys too, in time.

Invariant: a key that was read before its destruction here is never held after it; one that another process destroyed
is neither used nor held ``seconds_max`` after this process asked for it.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class HeldKeys:
    def __init__(
        self, held_max: int, seconds_max: float | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """``seconds_max``: None where nobody else destroys; ``monotonic`` gives seconds."""
        self._held_max = held_max
        self._seconds_max = seconds_max
        self._monotonic = monotonic
        self._held: OrderedDict[str, tuple[AESGCM, float]] = OrderedDict()
        self._destructions = 0
        self._sweeping = False
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def asking(self) -> tuple[int, float]:
        """Before a key is read: what ``keep`` needs to know whether it may still be kept."""
        with self._lock:
            return self._destructions, self._monotonic()

    def get(self, key_id: str) -> AESGCM | None:
        with self._lock:
            found = self._held.get(key_id)
            if found is None:
                return None
            cipher, asked = found
            if self._seconds_max is None:
                self._held.move_to_end(key_id)  # the front goes first: here the longest unused, else the oldest
            elif self._monotonic() - asked >= self._seconds_max:
                del self._held[key_id]
                return None
            return cipher

    def keep(self, key_id: str, cipher: AESGCM, asking: tuple[int, float]) -> None:
        destructions, asked = asking
        with self._lock:
            if destructions != self._destructions:
                return  # it may be this key that was destroyed since we asked
            self._held[key_id] = (cipher, asked)
            self._held.move_to_end(key_id)
            if len(self._held) > self._held_max:
                self._held.popitem(last=False)
            self._sweep_later()

    def forget(self, key_id: str) -> None:
        """It was destroyed."""
        with self._lock:
            self._destructions += 1
            self._held.pop(key_id, None)

    def clear(self) -> None:
        with self._lock:
            self._held.clear()

    def _sweep_later(self) -> None:
        """Also in a process that asks for no key any more none stays in memory past its time."""
        if self._seconds_max is None or self._sweeping:
            return
        self._sweeping = True
        timer = threading.Timer(self._seconds_max, self._sweep, [self._seconds_max])
        timer.daemon = True
        timer.start()

    def _sweep(self, seconds_max: float) -> None:
        with self._lock:
            past = self._monotonic() - seconds_max
            for key_id in [key_id for key_id, (_, asked) in self._held.items() if asked <= past]:
                del self._held[key_id]
            self._sweeping = False
            if self._held:
                self._sweep_later()
