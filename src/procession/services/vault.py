"""Objects sealed under a document's key: what is written is encrypted, what is read is authentic."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection

from procession.blobs.names import ObjectKind, key_id_of, object_name
from procession.blobs.protocol import BlobStore
from procession.keys.protocol import KeyStore

INLINE_BYTES_MAX = 256 * 1024
"""Up to this size sealing (0.1 ms for 200 KB) costs less than a hop to another thread and back."""


class Vault:
    """Content-addressed, encrypted objects. Names end in the id of the key that seals them."""

    def __init__(self, keys: KeyStore, blobs: BlobStore) -> None:
        self.keys = keys
        self._blobs = blobs
        self._tenants_known: set[str] = set()

    async def put(self, kind: ObjectKind, key_id: str, plaintext: bytes, digest: str | None = None) -> str:
        """Durable when it returns; gives the object's name. ``digest``: hex, default SHA-256 of the plaintext.

        Raises NotFound for a destroyed key, Unavailable when the object cannot be written.
        """
        name = object_name(kind, digest or hashlib.sha256(plaintext).hexdigest(), key_id)
        if len(plaintext) <= INLINE_BYTES_MAX and self.keys.at_hand((key_id,)):
            sealed = self.keys.seal(key_id, plaintext, name)
        else:
            sealed = await asyncio.to_thread(self.keys.seal, key_id, plaintext, name)
        await self._blobs.put(name, sealed)
        return name

    async def get(self, name: str) -> bytes:
        """The plaintext. Raises NotFound for a missing object or a destroyed key, Internal for an altered one."""
        sealed, key_id = await self._blobs.get(name), key_id_of(name)
        if len(sealed) <= INLINE_BYTES_MAX and self.keys.at_hand((key_id,)):
            return self.keys.open(key_id, sealed, name)
        return await asyncio.to_thread(self.keys.open, key_id, sealed, name)

    async def delete(self, name: str) -> None:
        """Deleting what is not there is fine."""
        await self._blobs.delete(name)

    async def tidy(self) -> int:
        """Remove what interrupted writes left behind; returns how many."""
        return await self._blobs.tidy()

    async def create_key(self, tenant: str, key_id: str) -> None:
        """Durable when it returns."""
        await asyncio.to_thread(self.keys.create_document_key, tenant, key_id)

    async def destroy(self, key_id: str) -> None:
        """After this nothing sealed under the key can be opened again."""
        await asyncio.to_thread(self.keys.destroy, key_id)

    async def fingerprint(self, tenant: str, data: bytes) -> str:
        if len(data) <= INLINE_BYTES_MAX and tenant in self._tenants_known:
            return self.keys.fingerprint(tenant, data)
        made = await asyncio.to_thread(self.keys.fingerprint, tenant, data)
        self._tenants_known.add(tenant)  # its key is in memory from now on
        return made

    async def bring(self, key_ids: Collection[str]) -> None:
        """Keys for ``seal_text`` and ``open_text``, fetched at once, so that those ask nobody on the event loop."""
        if not self.keys.at_hand(key_ids):
            await asyncio.to_thread(self.keys.fetch, key_ids)

    def seal_text(self, key_id: str, text: str, context: str) -> bytes:
        """A short text for a column: a file's name, a form's title, a link's token. First ``bring`` its key."""
        return self.keys.seal(key_id, text.encode(), context)

    def open_text(self, key_id: str, sealed: bytes, context: str) -> str:
        """What ``seal_text`` sealed. Raises NotFound for a destroyed key."""
        return self.keys.open(key_id, sealed, context).decode()


def file_name_context(analysis_id: str) -> str:
    return f"file-name:{analysis_id}"


def form_title_context(form_id: str) -> str:
    return f"form-title:{form_id}"


def share_context(form_id: str) -> str:
    return f"form-share:{form_id}"
