"""What every service stands on, built once in ``wiring`` and handed down."""

from __future__ import annotations

from dataclasses import dataclass, field

from procession.dispatch.changes import QUEUE_KEY, Changes
from procession.dispatch.protocol import Dispatcher
from procession.domain.clock import Clock
from procession.services.capacity import Capacity
from procession.services.traffic import Traffic
from procession.services.vault import Vault
from procession.settings import Settings
from procession.store.protocol import Store

__all__ = ["AI_KEY", "QUEUE_KEY", "Foundation"]

AI_KEY = "ai"
"""Announced when a question for an AI provider waits."""


@dataclass(slots=True)
class Foundation:
    """``settings`` is replaced whole when live ones change (``services.live_settings``): read it at each use."""

    settings: Settings
    store: Store
    vault: Vault
    dispatcher: Dispatcher
    changes: Changes
    capacity: Capacity
    clock: Clock
    engine_version: str
    traffic: Traffic = field(default_factory=Traffic)
    """What this process answered, until it was written down."""

    def announce(self, tenant: str, analysis_id: str | None = None, *, queue: bool = False) -> None:
        """Wake whoever watches, after a COMMIT."""
        self.changes.announce(f"tenant:{tenant}")
        if analysis_id is not None:
            self.changes.announce(f"analysis:{analysis_id}")
        if queue:
            self.changes.announce(QUEUE_KEY)
