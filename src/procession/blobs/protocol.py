"""Objects by name. Content-addressed and immutable: a name is written once, and writing it again is harmless."""

from __future__ import annotations

from typing import Protocol


class BlobStore(Protocol):
    """Small protocol over local folders and S3-compatible stores. Names are ``[a-z0-9/_.@-]+``.

    There is no listing: what exists is known by the record, which names an object before it is written.
    """

    async def put(self, name: str, data: bytes) -> None:
        """Durable when this returns (file and folder fsynced). Raises Unavailable, also when the disk is full."""

    async def create(self, name: str, data: bytes) -> bool:
        """Like put, but False and nothing written when the name exists (create-if-absent, atomic)."""

    async def get(self, name: str) -> bytes:
        """Raises NotFound, Unavailable."""

    async def delete(self, name: str) -> None:
        """Deleting what is not there is fine."""

    async def tidy(self) -> int:
        """Remove what interrupted writes left behind; returns how many. Raises Unavailable."""

    async def probe(self) -> None:
        """Start-up check that create-if-absent really is. Raises Unavailable with what is wrong."""


class DirectStore(Protocol):
    """A store that others may write one object into, by a link that we sign."""

    def link(self, name: str, seconds: int) -> str:
        """A URL that takes one PUT of the object's bytes for ``seconds``. Asks the store nothing."""

    async def size(self, name: str) -> int:
        """Bytes of the object. Raises NotFound, Unavailable."""

    async def beginning(self, name: str, bytes_max: int) -> bytes:
        """At most the first ``bytes_max`` bytes, however many there are by now. Raises NotFound, Unavailable."""

    async def delete(self, name: str) -> None:
        """See ``BlobStore.delete``."""
