"""Pictures of pages: drawn in the sandbox when first asked for, then kept, sealed under the document's key."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from procession.blobs.names import ObjectKind
from procession.domain.errors import NotFound
from procession.services import intended
from procession.services.foundation import Foundation
from procession.services.views import PageImage
from procession.store import documents, intents, page_images
from procession.store.documents import Document
from procession.store.page_images import PageImageRow

WIDTH_PIXELS = 1400
RENDERS_MAX = 2
"""Pictures drawn at once; each child may hold a whole page of pixels."""

Render = Callable[[bytes, int, int], Awaitable[bytes]]
"""(document, page from 1, width in pixels) -> PNG."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    document_id: str
    page: int


class Pictures:
    def __init__(self, foundation: Foundation, render: Render) -> None:
        self._on = foundation
        self._render = render
        self._slots = asyncio.Semaphore(RENDERS_MAX)
        self._drawing: dict[_Wanted, asyncio.Task[PageImage]] = {}

    async def get(self, document: Document, page: int) -> PageImage:
        """Whoever asks for a picture that is being drawn waits for that one. Raises NotFound, DocumentError."""
        wanted = _Wanted(document.id, page)
        row = await self._on.store.read(lambda conn: page_images.find(conn, document.id, page), tenant=document.tenant)
        if row is not None:
            return PageImage(png=await self._on.vault.get(row.blob_ref), digest=row.digest)
        task = self._drawing.get(wanted)
        if task is None:
            task = asyncio.create_task(self._draw(document, page))
            self._drawing[wanted] = task
            task.add_done_callback(lambda _: self._drawing.pop(wanted, None))
        return await asyncio.shield(task)

    async def stop(self) -> None:
        """Give up what is being drawn."""
        drawing = list(self._drawing.values())
        for task in drawing:
            task.cancel()
        await asyncio.gather(*drawing, return_exceptions=True)

    async def _draw(self, document: Document, page: int) -> PageImage:
        async with self._slots:
            content = await self._on.vault.get(document.blob_ref)
            png = await self._render(content, page, WIDTH_PIXELS)
        digest = hashlib.sha256(png).hexdigest()
        own = hashlib.sha256(secrets.token_bytes(16) + png).hexdigest()  # another request may draw the same page
        blob_ref = await intended.put(self._on, document.tenant, ObjectKind.PAGE_IMAGE, document.key_id, png, own)
        image = PageImageRow(document.id, page, blob_ref, digest, self._on.clock())

        def unit(conn: Connection) -> PageImageRow:
            if documents.keep(conn, document.id) is None:
                raise NotFound
            standing = page_images.insert_if_absent(conn, image)
            if standing.blob_ref == blob_ref:  # else the one that lost is deleted when its intent is due
                intents.fulfil(conn, [blob_ref])
            return standing

        try:
            row = await self._on.store.write(unit, tenant=document.tenant)
        except NotFound:
            await self._on.vault.delete(blob_ref)
            raise
        return PageImage(png=png, digest=row.digest)
