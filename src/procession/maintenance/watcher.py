"""Looks in the record for what other processes changed, on behalf of everybody who waits for it in this one.

One transaction for all watchers, so that a thousand open streams cost what one does. Redis is faster where there is
one; this finds what it lost, and everything where there is none.
"""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection

from procession.maintenance.contract import Loop
from procession.services.foundation import Foundation
from procession.store import journal
from procession.store.marks import Mark, marks

ANALYSES_READ = 500
"""Asked about in one statement."""

_Marks = dict[str, Mark | int]


class Watcher(Loop):
    name = "watcher"

    def __init__(self, foundation: Foundation) -> None:
        super().__init__()
        self._on = foundation
        self._seen: _Marks = {}

    async def once(self) -> None:
        """Announces what differs from the last look, and what is watched since: its change may lie in between."""
        ids, tenants = self._on.changes.watched("analysis:"), self._on.changes.watched("tenant:")
        if not ids and not tenants:
            self._seen = {}
            return

        def unit(conn: Connection) -> _Marks:
            found: _Marks = {}
            for start in range(0, len(ids), ANALYSES_READ):
                read = marks(conn, ids[start : start + ANALYSES_READ])
                found.update({f"analysis:{id_}": mark for id_, mark in read.items()})
            found.update({f"tenant:{tenant}": journal.last_sequence(conn, tenant) for tenant in tenants})
            return found

        found = await self._on.store.read(unit)
        self._on.changes.hear([key for key, mark in found.items() if self._seen.get(key) != mark])
        self._seen = found

    async def pause(self) -> None:
        await asyncio.sleep(self._on.settings.http.event_poll_seconds)
