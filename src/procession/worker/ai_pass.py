"""After the engine: whether an AI provider is to be asked, and everything that is needed to ask it, sealed.

Whoever asks opens no document: pictures of pages are drawn here, in the sandbox.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from procession.ai import extraction
from procession.ai.pictures import picture_width
from procession.blobs.names import ObjectKind, object_name, result_digest
from procession.domain.ai import AiRequest, Optimisations, RequestState
from procession.domain.analysis import Analysis
from procession.domain.clock import new_id
from procession.domain.form import DigitizedDocument
from procession.policy import batching, routing
from procession.services.ai_settings import optimisations, windows
from procession.services.foundation import Foundation
from procession.services.intended import INTENT_MINUTES
from procession.store import intents
from procession.store.documents import Document

PURPOSE = "extraction"
Draw = Callable[[bytes, int, int], Awaitable[bytes]]
"""(document, page, pixels across) -> PNG; what ``Sandbox.render`` does."""


@dataclass(frozen=True, slots=True)
class Question:
    """Ready to be parked: everything but the row is stored."""

    request: AiRequest
    pages: int


class AiPass:
    def __init__(self, foundation: Foundation, draw: Draw) -> None:
        self._on = foundation
        self._draw = draw

    async def prepare(
        self,
        analysis: Analysis,
        document: Document,
        content: bytes,
        found: DigitizedDocument,
        engine: dict[str, float],
    ) -> Question | None:
        """None when nothing is to be asked. Raises what drawing and storing raise."""
        chosen = optimisations(self._on.settings.ai)
        ask = await asyncio.to_thread(extraction.plan, found, chosen)
        if ask is None:
            return None
        pictures: dict[int, bytes] = {}
        for page, (width, height) in zip(ask.pages, ask.page_sizes, strict=True):
            across = picture_width(width, height, None, downscale=ask.downscale)
            pictures[page] = await self._draw(content, page, across)
        given = extraction.AiInput(document=found, ask=ask, sha256=hashlib.sha256(content).hexdigest(), engine=engine)
        request = self._request(analysis, document, extraction.request(ask, pictures), sorted(pictures), chosen)
        await self._store(request, given, pictures)
        return Question(request, len(found.pages))

    def _request(
        self,
        analysis: Analysis,
        document: Document,
        prompt: extraction.Prompt,
        pages: list[int],
        chosen: Optimisations,
    ) -> AiRequest:
        now, own = self._on.clock(), result_digest(analysis.id, analysis.fence)
        held = windows(self._on.settings.ai)
        opening = batching.ready_at(analysis.priority, now, analysis.due_at, held, routing.ANSWER_SECONDS * 2)
        return AiRequest(
            id=new_id("air"),
            tenant=analysis.tenant,
            region=analysis.region,
            analysis_id=analysis.id,
            document_id=analysis.document_id,
            key_id=document.key_id,
            fence=analysis.fence,
            purpose=PURPOSE,
            priority=analysis.priority,
            state=RequestState.WAITING,
            input_ref=object_name(ObjectKind.AI_INPUT, own, document.key_id),
            picture_refs=tuple(object_name(ObjectKind.AI_PICTURE, f"{own}-{page}", document.key_id) for page in pages),
            prefix_key=prompt.prefix_key,
            tokens_in=prompt.tokens_in,
            output_tokens_max=prompt.output_tokens_max,
            created_at=now,
            due_at=analysis.due_at,
            ready_at=opening.at if chosen.batching else now,
            updated_at=now,
        )

    async def _store(self, request: AiRequest, given: extraction.AiInput, pictures: dict[int, bytes]) -> None:
        """Durable when it returns; the record names the objects before they are written."""
        due_at = request.created_at + timedelta(minutes=INTENT_MINUTES)

        def intend(conn: Connection) -> None:
            for name in request.objects:
                intents.intend(conn, name, due_at)

        await self._on.store.write(intend, tenant=request.tenant)
        body = await asyncio.to_thread(given.encode)
        vault, own = self._on.vault, result_digest(request.analysis_id, request.fence)
        await vault.put(ObjectKind.AI_INPUT, request.key_id, body, own)
        for page, png in pictures.items():
            await vault.put(ObjectKind.AI_PICTURE, request.key_id, png, f"{own}-{page}")
