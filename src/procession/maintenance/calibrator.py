"""Fits the next calibration of confidence to what reviewers decided."""

from __future__ import annotations

import asyncio

from procession.maintenance.contract import Loop
from procession.services.calibrating import REFIT_EVERY, Calibrations


class Calibrator(Loop):
    name = "calibrator"

    def __init__(self, calibrations: Calibrations) -> None:
        super().__init__()
        self._calibrations = calibrations

    async def once(self) -> None:
        await self._calibrations.refresh()

    async def pause(self) -> None:
        await asyncio.sleep(REFIT_EVERY.total_seconds())
