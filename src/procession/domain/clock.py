"""Time and identity come in as arguments, so every decision and every fault can be replayed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current time, aware, UTC."""


def system_clock() -> datetime:
    return datetime.now(UTC)


_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32, lower case
_PAIRS = tuple(
    first + second for first in _ALPHABET for second in _ALPHABET
)  # two digits at a time: ids are made often


def new_id(prefix: str, now_ms: int | None = None) -> str:
    """``prefix_`` + 26 characters of base 32: 48 bits of milliseconds, 80 random bits (a ULID), so ids sort by age."""
    return _written(prefix, _stamp(now_ms), os.urandom(_RANDOM_BYTES))


def new_ids(prefix: str, count: int, now_ms: int | None = None) -> list[str]:
    """``new_id`` several times: the system is asked for randomness once."""
    stamp, chance = _stamp(now_ms), os.urandom(_RANDOM_BYTES * count)
    return [_written(prefix, stamp, chance[at : at + _RANDOM_BYTES]) for at in range(0, len(chance), _RANDOM_BYTES)]


_RANDOM_BYTES = 10


def _stamp(now_ms: int | None) -> int:
    return time.time_ns() // 1_000_000 if now_ms is None else now_ms


def _written(prefix: str, stamp: int, chance: bytes) -> str:
    number = (stamp << 80) | int.from_bytes(chance, "big")
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])}"
