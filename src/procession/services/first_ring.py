"""Rings for an upload at once when nothing of its tenant waits; the order of everything else is the relay's.

Without it an upload into an idle queue waits until a relay has read SQL. Should the ring be lost, the relay finds the
upload at its next look, as it finds everything.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator

from procession.domain.analysis import Analysis
from procession.services.foundation import Foundation


class FirstRing:
    """Invariant: of uploads of one tenant that arrive here side by side at most one is rung for out of turn."""

    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation
        self._arriving: Counter[str] = Counter()
        self._ringing: set[asyncio.Task[None]] = set()

    @contextlib.contextmanager
    def arriving(self, tenant: str) -> Iterator[bool]:
        """From before an upload reads what waits until it is recorded. Whether no other of the tenant arrives here."""
        self._arriving[tenant] += 1
        try:
            yield self._arriving[tenant] == 1
        finally:
            self._arriving[tenant] -= 1
            if not self._arriving[tenant]:
                del self._arriving[tenant]

    def recorded(self, analysis: Analysis, *, first: bool) -> None:
        """After a COMMIT that made it ready. ``first``: nothing of its tenant waited, and it arrived alone."""
        on = self._on
        nobody_takes = on.capacity.drain_requested and on.settings.redis_url is None
        rings = first and not nobody_takes
        on.announce(analysis.tenant, analysis.id, queue=not rings)
        if rings:  # not waited for: the upload is taken, whatever the bell does
            ringing = asyncio.create_task(on.dispatcher.ring([analysis.id], analysis.priority), name="first-ring")
            self._ringing.add(ringing)
            ringing.add_done_callback(self._ringing.discard)
