"""Counts capacity and storage for their price, one process for all; traffic, each process for itself."""

from __future__ import annotations

import asyncio

from procession.domain.errors import ProcessionError
from procession.maintenance.contract import Loop
from procession.services.metering import Metering

PASS_SECONDS = 60.0


class Meter(Loop):
    name = "meter"

    def __init__(self, metering: Metering) -> None:
        super().__init__()
        self._metering = metering

    async def once(self) -> None:
        await self._metering.look()

    async def pause(self) -> None:
        await asyncio.sleep(PASS_SECONDS)


class TrafficMeter(Meter):
    """What was not written down when the process is killed is not counted; when it stops in order, it is."""

    name = "traffic"

    async def once(self) -> None:
        await self._metering.tell_traffic()

    async def stop(self) -> None:
        await super().stop()
        try:
            await self._metering.tell_traffic()
        except ProcessionError:
            return  # the database is away: a minute's traffic is not counted
