"""A replay's process: it reads the record, opens documents in its sandbox and asks a provider. It is no worker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from procession.domain.analysis import Analysis
from procession.domain.clock import Clock, system_clock
from procession.domain.errors import InvalidRequest
from procession.domain.form import DigitizedDocument
from procession.sandbox.client import ReadingOptions, Sandbox
from procession.sandbox.limits import SandboxLimits
from procession.services.calibrating import Calibrations
from procession.services.fleet import Role
from procession.services.templates import Templates
from procession.settings import Settings
from procession.wiring.ai import ai_prices
from procession.wiring.process import Process

if TYPE_CHECKING:
    from procession.services.replay import Replays


class Replaying(Process):
    """Joins no fleet, takes over nothing and claims nothing."""

    def __init__(self, settings: Settings, clock: Clock = system_clock) -> None:
        """Raises InvalidRequest without a provider, Unavailable (folder, keys)."""
        super().__init__(settings, clock, Role.COSTS, 0)
        prices = ai_prices(settings, self.foundation.clock)
        if prices is None:
            raise InvalidRequest("No AI provider is configured (`ai.providers`): there is nothing to replay.")
        from procession.services.replay import Replays  # only here: it loads what talks to providers

        self.sandbox = Sandbox(SandboxLimits.of(settings.sandbox))
        self._calibrations = Calibrations(self.foundation)
        self._templates = Templates(self.foundation)
        self.replays: Replays = Replays(self.foundation, prices, self._read, self.sandbox.render)

    async def start(self) -> None:
        """Raises Unavailable when the database or the objects cannot be used."""
        await asyncio.gather(self.store.start(), asyncio.to_thread(self.keys.start), self.sandbox.start())
        await asyncio.gather(self.blobs.probe(), self._calibrations.take_over())

    async def stop(self) -> None:
        await self.sandbox.stop()
        await self.store.stop()
        self.keys.close()

    async def _read(self, analysis: Analysis, content: bytes) -> tuple[DigitizedDocument, dict[str, float]]:
        """As a worker does it: with approved forms, lines, and the confidence people see."""
        chosen, settings = analysis.options, self.settings
        recalls = settings.templates.enabled and chosen.templates
        reading = ReadingOptions(
            chosen.languages, chosen.ocr, settings.ocr.tessdata, settings.ocr.dpi, settings.templates.enabled, True
        )
        lookup = self._templates.lookup(analysis) if recalls else None
        found = await self.sandbox.analyze(content, reading, lambda _: None, lookup)
        return self._calibrations.apply(found)
