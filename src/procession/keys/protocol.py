"""A key-encryption key (KEK) wraps tenant-region keys, these document keys. Destroying a key erases its content."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class KeyStore(Protocol):
    """Synchronous and thread-safe; every call is microseconds once a key is cached, and may ask a server else."""

    def start(self) -> None:
        """Check that it can be used, with this KEK. Raises Unavailable with what to do."""

    def close(self) -> None:
        """Forget every key; no call works afterwards."""

    def create_document_key(self, tenant: str, key_id: str) -> None:
        """A fresh AES-256 key, persisted durably before this returns. Idempotent per ``key_id``."""

    def seal(self, key_id: str, plaintext: bytes, context: str) -> bytes:
        """zstd, then AES-256-GCM bound to ``context`` (the object's name). Raises NotFound for a destroyed key."""

    def open(self, key_id: str, sealed: bytes, context: str) -> bytes:
        """Raises NotFound for a destroyed key, Internal when the bytes were altered."""

    def fingerprint(self, tenant: str, data: bytes) -> str:
        """Keyed hash (HMAC-SHA-256, hex) of document bytes under a key of the tenant: equal bytes, equal result."""

    def destroy(self, key_id: str) -> None:
        """After this returns, nothing sealed by the key can be opened again.

        By anyone, that is; a store of several processes states for how many seconds others may still hold the key.
        """

    def made(self, before: str, limit: int) -> list[tuple[str, str]]:
        """(key id, tenant) of document keys after the confirmed one and before the id ``before``, oldest first.

        Ids sort by age. Destroyed keys are left out.
        """

    def confirm(self, key_id: str) -> None:
        """Every key up to this one is accounted for in the record: ``made`` leaves them out from now on.

        Kept with the keys, not with the record: when an older record is restored, keys of documents that it lost are
        not taken for keys of uploads that nobody finished.
        """

    def at_hand(self, key_ids: Collection[str]) -> bool:
        """Whether ``seal`` and ``open`` under these keys ask nobody, so that an event loop may call them."""

    def fetch(self, key_ids: Collection[str]) -> None:
        """Bring these keys to hand in one question; destroyed ones are left out. Raises Unavailable."""
