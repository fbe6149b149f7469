"""Forgets what has served its time, and finishes uploads, erasures and writes that a crash interrupted.

Everything it deletes is named by the record; no store of objects is ever listed. What each pass costs depends on what
there is to do, not on how much is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection

from procession.blobs.names import document_name
from procession.domain.clock import new_id
from procession.domain.errors import NotFound
from procession.domain.media import Media
from procession.maintenance.contract import Loop
from procession.services.foundation import Foundation
from procession.store import documents, erasure, idempotency, intents
from procession.store.documents import Document

PASS_SECONDS = 600.0
IDEMPOTENCY_HOURS = 24
"""How long a request may be repeated under its Idempotency-Key."""
UPLOAD_MINUTES = 60
"""An upload whose key is this old and that was not recorded is given up: nobody was told that it was taken. Not sooner
than this after a start, so that a record restored from a backup can be completed first."""
READ_MAX = 500
"""Rows or keys read, and changed, in one transaction."""
FORGOTTEN_MAX = 10_000
"""Idempotency keys forgotten in one transaction: more at once could outlast a statement's time, in each pass anew."""
DELETIONS_AT_ONCE = 16
OVERLAP = timedelta(minutes=5)
TIDY_EVERY = timedelta(hours=24)
"""How often files of interrupted writes are looked for in a folder of objects; so does the first pass of a start."""

log = structlog.get_logger(__name__)


class Pruner(Loop):
    name = "pruner"

    def __init__(self, foundation: Foundation) -> None:
        super().__init__()
        self._on = foundation
        self._tidied: datetime | None = None
        self._started: datetime | None = None
        self._erased_since = datetime(1970, 1, 1, tzinfo=UTC)  # the first pass looks at every erasure there was

    async def once(self) -> None:
        now = self._on.clock()
        forget = partial(idempotency.prune, before=now - timedelta(hours=IDEMPOTENCY_HOURS), limit=FORGOTTEN_MAX)
        while await self._on.store.write(forget) == FORGOTTEN_MAX:
            continue
        self._started = self._started or now
        patient = now - self._started < timedelta(minutes=UPLOAD_MINUTES)
        given_up = 0 if patient else await self._give_up_uploads(now)
        await self._destroy_left_keys()
        self._erased_since = now - OVERLAP
        overdue = await self._expire_intents(now)
        await self._delete()
        unfinished = 0
        if self._tidied is None or now - self._tidied >= TIDY_EVERY:
            unfinished = await self._on.vault.tidy()
            self._tidied = now
        if given_up or overdue or unfinished:
            log.info("pruner.swept", uploads=given_up, objects=overdue, files=unfinished)

    async def pause(self) -> None:
        await asyncio.sleep(PASS_SECONDS)

    async def _give_up_uploads(self, now: datetime) -> int:
        """Keys that no document was recorded under become keys of erased documents. Returns how many there were."""
        keys, given_up = self._on.vault.keys, 0
        before = new_id("key", int((now - timedelta(minutes=UPLOAD_MINUTES)).timestamp() * 1000))
        while made := await asyncio.to_thread(keys.made, before, READ_MAX):
            uploads = [_given_up(key_id, tenant, now) for key_id, tenant in made]
            given_up += await self._on.store.write(partial(_abandon, uploads=uploads))
            await asyncio.to_thread(keys.confirm, made[-1][0])
        return given_up

    async def _destroy_left_keys(self) -> None:
        read = partial(documents.erased, since=self._erased_since, limit=READ_MAX)
        found = await self._on.store.read(partial(read, after_id=""))
        while found:
            for document in found:
                if await asyncio.to_thread(self._has_key, document):
                    await self._on.vault.destroy(document.key_id)
                    await self._on.vault.delete(document.blob_ref)
            found = await self._on.store.read(partial(read, after_id=found[-1].id))

    async def _expire_intents(self, now: datetime) -> int:
        expired = 0
        while some := await self._on.store.write(lambda conn: intents.expire(conn, now, READ_MAX)):
            expired += some
        return expired

    async def _delete(self) -> None:
        """Delete what the record names. An erasure that still runs does no harm: both delete.

        What is refused (locked by the bucket, say) is left to the next pass and keeps nothing else; when nothing can be
        deleted the store is away, and the pass ends.
        """
        after, left = "", 0
        while names := await self._on.store.read(partial(erasure.due, limit=READ_MAX, after=after)):
            for start in range(0, len(names), DELETIONS_AT_ONCE):
                some = names[start : start + DELETIONS_AT_ONCE]
                ended = await asyncio.gather(*(self._on.vault.delete(name) for name in some), return_exceptions=True)
                refused = [error for error in ended if error is not None]
                if len(refused) == len(some):
                    raise refused[0]
                left += len(refused)
                gone = [name for name, error in zip(some, ended, strict=True) if error is None]
                await self._on.store.write(partial(erasure.deleted, names=gone))
            after = names[-1]
        if left:
            log.warning("pruner.not_deleted", objects=left)

    def _has_key(self, document: Document) -> bool:
        try:
            self._on.vault.keys.seal(document.key_id, b"", "probe")
        except NotFound:
            return False
        return True


def _given_up(key_id: str, tenant: str, now: datetime) -> Document:
    """What is recorded of an upload that nobody finished: whose key and object are to go."""
    return Document(
        id=new_id("doc"),
        tenant=tenant,
        fingerprint="",
        key_id=key_id,
        blob_ref=document_name(key_id),
        size_bytes=0,
        content_type=Media.PDF,
        created_at=now,
        erased_at=now,
    )


def _abandon(conn: Connection, uploads: Sequence[Document]) -> int:
    abandoned = documents.abandon(conn, uploads)
    erasure.note(conn, [one.blob_ref for one in abandoned])
    return len(abandoned)
