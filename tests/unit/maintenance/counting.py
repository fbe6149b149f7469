"""A loop that counts its passes."""

from __future__ import annotations

import asyncio

from procession.maintenance.contract import Loop


class Counting(Loop):
    name = "counting"

    def __init__(self) -> None:
        super().__init__()
        self.passes = 0

    async def once(self) -> None:
        self.passes += 1

    async def pause(self) -> None:
        await asyncio.sleep(60)
