"""Looks at versions of models on trial, and takes back the share of one that is worse."""

from __future__ import annotations

import asyncio

from procession.maintenance.contract import Loop
from procession.services.model_registry import ModelRegistry

LOOK_SECONDS = 5.0
"""Each answer of a canary is looked at when it comes; this finds what a stopped process left undecided."""


class CanaryWatch(Loop):
    name = "canary_watch"

    def __init__(self, registry: ModelRegistry) -> None:
        super().__init__()
        self._registry = registry

    async def once(self) -> None:
        await self._registry.look()

    async def pause(self) -> None:
        await asyncio.sleep(LOOK_SECONDS)
