"""Fits the next calibration of confidence to what reviewers decided."""

from __future__ import annotations

import asyncio

from procession.maintenance.contract import Loop
from procession.services.calibrating import REFIT_EVERY, TAKE_OVER_EVERY, Calibrations


class Calibrator(Loop):
    name = "calibrator"

    def __init__(self, calibrations: Calibrations, *, fits: bool = True) -> None:
        """Without ``fits`` it only takes over what another process fitted."""
        super().__init__()
        self._calibrations = calibrations
        self._fits = fits

    async def once(self) -> None:
        await (self._calibrations.refresh() if self._fits else self._calibrations.take_over())

    async def pause(self) -> None:
        await asyncio.sleep((REFIT_EVERY if self._fits else TAKE_OVER_EVERY).total_seconds())
