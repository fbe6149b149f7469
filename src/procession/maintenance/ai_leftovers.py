"""Without a provider in the settings: what waits for one from before ends with the engine's own reading.

Only what nobody has touched for long is ended: while settings change, processes that still ask may stand beside this.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from procession.domain.errors import ProcessionError
from procession.maintenance.contract import Loop
from procession.services.foundation import Foundation
from procession.services.model_registry import ModelRegistry
from procession.store import ai_requests

PASS_SECONDS = 60.0
LEFT_SECONDS = 1200.0
"""Longer than any call takes, and than any question waits without a word of why."""
ENDED_TOGETHER = 100

log = structlog.get_logger(__name__)


class AiLeftovers(Loop):
    name = "ai_leftovers"

    def __init__(self, foundation: Foundation, registry: ModelRegistry, owner: str) -> None:
        super().__init__()
        self._on = foundation
        self._registry = registry
        self._owner = owner

    async def once(self) -> None:
        before = self._on.clock() - timedelta(seconds=LEFT_SECONDS)
        left = await self._on.store.read(lambda conn: ai_requests.left(conn, before, ENDED_TOGETHER), tenant=None)
        if not left:
            return
        from procession.ai.prices import PriceCatalogue  # only here: most houses without a provider never had one
        from procession.policy.routing import Degrade
        from procession.services.ai_calls import Calls
        from procession.services.ai_routes import Routes

        calls = Calls(self._on, Routes(dict, PriceCatalogue(())), self._registry, self._owner)
        for request in left:
            try:
                await calls.degrade(request, Degrade(None, "no AI provider is in the settings any more"))
            except ProcessionError as error:  # the others come nevertheless
                log.warning("ai.left_over", request=request.id, code=error.code)

    async def pause(self) -> None:
        await asyncio.sleep(PASS_SECONDS)
