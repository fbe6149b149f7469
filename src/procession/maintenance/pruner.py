"""Forgets what has served its time, and finishes erasures and writes that a crash interrupted."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from procession.domain.errors import NotFound
from procession.maintenance.contract import Loop
from procession.services.foundation import Foundation
from procession.store import documents, erasure, idempotency
from procession.store.documents import Document

PASS_SECONDS = 600.0
IDEMPOTENCY_HOURS = 24
"""How long a request may be repeated under its Idempotency-Key."""
ERASED_READ = 500
OVERLAP = timedelta(minutes=5)
SWEEP_EVERY = timedelta(hours=24)
"""How often every object's name is looked at; the first pass after a start does too."""
LOOKED_UP = 500
"""Keys asked about in one statement."""

log = structlog.get_logger(__name__)


class Pruner(Loop):
    name = "pruner"

    def __init__(self, foundation: Foundation) -> None:
        super().__init__()
        self._on = foundation
        self._swept: datetime | None = None
        self._erased_since = datetime(1970, 1, 1, tzinfo=UTC)  # the first pass looks at every erasure there was

    async def once(self) -> None:
        now = self._on.clock()
        await self._on.store.write(lambda conn: idempotency.prune(conn, now - timedelta(hours=IDEMPOTENCY_HOURS)))
        await self._destroy_left_keys()
        await self._finish_erasures()
        self._erased_since = now - OVERLAP
        if self._swept is None or now - self._swept >= SWEEP_EVERY:
            unfinished, left = await self._on.vault.tidy(), await self._delete_left_objects()
            self._swept = now
            if unfinished or left:
                log.info("pruner.swept", unfinished_files=unfinished, objects_of_erased_documents=left)

    async def pause(self) -> None:
        await asyncio.sleep(PASS_SECONDS)

    async def _destroy_left_keys(self) -> None:
        read = partial(documents.erased, since=self._erased_since, limit=ERASED_READ)
        found = await self._on.store.read(partial(read, after_id=""))
        while found:
            for document in found:
                if await asyncio.to_thread(self._has_key, document):
                    await self._on.vault.destroy(document.key_id)
                    await self._on.vault.delete(document.blob_ref)
            found = await self._on.store.read(partial(read, after_id=found[-1].id))

    async def _finish_erasures(self) -> None:
        """Delete what an erasure named and did not come to. An erasure that still runs does no harm: both delete."""
        while names := await self._on.store.read(lambda conn: erasure.due(conn, ERASED_READ)):
            for name in names:
                await self._on.vault.delete(name)
            await self._on.store.write(partial(erasure.deleted, names=names))

    async def _delete_left_objects(self) -> int:
        """Objects of erased documents, whose keys are destroyed by now. Returns how many there were."""
        left = 0
        async for found in self._on.vault.sealed_objects():
            keys = sorted(set(found.values()))
            for start in range(0, len(keys), LOOKED_UP):
                some = frozenset(keys[start : start + LOOKED_UP])
                dead = await self._on.store.read(partial(documents.erased_keys, key_ids=some))
                for name in [name for name, key_id in found.items() if key_id in dead]:
                    await self._on.vault.delete(name)
                    left += 1
        return left

    def _has_key(self, document: Document) -> bool:
        try:
            self._on.vault.keys.seal(document.key_id, b"", "probe")
        except NotFound:
            return False
        return True
