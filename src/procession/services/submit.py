"""Taking a document: cheap checks, admission, durable key and object, then one transaction. Never parses the PDF."""

from __future__ import annotations

import contextlib
import hashlib
import math
import shutil
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import Connection

from procession.blobs.names import ObjectKind
from procession.domain.analysis import OBJECTIVE_SECONDS, Analysis, AnalysisOptions, Priority, Stage, State, deadline
from procession.domain.clock import new_id
from procession.domain.errors import (
    EmptyFile,
    NotAPdf,
    NotFound,
    OverCapacity,
    Permanent,
    ProcessionError,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from procession.domain.media import DECLARED, Media, media_of
from procession.domain.principal import Principal
from procession.policy import admission
from procession.services.first_ring import FirstRing
from procession.services.foundation import Foundation
from procession.services.showing import analysis_view, file_name
from procession.services.vault import file_name_context
from procession.services.views import Submitted
from procession.settings import MIB
from procession.store import analyses, batches, documents, idempotency, templates
from procession.store.canonical import canonical_json
from procession.store.documents import Document
from procession.store.queue_depth import Backlog, backlog
from procession.telemetry import metrics

ROUTE = "POST /v1/analyses"
CONTENT_TYPES = DECLARED | {"application/octet-stream", ""}
LOCK_SECONDS = 120.0
"""How long a reservation holds while its request is served; less when its process ends (``Foundation.holder``)."""
RACES_MAX = 5
"""Attempts when the same bytes are uploaded or erased by somebody else at the same moment."""

log = structlog.get_logger(__name__)


class _RacedError(Exception):
    """The document that held these bytes appeared or vanished since we looked."""


@dataclass(frozen=True, slots=True)
class _Upload:
    """One request, checked. ``fingerprint``: keyed hash of the content; ``payload``: digest for the idempotency key."""

    principal: Principal
    file_name: str
    content: bytes
    options: AnalysisOptions
    priority: Priority
    idempotency_key: str | None
    batch_id: str | None
    fingerprint: str
    payload: str


class Submissions:
    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation
        self._first_ring = FirstRing(foundation)

    async def submit(
        self,
        principal: Principal,
        *,
        file_name: str,
        content: bytes,
        content_type: str,
        options: AnalysisOptions,
        priority: Priority = Priority.URGENT,
        idempotency_key: str | None = None,
        batch_id: str | None = None,
    ) -> Submitted:
        """Durable when it returns: the analysis will end, whatever happens to this process.

        Raises EmptyFile, TooLarge, NotAPdf, UnsupportedMediaType, OverCapacity, Unavailable, IdempotencyMismatch,
        Conflict (the same key is in flight), NotFound (no such batch).
        """
        check(content, content_type, self._on.settings.upload.upload_bytes_max)
        fingerprint = await self._on.vault.fingerprint(principal.tenant, content)
        wanted = canonical_json([fingerprint, options.canonical(), priority.value, batch_id])
        payload = hashlib.sha256(wanted.encode()).hexdigest()
        upload = _Upload(
            principal, file_name, content, options, priority, idempotency_key, batch_id, fingerprint, payload
        )
        if idempotency_key is not None and (earlier := await self._reserve(upload)) is not None:
            return await self._replay(principal, earlier)
        try:
            with self._first_ring.arriving(principal.tenant) as alone:
                return await self._take(upload, alone)
        except BaseException:
            await self._release(upload)
            raise

    async def earlier(self, principal: Principal, idempotency_key: str) -> Submitted | None:
        """What the key made before, whatever it was made of: for a caller who cannot read the content again."""
        found = await self._on.store.read(
            lambda conn: idempotency.completed(conn, principal.tenant, ROUTE, idempotency_key), tenant=principal.tenant
        )
        return None if found is None else await self._replay(principal, found)

    async def afresh(self, principal: Principal, analysis_id: str) -> Submitted:
        """The same document once more, as if no form of it had been approved. Raises NotFound, and what submit does."""

        def unit(conn: Connection) -> tuple[Analysis, Document]:
            analysis = analyses.require(conn, principal.tenant, analysis_id)
            document = documents.get(conn, analysis.document_id)
            assert document is not None, "a foreign key holds it"
            return analysis, document

        analysis, document = await self._on.store.read(unit, tenant=principal.tenant)
        await self._on.vault.bring((document.key_id,))
        return await self.submit(
            principal,
            file_name=file_name(self._on.vault, analysis, document.key_id) or "document.pdf",
            content=await self._on.vault.get(document.blob_ref),
            content_type="application/octet-stream",
            options=replace(analysis.options, templates=False),
        )

    async def _take(self, upload: _Upload, alone: bool) -> Submitted:
        for _ in range(RACES_MAX):
            held, waiting = await self._look(upload)
            fresh = None if held is not None else await self._store(upload)
            document = held or fresh
            assert document is not None
            try:
                analysis = await self._record(upload, document, fresh)
            except _RacedError:
                await self._discard(fresh)
                continue
            except Permanent:  # raised by the unit, so nothing of it was committed
                await self._discard(fresh)
                raise
            metrics.UPLOAD_BYTES.observe(len(upload.content))
            if analysis.state is State.PENDING:
                self._first_ring.recorded(analysis, first=alone and waiting == 0)
            else:
                self._on.announce(analysis.tenant, analysis.id)
            view = analysis_view(self._on.vault, analysis, document.key_id, self._on.clock)
            return Submitted(analysis=view, replayed=False)
        raise Unavailable("The same document is being uploaded and erased at once. Try again shortly.")

    # --- admission ----------------------------------------------------------------------------------------------------

    async def _look(self, upload: _Upload) -> tuple[Document | None, int]:
        """The live document with these bytes, if any, and how much of the tenant waits.

        Raises OverCapacity, Unavailable, NotFound.
        """
        tenant = upload.principal.tenant

        def unit(conn: Connection) -> tuple[Backlog, Document | None, bool]:
            batch_known = upload.batch_id is None or batches.get(conn, tenant, upload.batch_id) is not None
            waiting = backlog(conn, tenant)
            return waiting, documents.find_live(conn, tenant, upload.fingerprint), batch_known

        waiting, held, batch_known = await self._on.store.read(unit, tenant=tenant)
        if not batch_known:
            raise NotFound("There is no batch under that id.")
        self._admit(waiting, upload.priority)
        if held is not None:
            await self._on.vault.bring((held.key_id,))
        return held, waiting.waiting

    def _admit(self, backlog: Backlog, priority: Priority) -> None:
        settings, capacity = self._on.settings, self._on.capacity
        bears = settings.queue.wait_objectives_max * OBJECTIVE_SECONDS[priority]
        decision = admission.decide(
            admission.Snapshot(
                waiting_of_tenant=backlog.waiting,
                waiting_max=backlog.waiting_max or settings.queue.waiting_max,
                ahead_of_class=admission.ahead(backlog.of_class, priority),
                wait_seconds_max=bears if capacity.all_paced else math.inf,
                disk_free_bytes=shutil.disk_usage(settings.data).free,
                disk_free_bytes_min=settings.http.disk_free_bytes_min,
                slots=capacity.all_slots,
                service_seconds=capacity.mean_service_seconds,
                draining=capacity.draining,
            )
        )
        if isinstance(decision, admission.Refuse):
            metrics.UPLOADS_REFUSED.labels(reason=decision.code).inc()
            kind = OverCapacity if decision.code == "over_capacity" else Unavailable
            raise kind(decision.reason, decision.retry_after_seconds)

    # --- idempotency --------------------------------------------------------------------------------------------------

    async def _reserve(self, upload: _Upload) -> str | None:
        """The id of the analysis this key made before, or None: then the key is ours to complete."""
        tenant, key, now = upload.principal.tenant, upload.idempotency_key, self._on.clock()
        holder = self._on.holder(LOCK_SECONDS)
        assert key is not None
        found = await self._on.store.write(
            lambda conn: idempotency.reserve(conn, tenant, ROUTE, key, upload.payload, now, holder),
            tenant=tenant,
        )
        return found.resource_id if isinstance(found, idempotency.Replay) else None

    async def _release(self, upload: _Upload) -> None:
        """Best effort: a reservation that stays runs out by itself."""
        tenant, key, owner = upload.principal.tenant, upload.idempotency_key, self._on.process_id
        if key is None:
            return
        try:
            await self._on.store.write(lambda conn: idempotency.release(conn, tenant, ROUTE, key, owner), tenant=tenant)
        except ProcessionError as error:
            log.warning("submit.reservation_left", code=error.code, lock_seconds=LOCK_SECONDS)

    async def _replay(self, principal: Principal, analysis_id: str) -> Submitted:
        def unit(conn: Connection) -> tuple[Analysis, str | None]:
            analysis = analyses.require(conn, principal.tenant, analysis_id)
            return analysis, documents.key_ids(conn, [analysis.document_id]).get(analysis.document_id)

        analysis, key_id = await self._on.store.read(unit, tenant=principal.tenant)
        await self._on.vault.bring(() if key_id is None else (key_id,))
        return Submitted(analysis=analysis_view(self._on.vault, analysis, key_id, self._on.clock), replayed=True)

    # --- durable bytes, then the record -------------------------------------------------------------------------------

    async def _store(self, upload: _Upload) -> Document:
        """Key first, then the object under it; neither is anything until the record names it."""
        vault, key_id = self._on.vault, new_id("key")
        try:
            await vault.create_key(upload.principal.tenant, key_id)
            blob_ref = await vault.put(ObjectKind.DOCUMENT, key_id, upload.content, digest=key_id)
            await vault.bring((key_id,))
        except BaseException:
            with contextlib.suppress(ProcessionError):
                await vault.destroy(key_id)
            raise
        return Document(
            id=new_id("doc"),
            tenant=upload.principal.tenant,
            fingerprint=upload.fingerprint,
            key_id=key_id,
            blob_ref=blob_ref,
            size_bytes=len(upload.content),
            content_type=media_of(upload.content) or Media.PDF,
            created_at=self._on.clock(),
        )

    async def _discard(self, fresh: Document | None) -> None:
        """Nothing names these; best effort, for without its key an object is noise.

        Never after a commit whose outcome is unknown: a record without its key would be a lost upload.
        """
        if fresh is not None:
            with contextlib.suppress(ProcessionError):
                await self._on.vault.destroy(fresh.key_id)
                await self._on.vault.delete(fresh.blob_ref)

    async def _record(self, upload: _Upload, document: Document, fresh: Document | None) -> Analysis:
        try:
            analysis = self._analysis(upload, document)
        except NotFound:  # the key was destroyed meanwhile, with the document or with an upload given up for lost
            raise _RacedError from None
        principal, engine = upload.principal, self._on.engine_version

        def unit(conn: Connection) -> Analysis:
            standing = documents.find_live(conn, principal.tenant, upload.fingerprint)
            if standing is None and fresh is not None:
                standing = documents.insert(conn, fresh, analysis.region, principal.actor, principal.trace_id)
            if standing is None or standing.id != document.id:
                raise _RacedError
            if fresh is None and documents.keep(conn, standing.id) is None:
                raise _RacedError
            made = analyses.insert(conn, analysis, principal.actor, principal.trace_id)
            if upload.idempotency_key is not None:
                idempotency.complete(conn, principal.tenant, ROUTE, upload.idempotency_key, made.id)
            source = analyses.reusable(conn, document.id, engine, upload.options)
            if source is None or self._knows_better(conn, source):
                return made
            return analyses.reuse(conn, made.id, source, principal.actor, principal.trace_id, made.created_at)

        return await self._on.store.write(unit, tenant=principal.tenant)

    def _knows_better(self, conn: Connection, source: Analysis) -> bool:
        """Whether forms were approved, or forgotten, since ``source`` was read: it may be read differently now."""
        if not self._on.settings.templates.enabled or not source.options.templates or source.finished_at is None:
            return False
        changed = templates.changed_at(conn, source.tenant, source.region)
        return changed is not None and changed >= source.finished_at

    def _analysis(self, upload: _Upload, document: Document) -> Analysis:
        analysis_id, now = new_id("an"), self._on.clock()
        return Analysis(
            id=analysis_id,
            tenant=upload.principal.tenant,
            region=self._on.settings.region,
            document_id=document.id,
            batch_id=upload.batch_id,
            priority=upload.priority,
            options=upload.options,
            engine_version=self._on.engine_version,
            state=State.PENDING,
            stage=Stage.UPLOADED,
            pages_done=0,
            pages_total=0,
            version=1,
            fence=0,
            attempts=0,
            pass_number=1,
            created_at=now,
            run_at=now,
            updated_at=now,
            deadline_at=deadline(now, upload.priority),
            file_name_sealed=self._on.vault.seal_text(
                document.key_id, upload.file_name, file_name_context(analysis_id)
            ),
        )


def check(content: bytes, content_type: str, bytes_max: int) -> None:
    """What can be told without parsing. Raises UnsupportedMediaType, EmptyFile, TooLarge, NotAPdf."""
    if content_type.split(";")[0].strip().lower() not in CONTENT_TYPES:
        raise UnsupportedMediaType
    if not content:
        raise EmptyFile
    if len(content) > bytes_max:
        raise TooLarge(f"This file is larger than {bytes_max / MIB:g} MB. Split it or reduce its pictures.")
    if media_of(content) is None:
        raise NotAPdf
