"""Chance that depends on the seed and on what it is for, never on the order of requests."""

from __future__ import annotations

import hashlib
import random

_BITS = 53


def draw(seed: int, *about: object) -> float:
    """From 0 up to 1; the same for the same seed and subject."""
    return (_number(seed, about) >> (64 - _BITS)) / (1 << _BITS)


def stream(seed: int, *about: object) -> random.Random:
    """A generator of its own for one subject."""
    return random.Random(_number(seed, about))  # noqa: S311 - faults and wrong answers, not secrets


def _number(seed: int, about: tuple[object, ...]) -> int:
    told = "\x1f".join(str(one) for one in (seed, *about))
    return int.from_bytes(hashlib.blake2b(told.encode("utf-8", "replace"), digest_size=8).digest(), "big")
