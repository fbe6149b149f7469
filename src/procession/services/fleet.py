"""This process among all that share the records: it registers, tells how it is, and hears of the others."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy import Connection

from procession import __version__
from procession.domain.errors import Unavailable
from procession.services.capacity import Other
from procession.services.foundation import Foundation
from procession.store import duties, workers
from procession.store.dialects import one_at_a_time
from procession.store.workers import WorkerRow

FORGET_SECONDS = 600.0
"""A process that was killed stands in the record for this long."""
HOST_CHARACTERS_MAX = 255
_OF_ALL = "_processes"  # no tenant is called so

log = structlog.get_logger(__name__)


class Role(StrEnum):
    """What a process does. ``all``: everything, as ``procession up``."""

    API = "api"
    WORKER = "worker"
    MAINTENANCE = "maintenance"
    COSTS = "costs"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class _Heard:
    drain_requested: bool
    others: tuple[WorkerRow, ...]


class Fleet:
    """``id`` names this start of this process: its claims, its rings and its row bear it."""

    def __init__(self, foundation: Foundation, id_: str, role: Role) -> None:
        self._on = foundation
        self.id = id_
        self.role = role
        self._started: datetime | None = None
        self._keys_digest = ""

    async def join(self) -> None:
        """Register. Raises Unavailable when a running process of this region has other keys."""
        now = self._on.clock()
        self._started = now
        self._keys_digest = await self._on.vault.fingerprint(_OF_ALL, b"keys")

        def unit(conn: Connection) -> list[WorkerRow]:
            one_at_a_time(conn, "join", _OF_ALL)
            standing = self._others(conn, now)
            if not any(self._locked_out(other) for other in standing):
                workers.beat(conn, self._row(now))
            return standing

        standing = await self._on.store.write(unit, tenant=None)
        for other in standing:
            if self._locked_out(other):
                raise Unavailable(
                    f"The {other.role} on {other.host} seals documents under other keys than those in "
                    f"{self._on.settings.data}, so this process could not open them. Give all processes the same keys."
                )
        self._hear(standing)

    async def beat(self) -> None:
        """Tell how this process is and hear of the others. Raises Unavailable."""
        now = self._on.clock()

        def unit(conn: Connection) -> _Heard:
            drain = workers.beat(conn, self._row(now))
            return _Heard(drain, tuple(self._others(conn, now)))

        heard = await self._on.store.write(unit, tenant=None)
        capacity = self._on.capacity
        if heard.drain_requested != capacity.drain_requested:
            log.warning("fleet.drain" if heard.drain_requested else "fleet.resume", worker=self.id)
            capacity.drain_requested = heard.drain_requested
        self._hear(heard.others)

    async def leave(self) -> None:
        """In order: nothing of this process is left in the record. Raises Unavailable."""
        if self._started is None:
            return  # it never joined

        def unit(conn: Connection) -> None:
            workers.leave(conn, self.id)
            duties.resign(conn, self.id)

        await self._on.store.write(unit, tenant=None)

    async def forget(self) -> int:
        """Forget processes that were not seen for ``FORGET_SECONDS``; returns how many."""
        before = self._on.clock() - timedelta(seconds=FORGET_SECONDS)
        return await self._on.store.write(lambda conn: workers.forget(conn, before), tenant=None)

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _row(self, now: datetime) -> WorkerRow:
        capacity = self._on.capacity
        return WorkerRow(
            id=self.id,
            role=self.role.value,
            host=socket.gethostname()[:HOST_CHARACTERS_MAX],
            pid=os.getpid(),
            version=__version__,
            region=self._on.settings.region,
            keys_digest=self._keys_digest,
            slots=capacity.slots,
            busy=capacity.busy,
            service_seconds=capacity.service_seconds if capacity.paced else None,
            draining=capacity.draining,
            drain_requested=capacity.drain_requested,
            started_at=self._started or now,
            seen_at=now,
        )

    def _others(self, conn: Connection, now: datetime) -> list[WorkerRow]:
        """Those whose claims would hold, were they to have some."""
        since = now - timedelta(seconds=self._on.settings.worker.lease_seconds)
        return [row for row in workers.seen(conn, since) if row.id != self.id]

    def _locked_out(self, other: WorkerRow) -> bool:
        return other.region == self._on.settings.region and other.keys_digest != self._keys_digest

    def _hear(self, others: list[WorkerRow] | tuple[WorkerRow, ...]) -> None:
        self._on.capacity.others = tuple(
            Other(row.slots, row.busy, row.available, row.service_seconds) for row in others if row.slots
        )
