"""What the provider still has of earlier prompts: prefixes of 1,024 tokens and more, in steps of 128."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

PREFIX_TOKENS_MIN = 1024
PREFIX_TOKENS_STEP = 128
TTL_SECONDS = 600.0
"""A prefix nobody used for this long is gone."""
PREFIXES_MAX = 200_000
"""Past it the prefixes longest unused are gone before their time."""


class Prefixes:
    """Keyed by model, the client's cache key and the prefix itself. Not for several threads."""

    def __init__(self, ttl_seconds: float = TTL_SECONDS) -> None:
        self._ttl = ttl_seconds
        self._used: dict[bytes, float] = {}

    def had(self, model: str, key: str, tokens: Sequence[str], now: float) -> int:
        """How many of the prompt's first tokens are still there."""
        found, length = 0, PREFIX_TOKENS_MIN
        for digest in _digests(model, key, tokens):
            used = self._used.get(digest)
            if used is None or now - used > self._ttl:
                break
            found, length = length, length + PREFIX_TOKENS_STEP
        return found

    def keep(self, model: str, key: str, tokens: Sequence[str], now: float) -> None:
        """Called when the answer is done: prompts read side by side do not have each other's prefix."""
        for digest in _digests(model, key, tokens):
            self._used.pop(digest, None)
            self._used[digest] = now  # put last: the dictionary's order is the order of use
        while len(self._used) > PREFIXES_MAX:
            del self._used[next(iter(self._used))]

    def clear(self) -> None:
        self._used.clear()


def _digests(model: str, key: str, tokens: Sequence[str]) -> list[bytes]:
    """Of the first 1,024 tokens, 1,152, 1,280 …"""
    if len(tokens) < PREFIX_TOKENS_MIN:
        return []
    running = hashlib.blake2b(f"{model}\0{key}\0".encode(), digest_size=16)
    running.update("\0".join(tokens[:PREFIX_TOKENS_MIN]).encode("utf-8", "replace"))
    found = [running.digest()]
    for end in range(PREFIX_TOKENS_MIN + PREFIX_TOKENS_STEP, len(tokens) + 1, PREFIX_TOKENS_STEP):
        running.update("\0".join(["", *tokens[end - PREFIX_TOKENS_STEP : end]]).encode("utf-8", "replace"))
        found.append(running.digest())
    return found
