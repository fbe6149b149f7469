"""Keeps this process in the record of those that run, and hears from there whether it is to claim no more."""

from __future__ import annotations

import asyncio

from procession.maintenance.contract import Loop
from procession.services.fleet import Fleet
from procession.services.foundation import Foundation


class Presence(Loop):
    name = "presence"

    def __init__(self, foundation: Foundation, fleet: Fleet, *, forgets: bool) -> None:
        """``forgets``: also those that were killed."""
        super().__init__()
        self._on = foundation
        self._fleet = fleet
        self._forgets = forgets

    async def once(self) -> None:
        await self._fleet.beat()
        if self._forgets:
            await self._fleet.forget()

    async def pause(self) -> None:
        await asyncio.sleep(self._on.settings.worker.heartbeat_seconds)
