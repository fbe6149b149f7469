"""Ends stale reservations and looks for hours that cost too much; one process at a time."""

from __future__ import annotations

import asyncio

from procession.maintenance.contract import Loop
from procession.services.bookkeeping import Bookkeeping

PASS_SECONDS = 30.0


class Bookkeeper(Loop):
    name = "bookkeeper"

    def __init__(self, books: Bookkeeping) -> None:
        super().__init__()
        self._books = books

    async def once(self) -> None:
        await self._books.expire()
        await self._books.watch()

    async def pause(self) -> None:
        await asyncio.sleep(PASS_SECONDS)
