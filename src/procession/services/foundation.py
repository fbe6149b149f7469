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
from procession.store.idempotency import Holder
from procession.store.protocol import Store

__all__ = ["AI_KEY", "MISSED_BEATS", "QUEUE_KEY", "Foundation"]

AI_KEY = "ai"
"""Announced when a question for an AI provider waits."""

MISSED_BEATS = 2.5
"""Heartbeats a process may miss before what it reserved is free; late by less it is only busy."""


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
    process_id: str = ""
    """Of this start of this process, as ``workers`` knows it."""

    def holder(self, lock_seconds: float) -> Holder:
        """For what this process reserves: it ends with the process, ``MISSED_BEATS`` heartbeats later."""
        return Holder(self.process_id, lock_seconds, MISSED_BEATS * self.settings.worker.heartbeat_seconds)

    def announce(self, tenant: str, analysis_id: str | None = None, *, queue: bool = False) -> None:
        """Wake whoever watches, after a COMMIT."""
        self.changes.announce(f"tenant:{tenant}")
        if analysis_id is not None:
            self.changes.announce(f"analysis:{analysis_id}")
        if queue:
            self.changes.announce(QUEUE_KEY)
