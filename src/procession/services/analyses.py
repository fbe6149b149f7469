"""Analyses after their upload: read, followed, cancelled, retried, erased."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from procession.blobs.names import result_name
from procession.dispatch.changes import CANCEL_KEY, WATCH_SECONDS_MAX, Changes
from procession.domain.analysis import TERMINAL, Analysis, Priority, State
from procession.domain.errors import Conflict, NotFound, ProcessionError
from procession.domain.event import Event
from procession.domain.form import AnalysisResult, DigitizedDocument, Form
from procession.domain.principal import Principal
from procession.services import cursors, results
from procession.services.foundation import Foundation
from procession.services.pictures import Pictures
from procession.services.results import Decision, StoredResult
from procession.services.showing import analysis_view, analysis_views, file_name, key_ids
from procession.services.views import AnalysisView, Page, PageImage
from procession.store import analyses, controls, documents, erasure, journal
from procession.store.documents import Document
from procession.store.erasure import Erased

EVENTS_MAX = 1000
STOP_SECONDS_MAX = 10.0
"""How long an erasure waits for a running analysis to stop."""
SETTLING_READS_MAX, SETTLING_SECONDS = 20, 0.05
"""How often, and after which wait, events that a transaction in flight holds back are looked for again."""
READS_MAX = 3
"""A correction may replace the object we are about to read: look again this often."""


@dataclass(frozen=True, slots=True)
class _Found:
    analysis: Analysis
    document: Document
    paused: bool


@dataclass(frozen=True, slots=True)
class Reviewed:
    """``found``: as the engine left it; ``form``: as the reviewer did."""

    document: Document
    found: DigitizedDocument
    form: Form
    file_name: str


Events = list[Event]


class Analyses:
    def __init__(self, foundation: Foundation, pictures: Pictures, interrupt: Callable[[str], None]) -> None:
        """``interrupt(id)`` tells this process' worker at once that an analysis is to stop."""
        self._on = foundation
        self._pictures = pictures
        self._interrupt = interrupt

    @property
    def changes(self) -> Changes:
        """Announces ``analysis:ID`` and ``tenant:ID`` after each change this process made."""
        return self._on.changes

    # --- reading ------------------------------------------------------------------------------------------------------

    async def get(self, principal: Principal, analysis_id: str) -> AnalysisView:
        """Raises NotFound, also for what was erased or is another tenant's."""
        found = await self._find(principal, analysis_id)
        return self._view(found)

    async def list(
        self,
        principal: Principal,
        *,
        states: Sequence[State] = (),
        priority: Priority | None = None,
        batch_id: str | None = None,
        flagged: bool | None = None,
        cursor: str | None = None,
        limit: int = 50,
        fresh: bool = False,
    ) -> Page[AnalysisView]:
        """Newest first. ``flagged``: with (or without) fields to review. ``fresh``: never from a replica."""
        before = cursors.decode(cursor)

        def unit(conn: Connection) -> tuple[list[Analysis], dict[str, str], frozenset[str]]:
            found = analyses.page(
                conn,
                principal.tenant,
                states=states,
                priority=priority,
                batch_id=batch_id,
                flagged=flagged,
                before_id=before,
                limit=limit + 1,
            )
            return found, key_ids(conn, found), controls.paused(conn, found)

        found, keys, paused = await self._on.store.read(unit, tenant=principal.tenant, fresh=fresh)
        items = await analysis_views(self._on.vault, found[:limit], keys, self._on.clock, paused)
        return Page[AnalysisView](items=items, next_cursor=cursors.encode(items[-1].id) if len(found) > limit else None)

    async def wait(self, principal: Principal, analysis_id: str, seconds: float) -> AnalysisView:
        """When the machine is done with it, at latest after ``seconds``. Raises NotFound."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while True:
            left = max(0.0, deadline - loop.time())
            poll = min(left, WATCH_SECONDS_MAX)
            changed = asyncio.create_task(self._on.changes.wait(f"analysis:{analysis_id}", poll))
            await asyncio.sleep(0)  # it listens before we read, so no change falls between
            try:
                view = await self.get(principal, analysis_id)
                if view.status in TERMINAL or not left:
                    return view
                await changed
            finally:
                changed.cancel()

    async def result(self, principal: Principal, analysis_id: str, *, original: bool = False) -> AnalysisResult:
        """With reviewers' corrections, unless ``original``. Raises NotFound, Conflict while there is none."""
        for _ in range(READS_MAX):
            found = await self._find(principal, analysis_id)
            try:
                return await self._result(found, original)
            except NotFound:
                continue
        raise NotFound

    async def _result(self, found: _Found, original: bool) -> AnalysisResult:
        analysis, vault = found.analysis, self._on.vault
        name = file_name(vault, analysis, found.document.key_id)
        if analysis.state is State.FAILED:
            content = await vault.get(found.document.blob_ref)
            return results.failed(analysis, name, hashlib.sha256(content).hexdigest())
        if analysis.result_ref is None:
            raise Conflict(f"This analysis is {analysis.state.value}: there is no result.")
        stored = StoredResult.decode(await vault.get(analysis.result_ref))
        decisions: dict[str, Decision] = {}
        if analysis.review_ref is not None and not original:
            decisions = results.decode_decisions(await vault.get(analysis.review_ref))
        return results.published(analysis, name, stored, decisions)

    async def reviewed(self, principal: Principal, analysis_id: str) -> Reviewed:
        """The document with what was found and what review made of it. Raises NotFound, Conflict without a result."""
        for _ in range(READS_MAX):
            found = await self._find(principal, analysis_id)
            try:
                return await self._reviewed(found)
            except NotFound:
                continue
        raise NotFound

    async def _reviewed(self, found: _Found) -> Reviewed:
        analysis, vault = found.analysis, self._on.vault
        if analysis.result_ref is None:
            raise Conflict(f"This analysis is {analysis.state.value}: there is no result.")
        stored = StoredResult.decode(await vault.get(analysis.result_ref))
        decisions: dict[str, Decision] = {}
        if analysis.review_ref is not None:
            decisions = results.decode_decisions(await vault.get(analysis.review_ref))
        form = results.corrected(stored.document.form, decisions) if decisions else stored.document.form
        name = file_name(vault, analysis, found.document.key_id) or "document.pdf"
        return Reviewed(found.document, stored.document, form, name)

    async def document(self, principal: Principal, analysis_id: str) -> tuple[bytes, str, str]:
        """(bytes, file name, content type) as uploaded. Raises NotFound."""
        found = await self._find(principal, analysis_id)
        content = await self._on.vault.get(found.document.blob_ref)
        name = file_name(self._on.vault, found.analysis, found.document.key_id)
        return content, name or "document.pdf", found.document.content_type

    async def page_image(self, principal: Principal, analysis_id: str, number: int) -> PageImage:
        """A page as PNG. Raises NotFound, Conflict before the document was opened."""
        found = await self._find(principal, analysis_id)
        pages = found.document.page_count or found.analysis.pages_total
        if not pages and found.analysis.state not in TERMINAL:
            raise Conflict("This document was not opened yet. Its pages can be shown once its analysis runs.")
        if not 1 <= number <= pages:
            raise NotFound(f"This document has {pages} pages." if pages else "This document could not be opened.")
        return await self._pictures.get(found.document, number)

    async def events(self, principal: Principal, analysis_id: str, after_version: int = 0) -> Events:
        """Journal entries of one analysis, oldest first. Raises NotFound."""

        def unit(conn: Connection) -> Events:
            analyses.require(conn, principal.tenant, analysis_id)
            return journal.of_aggregate(conn, analysis_id, after_version, EVENTS_MAX)

        return await self._on.store.read(unit, tenant=principal.tenant)

    async def tenant_events(self, principal: Principal, after_sequence: int, limit: int = EVENTS_MAX) -> Events:
        """Journal entries of the tenant, oldest first.

        On PostgreSQL those of transactions that overlap still running ones are waited for a moment.
        """
        tenant = principal.tenant

        def unit(conn: Connection) -> tuple[Events, bool]:
            found = journal.after(conn, tenant, after_sequence, min(limit, EVENTS_MAX))
            return found, not found and journal.unsettled(conn, tenant)

        for _ in range(SETTLING_READS_MAX):
            found, settling = await self._on.store.read(unit, tenant=tenant)
            if not settling:
                break
            await asyncio.sleep(SETTLING_SECONDS)
        return found

    async def latest_sequence(self, principal: Principal) -> int:
        """Where a follower that wants only news starts."""
        return await self._on.store.read(
            lambda conn: journal.last_sequence(conn, principal.tenant), tenant=principal.tenant
        )

    # --- changing -----------------------------------------------------------------------------------------------------

    async def cancel(self, principal: Principal, analysis_id: str) -> AnalysisView:
        """Waiting: cancelled at once. Running: asked to stop. Raises NotFound, Conflict when it has ended."""
        now = self._on.clock()
        analysis = await self._on.store.write(
            lambda conn: analyses.request_cancel(
                conn, principal.tenant, analysis_id, principal.actor, now, principal.trace_id
            ),
            tenant=principal.tenant,
        )
        self._on.announce(analysis.tenant, analysis.id)
        if analysis.cancel_requested:
            self._interrupt(analysis.id)
            self._on.changes.announce(CANCEL_KEY)
        return await self.get(principal, analysis_id)

    async def retry(self, principal: Principal, analysis_id: str) -> AnalysisView:
        """A failed analysis waits again. Raises NotFound, Conflict unless it has failed."""
        now = self._on.clock()
        analysis = await self._on.store.write(
            lambda conn: analyses.revive(conn, principal.tenant, analysis_id, principal.actor, now, principal.trace_id),
            tenant=principal.tenant,
        )
        self._on.announce(analysis.tenant, analysis.id, queue=True)
        return await self.get(principal, analysis_id)

    async def erase(self, principal: Principal, analysis_id: str) -> None:
        """Gone when it returns: record, form, answers, objects, and the key with the document's last reference.

        A running analysis is cancelled first. Raises NotFound; Conflict when it does not stop in time.
        """
        await self._stopped(principal, analysis_id)
        now = self._on.clock()
        erased = await self._on.store.write(
            lambda conn: erasure.erase(
                conn,
                principal.tenant,
                analysis_id,
                principal.actor,
                now,
                principal.trace_id,
                result_name=result_name,
            ),
            tenant=principal.tenant,
        )
        await self._destroy(erased)
        self._on.announce(principal.tenant, analysis_id)

    async def _stopped(self, principal: Principal, analysis_id: str) -> None:
        """Return once it does not run."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + STOP_SECONDS_MAX
        view = await self.get(principal, analysis_id)
        while view.status is State.PROCESSING:
            try:
                view = await self.cancel(principal, analysis_id)
            except Conflict:  # it ended meanwhile
                return
            left = deadline - loop.time()
            if left <= 0:
                raise Conflict("This analysis is being cancelled. Erase it again in a moment.")
            if view.status is State.PROCESSING:
                await self._on.changes.wait(f"analysis:{analysis_id}", min(left, 0.2))
                view = await self.get(principal, analysis_id)

    async def _destroy(self, erased: Erased) -> None:
        """Keys first: from then on the objects cannot be read. The pruner repeats this after a crash."""
        for key_id in erased.key_ids:
            await self._on.vault.destroy(key_id)
        for name in erased.blob_refs:
            await self._on.vault.delete(name)
        with contextlib.suppress(ProcessionError):  # what is not noted as deleted is deleted again
            await self._on.store.write(lambda conn: erasure.deleted(conn, erased.blob_refs), tenant=None)

    # --- finding ------------------------------------------------------------------------------------------------------

    async def _find(self, principal: Principal, analysis_id: str) -> _Found:
        def unit(conn: Connection) -> _Found:
            analysis = analyses.require(conn, principal.tenant, analysis_id)
            document = documents.get(conn, analysis.document_id)
            assert document is not None, "a foreign key holds it"
            return _Found(analysis, document, analysis.id in controls.paused(conn, (analysis,)))

        found = await self._on.store.read(unit, tenant=principal.tenant)
        await self._on.vault.bring((found.document.key_id,))
        return found

    def _view(self, found: _Found) -> AnalysisView:
        return analysis_view(self._on.vault, found.analysis, found.document.key_id, self._on.clock, paused=found.paused)
