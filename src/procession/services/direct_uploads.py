"""Large files past the API: their senders put them into the bucket by a signed link, and name them afterwards.

Until it is taken a file lies there as it was sent. Taking it is an upload like any other: checked, sealed, recorded;
then the staged file is deleted. One that is never taken is deleted when its intent is due.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta

from procession.blobs.names import staged_name
from procession.blobs.protocol import DirectStore
from procession.domain.clock import new_id
from procession.domain.errors import Conflict, NotFound, ProcessionError, TooLarge
from procession.domain.principal import Principal
from procession.services.foundation import Foundation
from procession.services.views import UploadView
from procession.settings import MIB
from procession.store import intents

GRACE_MINUTES = 60
"""A staged file that was not taken this long after its link ended is deleted."""


class DirectUploads:
    def __init__(self, foundation: Foundation, store: DirectStore | None) -> None:
        """``store`` None: files are not taken this way."""
        self._on = foundation
        self._store = store

    @property
    def offered(self) -> bool:
        return self._store is not None

    async def open(self, principal: Principal, size_bytes: int) -> UploadView:
        """A link for one file. Raises Conflict when files are not taken this way, TooLarge."""
        store, limits, now = self._offered(), self._on.settings.upload, self._on.clock()
        self._check(size_bytes)
        upload_id = new_id("up")
        name, expires = staged_name(principal.tenant, upload_id), now + timedelta(seconds=limits.direct_seconds)
        due_at = expires + timedelta(minutes=GRACE_MINUTES)
        await self._on.store.write(lambda conn: intents.intend(conn, name, due_at), tenant=principal.tenant)
        return UploadView(id=upload_id, url=store.link(name, limits.direct_seconds), expires_at=expires)

    async def size(self, principal: Principal, upload_id: str) -> int:
        """Bytes that wait there. Raises Conflict, NotFound (never put, or taken), TooLarge."""
        size = await self._offered().size(staged_name(principal.tenant, upload_id))
        self._check(size)
        return size

    async def content(self, principal: Principal, upload_id: str) -> bytes:
        """The file. Raises Conflict, NotFound, TooLarge (it was put again, larger)."""
        name, most = staged_name(principal.tenant, upload_id), self._on.settings.upload.upload_bytes_max
        content = await self._offered().beginning(name, most + 1)
        self._check(len(content))
        return content

    async def taken(self, principal: Principal, upload_id: str) -> None:
        """Delete the staged file. Best effort: what is left is deleted when its intent is due."""
        name = staged_name(principal.tenant, upload_id)
        with contextlib.suppress(ProcessionError):
            await self._offered().delete(name)

    def _offered(self) -> DirectStore:
        if self._store is None:
            raise Conflict("This server takes files itself: send them to POST /v1/analyses.")
        return self._store

    def _check(self, size_bytes: int) -> None:
        most = self._on.settings.upload.upload_bytes_max
        if size_bytes > most:
            raise TooLarge(f"This file is larger than {most / MIB:.4g} MB. Split it or reduce its pictures.")


def not_there() -> NotFound:
    """What to say of an upload whose file is not in the bucket."""
    return NotFound("There is no file under this upload_id: it was not put there, was taken, or its time ran out.")
