"""What every process stands on, whatever its role: opened before it serves, drained and closed after."""

from __future__ import annotations

import asyncio
import secrets

import structlog
from sqlalchemy import Connection

from procession.blobs.protocol import BlobStore
from procession.digitize.version import ENGINE_VERSION
from procession.dispatch.changes import Changes
from procession.domain.clock import Clock
from procession.domain.errors import ProcessionError
from procession.keys.protocol import KeyStore
from procession.maintenance.contract import Loop
from procession.sandbox.client import Sandbox
from procession.services.capacity import Capacity
from procession.services.fleet import Fleet, Role
from procession.services.foundation import QUEUE_KEY, Foundation
from procession.services.live_settings import Reload, merged
from procession.services.model_registry import ModelRegistry
from procession.services.pictures import Pictures
from procession.services.vault import Vault
from procession.settings import Settings
from procession.store import claims, idempotency, workers
from procession.store.postgres import PostgresStore
from procession.store.protocol import Store
from procession.telemetry import metrics
from procession.wiring import backends
from procession.worker.loop import WorkerLoop

KEYS_BESIDE_RECORDS = (
    "keys and records are on one PostgreSQL server: a restore of the whole server brings destroyed keys back. Use a "
    "server of its own for the keys, without point-in-time backups"
)

log = structlog.get_logger(__name__)


class Process:
    """``start`` before serving, ``stop`` after. A role adds its parts: sandbox, worker, pictures, loops.

    With SQLite one process owns the data folder, so whatever was claimed or reserved when it starts was so by an
    earlier life of it, and is given back. With PostgreSQL others may be at work: there leases run out by themselves.
    """

    def __init__(self, settings: Settings, clock: Clock, role: Role, slots: int) -> None:
        """``slots``: documents analysed at once. Raises Unavailable (folder, keys), InvalidRequest."""
        self.role = role
        backends.prepared(settings.data)
        store = backends.database(settings, clock, role.value)
        self.store: Store = store
        self._shared = isinstance(store, PostgresStore)
        if isinstance(store, PostgresStore):
            clock = store.clock  # leases mean the same on every machine
        self.keys: KeyStore = backends.key_store(settings)
        self.blobs: BlobStore = backends.objects(settings)
        self.changes = Changes()
        id_ = secrets.token_hex(8)
        self._told = backends.announcements(settings, id_, self.changes.hear, listens=role is not Role.MAINTENANCE)
        if self._told is not None:
            self.changes.forward = self._told.tell
        self.dispatcher = backends.bell(settings, id_, lambda: self.changes.announce(QUEUE_KEY))
        self.capacity = Capacity(slots)
        metrics.WORKER_BUSY.set_function(lambda: self.capacity.busy)
        self.foundation = Foundation(
            settings=settings,
            store=self.store,
            vault=Vault(self.keys, self.blobs),
            dispatcher=self.dispatcher,
            changes=self.changes,
            capacity=self.capacity,
            clock=clock,
            engine_version=ENGINE_VERSION,
            process_id=id_,
        )
        self.fleet = Fleet(self.foundation, id_, role)
        self.models = ModelRegistry(self.foundation)
        self.maintenance: tuple[Loop, ...] = ()
        """Loops of this process, in the order in which they start."""
        self._worker: WorkerLoop | None = None
        self._sandbox: Sandbox | None = None
        self._pictures: Pictures | None = None
        self._warming: asyncio.Task[None] | None = None

    @property
    def settings(self) -> Settings:
        return self.foundation.settings

    def reconfigure(self, new: Settings) -> Reload:
        """Take over what may change while it runs, all at once; says what else differs."""
        reload = merged(self.settings, new)
        self.foundation.settings = reload.settings
        return reload

    async def start(self) -> None:
        """Raises Unavailable when the database or the objects cannot be used, or are sealed under other keys."""
        if self._sandbox is not None:
            self._warming = asyncio.create_task(self._warm(self._sandbox))
        await asyncio.gather(self.store.start(), self.dispatcher.start(), asyncio.to_thread(self.keys.start))
        if await asyncio.to_thread(backends.require_apart, self.keys, self.store):
            log.warning("keys.beside_records", what=KEYS_BESIDE_RECORDS)
        await asyncio.gather(self.blobs.probe(), self._take_over())
        await self.fleet.join()
        if self._told is not None:
            await self._told.start()
        if self._worker is not None:
            await self._worker.start()
        for loop in self.maintenance:
            await loop.start()

    async def stop_working(self) -> None:
        """Claim nothing more; what runs may finish for ``drain_seconds``, the rest is given back."""
        self.capacity.draining = True
        if self._worker is not None:
            await self._worker.stop()

    async def stop(self) -> None:
        """Drain, then close everything."""
        await self.stop_working()
        for loop in reversed(self.maintenance):
            await loop.stop()
        try:
            await self.fleet.leave()
        except ProcessionError as error:  # it is forgotten in time
            log.info("fleet.not_left", code=error.code)
        await self.dispatcher.stop()
        if self._told is not None:
            await self._told.stop()
        if self._pictures is not None:
            await self._pictures.stop()
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait({self._warming})
        if self._sandbox is not None:
            await self._sandbox.stop()
        await self.store.stop()
        self.keys.close()

    async def _take_over(self) -> None:
        if self._shared:
            return
        now = self.foundation.clock()

        def take_over(conn: Connection) -> int:
            workers.forget_all(conn)
            idempotency.release_all(conn)
            return claims.release_all(conn, now)

        if released := await self.store.write(take_over):
            log.info("start.released", analyses=released)

    async def _warm(self, sandbox: Sandbox) -> None:
        """Load the engine's libraries while the rest starts; the first document waits for it, nothing else does."""
        try:
            await sandbox.start()
        except ProcessionError as error:
            log.error("sandbox.not_started", error=error.message)
