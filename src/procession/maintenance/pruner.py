"""Forgets what has served its time, and destroys keys that a crash left behind after an erasure."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

from procession.domain.errors import NotFound
from procession.maintenance.contract import Loop
from procession.services.foundation import Foundation
from procession.store import documents, idempotency
from procession.store.documents import Document

PASS_SECONDS = 600.0
IDEMPOTENCY_HOURS = 24
"""How long a request may be repeated under its Idempotency-Key."""
ERASED_READ = 500
OVERLAP = timedelta(minutes=5)


class Pruner(Loop):
    name = "pruner"

    def __init__(self, foundation: Foundation) -> None:
        super().__init__()
        self._on = foundation
        self._erased_since = datetime(1970, 1, 1, tzinfo=UTC)  # the first pass looks at every erasure there was

    async def once(self) -> None:
        now = self._on.clock()
        await self._on.store.write(lambda conn: idempotency.prune(conn, now - timedelta(hours=IDEMPOTENCY_HOURS)))
        await self._destroy_left_keys()
        self._erased_since = now - OVERLAP

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

    def _has_key(self, document: Document) -> bool:
        try:
            self._on.vault.keys.seal(document.key_id, b"", "probe")
        except NotFound:
            return False
        return True
